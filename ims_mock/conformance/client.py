"""What the tests call: an operation by its id, whose every response is judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from ims_mock.conformance.connection import Connection, Received, UnreachableError
from ims_mock.conformance.credentials import Credentials
from ims_mock.conformance.differences import Differences
from ims_mock.conformance.options import Options
from ims_mock.conformance.reached import Reached
from ims_mock.contract.findings import Finding
from ims_mock.contract.operations import JSON, Operation, load_contract
from ims_mock.contract.recorded import RecordedExchange, RecordedRequest, RecordedResponse
from ims_mock.contract.verdicts import judge
from ims_mock.exchange.messages import Request
from ims_mock.state.real import RealTime

READS = {"list_image_by_tags", "keystone_create_token"}
"""The operations that write nothing to IMS, and are no GET."""

_LONGEST = 400
"""Most characters of a body that a failure shows."""


class Reply:
    """A judged response to a request of one operation."""

    def __init__(self, operation: str, received: Received) -> None:
        self.operation = operation
        self.status = received.status
        self.body = received.body
        self.header = received.header

    @property
    def json(self) -> Any:
        """The JSON value of the body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error, whatever its form; "" where there is none."""
        try:
            body = self.json
            return str(body.get("error_code") or body["error"].get("code") or body["error"].get("error_code") or "")
        except (ValueError, KeyError, AttributeError, TypeError):
            return ""


@dataclass(frozen=True)
class Call:
    """What a request of an operation has. With `meant_wrong` it is made to be rejected, and is not judged."""

    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    meant_wrong: bool = False


class Client:
    """Calls operations in the name of one project.

    A call fails the test unless the response has the wanted status and is as the contract has it. `made` is called
    with each successful reply of a request that can make something, before anything can fail.
    """

    def __init__(self, settings: Options, reached: Reached, differences: Differences) -> None:
        self.settings = settings
        self.reached = reached
        self.differences = differences
        self.project_id = ""
        self.credentials: Credentials | None = None
        self.ims: Connection | None = None
        self.iam: Connection | None = None
        self.made: Callable[[Reply], None] = lambda _reply: None

    def __call__(
        self,
        operation: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
        **path: str,
    ) -> Reply:
        """Call an operation and return its reply; a `status` from 400 on is wanted of a request that is wrong.

        A body that is not bytes is sent as JSON. `path` has the parameters of the path, but for the project's id.
        """
        __tracebackhide__ = True
        known = load_contract().operations[operation]
        wanted = known.success if status is None else status
        reply, findings = self._exchange(known, Call(body, query or {}, headers or {}, path, wanted >= 400))
        self._check_status(reply, wanted)
        self._check(reply, findings)
        return reply

    def any_status(self, operation: str, call: Call) -> Reply:
        """Send a request that may be right or wrong, and return its reply, which is judged."""
        __tracebackhide__ = True
        reply, findings = self._exchange(load_contract().operations[operation], call)
        self._check(reply, findings)
        return reply

    def unjudged(self, operation: str, call: Call) -> Received:
        """Send a request that is no part of a test, such as one that removes what a test has made."""
        known = load_contract().operations[operation]
        connection = self.ims
        assert connection is not None
        request, raw = self._request(known, call, connection)
        return connection.send(request.method, request.target, dict(request.headers.items()), raw)

    def _exchange(self, operation: Operation, call: Call) -> tuple[Reply, list[Finding]]:
        if self.settings.read_only and operation.method not in ("GET", "HEAD") and operation.id not in READS:
            pytest.skip(f"{operation.id} writes")
        connection = self.iam if operation.dialect == "iam" else self.ims
        if connection is None:
            pytest.skip("needs the identity service: OS_AUTH_URL, or the option iam-endpoint")
        request, raw = self._request(operation, call, connection)
        try:
            received = connection.send(request.method, request.target, dict(request.headers.items()), raw)
        except UnreachableError as error:
            raise pytest.fail.Exception(f"{operation.id}: {error}", pytrace=False) from None
        reply = Reply(operation.id, received)
        self.reached.log.append(f"{operation.id}: {request.method} {request.target} {reply.status}")
        if reply.status < 300 and operation.method != "GET":
            self.made(reply)
        sent = tuple(request.headers.items())
        # Which operation it is shows behind the base path, which is known here: that of a version list is "/" alone.
        target = request.target.removeprefix(connection.base_path)
        findings = judge(
            RecordedExchange(
                RecordedRequest(request.method, target, sent, raw, True, meant_wrong=call.meant_wrong),
                RecordedResponse(reply.status, received.headers, reply.body, True),
            )
        )
        unknown = [finding for finding in findings if not self.differences.has(finding)]
        self.reached.add(operation.id, reply.status, reply.code, unknown)
        return reply, unknown

    def _request(self, operation: Operation, call: Call, connection: Connection) -> tuple[Request, bytes]:
        """Return a request with its headers, the credentials' too, and its body."""
        path = {"project_id": self.project_id, **call.path}
        target = operation.path.format_map({name: quote(value, safe="") for name, value in path.items()})
        query = f"?{urlencode(call.query, doseq=True)}" if call.query else ""
        body = call.body
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        media_type = next(iter(operation.bodies), JSON)
        typed = {"Content-Type": media_type} if raw else {}
        headers = {"Host": connection.host, "Accept": "*/*", **typed, **call.headers}
        request = Request(operation.method, f"{connection.base_path}{target}{query}", "", headers)
        if self.credentials is not None and not operation.is_anonymous and "X-Auth-Token" not in headers:
            request.headers = {**headers, **self.credentials.headers_for(request, raw)}
        return request, raw

    def _check_status(self, reply: Reply, wanted: int) -> None:
        __tracebackhide__ = True
        if reply.status == wanted:
            return
        reason = self.differences.of_status(reply.operation, wanted, reply.status)
        if reason:
            pytest.xfail(f"{reply.operation}: {reply.status} instead of {wanted}: {reason}")
        shown = reply.body[:_LONGEST].decode("utf-8", "replace")
        why = reply.header("X-IMS-Mock-Reason")
        pytest.fail(
            f"{reply.operation}: must return {wanted}, got {reply.status}: {shown}" + (f" ({why})" if why else "")
        )

    def expect(self, operation: str, name: str, wanted: Any, got: Any) -> None:
        """Fail where an attribute in the response to an operation has another value than is wanted."""
        __tracebackhide__ = True
        if got != wanted:
            reason = self.differences.of_value(operation, name, got)
            if reason:
                pytest.xfail(f"{operation}: {name} is {got!r} instead of {wanted!r}: {reason}")
            pytest.fail(f"{operation}: {name} must be {wanted!r}, got {got!r}")

    def _check(self, reply: Reply, findings: list[Finding]) -> None:
        """Fail for what a client cannot rely on."""
        __tracebackhide__ = True
        bad = [finding for finding in findings if finding.severity == "break"]
        if bad:
            pytest.fail("\n".join(map(str, bad)))

    def close(self) -> None:
        """Close the connections."""
        for connection in (self.ims, self.iam):
            if connection is not None:
                connection.close()

    # What takes time

    def wait_for_job(self, job_id: str) -> dict[str, Any]:
        """Return a job that has succeeded; fail where it has failed, or is not at its end in time."""
        __tracebackhide__ = True
        job: dict[str, Any] = self.wait(lambda: self._ended_job(job_id), f"job {job_id} has not ended")
        if job["status"] != "SUCCESS":
            pytest.fail(f"show_job_progress: the job {job_id} has failed: {job['error_code']} {job['fail_reason']}")
        return job

    def _ended_job(self, job_id: str) -> dict[str, Any] | None:
        job: dict[str, Any] = self("show_job_progress", job_id=job_id).json
        return None if job["status"] in ("INIT", "RUNNING") else job

    def wait_for_image(self, image_id: str, status: str = "active") -> dict[str, Any]:
        """Return an image that has reached a status; fail where it is not there in time."""
        __tracebackhide__ = True

        def look() -> dict[str, Any] | None:
            shown: dict[str, Any] = self("glance_show_image", image_id=image_id).json
            return shown if shown["status"] == status else None

        image: dict[str, Any] = self.wait(look, f"image {image_id} has not become {status}")
        return image

    def wait(self, look: Callable[[], Any], otherwise: str) -> Any:
        """Return what a look sees once it is not None; fail, and say what is not, when the time is over."""
        __tracebackhide__ = True
        until = RealTime.monotonic() + self.settings.timeout
        while True:
            seen = look()
            if seen is not None:
                return seen
            if RealTime.monotonic() >= until:
                pytest.fail(f"{otherwise} after {self.settings.timeout:g} s (--ims-timeout)")
            RealTime.sleep(self.settings.poll)
