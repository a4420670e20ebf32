"""How a program connects to a mock in another process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ims_mock.remote.connection import Connection, check_version
from ims_mock.remote.mock import RemoteMock
from ims_mock.remote.settings import document_of
from ims_mock.service.missing import ConflictError
from ims_mock.service.world_names import DEFAULT, check_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ims_mock.service.setting_types import Settings


def connect(
    url: str,
    world: str | None = None,
    *,
    ca: bytes | str | Path | None = None,
    idle: float | None = None,
    **settings: Unpack[Settings],
) -> RemoteMock:
    """Return a world of a mock in another process, with the names of ImsMock.

    >>> with connect("http://127.0.0.1:9292", world="ci-42", auth="strict") as mock:
    ...     mock.add_image(name="web")

    Without `world` it is the default one. A world that does not exist is made with the `settings`, and deleted at the
    end of the `with`, and after `idle` real seconds without a request. A world that exists is used as it is; with
    settings it is reset to them. `ca` is the certificate of the authority of a server with TLS, in PEM, or the path of
    its file. Raises ConnectionError where no mock responds, or one of another version, and ValueError for wrong
    settings.
    """
    root = Connection(url, ca=_pem(ca))
    check_version(root)
    if world is None or world == DEFAULT:
        mock = RemoteMock(root, DEFAULT, idle=idle)
        if settings:
            mock.reset(**settings)
        return mock
    check_name(world)
    given = {"name": world, "settings": document_of(settings), "idle": idle}
    is_own = True
    try:
        made = root.send("POST", "worlds", given)
    except ConflictError:
        found = [known for known in root.get("worlds")["worlds"] if known["name"] == world]
        if not found:
            raise  # There are as many as there may be.
        made, is_own = found[0], False
    mock = RemoteMock(root.to(made["path"], made["instance"]), world, is_own=is_own, idle=idle)
    if settings and not is_own:
        mock.reset(**settings)
    return mock


def _pem(ca: bytes | str | Path | None) -> bytes:
    """Return a certificate in PEM, of itself or of its file."""
    if ca is None or isinstance(ca, bytes):
        return ca or b""
    return Path(ca).read_bytes()
