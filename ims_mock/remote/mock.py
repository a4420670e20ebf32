"""A mock in another process as a test uses it: the same names, over the control API."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from ims_mock import started
from ims_mock.contract.problems import wrong_setting, wrong_settings
from ims_mock.contract.wording import shown
from ims_mock.exchange.messages import Response
from ims_mock.mock import ImsMock, parts_of
from ims_mock.mock_world import MockWorld
from ims_mock.remote.accounts import RemoteAccounts
from ims_mock.remote.clock import RemoteClock
from ims_mock.remote.connection import Connection, NoMockError, part
from ims_mock.remote.records import RemoteJobsView, RemoteRecordsView
from ims_mock.remote.service import RemoteService
from ims_mock.remote.settings import document_of
from ims_mock.service.catalogue import HUAWEI_CLOUD, check_file
from ims_mock.service.missing import ConflictError
from ims_mock.service.preloading import preload
from ims_mock.service.region_choice import PREFIX
from ims_mock.service.snapshots import Snapshot
from ims_mock.service.world import KEPT, Kept
from ims_mock.service.world_names import DEFAULT, LONGEST, check_idle, check_locked, check_name

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ims_mock.identity.permissions import Denial
    from ims_mock.service.setting_types import Settings as SettingTypes
    from ims_mock.state.images import Image
    from ims_mock.sweep.engine import Sweep
    from ims_mock.web.app import App


class RemoteMock(ImsMock):
    """A world of a server in another process; a context manager that deletes, at its end, the worlds that it made.

    It has the names of ImsMock, and each access is a request to the control API. `name` is the world's name. Worlds
    that are made with `world` are its own: their names on the server begin with the name of this world and "-", unless
    it is the default one. What needs the mock's own process raises TypeError: `app`, `join`, `sweep`, `new_sweep`.
    """

    _is_remote = True

    def __init__(self, connection: Connection, name: str, *, is_own: bool = False, idle: float | None = None) -> None:
        self.name = name
        self._connection = connection
        self._root = connection.to("")
        self._is_own = is_own
        self._idle = idle
        self._remote = RemoteService(connection)
        self._made: dict[str, RemoteMock] = {}
        self._further: dict[str, RemoteMock] = {}
        self._home = self
        self.service = cast("Any", self._remote)

    @property
    def app(self) -> App:
        """The Flask application is in the process of the server."""
        raise _needs_process("app")

    @property
    def url(self) -> str:
        """The root of the API, such as "http://127.0.0.1:9292/~ci"."""
        path = self._connection.path
        if self._home is not self:
            path = f"{self._home._connection.path}{PREFIX}{self.name}"
        return self._connection.root + path

    @property
    def ca_pem(self) -> bytes:
        """The certificate of the authority that was given to `connect`, in PEM; b"" without one."""
        return self._connection.ca

    @property
    def token(self) -> str:
        """A valid token of the default user, for X-Auth-Token."""
        return str(self._remote.about()["token"])

    @property
    def project_id(self) -> str:
        """The project of a request that does not name one: 32 hexadecimal digits."""
        return str(self._remote.about()["project_id"])

    @property
    def images(self) -> RemoteRecordsView:
        """The images themselves, by id: dicts of JSON types that a test may read, and write."""
        return RemoteRecordsView(self._remote.store, self._remote.store.images)

    @images.setter
    def images(self, images: Mapping[str, Image]) -> None:
        if not isinstance(images, RemoteRecordsView):  # What `|=` returns has been written through.
            wanted = {image_id: dict(image) for image_id, image in images.items()}
            self.images.clear()
            self.images.update(wanted)

    @property
    def jobs(self) -> RemoteJobsView:
        """The jobs, by id: dicts of JSON types that a test may read, and write; `finish`, `fail`, `stick` end one."""
        return RemoteJobsView(self._remote.store, self._connection)

    def add_image(
        self, *, data: bytes | None = None, members: Mapping[str, str] | None = None, **attributes: Any
    ) -> Image:
        """Add an image without a request of the API, and return it, as ImsMock.add_image does."""
        check_file(data, members)
        given = dict(attributes)
        if data is not None:
            given["data"] = base64.b64encode(data).decode("ascii")
        if members is not None:
            given["members"] = dict(members)
        image = self._connection.send("POST", "images", given)
        return self.images.seen(image["id"], image)

    def _add_neighbour(self, kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        added: dict[str, Any] = self._connection.send("POST", f"neighbours/{kind}", dict(attributes))
        return added

    def load_public_images(self, cloud: str = HUAWEI_CLOUD, **wanted: Any) -> None:
        """Add the public images of a cloud, as ImsMock.load_public_images does."""
        self._connection.send("POST", "public_images", {"cloud": cloud, "wanted": wanted})

    @property
    def accounts(self) -> RemoteAccounts:
        """The projects and users, by name: `accounts.projects["demo"].id`, `accounts.users["alt"].access`."""
        return self._remote.accounts

    def new_token(self, user: str | None = None, project: str | None = None) -> str:
        """Issue a token for a user by name, or the default one, scoped to a project by name, or to the user's own."""
        return str(self._connection.send("POST", "tokens", {"user": user, "project": project})["token"])

    def new_temporary_credentials(self, user: str | None = None, *, lifetime: float = 24 * 3600) -> dict[str, Any]:
        """Issue a temporary AK/SK for a user by name, or for the default one, valid for `lifetime` seconds."""
        from ims_mock.identity.accounts import Redacted

        given = {"user": user, "lifetime": lifetime}
        return Redacted(self._connection.send("POST", "temporary_credentials", given))

    def deny(self, action: str, *, user: str | None = None) -> Denial:
        """Deny an action of IAM to everybody, or to one user, until the next reset or the end of a block."""
        return self._remote.permissions.deny(action, user)

    def join(self, other: MockWorld) -> Self:
        """Refuse: mocks are joined in their own process."""
        raise _needs_process("join")

    @property
    def regions(self) -> Mapping[str, MockWorld]:
        """The regions by name, the first one first, to be read."""
        home = self._home
        settings = home._connection.get("settings")
        further = settings["regions"][1:]
        here: dict[str, MockWorld] = {settings["region"]: home}
        return {**here, **{name: home._of_region_name(name) for name in further}}

    def _of_region_name(self, name: str) -> RemoteMock:
        """Return a region; the same object until a reset, since it knows the rules that it has armed."""
        if name not in self._further:
            region = self._further[name] = RemoteMock(self._connection.to_region(name), name, idle=self._idle)
            region._home = self
        return self._further[name]

    def _others(self) -> dict[str, MockWorld]:
        """Return the parts of the worlds that were made here, by the names that reports have for them."""
        worlds = {name: world for name, world in self._made.items() if world._is_there()}
        return parts_of(worlds)

    def _is_there(self) -> bool:
        """Return whether the world has something to show: its server has it, or it has ended here."""
        try:
            return bool(self._connection.get("connection"))
        except NoMockError:
            return False

    @property
    def clock(self) -> RemoteClock:
        """The world's clock, which can be moved."""
        return self._remote.store.clock

    def snapshot(self) -> Snapshot:
        """Return everything that the mock needs to respond as before; `save` writes it to a file."""
        return Snapshot.from_json(self._connection.get("state"), any_records=True)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot, also in time; rules, denials and the journal stay as they are."""
        if not isinstance(snapshot, Snapshot):
            raise TypeError(f"restore takes what snapshot() or Snapshot.load(path) returns, got {snapshot!r:.80}")
        self._connection.send("PUT", "state?records=any", snapshot.to_json())

    def new_sweep(
        self,
        work: Callable[[], Any],
        allowed: Sequence[type[BaseException]] = (),
        virtual_time: bool = True,
        progress: Callable[[int, int], object] | None = None,
        **bounds: Any,
    ) -> Sweep:
        """Refuse: a sweep watches the sockets and the time of its own process."""
        raise _needs_process("sweep")

    @property
    def worlds(self) -> Mapping[str, MockWorld]:
        """The worlds by name, to be read: "default", which is this one, and those that `world` made of it."""
        prefix = self._name_of("")
        known = [one for one in self._connection.get("worlds")["worlds"] if one["name"] != DEFAULT]
        here = {one["name"].removeprefix(prefix): one for one in known if one["name"].startswith(prefix)}
        return {DEFAULT: self, **{name: self._of_list(name, one) for name, one in here.items()}}

    def _name_of(self, name: str) -> str:
        """Return the name that one of its worlds has on the server."""
        return name if self.name == DEFAULT else f"{self.name}-{name}"

    def _of_list(self, name: str, about: Mapping[str, Any]) -> RemoteMock:
        """Return a world of which the server says something: the one that was made here, if it is that."""
        made = self._made.get(name)
        is_same = made is not None and made._connection.instance == about["instance"]
        connection = self._connection.to(about["path"], about["instance"])
        return made if made and is_same else RemoteMock(connection, about["name"], idle=self._idle)

    def _check_length(self, name: str) -> None:
        """Raise InvalidError for the name of a world that is too long behind the one of this world."""
        most, whole = LONGEST - len(self._name_of("")), self._name_of(name)
        if len(name) > most:
            why = f"its name on the server begins with {shown(self._name_of(''))} and has at most {LONGEST}"
            text = f"must have at most {max(most, 0)} characters, because {why}, got {shown(whole)}"
            raise wrong_setting("name", "maxLength", text, name)

    def world(
        self, name: str, *, locked: bool = False, idle: float | None = None, **settings: Unpack[SettingTypes]
    ) -> MockWorld:
        """Return the world of a name, which is made if it does not exist, with settings of its own."""
        if name == DEFAULT and not settings and not locked and idle is None:
            return self
        check_name(name)
        self._check_length(name)
        check_locked(locked)
        check_idle(idle)
        unused = self._idle if idle is None else idle
        given = {"name": self._name_of(name), "settings": document_of(settings), "locked": locked, "idle": unused}
        try:
            made = self._connection.send("POST", "worlds", given)
        except ConflictError as error:
            worlds = self.worlds
            if name not in worlds:
                raise
            if settings or locked or idle is not None:
                text = f"the world {name} exists; delete or reset it, or take another name"
                raise ConflictError(text) from error
            return worlds[name]
        connection = self._connection.to(made["path"], made["instance"])
        world = RemoteMock(connection, made["name"], is_own=not locked, idle=self._idle)
        self._made[name] = world
        return world

    def limit_worlds(
        self,
        most: int | Kept = KEPT,
        idle: float | Kept | None = KEPT,
        memory: int | str | Kept | None = KEPT,
    ) -> None:
        """Bound the number of worlds and the memory of the server, which only its default world may do."""
        if self.name != DEFAULT:
            text = f"the bounds are of the whole server, and this is its world {self.name}; connect to the default one"
            raise wrong_settings("world", text)
        given = {"most": most, "idle": idle, "memory": memory}
        self._connection.send("PUT", "worlds", {name: value for name, value in given.items() if value is not KEPT})

    def delete_world(self, name: str) -> None:
        """Delete a world with all that it has.

        Raises KeyError where there is none of this name, and ValueError for the default one.
        """
        if name == DEFAULT:
            raise ConflictError("the default world cannot be deleted; reset it")
        made = self._made.pop(name, None)
        if made is not None:
            made._keep()
        try:
            self._connection.delete(f"worlds/{part(self._name_of(name))}")
        except LookupError:
            known = ", ".join(self.worlds)
            raise KeyError(f"no world has the name {shown(name)}; the known ones are {known}") from None

    def reset(self, /, **settings: Unpack[SettingTypes]) -> None:
        """Clear images, faults and journal, and start again with the first settings, changed by those given here.

        Every world that `world` made of it is removed, unless it is locked.
        """
        self._connection.send("POST", "reset", document_of(settings))
        self._delete_made()
        self._further.clear()

    def _delete_made(self) -> None:
        for name, world in list(self._made.items()):
            if world._is_own:
                del self._made[name]
                world._keep()
                world.delete()

    def _keep(self) -> None:
        """Keep what the world and its regions have to show, if it is still there."""
        with suppress(NoMockError):
            regions = self.regions.values() if self._home is self else ()
            for region in regions:
                if isinstance(region, RemoteMock):
                    region._connection.end()
            self._connection.end()

    def delete(self) -> None:
        """Delete the world and those that it made; one that is gone is no error."""
        self._delete_made()
        with suppress(LookupError):
            self._root.delete(f"worlds/{part(self.name)}", instance=self._connection.instance or None)

    def start(self, *, prepared: bool = True) -> Self:
        """Return the world: its server serves already. Files are read as ImsMock.start does."""
        if prepared:
            self.prepare()
        return self

    def prepare(self) -> None:
        """Import and read everything that a client can need, before a test puts others in its place."""
        preload()

    def stop(self) -> None:
        """Delete the world if it was made here, and the worlds that it made, and close the connection."""
        with suppress(NoMockError):  # Where the server is gone, so are its worlds.
            made = dict(self._made)
            started.note_stop(self)
            self._delete_made()
            if self._is_own:
                self._keep()
                self.delete()
                self._made = made  # What they had is still to be seen.
        self._connection.close()

    def refuse(self, status: int, reason: str, method: str, target: str) -> Response:
        """Refuse: the server responds."""
        raise _needs_process("refuse")


def _needs_process(name: str) -> TypeError:
    text = f"{name} needs the mock in the process of the test, and this one is in another"
    return TypeError(f"{text}; use ImsMock(), or the fixture without --ims-mock-server")
