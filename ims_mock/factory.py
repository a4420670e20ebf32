"""The type of the fixture `ims_mock_factory`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ims_mock.mock import ImsMock
    from ims_mock.service.setting_types import Settings
    from ims_mock.state.clock import Clock
    from ims_mock.web.tls import Tls


class ImsMockFactory(Protocol):
    """What makes mocks that serve at once, each with its own server: the fixture `ims_mock_factory`."""

    def __call__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        tls: bool | Tls = False,
        allow_hosts: Sequence[str] = (),
        **settings: Unpack[Settings],
    ) -> ImsMock:
        """Return a mock with these settings, which serves until the end of its `with`, or of the session."""
