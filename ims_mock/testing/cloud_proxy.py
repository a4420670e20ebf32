"""A forward proxy that passes requests on to the real cloud, and judges what both sides say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ims_mock.contract import Finding, find_operation, judge
from ims_mock.contract.errors import ImsError
from ims_mock.contract.hosts import CloudHost
from ims_mock.contract.recorded import DAMAGED, Absence, JsonBody, RecordedExchange, RecordedHeaders
from ims_mock.evidence.correspondence import header_of
from ims_mock.evidence.recordings import bodies
from ims_mock.exchange.messages import Response, rejection
from ims_mock.state.real import new_lock
from ims_mock.testing.drift_report import Compared
from ims_mock.testing.mirror import Mirror
from ims_mock.testing.proxy import ForwardProxy, MockCloud, find_in
from ims_mock.web.handler import Handler
from ims_mock.web.head import Head
from ims_mock.web.hints import is_of_control
from ims_mock.web.passing import Passed, Passing
from ims_mock.web.proxy import Origin
from ims_mock.web.request_body import RequestBody

_NO_REQUEST_ID = "0" * 32


@dataclass(frozen=True, slots=True)
class Seen:
    """An exchange that has passed, with what the judge finds in it; `operation` is None where it matches none.

    `compared` is how the mock's response is, where one is asked the same.
    """

    number: int
    passed: Passed
    operation: str | None
    findings: Sequence[Finding]
    compared: Compared | None = None

    @property
    def exchange(self) -> RecordedExchange:
        """The exchange, its bodies unpacked."""
        return self.passed.exchange


class Watch:
    """Judges what passes, one exchange after the other, and reports each; a `mirror` is asked the same."""

    def __init__(self, report: Callable[[Seen], None], mirror: Mirror | None = None) -> None:
        self._report = report
        self._mirror = mirror
        self._lock = new_lock()
        self._count = 0

    def __call__(self, passed: Passed) -> None:
        """Judge an exchange and report it."""
        with self._lock:
            self._count += 1
            exchange = replace(unpacked(passed.exchange), entry=f"exchange {self._count}")
            operation = find_operation(exchange.request.method, exchange.request.url)
            compared = self._mirror.compare(exchange, passed.size) if self._mirror else None
            name = operation.id if operation else None
            self._report(Seen(self._count, replace(passed, exchange=exchange), name, judge(exchange), compared))


def unpacked(exchange: RecordedExchange) -> RecordedExchange:
    """Return an exchange with bodies that are not packed; of one that is packed in another way than gzip nothing."""
    request, response = exchange.request, exchange.response
    request = replace(request, body=_unpacked(request.headers, request.body))
    if response is not None:
        response = replace(response, body=_unpacked(response.headers, response.body))
    return replace(exchange, request=request, response=response)


def _unpacked(headers: RecordedHeaders | Absence, body: bytes | JsonBody | Absence) -> bytes | JsonBody | Absence:
    coding = (header_of(headers, "Content-Encoding") or "identity").strip().lower()
    if not isinstance(body, bytes) or coding == "identity" or not body:
        return body
    return bodies.from_bytes(body) if coding in ("gzip", "x-gzip") else DAMAGED


class CloudProxy(ForwardProxy):
    """A forward proxy that passes requests to the hosts of the cloud on, as `passing` does.

    >>> watch = Watch(lambda seen: print(seen.number, *seen.findings))
    >>> with CloudProxy(Passing(verifying(None), watch)) as proxy:
    ...     run_client(environ={"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": "ca.pem"})

    Hosts in `allow_hosts` are let through, and neither looked at nor judged. `mocks` are those that are asked the same.
    """

    def __init__(
        self,
        passing: Passing,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_hosts: Sequence[str] = (),
        mocks: MockCloud | None = None,
    ) -> None:
        self._passing = passing
        self._mocks = mocks
        super().__init__(find_in(self._find, allow_hosts), host, port)

    def stop(self) -> None:
        """Stop serving, and close every connection."""
        self._passing.stop()
        super().stop()

    def _find(self, host: CloudHost) -> Origin:
        origin = self._mocks.find(host) if self._mocks else Origin(_no_app, _refuse)
        return replace(origin, refuse=_refuse, respond=self._respond)

    def _respond(self, handler: Handler, head: Head, body: RequestBody) -> None:
        if not is_of_control(head.path):
            self._passing.respond(handler, head, body)
            return
        if self._mocks is not None:
            Handler.respond(handler, head, body)
            return
        reason = f"{head.path} is of a mock, and this proxy passes requests on to the cloud; use --to mock"
        response = _refuse(404, reason, head.method, head.target)
        handler.send("404 Not Found", list(response.headers.items()), response.body)


def _refuse(status: int, reason: str, _method: str, _target: str) -> Response:
    """Respond as the gateway of the cloud does; the header with the reason shows that it was not the gateway."""
    return rejection(ImsError(status, "APIGW.0201", reason=reason), _NO_REQUEST_ID)


def _no_app(_environ: object, _start_response: object) -> list[bytes]:
    raise AssertionError("requests are passed on")
