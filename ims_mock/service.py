"""The service without a framework: one request in, one answer out."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from itertools import chain
from typing import Any

from ims_mock import json_body
from ims_mock.accounts import DEFAULT_PROJECT_ID, Accounts
from ims_mock.auth import LEVELS, PROJECT_ID, PROJECT_ID_RULE, Auth, Caller, Unverified, unauthorized
from ims_mock.backend import Backend
from ims_mock.catalogue import load_public_images
from ims_mock.clock import Clock, ManualClock, http_date, parse_time, timestamp
from ims_mock.contract import JSON, Operation, load_contract
from ims_mock.errors import IAM, ImsError, header_text
from ims_mock.faults import Faults
from ims_mock.identity import Identity, check_lifetime
from ims_mock.journal import MAX_BODY, Entry, Journal
from ims_mock.messages import Headers, Request, Response
from ims_mock.permissions import Denial, Permissions
from ims_mock.validation import nearest

logger = logging.getLogger("ims_mock")


@dataclass(frozen=True)
class Settings:
    """What can be set of a mock, for its whole life or for one test.

    `seed` decides ids; `start` is where a manual clock starts, as seconds since 1970 or as text such as
    "2016-06-02T07:49:48Z", and the real time when None. `auth` is the level; `project_id` the default project's id and
    `token` a token that is always honoured; `region` a name of each user's own project; `accounts` more projects and
    users, as schemas/models/accounts.json has them; `token_lifetime` is in seconds. `public_images` loads the catalogue
    of public images; `max_image_size` is the most bytes that an image's file may have, if there is a most. Raises
    ValueError for a value that cannot be.
    """

    seed: int | str = 0
    start: float | str | None = None
    auth: str = "lenient"
    project_id: str = DEFAULT_PROJECT_ID
    token: str = field(default="ims-mock-token", repr=False)
    region: str = "cn-north-4"
    accounts: Mapping[str, Any] | None = field(default=None, repr=False)
    token_lifetime: float = 24 * 3600
    public_images: bool = False
    max_image_size: int | None = None

    def __post_init__(self) -> None:
        if type(self.seed) not in (int, str):
            raise ValueError(f"seed must be an integer or a string, got {self.seed!r}")
        if type(self.public_images) is not bool:
            raise ValueError(f"public_images must be True or False, got {self.public_images!r}")
        if self.max_image_size is not None and (type(self.max_image_size) is not int or self.max_image_size < 0):
            raise ValueError(f"max_image_size must be a number of bytes, or None, got {self.max_image_size!r}")
        if self.auth not in LEVELS:
            raise ValueError(f"auth must be one of {', '.join(LEVELS)}, got {self.auth!r}")
        check_lifetime("token_lifetime", self.token_lifetime)
        for name, pattern, rule in (
            ("token", "[!-~]+", "printable ASCII without spaces"),
            ("project_id", PROJECT_ID, PROJECT_ID_RULE),
            ("region", "[0-9A-Za-z_-]{1,64}", "1 to 64 letters, digits, '-' and '_'"),
        ):
            value = getattr(self, name)
            if not isinstance(value, str) or not re.fullmatch(pattern, value):
                raise ValueError(f"{name} must be {rule}" + ("" if name == "token" else f", got {value!r}"))
        self.new_accounts()
        self.start_seconds()

    def new_accounts(self) -> Accounts:
        """Return the projects and users that these settings ask for."""
        accounts = Accounts(self.project_id, self.region)
        if self.accounts is not None:
            accounts.add(self.accounts)
        return accounts

    def start_seconds(self) -> float | None:
        """Return `start` in seconds since 1970-01-01T00:00:00Z, or None."""
        if self.start is None:
            return None
        try:
            if isinstance(self.start, str):
                return parse_time(self.start)
            if isinstance(self.start, bool):
                raise TypeError
            timestamp(self.start)
            return float(self.start)
        except (TypeError, ValueError, OverflowError, OSError):
            raise ValueError(
                f"start must be seconds since 1970 or text like '2016-06-02T07:49:48Z', got {self.start!r}"
            ) from None

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """Return these settings with some changed; raise ValueError for one that does not exist."""
        known = [item.name for item in dataclasses.fields(self)]
        for name in values:
            if name not in known:
                raise ValueError(
                    f"ims_mock has no setting {name!r}; there are {', '.join(known)}{nearest(name, known)}"
                )
        return dataclasses.replace(self, **values)


@dataclass(slots=True)
class Incoming:
    """A request as it came: `target` with its query as sent, `base_url` as the client reached the mock."""

    method: str
    target: str
    base_url: str
    headers: Headers
    path: Mapping[str, str]
    query_text: str
    read_body: Callable[[], bytes]
    body_pieces: Callable[[int | None, ImsError], Iterator[bytes]]


@dataclass(slots=True)
class Outgoing:
    """An answer as it leaves: a body, or a file's content in pieces. `reason` is "" unless the request was refused."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""
    content: Iterable[bytes] | None = None


_BODILESS = ("GET", "HEAD")


