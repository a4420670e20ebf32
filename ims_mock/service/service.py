"""The service without a framework: one request in, one answer out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import chain
from typing import Any

from ims_mock.contract import json_text
from ims_mock.contract.errors import IAM, ImsError, header_text
from ims_mock.contract.operations import JSON, Operation, load_contract
from ims_mock.evidence.journal import MAX_BODY, Entry, Journal, masked
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Incoming, Outgoing, Response
from ims_mock.faults.definition import Fault
from ims_mock.faults.rule_text import RuleTextError, parse_fault
from ims_mock.faults.rules import Call, Faults, Work
from ims_mock.identity.accounts import Accounts
from ims_mock.identity.auth import Auth, Caller, Unverified, unauthorized
from ims_mock.identity.permissions import Denial, Permissions
from ims_mock.identity.tokens import Identity
from ims_mock.service.catalogue import load_public_images
from ims_mock.service.settings import Settings
from ims_mock.state.clock import Clock, ManualClock, real_seconds
from ims_mock.state.ids import new_request_id
from ims_mock.state.store import Store
from ims_mock.state.times import http_date

logger = logging.getLogger("ims_mock")


_BODILESS = ("GET", "HEAD")


class Service:
    """One mock: its store, its accounts and what they may do, its faults and its journal. Two share nothing.

    A `clock` that is given is kept; otherwise every reset makes a manual one, started where the settings say.
    """

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self._initial = settings or Settings()
        self._clock = clock
        self.journal = Journal()
        self.permissions = Permissions()
        self.store = Store(self._new_clock(self._initial), self._initial.seed)
        self.faults = Faults(self.store)
        self.snapshots: dict[str, Any] = {}
        self._take(self._initial)
        self._functions = {operation.id: _function(operation) for operation in load_contract().operations.values()}

    def reset(self, /, **changes: Any) -> None:
        """Start anew, with the initial settings but for `changes`; a wrong one raises ValueError first."""
        settings = self._initial.changed(changes)
        with self.store.lock:
            self.store.reset(self._new_clock(settings), settings.seed)
            self.permissions.clear()
            self.snapshots.clear()
            self._take(settings)

    def deny(self, action: str, user: str | None = None) -> Denial:
        """Deny an action to everybody or to one user; raise ValueError for one that does not exist."""
        if user is not None:
            self.accounts.named_user(user)
        return self.permissions.deny(action, user)

    def _take(self, settings: Settings) -> None:
        """Begin with other settings; the store is empty."""
        self.adopt(settings)
        self.journal.clear(settings.journal_size)
        self.faults.begin_anew()
        if settings.public_images:
            load_public_images(self.store)
        for rule in settings.new_rules():
            self.faults.arm(rule)

    def adopt(self, settings: Settings) -> None:
        """Go on with other settings, whatever there is; journal, rules and images stay."""
        self.settings = settings
        self.store.settings.load(settings.saved())
        self.accounts = Accounts(self.store)
        self.accounts.restore(settings.new_accounts().to_json())
        self.identity = Identity(self.store, self.accounts, settings.token_lifetime, settings.token)
        self.auth = Auth(settings.auth, self.identity, settings.token)

    def _new_clock(self, settings: Settings) -> Clock:
        return self._clock or ManualClock(settings.start_seconds(), settings.speed)

    def serve(self, operation: Operation, incoming: Incoming) -> Outgoing:
        """Answer a request of an operation; no exception leaves."""
        entry = self._open(operation.id, incoming)
        return self._exchange(entry, partial(self._answer, operation, incoming, entry), operation.dialect)

    def refuse(self, error: ImsError, incoming: Incoming) -> Outgoing:
        """Answer a request that matches no operation."""

        def work() -> Outgoing:
            raise error

        return self._exchange(self._open_unrouted(incoming), work)

    def options(self, allow: str, incoming: Incoming) -> Outgoing:
        """Answer an OPTIONS request: which methods a path has (RFC 9110 section 9.3.7)."""
        answer = Outgoing(200, {"Allow": allow, "Content-Length": "0"}, b"")
        return self._exchange(self._open_unrouted(incoming), lambda: answer)

    def _open_unrouted(self, incoming: Incoming) -> Entry:
        entry = self._open(None, incoming)
        if incoming.headers.get(FAULT_HEADER) is not None:
            entry.ignored += (FAULT_HEADER,)
        return entry

    def _open(self, operation_id: str | None, incoming: Incoming) -> Entry:
        store = self.store
        entry = Entry(new_request_id(store), store.clock.now(), incoming.method, incoming.target, operation_id)
        entry.base_url, entry.arrived = incoming.base_url, real_seconds()
        entry.request_headers = masked(incoming.headers)
        return self.journal.open(entry)

    def _exchange(self, entry: Entry, work: Callable[[], Outgoing], dialect: str = "") -> Outgoing:
        """Do the work, turn a refusal into the answer it asks for, and close the journal's entry."""
        request_id = entry.request_id
        try:
            outgoing = work()
        except ImsError as error:
            outgoing = _refusal(error, request_id, dialect)
        except Exception as error:
            # Whatever it is, the client is to have an answer, and the user the traceback.
            logger.exception("%s %s failed in the mock itself", entry.method, entry.path)
            failure = ImsError(
                500, reason=f"unexpected {type(error).__name__} in the mock: {error}; its log has the traceback"
            )
            outgoing = _refusal(failure, request_id, dialect)
        entry.answered_at = self.store.clock.now()
        outgoing.headers["Date"] = http_date(entry.answered_at)
        outgoing.headers["X-Request-Id"] = request_id
        # The gateway's id in the form that Glance behind it has for one.
        outgoing.headers["X-Openstack-Request-Id"] = (
            f"req-{request_id[:8]}-{request_id[8:12]}-{request_id[12:16]}-{request_id[16:20]}-{request_id[20:]}"
        )
        entry.status, entry.reason, entry.response_body = outgoing.status, outgoing.reason, outgoing.body[:MAX_BODY]
        entry.response_headers = masked(outgoing.headers.items())
        entry.delivery = outgoing.delivery
        entry.seconds = real_seconds() - entry.arrived
        self.journal.record(entry)
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s", entry, extra={"entry": entry})
        return outgoing

    def _answer(self, operation: Operation, incoming: Incoming, entry: Entry) -> Outgoing:
        """Do the work of an operation, with the faults that strike it wrapped around, the first added outermost."""
        # A file is received piece by piece, and what a GET may carry means nothing (RFC 9110 section 9.3.1).
        is_read = not operation.takes_bytes and operation.method not in _BODILESS
        raw = incoming.read_body() if is_read else b""
        entry.request_body = (operation.without_secrets(raw) if operation.dialect == "iam" else raw)[:MAX_BODY]

        def refusal(error: ImsError) -> Outgoing:
            return _refusal(error, entry.request_id, operation.dialect)

        def honest_work(store: Store) -> Outgoing:
            try:
                response = self._work(operation, incoming, entry, raw, store)
            except ImsError as error:
                return refusal(error)
            return _outgoing(operation, response, incoming.base_url)

        work: Work = honest_work
        call = Call(operation, incoming, raw, partial(self.auth.claimed_project, incoming.headers))
        asked = incoming.headers.get(FAULT_HEADER)
        if asked is not None and self.settings.header_faults:
            work = self.faults.once(_fault_of(asked, operation), call, work, entry, refusal)
        elif asked is not None:
            entry.ignored += (FAULT_HEADER,)
        return self.faults.around(call, work, entry, refusal)(self.store)

    def _work(self, operation: Operation, incoming: Incoming, entry: Entry, raw: bytes, store: Store) -> Response:
        """Authenticate, coerce, validate, and run the operation."""
        caller, content = self._caller(operation, incoming, self._content(operation, incoming, raw))
        entry.project_id, entry.caller = caller.project_id, caller.user.name if caller.user else None
        operation.check_path(incoming.path)
        query = operation.coerce_query(incoming.query_text)
        media_type = operation.media_type(incoming.headers.get("Content-Type"))
        body = None
        if raw and not operation.bodies:
            raise ImsError(400, reason=f"body: {operation.id} takes none; leave it out")
        if raw or (operation.body_required and not operation.takes_bytes):
            body = json_text.parse(raw)
            operation.check_request_body(body, media_type)
        entry.ignored += _ignored(operation, incoming, body, media_type)
        request = Exchange(
            store=store,
            identity=self.identity,
            method=incoming.method,
            user=caller.user,
            project_id=caller.project_id or "",
            base_url=incoming.base_url,
            path=incoming.path,
            query=query,
            query_text=incoming.query_text,
            headers=operation.coerce_headers(incoming.headers),
            media_type=media_type,
            body=body,
            content=content,
            record=partial(self._record, entry),
        )
        return self._run(operation, request, entry)

    def _run(self, operation: Operation, request: Exchange, entry: Entry) -> Response:
        """Run an operation's function, under the lock unless it receives a file, and check its answer."""
        function = self._functions[operation.id]
        if operation.takes_bytes:
            return function(request)
        with self.store.transaction():
            if not self.journal.is_open(entry):
                raise ImsError(503, reason="the mock was reset while this request was on its way")
            response = function(request)
            operation.check_response_body(response.body)
            request.record()
        return response

    def _record(self, entry: Entry) -> None:
        """Put a request into the journal whose work has just been done; the lock is held."""
        entry.is_done = True
        self.journal.record(entry)

    def _caller(
        self, operation: Operation, incoming: Incoming, content: Iterator[bytes]
    ) -> tuple[Caller, Iterator[bytes]]:
        """Return who calls an operation that it may call, and the body again, of which a signature may need all.

        Raise 401 for whoever is not honoured, or works in no project where one is needed, 403 without permission.
        """
        if operation.is_anonymous:
            return Caller(None), content
        taken: list[bytes] = []

        def read_body() -> bytes:
            taken.extend(content)
            return b"".join(taken)

        try:
            caller = self.auth.caller_of(Unverified(incoming.method, incoming.target, incoming.headers, read_body))
        except ImsError as error:
            if operation.dialect != "iam" or self.auth.is_signed(incoming.headers):
                raise
            # A token is looked at by the identity service itself, a signature by the gateway before it.
            raise ImsError(error.status, IAM, reason=error.reason) from None
        if caller.project_id is None and operation.dialect != "iam":
            raise unauthorized("Unauthorized", "X-Auth-Token: the token is scoped to no project; get one that is")
        self.permissions.check(caller, operation.actions)
        return caller, chain(taken, content)

    def _content(self, operation: Operation, incoming: Incoming, raw: bytes) -> Iterator[bytes]:
        """Return the pieces of a body, of which `raw` is what has been read of it."""
        if operation.takes_bytes:
            return self._file(incoming)
        if operation.method in _BODILESS:
            # Only a signature that covers it needs it.
            return (incoming.read_body() for _ in range(1))
        return iter((raw,))

    def _file(self, incoming: Incoming) -> Iterator[bytes]:
        """Return the pieces of a body that is a file; raise 413 where it is too long for the mock or the gateway."""
        most = self.settings.max_image_size
        too_long = ImsError(413, "IMG.0059", reason=f"body: must be at most {most} bytes, as max_image_size says")
        if self.auth.is_signed(incoming.headers) and (most is None or most > json_text.MAX_BODY):
            most = json_text.MAX_BODY
            too_long = ImsError(413, reason=f"body: must be at most {most} bytes when it is signed; send a token")
        return incoming.body_pieces(most, too_long)


