"""A client that is swept, and rows of a report that are made by hand."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from urllib.parse import urlsplit

from ims_mock import ImsMock
from ims_mock.faults.rule_text import parse_fault
from ims_mock.sweep.plans import Injection, Plan, Step
from ims_mock.sweep.report import SweepReport
from ims_mock.sweep.rows import Row
from ims_mock.sweep.runs import Run
from ims_mock.sweep.states import State

NOTHING = State(Counter(), Counter(), Counter())


class BackupError(Exception):
    """What a backup may fail with."""


class Client:
    """A client that creates an image and returns its size, and that takes every response for a good one."""

    def __init__(self, mock: ImsMock) -> None:
        self.mock = mock

    def back_up(self) -> object:
        """Create an image, upload its file, and return its size."""
        image = self._call("POST", "/v2/images", b'{"name": "web"}')
        self._call("PUT", f"/v2/images/{image['id']}/file", b"abc", "application/octet-stream")
        return self._call("GET", f"/v2/images/{image['id']}")["size"]

    def _call(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> dict[str, object]:
        connection = http.client.HTTPConnection(urlsplit(self.mock.url).netloc, timeout=10)
        try:
            headers = {"X-Auth-Token": self.mock.token, "Content-Type": kind}
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise BackupError(f"no response with X-Auth-Token: {self.mock.token}") from error
        finally:
            connection.close()
        if status >= 400:
            raise BackupError(f"status {status}, token {self.mock.token}")
        found: dict[str, object] = json.loads(text) if status != 204 else {}
        return found


def plan_of(
    text: str = "503", *, operation: str = "glance_list_images", number: int = 1, times: int | None = 1
) -> Plan:
    """Return a plan with one fault."""
    return Plan((Injection(Step(operation, number), parse_fault(text), times),))


def failed(plan: Plan, error: Exception) -> Row:
    """Return a row of a run that ended with an error."""
    return Row(plan, Run(error=error, state=NOTHING))


def report_of(*rows: Row, **settings: object) -> SweepReport:
    """Return the report of some rows."""
    return SweepReport(Run(state=NOTHING), NOTHING, rows=list(rows), **settings)  # type: ignore[arg-type]