class Service:
    """One mock: its backend, its accounts and what they may do, its faults and its journal. Two share nothing.

    A `clock` that is given is kept; otherwise every reset makes a manual one, started where the settings say.
    """

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self._initial = settings or Settings()
        self._clock = clock
        self.faults = Faults()
        self.journal = Journal()
        self.permissions = Permissions()
        self.backend = Backend(self._new_clock(self._initial), self._initial.seed)
        self._take(self._initial)
        self._functions = {operation.id: _function(operation) for operation in load_contract().operations.values()}

    def reset(self, /, **changes: Any) -> None:
        """Start anew, with the initial settings but for `changes`; a wrong one raises ValueError first."""
        settings = self._initial.changed(changes)
        with self.backend.lock:
            self.backend.reset(self._new_clock(settings), settings.seed)
            self._take(settings)
            self.faults.clear()
            self.journal.clear()
            self.permissions.clear()

    def deny(self, action: str, user: str | None = None) -> Denial:
        """Deny an action to everybody or to one user; raise ValueError for one that does not exist."""
        if user is not None:
            self.accounts.named_user(user)
        return self.permissions.deny(action, user)

    def _take(self, settings: Settings) -> None:
        """Begin with other settings; the backend is empty."""
        self._settings = settings
        self.accounts = settings.new_accounts()
        self.identity = Identity(self.backend, self.accounts, settings.token_lifetime, settings.token)
        self.auth = Auth(settings.auth, self.identity, settings.token)
        if settings.public_images:
            load_public_images(self.backend)

    def _new_clock(self, settings: Settings) -> Clock:
        return self._clock or ManualClock(settings.start_seconds())

    def serve(self, operation: Operation, incoming: Incoming) -> Outgoing:
        """Answer a request of an operation; no exception leaves."""
        entry = self._open(operation.id, incoming)
        return self._exchange(entry, partial(self._answer, operation, incoming, entry), operation.dialect)

    def refuse(self, error: ImsError, incoming: Incoming) -> Outgoing:
        """Answer a request that matches no operation."""

        def work() -> Outgoing:
            raise error

        return self._exchange(self._open(None, incoming), work)

    def options(self, allow: str, incoming: Incoming) -> Outgoing:
        """Answer an OPTIONS request: which methods a path has (RFC 9110 section 9.3.7)."""
        answer = Outgoing(200, {"Allow": allow, "Content-Length": "0"}, b"")
        return self._exchange(self._open(None, incoming), lambda: answer)

    def _open(self, operation_id: str | None, incoming: Incoming) -> Entry:
        backend = self.backend
        return self.journal.open(
            backend.new_request_id(), backend.clock.now(), incoming.method, incoming.target, operation_id
        )

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
        outgoing.headers["Date"] = http_date(entry.received_at)
        outgoing.headers["X-Request-Id"] = request_id
        # The gateway's id in the form that Glance behind it has for one.
        outgoing.headers["X-Openstack-Request-Id"] = (
            f"req-{request_id[:8]}-{request_id[8:12]}-{request_id[12:16]}-{request_id[16:20]}-{request_id[20:]}"
        )
        entry.status, entry.reason, entry.response_body = outgoing.status, outgoing.reason, outgoing.body[:MAX_BODY]
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s", entry, extra={"entry": entry})
        return outgoing

    def _answer(self, operation: Operation, incoming: Incoming, entry: Entry) -> Outgoing:
        """Do the work of an operation, with the faults that strike it wrapped around, the first added outermost."""
        # A file is received piece by piece, and what a GET may carry means nothing (RFC 9110 section 9.3.1).
        is_read = not operation.takes_bytes and operation.method not in _BODILESS
        raw = incoming.read_body() if is_read else b""
        entry.request_body = (operation.without_secrets(raw) if operation.dialect == "iam" else raw)[:MAX_BODY]
        work = partial(self._work, operation, incoming, entry, raw)
        response = self.faults.around(operation.id, work, entry.note)()
        return _outgoing(operation, response, incoming.base_url)

    def _work(self, operation: Operation, incoming: Incoming, entry: Entry, raw: bytes) -> Response:
        """Authenticate, coerce, validate, run the operation's function under the lock, and check its answer."""
        if operation.takes_bytes:
            content = self._content(incoming)
        elif operation.method in _BODILESS:
            # Only a signature that covers it needs it.
            content = (incoming.read_body() for _ in range(1))
        else:
            content = iter((raw,))
        caller, content = self._caller(operation, incoming, content)
        entry.project_id = caller.project_id
        operation.check_path(incoming.path)
        query = operation.coerce_query(incoming.query_text)
        media_type = operation.media_type(incoming.headers.get("Content-Type"))
        body = None
        if raw and not operation.bodies:
            raise ImsError(400, reason=f"body: {operation.id} takes none; leave it out")
        if raw or (operation.body_required and not operation.takes_bytes):
            body = json_body.parse(raw)
            operation.check_request_body(body, media_type)
        request = Request(
            self.backend,
            self.identity,
            incoming.method,
            caller.user,
            caller.project_id or "",
            incoming.base_url,
            incoming.path,
            query,
            incoming.query_text,
            operation.coerce_headers(incoming.headers),
            media_type,
            body,
            content,
        )
        function = self._functions[operation.id]
        if operation.takes_bytes:
            return function(request)
        with self.backend.lock:
            response = function(request)
        operation.check_response_body(response.body)
        return response

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

    def _content(self, incoming: Incoming) -> Iterator[bytes]:
        """Return the pieces of a body that is a file; raise 413 where it is too long for the mock or the gateway."""
        most = self._settings.max_image_size
        too_long = ImsError(413, "IMG.0059", reason=f"body: must be at most {most} bytes, as max_image_size says")
        if self.auth.is_signed(incoming.headers) and (most is None or most > json_body.MAX_BODY):
            most = json_body.MAX_BODY
            too_long = ImsError(413, reason=f"body: must be at most {most} bytes when it is signed; send a token")
        return incoming.body_pieces(most, too_long)


def _function(operation: Operation) -> Callable[[Request], Response]:
    """Return the function that has an operation's id, in the module that has its resource's name."""
    module = import_module(f"ims_mock.operations.{operation.resource}")
    function: Callable[[Request], Response] = getattr(module, operation.id)
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
