"""How a program connects to a mock in another process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import shown
from ims_mock.remote.connection import Connection, check_version
from ims_mock.remote.mock import RemoteMock
from ims_mock.remote.settings import document_of
from ims_mock.service.missing import ConflictError
from ims_mock.service.world_names import DEFAULT, check_idle, check_name

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
    end of the `with`, and after `idle` real seconds without a request. The worlds that are made of it have the same
    `idle`, also those of the default one, which is never removed itself. A world that exists is used as it is; with
    settings it is reset to them. `ca` is the certificate of the authority of a server with TLS, in PEM, or the path of
    its file. Raises ConnectionError where no mock responds, or one of another version, and ValueError for wrong
    settings.
    """
    check_idle(idle)
    given = {"name": world, "settings": document_of(settings), "idle": idle}
    root = Connection(url, ca=_pem(ca))
    check_version(root)
    if world is None or world == DEFAULT:
        mock = RemoteMock(root, DEFAULT, idle=idle)
        if settings:
            mock.reset(**settings)
        return mock
    check_name(world)
    made, is_own = _make_or_find(root, given)
    mock = RemoteMock(root.to(made["path"], made["instance"]), world, is_own=is_own, idle=idle)
    if settings and not is_own:
        mock.reset(**settings)
    return mock


def _make_or_find(root: Connection, given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return what the server says of a world, and whether it was made now."""
    try:
        return root.send("POST", "worlds", given), True
    except ConflictError:
        found = [known for known in root.get("worlds")["worlds"] if known["name"] == given["name"]]
        if not found:
            raise  # There are as many as there may be.
        return found[0], False


def _pem(ca: bytes | str | Path | None) -> bytes:
    """Return a certificate in PEM, of itself or of its file."""
    if ca is None or isinstance(ca, bytes):
        return ca or b""
    if not isinstance(ca, (str, Path)):
        raise TypeError(f"ca must be a certificate in PEM as bytes, or the path of a file, got {shown(ca)}")
    try:
        return Path(ca).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise wrong_setting(
            "ca", "file", f"must be the path of a file with a certificate, got {ca}: {reason}"
        ) from None