FAULT_HEADER = "X-IMS-Mock-Fault"
"""The header by which a request asks for a fault of its own."""


def _fault_of(text: str, operation: Operation) -> Fault:
    """Return the fault that a request's own header asks for; raise 400 for one that cannot be."""
    try:
        fault = parse_fault(text)
    except RuleTextError as error:
        raise ImsError(
            400, "APIGW.0201", reason=f"{FAULT_HEADER}: {error.what}, at {text[error.position :]!r}"
        ) from None
    if fault.is_lasting:
        raise ImsError(400, "APIGW.0201", reason=f"{FAULT_HEADER}: {fault} is of several requests; add a rule for it")
    if not fault.fits(operation):
        raise ImsError(400, "APIGW.0201", reason=f"{FAULT_HEADER}: {fault} means nothing on {operation.id}")
    return fault


def _ignored(operation: Operation, incoming: Incoming, body: Any, media_type: str) -> tuple[str, ...]:
    """Return what of a valid request nothing reads."""
    headers = incoming.headers
    has_body = headers.get("Content-Length") not in (None, "0") or headers.get("Transfer-Encoding") is not None
    unread = ("body",) if operation.method in _BODILESS and has_body else ()
    return (*unread, *operation.find_ignored(incoming.query_text, body, media_type))


