"""Mocks that are asked what the cloud is asked: how what they return differs is how the mock is kept honest."""

from __future__ import annotations

from dataclasses import replace
from math import floor

from ims_mock.contract.hosts import cloud_host
from ims_mock.contract.recorded import NOT_RECORDED, Absence, RecordedExchange
from ims_mock.evidence.correspondence import Correspondence, header_of, translated
from ims_mock.evidence.differences import differences
from ims_mock.state.real import RealTime
from ims_mock.testing.arranging import arrange
from ims_mock.testing.courses import UNDER_WAY, statuses_in
from ims_mock.testing.drift_report import Compared
from ims_mock.testing.outgoing import Outbox
from ims_mock.testing.proxy import MockCloud
from ims_mock.testing.replaying import compared, verdict_of
from ims_mock.testing.targets import MockTarget


class Mirror:
    """Asks the mock of a region what the cloud was asked there, and compares the responses by the rules of likeness.

    An image that was there before is put into the mock when the cloud shows it first. Of a file the mock is given as
    many zeros. The mock's clock moves on by a second with each request.
    """

    def __init__(self, mocks: MockCloud, ids: Correspondence | None = None) -> None:
        self.ids = ids or Correspondence()
        self._mocks = mocks
        self._targets: dict[str, MockTarget] = {}
        self._began = floor(RealTime.now())  # As precise as the times of images are.

    def compare(self, exchange: RecordedExchange, size: int) -> Compared:
        """Ask the mock the same, whose body has so many bytes, and return how its response differs."""
        before = self.ids.applied.copy()
        try:
            target = self._target(exchange.request.url)
            arrange([exchange], target.mock, self.ids, self._began)
            # What changes by itself does so at another time here.
            self.ids.moving = frozenset(id_ for id_, status in statuses_in(exchange).items() if status in UNDER_WAY)
            first = _with_length(exchange, size)
            outgoing = Outbox([first], target, self.ids).prepare(first)
            if isinstance(outgoing, str):
                return compared(exchange, "not compared", outgoing)
            second = replace(exchange, request=translated(exchange.request, self.ids), response=target.send(outgoing))
            found = differences(exchange, second, self.ids)
        except Exception as error:
            return compared(exchange, "not compared", f"the mock has not responded: {error!r}")
        return verdict_of(exchange, found, self.ids.applied - before)

    def _target(self, url: str) -> MockTarget:
        host = cloud_host(url.partition("://")[2].partition("/")[0].partition(":")[0])
        region = "" if host is None or host.is_global else host.region
        if region not in self._targets:
            self._targets[region] = MockTarget(self._mocks.mock(region or None))
        return self._targets[region]


def _with_length(exchange: RecordedExchange, size: int) -> RecordedExchange:
    """Return an exchange that says how long the request's body is, where that is not kept."""
    request = exchange.request
    if request.body is not NOT_RECORDED or isinstance(request.headers, Absence):
        return exchange
    if header_of(request.headers, "Content-Length") is not None:
        return exchange
    return replace(exchange, request=replace(request, headers=[*request.headers, ("Content-Length", str(size))]))
