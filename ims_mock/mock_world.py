"""A world as a test uses it: its images, rules, journal and clock, in the process of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from ims_mock.evidence.journal import Journal
from ims_mock.faults.rule_set import Faults
from ims_mock.identity.accounts import Accounts
from ims_mock.identity.permissions import Denial
from ims_mock.service import neighbours, snapshots
from ims_mock.service.catalogue import HUAWEI_CLOUD, add_image, load_public_images
from ims_mock.service.ending import JobsView
from ims_mock.service.region_choice import PREFIX
from ims_mock.service.service import Service
from ims_mock.service.snapshots import Snapshot
from ims_mock.service.worlds import worlds_of
from ims_mock.state.images import Image
from ims_mock.state.views import RecordsView
from ims_mock.web.front import Front
from ims_mock.web.server import Server

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ims_mock.evidence.audit import Finding
    from ims_mock.evidence.consumers.contract import ConsumerContract
    from ims_mock.service.setting_types import Settings as SettingTypes
    from ims_mock.state.clock import ManualClock
    from ims_mock.sweep.engine import Sweep
    from ims_mock.sweep.report import SweepReport
    from ims_mock.web.app import App


def seen(front: Front, server: Server, path: str) -> MockWorld:
    """Return the object of a world, the same one as long as somebody has it."""
    found: MockWorld | None = front.seen()
    return MockWorld(front, server, path) if found is None else found


class MockWorld:
    """One world of a server: an IMS with its images, jobs, accounts, rules, journal, clock and snapshots.

    Its `url` is `path` behind the server's own. What is done here is done in this process, without a request.
    """

    def __init__(self, front: Front, server: Server, path: str = "") -> None:
        self._front = front
        self._server = server
        self._path = path
        self._service = front.service
        front.seen = ref(self)

    @property
    def service(self) -> Service:
        """What the world is without a server; raise ValueError where the world or the region has been removed."""
        service = self._service
        if isinstance(service, Service):
            service.store.check_there()
        return service

    @service.setter
    def service(self, service: Service) -> None:
        self._service = service

    @property
    def app(self) -> App:
        """The Flask application. It is made when it is first used."""
        return self._front.app

    @property
    def url(self) -> str:
        """The root of the API, such as "http://127.0.0.1:9292"."""
        return self._server.url + self._path

    @property
    def ca_pem(self) -> bytes:
        """The certificate of the throw-away authority, in PEM; b"" without one."""
        return self._server.tls.ca_pem if self._server.tls else b""

    @property
    def token(self) -> str:
        """A valid token of the default user, for X-Auth-Token."""
        return self.service.auth.token

    @property
    def project_id(self) -> str:
        """The project of a request that does not name one: 32 hexadecimal digits."""
        return self.service.auth.project_id

    @property
    def images(self) -> RecordsView:
        """The images themselves, by id: dicts of JSON types that a test may read, and write."""
        return RecordsView(self.service.store)

    @images.setter
    def images(self, images: Mapping[str, Image]) -> None:
        with self.service.store.transaction():
            if not isinstance(images, RecordsView):  # What `|=` returns has been written through.
                wanted = {image_id: dict(image) for image_id, image in images.items()}
                self.images.clear()
                self.images.update(wanted)

    @property
    def jobs(self) -> JobsView:
        """The jobs, by id: dicts of JSON types that a test may read, and write; `finish`, `fail`, `stick` end one."""
        return JobsView(self.service.store)

    def add_image(
        self, *, data: bytes | None = None, members: Mapping[str, str] | None = None, **attributes: Any
    ) -> Image:
        """Add an image without a request, such as one that is public, active, or another project's, and return it.

        >>> mock.add_image(name="web", __os_version="Ubuntu 22.04 server 64bit", status="active", owner="b912fb4a")

        Attributes that are not given are as after a create. `data` is the image's file, which makes it active.
        `members` shares it: from project ids to their status, such as {mock.project_id: "accepted"}. Raises ValueError
        for an image that the service could not have.
        """
        return add_image(self.service.store, self.project_id, attributes, data, members)

    def _add_neighbour(self, kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        return neighbours.add_one(self.service.store, kind, attributes)

    def add_server(self, **attributes: Any) -> dict[str, Any]:
        """Add a server (ECS), and return it: `id`, and what else schemas/models/neighbours.json has of servers.

        >>> mock.add_server(id="877a2cda-ba63-4e1e-b95f-e67e48b6129a", os_version="CentOS 7.6 64bit", status="ACTIVE")

        Its `volumes` are added with it. Where the setting `neighbours` is "any", an ECS that was not added exists too.
        Raises ValueError naming what is wrong, as the methods below do for their kinds.
        """
        return self._add_neighbour("servers", attributes)

    def add_volume(self, **attributes: Any) -> dict[str, Any]:
        """Add a disk, and return it: `id`, `size` in GB, `status`, `type`, the id of its `server`."""
        return self._add_neighbour("volumes", attributes)

    def add_object(self, name: str, **attributes: Any) -> dict[str, Any]:
        """Add a file of OBS, "bucket:object", and return it: `size` in bytes, `format`, `region`."""
        return self._add_neighbour("objects", {"name": name, **attributes})

    def add_backup(self, **attributes: Any) -> dict[str, Any]:
        """Add a backup of a server, and return it: `id`, `type` (CBR or CSBS), `status`, ..."""
        return self._add_neighbour("backups", attributes)

    def add_vault(self, **attributes: Any) -> dict[str, Any]:
        """Add a vault for backups, and return it: `id`, `status`, `type`, `free` in GB."""
        return self._add_neighbour("vaults", attributes)

    def add_key(self, **attributes: Any) -> dict[str, Any]:
        """Add a key for encryption, and return it: `id`, `status`, `key_alias`, `project_id`, ..."""
        return self._add_neighbour("keys", attributes)

    def add_enterprise_project(self, **attributes: Any) -> dict[str, Any]:
        """Add an enterprise project, and return it: `id` and `name`."""
        return self._add_neighbour("enterprise_projects", attributes)

    def load_public_images(self, cloud: str = HUAWEI_CLOUD, **wanted: Any) -> None:
        """Add the public images of a cloud, about 40 of what a region offers; loading them twice is no error.

        `wanted` are attributes that an image must have, such as `__platform="CentOS"`; `cloud` is huaweicloud, otc or
        flexibleengine. Raises ValueError for another cloud.
        """
        load_public_images(self.service.store, cloud, **wanted)

    @property
    def accounts(self) -> Accounts:
        """The projects and users, by name: `accounts.projects["demo"].id`, `accounts.users["alt"].access`."""
        return self.service.accounts

    def add_accounts(
        self, *, projects: Sequence[Mapping[str, Any]] = (), users: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Add projects and users, until the next reset; one of the same name takes the place of what is there.

        >>> mock.add_accounts(projects=[{"name": "web"}], users=[{"name": "ci", "roles": {"web": ["reader"]}}])

        Raises ValueError naming what is wrong; schemas/models/accounts.json has what can be given.
        """
        self.accounts.add({"projects": list(projects), "users": list(users)})

    def new_token(self, user: str | None = None, project: str | None = None) -> str:
        """Issue a token for a user by name, or the default one, scoped to a project by name, or to the user's own.

        Raises ValueError for a user that does not exist, and for a project in which it has no role.
        """
        return self.service.identity.new_token_for(user, project)

    def new_temporary_credentials(self, user: str | None = None, *, lifetime: float = 24 * 3600) -> dict[str, Any]:
        """Issue a temporary AK/SK for a user by name, or for the default one, valid for `lifetime` seconds.

        Returns `access`, `secret`, `security_token`, and `expires_at` in seconds since 1970. Raises ValueError for a
        user that does not exist, and for a lifetime that is not allowed.
        """
        return self.service.identity.new_temporary_credentials(user, lifetime)

    def deny(self, action: str, *, user: str | None = None) -> Denial:
        """Deny an action of IAM, such as "ims:images:create" or "ims:*:delete", until the next reset.

        To everybody, or to one user. What is returned is a context manager that allows it again at its end. Raises
        ValueError for an action that no operation needs.
        """
        return self.service.deny(action, user)

    def policy(self) -> dict[str, Any]:
        """Return the smallest policy that would have allowed every request since the last reset."""
        return self.service.permissions.policy()

    def join(self, other: MockWorld) -> Self:
        """Make this mock another region of the cloud of another mock, and return this mock.

        >>> with ImsMock() as north, ImsMock(region="cn-east-3").join(north) as east:

        Call it before this mock gets a request or an image. Both then have the accounts and tokens of `other`, and
        a copy to the other region arrives there. Raises ValueError if the cloud already has a region of this name.
        """
        self.service.join(other.service)
        return self

    @property
    def regions(self) -> Mapping[str, MockWorld]:
        """The regions by name, the first one first, to be read; only this one where the setting `regions` has none."""
        home = self.service.regions[0]
        every = [home, *home.further] if self.service in home.further else [self.service, *self.service.further]
        return {service.settings.region: self._of_region(service) for service in every}

    def region(self, name: str) -> MockWorld:
        """Return a region of the setting `regions` by its name, with what it has for itself.

        >>> with ImsMock(regions=["cn-north-4", "cn-south-1"]) as mock:
        ...     mock.region("cn-south-1").add_image(name="web")

        Raises KeyError, with the names that there are, where there is none of this name.
        """
        found = self.regions.get(name)
        if found is None:
            raise KeyError(f"no region has the name {name!r}; the regions are {', '.join(self.regions)}")
        return found

    def _of_region(self, service: Service) -> MockWorld:
        if service is self.service:
            return self
        world = worlds_of(service).region_world(service)
        fronts = self._server.fronts
        assert fronts is not None
        is_first = service not in service.regions[0].further
        path = world.path if is_first else f"{world.path}{PREFIX}{service.settings.region}"
        return seen(fronts.of(world), self._server, path)

    def _parts(self) -> dict[str, MockWorld]:
        """Return what has rules and a journal of its own: this world, under "", and its further regions."""
        further = {name: region for name, region in self.regions.items() if region is not self}
        return {"": self, **{f"region {name}": region for name, region in further.items()}}

    @property
    def faults(self) -> Faults:
        """The rules that make requests fail."""
        return self.service.faults

    @property
    def journal(self) -> Journal:
        """The requests that were received, with their responses."""
        return self.service.journal

    @property
    def clock(self) -> ManualClock:
        """The mock's clock: a ManualClock, unless another was given, which has only `now` and `wait`."""
        return cast("ManualClock", self.service.store.clock)

    def snapshot(self) -> Snapshot:
        """Return everything that the mock needs to respond as before; `save` writes it to a file."""
        return snapshots.capture(self.service)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot, also in time; rules, denials and the journal stay as they are."""
        if not isinstance(snapshot, Snapshot):
            raise TypeError(f"restore takes what snapshot() or Snapshot.load(path) returns, got {snapshot!r:.80}")
        snapshots.restore(self.service, snapshot)

    @contextmanager
    def rollback(self) -> Iterator[Snapshot]:
        """Go back, at the end of a block, to the state at its beginning.

        >>> with mock.rollback():
        ...     mock.images.clear()
        """
        snapshot = self.snapshot()
        try:
            yield snapshot
        finally:
            self.restore(snapshot)

    def audit(self) -> list[Finding]:
        """Return what the client did wrong in its requests since the last reset: see docs/faults.md."""
        # Imported here, as below: few tests ask for it.
        from ims_mock.evidence.audit import audit

        return audit(self.journal, list(self.images.values()))

    def consumer_contract(self, name: str = "consumer") -> ConsumerContract:
        """Return what the client has sent and received since the last reset: see docs/contract.md.

        `name` is what the client is called. Raises ValueError for an empty one.
        """
        from ims_mock.evidence.consumers.learning import consumer_contract
        from ims_mock.evidence.exchanges import exchanges_of

        return consumer_contract(exchanges_of(self.journal), name)

    def sweep(
        self,
        work: Callable[[], Any],
        *,
        allowed: Sequence[type[BaseException]] = (),
        virtual_time: bool = True,
        progress: Callable[[int, int], object] | None = None,
        **bounds: Any,
    ) -> SweepReport:
        """Run work well, and then under every failure that its requests can meet, and return what came of each.

        >>> mock.sweep(lambda: back_up(mock.url, mock.token)).assert_survives(allowed=[BackupError])

        `allowed` are the exceptions with which the work may end. `bounds` are those of sweep.bounds.Bounds: `only`,
        `skip`, `budget`, `pairs`, `patience`, `fail_fast`, ...; `baseline` is a file of failures that are accepted, as
        `report.save_baseline` writes it. With `virtual_time` the sleeps of the work move the mock's clock, and
        cost nothing. `progress` is called after each plan with how many were run, and how many there are at least;
        sweep.progress.Progress prints that now and then. The mock is left as it was before, with an empty journal.

        Raises BaselineError, an AssertionError, if the work fails without a fault. Raises ValueError for wrong bounds,
        if rules are armed, and if the work resets the mock. Raises TypeError if `work` cannot be called, such as a
        coroutine. Ctrl-C raises InterruptedSweep, a KeyboardInterrupt with the `report` so far.
        """
        return self.new_sweep(work, allowed, virtual_time, progress, **bounds).run()

    def new_sweep(
        self,
        work: Callable[[], Any],
        allowed: Sequence[type[BaseException]] = (),
        virtual_time: bool = True,
        progress: Callable[[int, int], object] | None = None,
        **bounds: Any,
    ) -> Sweep:
        """Return a sweep as `sweep` runs it; its `plans()` are what it would try, found by the good run alone."""
        from ims_mock.sweep.bounds import bounds_of
        from ims_mock.sweep.engine import Sweep
        from ims_mock.sweep.known import KnownFailures
        from ims_mock.sweep.misuse import check_switches, checked_kinds, checked_work
        from ims_mock.sweep.outcomes import calling_file

        known = bounds.pop("baseline", None)
        limits = bounds_of(bounds)
        kinds = checked_kinds(allowed)
        check_switches(virtual_time, progress)
        sweep = Sweep(self.service, checked_work(work), self._server.drop, limits, kinds, virtual=virtual_time)
        if known is not None:
            sweep.known = known if isinstance(known, KnownFailures) else KnownFailures.load(known)
        sweep.progress = progress or sweep.progress
        sweep.file = calling_file()
        sweep.has_unread, sweep.watch, sweep.port = self._server.has_unread, self._server.watch, self._server.port
        sweep.is_served = lambda: self._server.is_started
        return sweep

    def reset(self, /, **settings: Unpack[SettingTypes]) -> None:
        """Clear images, faults and journal, and start again with the first settings, changed by those given here."""
        self.service.reset(**settings)
