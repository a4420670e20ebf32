"""Two recordings side by side: which exchange of the second is the same request as one of the first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ims_mock.contract.recorded import RecordedExchange, RecordedResponse
from ims_mock.contract.routes import query_of
from ims_mock.evidence.correspondence import Correspondence, parts_of_text, translated
from ims_mock.evidence.differences import Difference, differences
from ims_mock.evidence.lists import markers_in
from ims_mock.testing.courses import GONE, UNDER_WAY, courses_of, is_under_way, statuses_in
from ims_mock.testing.drift_report import Compared
from ims_mock.testing.outgoing import path_below, route_of
from ims_mock.testing.replaying import compared, shown_path, verdict_of

_Key = tuple[str, str]
"""The method, and the operation or, where there is none, the path without its ids."""


class Pairing:
    """Two recordings, compared request by request in the order of the first."""

    def __init__(
        self, first: Sequence[RecordedExchange], second: Sequence[RecordedExchange], ids: Correspondence
    ) -> None:
        self._first = first
        self._ids = ids
        ids.followed = markers_in(exchange.request.url for exchange in first)
        self._seen: dict[str, dict[str, str]] = {}
        self._shown: list[RecordedExchange] = []
        self._waiting: dict[_Key, list[RecordedExchange]] = defaultdict(list)
        # Requests without a response: of the first recording those that have no partner, of the second all.
        self._missed: Counter[_Key] = Counter()
        self._unanswered: dict[_Key, list[RecordedExchange]] = defaultdict(list)
        for exchange in second:
            side = self._waiting if exchange.response is not None else self._unanswered
            side[_key(exchange)].append(exchange)

    def run(self) -> Iterator[Compared]:
        """Yield a verdict for each exchange of the first recording, then one for each that the second alone has."""
        for exchange, course in zip(self._first, courses_of(self._first), strict=True):
            self._ids.moving = frozenset(course)
            before = self._ids.applied.copy()
            second = self._partner(exchange) if exchange.response is not None else None
            unanswered = self._unanswered[_key(exchange)]
            if exchange.response is None or (second is None and unanswered):
                if exchange.response is None and not unanswered:
                    self._missed[_key(exchange)] += 1
                del unanswered[:1]
                yield compared(exchange, "not compared", note="no response is recorded")
                continue
            if second is None:
                found = self._alone(exchange, "missing")
            else:
                is_to_go = any(GONE in later for later in course.values())
                found = self._differences(exchange, second, is_to_go=is_to_go)
            note = f"with {second.entry}" if second is not None and second.entry else ""
            yield verdict_of(exchange, found, self._ids.applied - before, note)
        yield from self._left()

    def _left(self) -> Iterator[Compared]:
        """Yield a verdict for each exchange that the second recording alone has."""
        left = [exchange for waiting in self._waiting.values() for exchange in waiting]
        for exchange in left:
            if any(exchange is seen for seen in self._shown):
                continue
            if self._missed[_key(exchange)]:
                self._missed[_key(exchange)] -= 1
                continue
            before = self._ids.applied.copy()
            found = self._alone(exchange, "extra")
            yield verdict_of(exchange, found, self._ids.applied - before, "in the second recording")
        for exchange in (exchange for unanswered in self._unanswered.values() for exchange in unanswered):
            yield compared(exchange, "not compared", note="no response is recorded in the second recording")

    def _partner(self, exchange: RecordedExchange) -> RecordedExchange | None:
        """Take the exchange of the second recording that is the same request; None where there is none."""
        wanted = translated(exchange.request, self._ids).url
        waiting = self._waiting[_key(exchange)]
        possible: list[tuple[int, int]] = []
        for index, other in enumerate(waiting):
            distance = self._distance(exchange, wanted, other)
            if distance is not None:
                possible.append((distance, index))
            if distance == 0:
                break
        if not possible:
            return None
        second = waiting[min(possible)[1]]
        if self._is_ahead(exchange, second):
            # The second side had ended when the first had not: what it says is also for the looks that follow.
            self._shown.append(second)
            return second
        del waiting[min(possible)[1]]
        while is_under_way(exchange, second, self._ids) and "waiting" not in self._ids.strict:
            later = [index for index, other in enumerate(waiting) if other.request.url == second.request.url]
            if not later:
                break
            self._ids.applies("waiting")
            second = waiting.pop(later[0])
        return second

    def _is_ahead(self, exchange: RecordedExchange, second: RecordedExchange) -> bool:
        """Return whether a look of the second side shows as ended what is under way on the first."""
        is_look = exchange.request.method == "GET" and "waiting" not in self._ids.strict
        statuses = set(statuses_in(exchange).values())
        return is_look and bool(statuses & UNDER_WAY) and not set(statuses_in(second).values()) & UNDER_WAY

    def _distance(self, exchange: RecordedExchange, wanted: str, other: RecordedExchange) -> int | None:
        """Return how far a request is from the one that is wanted: 0 for the same; None where it is another one."""
        path, other_path = (
            path_below(wanted, route_of(exchange.request)),
            path_below(other.request.url, route_of(other.request)),
        )
        if path == other_path:
            return 0 if query_of(wanted) == query_of(other.request.url) else 1
        (frame, ids), (other_frame, other_ids) = parts_of_text(path), parts_of_text(other_path)
        own = parts_of_text(path_below(exchange.request.url, route_of(exchange.request)))[1]
        is_open = all(
            id_ == other_id or not (self._ids.knows(first) or self._ids.is_known(other_id))
            for first, id_, other_id in zip(own, ids, other_ids, strict=False)
        )
        return 2 if frame == other_frame and len(ids) == len(other_ids) and is_open else None

    def _differences(self, exchange: RecordedExchange, second: RecordedExchange, *, is_to_go: bool) -> list[Difference]:
        """Return how the requests, and the responses, of two exchanges differ."""
        self._seen[exchange.request.url] = statuses_in(exchange)
        self._seen[second.request.url] = statuses_in(second)
        before, after = (self._asked(side) for side in (exchange, second))
        found = [replace(item, part="request") for item in differences(before, after, self._ids)]
        first_query, second_query = query_of(self._ids.translated(exchange.request.url)), query_of(second.request.url)
        if sorted(first_query.split("&")) != sorted(second_query.split("&")):
            found.append(Difference("request", "query", "value", first_query, second_query))
        is_gone = is_to_go and second.response is not None and second.response.status == 404
        if is_gone and self._ids.applies("waiting"):
            return found
        return found + differences(exchange, second, self._ids)

    def _asked(self, exchange: RecordedExchange) -> RecordedExchange:
        """Return an exchange with the body of its request in the place of that of its response."""
        return replace(exchange, response=RecordedResponse(200, body=exchange.request.body))

    def _alone(self, exchange: RecordedExchange, kind: str) -> list[Difference]:
        """Return that one side alone has a request, unless it only looks whether something has ended."""
        statuses = statuses_in(exchange) if exchange.request.method == "GET" else {}
        is_look = bool(UNDER_WAY & set(statuses.values())) or statuses == self._seen.get(exchange.request.url)
        if statuses and is_look and self._ids.applies("waiting"):
            return []
        text = f"{exchange.request.method} {shown_path(exchange.request.url)}"
        if kind == "missing":
            return [Difference("request", "", "missing", text, None)]
        return [Difference("request", "", "extra", None, text)]


def _key(exchange: RecordedExchange) -> _Key:
    route = route_of(exchange.request)
    return exchange.request.method, route.operation.id if route else parts_of_text(
        path_below(exchange.request.url, None)
    )[0]
