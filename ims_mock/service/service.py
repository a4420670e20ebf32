"""The service without a framework: one request in, one response out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from math import floor
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import header_name
from ims_mock.contract.operations import Operation
from ims_mock.contract.problems import wrong_setting
from ims_mock.evidence.journal import MAX_BODY, Entry, Journal
from ims_mock.evidence.redaction import masked_target, without_query_of
from ims_mock.exchange.exchange import Exchange, Function, Work
from ims_mock.exchange.messages import Request, Response, rejection
from ims_mock.exchange.written import Written
from ims_mock.faults.rule_set import Faults
from ims_mock.identity.accounts import Accounts
from ims_mock.identity.auth import Auth, Worlds
from ims_mock.identity.permissions import Denial, Permissions
from ims_mock.identity.tokens import Identity
from ims_mock.service.asked_faults import FAULT_HEADER, asked_fault
from ims_mock.service.catalogue import load_public_images
from ims_mock.service.feed import Feed
from ims_mock.service.reading import read_signed
from ims_mock.service.removed import reason_of
from ims_mock.service.settings import Settings
from ims_mock.service.validating import validate
from ims_mock.service.world_names import check_regions
from ims_mock.state.clock import Clock, ManualClock, check_clock, real_seconds
from ims_mock.state.regions import Regions
from ims_mock.state.store import Store
from ims_mock.state.times import http_date

logger = logging.getLogger("ims_mock")


class Service:
    """One mock: its store, its accounts and what they may do, its faults and its journal. Two share nothing.

    A `clock` that is given is kept; otherwise every reset makes a manual one, started where the settings say. Every
    reset goes back to the `first_settings`. `world` is its name, where it is one of several of a server.
    """

    identity: Identity
    accounts: Accounts

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None, world: str = "") -> None:
        self.first_settings = settings or Settings()
        if clock is not None:
            check_clock(clock)
        self.given_clock = clock
        self.worlds: Worlds | None = None
        self.journal = self.new_journal()
        self.permissions = self.new_permissions()
        self._home = self
        self._joined: list[Service] = []
        self.further: list[Service] = []
        """The services of the further regions that the setting `regions` names, in their order."""
        self.store = self.new_store(self._new_clock(self.first_settings), self.first_settings.seed)
        self.store.world = world
        self._transaction = self.store.transaction()
        self.faults = self.new_faults(self.store)
        self.snapshots: dict[str, Any] = {}
        self.journal.signal = self.permissions.signal = self.store.signal
        self.feed = self.new_feed()
        self.before_next: list[Callable[[], object]] = []
        """What is called, and removed, when a request has been received, before anything is done for it."""
        self._written = Written()
        self._begin(self.first_settings)

    # What a service is made of, where its state is kept in this process.

    new_store: Callable[[Clock, int | str], Store] = Store
    new_journal: Callable[[], Journal] = Journal
    new_permissions: Callable[[], Permissions] = Permissions
    new_faults: Callable[[Store], Faults] = Faults

    def new_feed(self) -> Feed:
        """Return what pages ask for changes."""
        return Feed(self.store, self.journal, self.faults, self.permissions, self.snapshots)

    def control(
        self, function: Callable[[Service, Mapping[str, Any], Any], Any], values: Mapping[str, Any], body: Any
    ) -> Any:
        """Return what a function of the control API returns."""
        return function(self, values, body)

    def reset(self, /, **changes: Any) -> None:
        """Start again, with the initial settings but for `changes`; a wrong one raises ValueError first."""
        settings = self.first_settings.changed(changes)
        self._check_region(settings)
        clock = self._new_clock(settings)
        for rule in settings.new_rules():
            rule.span_at(clock.now())
        with self.store.lock:
            self._start_again(settings, clock)
            self._home.hold_clock()

    def _start_again(self, settings: Settings, clock: Clock) -> None:
        """Start again with a clock; the caller holds the lock."""
        self.store.reset(clock, settings.seed)
        self.permissions.clear()
        self.snapshots.clear()
        self._written.clear()
        self._begin(settings)

    def _check_region(self, settings: Settings) -> None:
        """Raise ValueError for a setting of the whole cloud in a further region, and for a region named as a world."""
        if self in self._home.further:
            settings.check_of_region(self.first_settings)
        elif self.worlds is not None and not self.store.world and settings.regions[1:]:
            check_regions(settings.regions, self.worlds)

    def end(self) -> None:
        """Let go of what takes memory, as the world has been removed; a request that is still on its way is rejected.

        What gives access stays, so that such a request is not rejected for its credential.
        """
        with self.store.lock:
            self.store.removed = f"world {self.store.world}" if self._home is self else f"region {self.settings.region}"
            self.journal.end()
            self.permissions.clear()
            self.snapshots.clear()
            self._written.clear()
            records = self.store.snapshot_records()
            self.store.put_back({name: records[name] if name in _ACCESS else {} for name in records})
            if isinstance(self.store.clock, ManualClock) and self.given_clock is None:
                self.store.clock.close()
        self.store.signal.release()
        for region in self.further:
            region.end()

    def join(self, other: Service) -> None:
        """Be another region of another service's cloud: with its accounts and tokens, and what is copied from there.

        Raise ValueError where the cloud has a region of this name.
        """
        home = other._home
        (home.store.cloud or Regions(home.store)).add(self.store)
        self._home = home
        home._joined.append(self)
        self.apply(self.settings)

    def enter(self, worlds: Worlds) -> None:
        """Be one of the worlds of a server: a credential of another one is rejected."""
        self.worlds = self.auth.worlds = worlds
        for region in self.further:
            region.enter(worlds)

    @property
    def regions(self) -> list[Service]:
        """The services of the regions of the cloud, the first one first; this one, where it is no region of any."""
        return [self._home, *self._home._joined]

    def deny(self, action: str, user: str | None = None) -> Denial:
        """Deny an action to everybody or to one user; raise ValueError for one that does not exist."""
        if user is not None:
            self.accounts.named_user(user)
        return self.permissions.deny(action, user)

    def _begin(self, settings: Settings) -> None:
        """Begin with other settings; the store is empty."""
        self.apply(settings)
        self.journal.clear(settings.journal_size)
        self.faults.reset()
        if settings.public_images:
            load_public_images(self.store)
        for rule in settings.new_rules():
            self.faults.arm(rule)
        self._form_regions(settings)

    def _form_regions(self, settings: Settings) -> None:
        """Have a service for each further region that the settings name, which begins as this one does."""
        known = {region.settings.region: region for region in self.further}
        for name, region in known.items():
            if name not in settings.regions[1:] and self.store.cloud is not None:
                self.store.cloud.remove(region.store)
                self._joined.remove(region)
                region.end()
        self.further = []
        for name in settings.regions[1:]:
            changes = {"region": name, "regions": [], "start": None, "speed": 0, "accounts": None}
            own = settings.changed(changes)
            region = known.get(name) or self._new_region(own)
            region.first_settings, region.given_clock = own, self.store.clock
            region._start_again(own, self.store.clock)
            self.further.append(region)
        self.hold_clock()

    def _new_region(self, settings: Settings) -> Service:
        """Return the service of one more region, which has the clock of this one."""
        region = Service(settings.changed({"public_images": False, "faults": []}), self.store.clock, self.store.world)
        if self.store.cloud is None:
            Regions(self.store, is_of_one_server=True)
        region.join(self)
        if self.worlds is not None:
            region.enter(self.worlds)
        return region

    def hold_clock(self) -> None:
        """Let the clock, which the regions share, settle what is due in all of them."""
        clock = self.store.clock
        if self.further and isinstance(clock, ManualClock):
            clock.moved, clock.signal = self.store.settle, self.store.signal

    def region(self, name: str) -> Service | None:
        """Return the service of a region of the setting `regions`; None where there is none of this name."""
        found = (one for one in [self, *self.further] if self.further and one.settings.region == name)
        return next(found, None)

    def apply(self, settings: Settings) -> None:
        """Go on with other settings, whatever there is; journal, rules and images stay."""
        self.store.settings.load(settings.saved())
        identity = Identity(self.store)
        accounts = self._home.accounts if self._home is not self else settings.first_accounts
        identity.accounts.have_those_of(accounts)
        identity.issue_own(settings.token)
        identity = identity if self._home is self else self._home.identity
        # A request on its way finds either the old ones or the new ones, each complete.
        self.settings, self.identity, self.accounts = settings, identity, identity.accounts
        self.auth = Auth(settings.auth, identity, settings.token, self.worlds)
        if self._home is not self and self.store.cloud is not None and self.store.cloud.is_of_one_server:
            self.auth.region = settings.region

    def _new_clock(self, settings: Settings) -> Clock:
        if self.given_clock is None:
            return ManualClock(settings.start_seconds(), settings.speed)
        for name, is_given in (("start", settings.start is not None), ("speed", settings.speed > 0)):
            if is_given:
                raise wrong_setting(name, "conflict", "must be left out: the time is that of the clock that was given")
        return self.given_clock

    def walks(self, operation: Operation) -> bool:
        """Return whether an operation walks many images once the lock is free, which its function says."""
        return bool(function_of(operation.resource, operation.id).__annotations__["return"] == "Later")

    def serve(self, operation: Operation, request: Request) -> Response:
        """Respond to a request of an operation; no exception leaves."""
        entry = self._open(operation.id, request)
        exchange = Exchange(
            operation, request, request.body, self.store, entry, self.journal, self._written, self.settings.explain
        )
        try:
            response = self._respond(exchange)
        except ImsError as error:
            response = exchange.reject(self._overtaken(exchange) if self.journal.is_ended else error)
        except Exception as error:
            # Whatever it is, the client is to have a response, and the user the traceback.
            with suppress(Exception):  # A log that a test has patched is not to cost the response; also below.
                logger.exception("%s %s failed in the mock itself", entry.method, entry.path)
            response = exchange.reject(ImsError(500, reason=reason_of(error, self.store)))
        return self._close(entry, response, request)

    def refuse(self, error: ImsError, request: Request) -> Response:
        """Respond to a request that matches no operation."""
        entry = self._open_unrouted(request)
        return self._close(entry, rejection(error, entry.request_id, explains=self.settings.explain), request)

    def options(self, allow: str, request: Request) -> Response:
        """Respond to an OPTIONS request: which methods a path has (RFC 9110 section 9.3.7)."""
        response = Response(200, {"Allow": allow, "Content-Length": "0"})
        return self._close(self._open_unrouted(request), response, request)

    def _open_unrouted(self, request: Request) -> Entry:
        entry = self._open(None, request)
        if request.headers.get(_FAULT_HEADER) is not None:
            entry.ignored += (FAULT_HEADER,)
        return entry

    def _open(self, operation_id: str | None, request: Request) -> Entry:
        store = self.store
        # Of two requests that come together, one finds it empty.
        with suppress(IndexError):
            self.before_next.pop()()
        # Many entries have the same method and path.
        path = sys.intern(masked_target(request.target) if "?" in request.target else request.target)
        method = sys.intern(request.method)
        entry = Entry(store.draw("requests")[:32], store.clock.now(), method, path, operation_id)
        entry.base_url, entry.arrived = request.base_url, real_seconds()
        return self.journal.open(entry, request.headers.items())

    def _close(self, entry: Entry, response: Response, request: Request) -> Response:
        """Give a response what every one has, and close the journal's entry."""
        request_id = entry.request_id
        entry.responded_at = self.store.clock.now()
        response.headers["Date"] = http_date(floor(entry.responded_at))
        response.headers["X-Request-Id"] = request_id
        # The gateway's id in the form that Glance behind it has for one.
        response.headers["X-Openstack-Request-Id"] = (
            f"req-{request_id[:8]}-{request_id[8:12]}-{request_id[12:16]}-{request_id[16:20]}-{request_id[20:]}"
        )
        entry.status, entry.reason = response.status, response.reason
        body = without_query_of(request.target, response.body) if "?" in request.target else response.body
        entry.delivery = response.delivery
        entry.seconds = real_seconds() - entry.arrived
        self.journal.close(entry, response.headers.items(), body, response.image)
        if logger.isEnabledFor(logging.INFO):
            with suppress(Exception):
                logger.info("%s", entry, extra={"entry": entry})
        return response

    def _respond(self, exchange: Exchange) -> Response:
        """Do the work of an operation, with the faults whose rules fire wrapped around, the first added outermost."""
        operation, headers = exchange.operation, exchange.request.headers
        if headers.get("Authorization") and self.auth.is_signed(headers):
            read_signed(exchange.body)
        if operation.reads_body:
            _read_body(exchange)
        asked = headers.get(_FAULT_HEADER)
        if asked is None and not self.faults.armed:
            return self._work(exchange)
        exchange.claimed_project = self.auth.claimed_project(headers)
        work: Work = self._work_or_rejection
        if asked is not None and self.settings.header_faults:
            work = self.faults.once(asked_fault(asked, operation), work, exchange)
        elif asked is not None:
            exchange.entry.ignored += (FAULT_HEADER,)
        return self.faults.around(work, exchange)

    def _work_or_rejection(self, exchange: Exchange) -> Response:
        """Do the work of an operation; a rejection is a response too, for the faults around it."""
        try:
            return self._work(exchange)
        except ImsError as error:
            return exchange.reject(error)

    def _work(self, exchange: Exchange) -> Response:
        """Authenticate, coerce, validate, and run the operation."""
        operation, entry = exchange.operation, exchange.entry
        if operation.takes_bytes:
            self._limit_file(exchange)
        if not operation.is_anonymous:
            exchange.caller = self.auth.caller_of(exchange)
            exchange.project_id = exchange.caller.project_id or ""
            self.permissions.check(exchange)
        entry.project_id, entry.caller = exchange.caller.project_id, exchange.caller.user
        validate(exchange)
        return self._run(exchange)

    def _run(self, exchange: Exchange) -> Response:
        """Run an operation's function, with the lock held unless it receives a file; the rest needs none."""
        function = function_of(exchange.operation.resource, exchange.operation.id)
        if exchange.operation.takes_bytes:
            response = function(exchange)
            return response if isinstance(response, Response) else response()
        if self.store.sharing is None:
            with self._transaction:
                response = self._run_in_transaction(function, exchange)
        else:
            response = self.store.sharing.attempt(partial(self._run_in_transaction, function, exchange))
        return response if isinstance(response, Response) else response()

    def _run_in_transaction(self, function: Callable[[Exchange], Any], exchange: Exchange) -> Any:
        if not exchange.entry.is_open:
            raise self._overtaken(exchange)
        response = function(exchange)
        exchange.entry.is_done = True
        self.journal.record(exchange.entry)
        return response

    def _overtaken(self, exchange: Exchange) -> ImsError:
        """Return the rejection of a request that was on its way when the mock was reset, or its world removed."""
        code, message = exchange.operation.usual_error(503)
        reason = "the mock was reset while this request was on its way"
        if self.journal.is_ended:
            reason = f"the world {self.store.world} was removed while this request was on its way; send it again"
        return ImsError(503, code, message, reason=reason)

    def _limit_file(self, exchange: Exchange) -> None:
        """Limit a file to what the mock takes; raise 413 where it is known to be longer."""
        most = self.settings.max_image_size
        reason = f"body: must be at most {most} bytes, as max_image_size says"
        exchange.body.limit(most, ImsError(413, "IMG.0059", reason=reason))


_ACCESS = ("settings", "projects", "users", "tokens", "temporary_credentials")

_FAULT_HEADER = header_name(FAULT_HEADER)


def _read_body(exchange: Exchange) -> None:
    """Read the body of a request, and write it down in the journal, without what may be a secret in it."""
    raw, operation = exchange.body.read(), exchange.operation
    redacted = operation.without_secrets(raw) if operation.dialect == "iam" else raw
    exchange.entry.request_body = redacted[:MAX_BODY]


@cache
def function_of(resource: str, operation_id: str) -> Function:
    """Return the function that has an operation's id, in the module that has its resource's name."""
    module = import_module(f"ims_mock.service.operations.{resource}")
    function: Function = getattr(module, operation_id)
    return function
