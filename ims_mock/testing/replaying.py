"""The requests of a recording, sent to somebody else in order, and what their responses are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ims_mock.contract.recorded import RecordedExchange
from ims_mock.contract.routes import path_of
from ims_mock.contract.wording import cut
from ims_mock.evidence.correspondence import Correspondence, parts_of_text, translated
from ims_mock.evidence.differences import Difference, differences
from ims_mock.evidence.lists import markers_in
from ims_mock.testing.cleaning import Made
from ims_mock.testing.courses import GONE, courses_of, ids_in, ids_of, is_under_way
from ims_mock.testing.credentials import Outgoing
from ims_mock.testing.drift_report import Compared, Verdict
from ims_mock.testing.outgoing import Outbox, has_failed, ids_written, route_of
from ims_mock.testing.targets import Target

_UNTIL_GONE = 30.0
"""Most seconds for which something is waited for that the recording shows no more."""

_LONGEST_STEP = 10.0

_EVERYWHERE = {"headers", "request-ids"}
"""The rules that apply to every response: one to which no other was applied is the same."""


class Replay:
    """One recording, replayed against one target.

    `responded` has the exchanges with the target, as a recording of its own, and `made` what the target has made.
    """

    def __init__(self, recording: Sequence[RecordedExchange], target: Target, ids: Correspondence) -> None:
        self.responded: list[RecordedExchange] = []
        self.made = Made()
        self._recording = recording
        self.target = target
        self.ids = ids
        self._unsent: set[str] = set()
        self._outbox = Outbox(recording, target, ids)
        ids.followed = markers_in(exchange.request.url for exchange in recording)

    def run(self) -> Iterator[Compared]:
        """Send every request, and yield what was compared; raise UnreachableError where the target is gone."""
        for exchange, course in zip(self._recording, courses_of(self._recording), strict=True):
            self.ids.moving = frozenset(course)
            missed = self._missed(exchange)
            about = f"is about {missed}, which the other side was not asked for, or has not made"
            outgoing = about if missed else self._outbox.prepare(exchange)
            if isinstance(outgoing, str):
                self._unsent |= lost_by(exchange)
                self.ids.lost |= lost_by(exchange)
                yield compared(exchange, "not compared", note=outgoing)
            else:
                yield self._exchange(exchange, outgoing, is_to_go=any(GONE in later for later in course.values()))

    def _missed(self, exchange: RecordedExchange) -> str:
        """Return the id in a request of what the target was not asked to make or to change, or has not made."""
        named = ids_in(exchange) | {id_.lower() for id_ in parts_of_text(exchange.request.url)[1]}
        lost = (id_ for id_ in self.ids.lost if not self.ids.knows(id_))
        return min(named & {*self._unsent, *lost}, default="")

    def _exchange(self, exchange: RecordedExchange, outgoing: Outgoing, *, is_to_go: bool) -> Compared:
        before = self.ids.applied.copy()
        second, waited = self._responded(exchange, outgoing)
        self.responded.append(second)
        self.made.note(second)
        if second.response is not None and second.response.status >= 400 and not has_failed(exchange):
            self.ids.lost |= lost_by(exchange)
        note = f"waited {waited:g} s" if waited else ""
        is_gone = is_to_go and second.response is not None and second.response.status == 404
        found: list[Difference] = []
        if not (is_gone and self.ids.applies("waiting")):
            found = differences(exchange, second, self.ids)
        if waited and not found:
            self.ids.applies("waiting")
        return verdict_of(exchange, found, self.ids.applied - before, note)

    def _responded(self, exchange: RecordedExchange, outgoing: Outgoing) -> tuple[RecordedExchange, float]:
        """Return the exchange with the target, and how long it was waited for an end that the recording shows."""
        request = translated(exchange.request, self.ids)
        second = replace(exchange, request=request, response=self.target.send(outgoing))
        waited, step = 0.0, 1.0
        if exchange.request.method != "GET" or "waiting" in self.ids.strict:
            return second, waited
        is_gone = exchange.response is not None and exchange.response.status == 404
        limit = min(self.ids.patience, _UNTIL_GONE) if is_gone else self.ids.patience
        while waited < limit and is_under_way(exchange, second, self.ids):
            self.target.wait(step)
            waited, step = waited + step, min(2 * step, _LONGEST_STEP)
            second = replace(second, response=self.target.send(outgoing))
        return second, waited


def lost_by(exchange: RecordedExchange) -> set[str]:
    """Return the ids of what is not made or changed where a request is not sent; a job shows what it has made."""
    request = exchange.request
    route, is_write = route_of(request), request.method not in ("GET", "HEAD")
    if route is None or route.operation.dialect == "iam":  # Accounts are there already.
        return set()
    written = {id_.lower() for id_ in ids_written(request, route)} if is_write else set()
    is_shown = is_write or "/job" in path_of(request.url)
    return written | (ids_of(exchange.response) if is_shown else set())


def compared(exchange: RecordedExchange, verdict: Verdict, note: str = "") -> Compared:
    """Return a verdict on an exchange without differences."""
    route, request = route_of(exchange.request), exchange.request
    operation = route.operation.id if route else None
    return Compared(exchange.entry, operation, f"{request.method} {cut(shown_path(request.url))}", verdict, note=note)


def verdict_of(
    exchange: RecordedExchange, found: Sequence[Difference], rules: Counter[str], note: str = ""
) -> Compared:
    """Return the verdict on an exchange after what was found, and the rules that were applied."""
    verdict: Verdict = "differs" if found else "same by rules" if rules.keys() - _EVERYWHERE else "same"
    return replace(compared(exchange, verdict, note), differences=tuple(found), rules=dict(sorted(rules.items())))


def shown_path(url: str) -> str:
    """Return a URL without its host."""
    query = url.partition("?")[2]
    return path_of(url) + (f"?{query}" if query else "")