def _function(operation: Operation) -> Callable[[Exchange], Response]:
    """Return the function that has an operation's id, in the module that has its resource's name."""
    module = import_module(f"ims_mock.service.operations.{operation.resource}")
    function: Callable[[Exchange], Response] = getattr(module, operation.id)
    return function


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encoded(document: Any) -> bytes:
    """Return a JSON document as the bytes that are sent."""
    return _encode(document).encode()


def _outgoing(operation: Operation, response: Response, base_url: str) -> Outgoing:
    status = response.status or operation.success
    # A header is sent as Latin-1 (PEP 3333), and read as UTF-8 by whoever expects more.
    headers = {name: value.encode().decode("latin-1") for name, value in response.headers.items()}
    if response.location is not None:
        headers["Location"] = base_url + response.location
    if response.content is not None:
        return Outgoing(status, headers, b"", content=response.content)
    body = b"" if response.body is None else encoded(response.body)
    if body:
        headers["Content-Type"] = JSON
    if status != 204:
        headers["Content-Length"] = str(len(body))
    return Outgoing(status, headers, body)


def _refusal(error: ImsError, request_id: str, dialect: str) -> Outgoing:
    reason = header_text(error.reason)
    body = encoded(error.body(request_id, dialect))
    headers = {
        **error.headers,
        "Content-Type": JSON,
        "Content-Length": str(len(body)),
        "X-IMS-Mock-Reason": reason,
    }
    return Outgoing(error.status, headers, body, reason)
