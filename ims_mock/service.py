"""The service without a framework: one request in, one answer out."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from importlib import import_module
from typing import Any

from ims_mock import json_body
from ims_mock.auth import Auth
from ims_mock.backend import Backend
from ims_mock.clock import Clock, ManualClock, http_date, timestamp
from ims_mock.contract import Operation, load_contract
from ims_mock.errors import ImsError, header_text
from ims_mock.faults import Faults
from ims_mock.journal import MAX_BODY, Entry, Journal
from ims_mock.messages import Headers, Request, Response
from ims_mock.validation import nearest

logger = logging.getLogger("ims_mock")


@dataclass(frozen=True)
class Settings:
    """What can be set of a mock, for its whole life or for one test.

    `seed` decides ids; `start` is where a manual clock starts, as seconds since 1970 or as text such as
    "2016-06-02T07:49:48Z", and the real time when None; `auth` is the level, `project_id` and `token` the credentials.
    Raises ValueError for a value that cannot be.
    """

    seed: int | str = 0
    start: float | str | None = None
    auth: str = "lenient"
    project_id: str = Auth.project_id
    token: str = Auth.token

    def __post_init__(self) -> None:
        if type(self.seed) not in (int, str):
            raise ValueError(f"seed must be an integer or a string, got {self.seed!r}")
        self.new_auth()
        self.start_seconds()

    def new_auth(self) -> Auth:
        """Return the credentials that these settings ask for."""
        return Auth(self.project_id, self.token, self.auth)

    def start_seconds(self) -> float | None:
        """Return `start` in seconds since 1970-01-01T00:00:00Z, or None."""
        if self.start is None:
            return None
        try:
            if isinstance(self.start, str):
                moment = datetime.fromisoformat(self.start.replace("Z", "+00:00"))
                return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
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
    query: list[tuple[str, str]]
    query_text: str
    read_body: Callable[[], bytes]


@dataclass(slots=True)
class Outgoing:
    """An answer as it leaves. `reason` is "" unless the request was refused."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""


class Service:
    """One mock: its backend, its credentials, its faults and its journal. Two share nothing.

    A `clock` that is given is kept; otherwise every reset makes a manual one, started where the settings say.
    """

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self._initial = settings or Settings()
        self._clock = clock
        self.faults = Faults()
        self.journal = Journal()
        self.backend = Backend(self._new_clock(self._initial), self._initial.seed)
        self.auth = self._initial.new_auth()
        self._functions = {operation.id: _function(operation) for operation in load_contract().operations.values()}

    def reset(self, /, **changes: Any) -> None:
        """Start anew, with the initial settings but for `changes`; a wrong one raises ValueError first."""
        settings = self._initial.changed(changes)
        with self.backend.lock:
            self.backend.reset(self._new_clock(settings), settings.seed)
            self.auth = settings.new_auth()
            self.faults.clear()
            self.journal.clear()

    def _new_clock(self, settings: Settings) -> Clock:
        return self._clock or ManualClock(settings.start_seconds())

    def serve(self, operation: Operation, incoming: Incoming) -> Outgoing:
        """Answer a request of an operation; no exception leaves."""
        entry = self._open(operation.id, incoming)
        return self._exchange(entry, incoming, partial(self._answer, operation, incoming, entry))

    def refuse(self, error: ImsError, incoming: Incoming) -> Outgoing:
        """Answer a request that matches no operation."""

        def work() -> tuple[Operation, Response]:
            raise error

        return self._exchange(self._open(None, incoming), incoming, work)

    def _open(self, operation_id: str | None, incoming: Incoming) -> Entry:
        backend = self.backend
        return self.journal.open(
            backend.new_request_id(), backend.clock.now(), incoming.method, incoming.target, operation_id
        )

    def _exchange(self, entry: Entry, incoming: Incoming, work: Callable[[], tuple[Operation, Response]]) -> Outgoing:
        """Do the work, turn a refusal into the answer it asks for, and close the journal's entry."""
        try:
            operation, response = work()
            outgoing = _outgoing(operation, response, incoming.base_url)
        except ImsError as error:
            outgoing = _refusal(error, entry.request_id)
        except Exception as error:
            # Whatever it is, the client is to have an answer, and the user the traceback.
            logger.exception("%s %s failed in the mock itself", entry.method, entry.path)
            failure = ImsError(
                500, reason=f"unexpected {type(error).__name__} in the mock: {error}; its log has the traceback"
            )
            outgoing = _refusal(failure, entry.request_id)
        outgoing.headers["Date"] = http_date(entry.received_at)
        outgoing.headers["X-Request-Id"] = entry.request_id
        entry.status, entry.reason, entry.response_body = outgoing.status, outgoing.reason, outgoing.body[:MAX_BODY]
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s", entry, extra={"entry": entry})
        return outgoing

    def _answer(self, operation: Operation, incoming: Incoming, entry: Entry) -> tuple[Operation, Response]:
        """Do the work of an operation, with the faults that strike it wrapped around, the first added outermost."""
        raw = incoming.read_body() if operation.request_body else b""
        entry.request_body = raw[:MAX_BODY]
        work = partial(self._work, operation, incoming, entry, raw)
        return operation, self.faults.around(operation.id, work, entry.note)()

    def _work(self, operation: Operation, incoming: Incoming, entry: Entry, raw: bytes) -> Response:
        """Authenticate, coerce, validate, run the operation's function under the lock, and check its answer."""
        entry.project_id = project_id = self.auth.project_of(incoming.headers)
        query = operation.coerce_query(incoming.query)
        body = None
        if raw or operation.body_required:
            body = json_body.parse(raw)
            operation.check_request_body(body)
        request = Request(self.backend, project_id, incoming.path, query, incoming.query_text, body)
        with self.backend.lock:
            response = self._functions[operation.id](request)
        operation.check_response_body(response.body)
        return response


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
    headers = {} if response.location is None else {"Location": base_url + response.location}
    if response.body is None:
        return Outgoing(operation.success, headers, b"")
    body = encoded(response.body)
    headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return Outgoing(operation.success, headers, body)


def _refusal(error: ImsError, request_id: str) -> Outgoing:
    reason = header_text(error.reason)
    body = encoded(error.body(request_id))
    headers = {
        **error.headers,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-IMS-Mock-Reason": reason,
    }
    return Outgoing(error.status, headers, body, reason)
