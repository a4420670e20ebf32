"""What becomes of images and jobs in a recording by itself: which of them are about to have another status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ims_mock.contract.recorded import JsonBody, RecordedExchange, RecordedResponse
from ims_mock.contract.routes import path_of
from ims_mock.evidence.correspondence import Correspondence, parts_of_text
from ims_mock.evidence.differences import value_of

GONE = "gone"
"""The status of what is shown no more."""

UNDER_WAY = frozenset({"queued", "saving", "deleting", "INIT", "RUNNING"})
"""The statuses that end by themselves, of images and of jobs."""


_OF_THINGS = ("id", "job_id", "image_id", "key_id")
"""The members of a response with the ids of what a request makes."""


def courses_of(recording: Sequence[RecordedExchange]) -> list[dict[str, set[str]]]:
    """Return for each exchange the ids whose status it shows and that change by themselves, with their later statuses.

    That is: without a request in between that writes, and names the id.
    """
    later: dict[str, set[str]] = {}
    found: list[dict[str, set[str]]] = []
    for exchange in reversed(recording):
        seen = statuses_in(exchange)
        found.append({id_: others for id_, status in seen.items() if (others := later.get(id_, set()) - {status})})
        if exchange.request.method not in ("GET", "HEAD"):
            for id_ in ids_in(exchange):
                later.pop(id_, None)
        else:
            for id_, status in seen.items():
                later.setdefault(id_, set()).add(status)
    return found[::-1]


def statuses_in(exchange: RecordedExchange) -> dict[str, str]:
    """Return the statuses of the images and jobs that a response shows, by id in lower case."""
    if exchange.response is None:
        return {}
    if exchange.response.status == 404:
        return dict.fromkeys(map(str.lower, parts_of_text(path_of(exchange.request.url))[1]), GONE)
    return dict(_statuses(value_of(exchange.response))) if exchange.response.status < 400 else {}


def _statuses(value: Any) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            continue
        id_, status = item.get("job_id", item.get("id")), item.get("status")
        if isinstance(id_, str) and isinstance(status, str):
            yield id_.lower(), status
        elif isinstance(item.get("images"), list):
            yield from _statuses(item["images"])


def ids_in(exchange: RecordedExchange) -> set[str]:
    """Return the ids that a request names in its path and its body, in lower case."""
    body = exchange.request.body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
    text += str(body.value) if isinstance(body, JsonBody) else ""
    return {id_.lower() for id_ in parts_of_text(f"{path_of(exchange.request.url)} {text}")[1]}


def ids_of(response: RecordedResponse | None) -> set[str]:
    """Return the ids of what a response shows as made or changed, in lower case."""
    return set(_ids_of(value_of(response))) if response is not None else set()


def _ids_of(value: Any) -> Iterator[str]:
    for name, item in value.items() if isinstance(value, dict) else ():
        if isinstance(item, str) and name in _OF_THINGS:
            yield item.lower()
        for part in item if isinstance(item, list) else [item]:
            yield from _ids_of(part)


def is_under_way(first: RecordedExchange, second: RecordedExchange, ids: Correspondence) -> bool:
    """Return whether the second side still has under way what has ended on the first."""
    others = statuses_in(second)
    for id_, status in statuses_in(first).items():
        other = others.get(ids.counterpart(id_))
        if other not in (None, status) and (other in UNDER_WAY or status == GONE) and status not in UNDER_WAY:
            return True
    return False
