"""The mock as a test uses it: a server on a port, with its default world and others by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from ims_mock import started
from ims_mock.contract.errors import ImsError
from ims_mock.contract.problems import wrong_settings
from ims_mock.contract.wording import nearest
from ims_mock.exchange.messages import Request, Response
from ims_mock.mock_world import MockWorld, seen
from ims_mock.service.missing import NotFoundError
from ims_mock.service.preloading import preload
from ims_mock.service.service import Service
from ims_mock.service.settings import SETTINGS, Settings
from ims_mock.service.world import KEPT, Kept, World
from ims_mock.service.worlds import Worlds
from ims_mock.state.clock import Clock
from ims_mock.web.addresses import checked_host
from ims_mock.web.browsers import with_hosts
from ims_mock.web.certificates import certificate_of
from ims_mock.web.fronts import Fronts
from ims_mock.web.server import Server

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ims_mock.service.setting_types import Settings as SettingTypes
    from ims_mock.web.tls import Tls
    from ims_mock.web.together import Notes


class ImsMock(MockWorld):
    """An IMS in this process; a context manager that serves while it is entered.

    >>> with ImsMock() as mock:
    ...     requests.get(f"{mock.url}/v2/images", headers={"X-Auth-Token": mock.token})

    `settings` are listed in docs/settings.md. The clock stands still until it is
    advanced or runs, unless a `clock` is given. Entering raises OSError when the port is not available; port 0 takes a
    free one. While it listens on loopback, the API under /_ims_mock is served for the hosts that are
    addresses, localhost, `host` or in `allow_hosts`. With `tls` it serves HTTPS, with a throw-away certificate whose
    authority is `ca_pem`, or with one of tls.from_files.

    It is the default one of its `worlds`: other mocks by name, on the same port.
    """

    _is_remote = False

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        tls: bool | Tls = False,
        allow_hosts: Sequence[str] = (),
        **settings: Unpack[SettingTypes],
    ) -> None:
        _check_names(settings)
        self._worlds, notes = self._new_worlds(Settings().changed(settings), clock)
        self._fronts = Fronts(self._worlds)
        self._fronts.notes = notes
        host = checked_host(host)
        certificate = None if tls is False else certificate_of(tls, host)
        if isinstance(allow_hosts, str) or not all(isinstance(name, str) for name in allow_hosts):
            raise ValueError(f"allow_hosts must be a list of host names, got {allow_hosts!r}")
        app = with_hosts(self._fronts.respond, [host, *allow_hosts])
        server = Server(app, host, port, self.refuse, certificate)
        server.fronts = self._fronts
        super().__init__(self._fronts.default, server)

    def _new_worlds(self, settings: Settings, clock: Clock | None) -> tuple[Worlds, Notes | None]:
        """Return the worlds of the server, and what its requests write together, where others share them."""
        return Worlds(Service(settings, clock)), None

    @property
    def worlds(self) -> Mapping[str, MockWorld]:
        """The worlds of the server by name, to be read: "default", which is this one, and those that were made."""
        return {world.name: self._seen(world) for world in self._worlds}

    def world(
        self, name: str, *, locked: bool = False, idle: float | None = None, **settings: Unpack[SettingTypes]
    ) -> MockWorld:
        """Return the world of a name, which is made if it does not exist, with settings of its own.

        >>> team = mock.world("team-a", auth="strict")
        ... requests.get(f"{team.url}/v2/images", headers={"X-Auth-Token": team.token})

        A world that is `locked` stays until it is deleted; with `idle`, one is removed after so many real seconds
        without a request. Raises ValueError for a name that cannot be one, for wrong
        settings, for settings of a world that exists, and where there can be no more worlds.
        """
        if not settings and locked is False and idle is None:
            return self._seen(self._worlds.obtain(name))
        return self._seen(self._worlds.make(name, settings, is_locked=locked, idle=idle))

    def limit_worlds(
        self,
        most: int | Kept = KEPT,
        idle: float | Kept | None = KEPT,
        memory: int | str | Kept | None = KEPT,
    ) -> None:
        """Bound the number of worlds, this one included, the real seconds that one stays without a request, and memory.

        >>> mock.limit_worlds(100, idle=3600, memory="2GiB")

        Where there are more, now or once another one is asked for, the one that was unused for longest is removed. A
        bound that is not given stays as it is; at first there may be 1000 worlds. `idle` None is for ever. `memory` is
        how many bytes all may take, in about, or a size such as "512MiB"; None is any. Worlds that are locked stay.
        Raises ValueError for a bound that cannot be.
        """
        self._worlds.limit(most, idle, memory)

    def delete_world(self, name: str) -> None:
        """Delete a world with all that it has.

        Raises KeyError where there is none of this name, and ValueError for the default one.
        """
        try:
            self._worlds.delete(name)
        except NotFoundError as error:
            raise KeyError(str(error)) from None

    def _parts(self) -> dict[str, MockWorld]:
        return {**super()._parts(), **self._others()}

    def _others(self) -> dict[str, MockWorld]:
        """Return the parts of every other world, by the names that reports have for them."""
        return parts_of({name: world for name, world in self.worlds.items() if world is not self})

    def _seen(self, world: World) -> MockWorld:
        world.weight.is_sure = False
        if world is self._worlds.default:
            return self
        return seen(self._fronts.of(world), self._server, world.path)

    def reset(self, /, **settings: Unpack[SettingTypes]) -> None:
        """Clear images, faults and journal, and start again with the first settings, changed by those given here.

        Every other world is removed, unless it is locked.
        """
        super().reset(**settings)
        self._worlds.clear()

    def start(self, *, prepared: bool = True) -> Self:
        """Start to serve; raise OSError if the port is not available.

        Without `prepared`, files are read and modules imported when a request first needs them, and not at once: in a
        process of its own, where no test puts others in their place.
        """
        if prepared:
            self.prepare()
        self._server.start()
        started.note_start(self)
        return self

    def prepare(self) -> None:
        """Import, read and make everything that a request can need."""
        preload()
        _ = self.app  # A folder is looked for when it is made.

    def stop(self) -> None:
        """Stop serving, and close every connection."""
        self._server.stop()
        started.note_stop(self)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def refuse(self, status: int, reason: str, method: str, target: str) -> Response:
        """Respond to bytes that are not an HTTP request, and write them to the journal too."""
        return self.service.refuse(ImsError(status, "APIGW.0201", reason=reason), Request(method, target, self.url))


def parts_of(worlds: Mapping[str, MockWorld]) -> dict[str, MockWorld]:
    """Return the parts of worlds, such as "world b" and "world b, region cn-south-1"."""
    return {
        f"world {name}, {part}" if part else f"world {name}": found
        for name, world in worlds.items()
        for part, found in world._parts().items()
    }


_NAMES = ("host", "port", "clock", "tls", "allow_hosts")
"""What a mock takes beside settings."""


def _check_names(settings: Iterable[str]) -> None:
    """Raise InvalidError for a name that is nearest to one of those that are no settings."""
    for name in settings:
        hint = nearest(name, [*_NAMES, *SETTINGS]) if name not in SETTINGS else ""
        if any(f'"{known}"' in hint for known in _NAMES):
            raise wrong_settings("additionalProperties", f"ims_mock has no setting {name!r}{hint}")
