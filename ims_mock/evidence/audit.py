"""What a client does wrong, as far as the journal shows it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ims_mock.evidence.journal import Entry
from ims_mock.state.images import Image
from ims_mock.state.times import timestamp

AT_ONCE = 0.1
"""Fewest seconds that have to lie between a response and the next try, or reads of the same thing count as repeated."""

MANY_READS = 3
"""How many reads in a row of the same thing are repeated ones."""

STEADY_RETRIES = 3
"""How many retries with the same wait before each show that the client does not wait longer each time."""

MANY_LOG_INS = 3
"""How many log-ins in a row, each for one request at most, show that a client does not keep its token."""

_READS = ("GET", "HEAD")
_PASSING = (408, 421, 423, 425, 429)
"""Statuses 4xx of rejections that may be over at the next try (RFC 9110 section 15.5, RFC 4918, RFC 6585, RFC 8470)."""

_LASTING = (501, 505)
"""Statuses 5xx of failures that stay the same however often one asks."""

_CREATE = "glance_create_image_metadata"
_UPLOAD = "glance_upload_image"
_LIST = "glance_list_images"
_LOG_IN = "keystone_create_token"

_SEARCH_FOR_IDENTITY = ("keystone_list_versions", "keystone_show_version")
"""How a client begins that has no token yet, such as each run of a command."""

_SEARCH_FOR_IMAGES = ("list_versions", "show_version", "glance_list_versions")


@dataclass(frozen=True)
class Finding:
    """One thing that a client did: which `rule` it breaks, what it is in words, and the entries that show it."""

    rule: str
    text: str
    entries: tuple[Entry, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the finding as the control API shows it; entries by number."""
        return {"rule": self.rule, "text": self.text, "entries": [entry.number for entry in self.entries]}

    def __str__(self) -> str:
        return "\n".join([f"{self.rule}: {self.text}", *(f"    {entry.number}. {entry}" for entry in self.entries)])


def audit(entries: Iterable[Entry], images: Collection[Image]) -> list[Finding]:
    """Return what the requests of a journal, and the images that they left, show of their client, rule by rule."""
    checks: tuple[Callable[[list[Entry]], Iterator[Finding]], ...] = (
        _final_refusals,
        _retries_without_back_off,
        _retry_after,
        _repeated_reads,
        _lists_without_limit,
        lambda entries: _left_queued(entries, images),
        _duplicates,
        _log_ins,
    )
    received = list(entries)
    return [finding for check in checks for finding in check(received)]


def _asked(entry: Entry) -> tuple[str, str, bytes]:
    """Return what a request asks for, without its caller, who is unknown where no work was done."""
    return entry.method, entry.path, entry.request_body


def _is_same(one: Entry, other: Entry) -> bool:
    """Return whether two requests ask for the same, and may be from the same caller."""
    return _asked(one) == _asked(other) and (one.caller == other.caller or None in (one.caller, other.caller))


def _gap(earlier: Entry, later: Entry) -> float:
    """Return the seconds from a response to the next request: of the mock's clock or real ones, whichever are more.

    A test's clock stands still while a client sleeps, or is moved instead of the sleep. Of two requests that were under
    way together it is less than 0.
    """
    return max(later.received_at - earlier.responded_at, later.arrived - earlier.arrived - earlier.seconds)


def _is_cut(entry: Entry) -> bool:
    """Return whether a response was cut; a slow response is no failure."""
    return entry.delivery.is_cut


def _has_failed(entry: Entry) -> bool:
    """Return whether a request is one that may be tried again: rejected for the moment, or without a response."""
    return entry.status in _PASSING or (entry.status >= 500 and entry.status not in _LASTING) or _is_cut(entry)


def _is_final(entry: Entry) -> bool:
    """Return whether a request was rejected for good; what a read does not find may be created later."""
    is_refused = 400 <= entry.status < 500 and entry.status not in _PASSING and not _is_cut(entry)
    return (is_refused and not (entry.status == 404 and entry.method in _READS)) or entry.status in _LASTING


def _retries(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Yield each series of one request that failed and was sent again, until it succeeded or no more."""
    ongoing: dict[Any, list[Entry]] = {}
    found: list[list[Entry]] = []
    for entry in entries:
        key = _asked(entry)
        series = ongoing.get(key)
        if series and _is_same(series[-1], entry) and _gap(series[-1], entry) >= 0:
            series.append(entry)
        else:
            ongoing[key] = series = [entry]
            found.append(series)
        if not _has_failed(entry):
            del ongoing[key]
    yield from (series for series in found if len(series) > 1)


def _runs(entries: list[Entry], goes_on: Callable[[Entry, Entry], bool]) -> Iterator[list[Entry]]:
    """Yield the entries in runs of neighbours of the same kind."""
    run: list[Entry] = []
    for entry in entries:
        if run and not goes_on(run[-1], entry):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def _final_refusals(entries: list[Entry]) -> Iterator[Finding]:
    """A request was rejected for good, and sent again though nothing had changed."""
    for run in _runs(entries, _repeats_refusal):
        if len(run) > 1:
            text = f"{_name(run)} was rejected with {run[0].status}, and sent again unchanged; change it before a retry"
            yield Finding("retried_final_refusal", text, tuple(run))


def _repeats_refusal(earlier: Entry, later: Entry) -> bool:
    """Return whether a request was rejected for good and sent again; a conflict may be over after a while."""
    is_again = _is_same(earlier, later) and earlier.request_headers == later.request_headers
    return is_again and _is_final(earlier) and (earlier.status != 409 or _gap(earlier, later) < AT_ONCE)


def _retries_without_back_off(entries: list[Entry]) -> Iterator[Finding]:
    """A retry came at once, or each after the same wait.

    The first retry may come at once, as urllib3's does whatever its back-off. The client chooses how
    long to wait only where no Retry-After says it.
    """
    for series in _retries(entries):
        gaps = [
            (_gap(earlier, later), "Retry-After" in earlier.response_headers) for earlier, later in pairwise(series)
        ]
        waits = [gap for number, (gap, is_given) in enumerate(gaps) if not is_given and (number or gap >= AT_ONCE)]
        if not waits:
            continue
        if min(waits) < AT_ONCE:
            text = f"{_name(series)} was tried again at once after it had failed; wait longer each time"
            yield Finding("retried_at_once", text, tuple(series))
        elif len(waits) >= STEADY_RETRIES and max(waits) < min(waits) * 1.1:
            text = f"{_name(series)} was tried again every {min(waits):.1f} s; wait longer each time"
            yield Finding("retried_without_back_off", text, tuple(series))


def _name(series: list[Entry]) -> str:
    return series[0].operation or f"{series[0].method} {series[0].path}"


def _retry_after(entries: list[Entry]) -> Iterator[Finding]:
    """The next try came sooner than the response had asked for."""
    for series in _retries(entries):
        for earlier, later in pairwise(series):
            asked = earlier.response_headers.get("Retry-After", "")
            if asked.isdecimal() and _gap(earlier, later) < float(asked) - AT_ONCE:
                wait = _after(_gap(earlier, later))
                text = f"Retry-After said {asked} s, but the next try came {wait}; wait as long as it says"
                yield Finding("retry_after_not_obeyed", text, (earlier, later))


def _after(seconds: float) -> str:
    """Return a wait in words that are the same however busy the machine is."""
    return "at once" if seconds < AT_ONCE else f"after {seconds:.1f} s"


def _repeated_reads(entries: list[Entry]) -> Iterator[Finding]:
    """Several reads of the same, with the same response, at once after each other."""
    for run in _runs(entries, _is_repeated):
        if len(run) >= MANY_READS:
            asked = f"{run[0].method} {run[0].path}"
            text = f"{asked} was sent {len(run)} times in a row, with the same response; wait between two reads"
            yield Finding("repeated_reads", text, tuple(run))


def _is_repeated(earlier: Entry, later: Entry) -> bool:
    is_read = earlier.method in _READS and earlier.operation is not None
    has_response = 200 <= earlier.status < 300 and not _is_cut(earlier) and not _is_cut(later)
    is_same_response = (earlier.status, earlier.response_body) == (later.status, later.response_body)
    return (
        is_read
        and has_response
        and is_same_response
        and _is_same(earlier, later)
        and 0 <= _gap(earlier, later) < AT_ONCE
    )


def _lists_without_limit(entries: list[Entry]) -> Iterator[Finding]:
    found = [
        entry for entry in entries if entry.operation == _LIST and "limit" not in parse_qs(urlsplit(entry.path).query)
    ]
    if found:
        yield Finding(
            "list_without_limit",
            "images were listed without a limit, so the service chooses the length of a page; send limit=N",
            tuple(found),
        )


def _left_queued(entries: list[Entry], images: Collection[Image]) -> Iterator[Finding]:
    """An image was created and given no file; one whose file has come may be queued for a while."""
    uploads = [entry.path for entry in entries if entry.operation == _UPLOAD and entry.is_done]
    queued = {image["id"] for image in images if image.get("status") == "queued"}
    for entry in entries:
        image_id = _created(entry)
        if image_id in queued and not any(image_id in path.lower() for path in uploads):
            text = f"image {image_id} was created, and is still queued: it got no file, and was not deleted"
            yield Finding("image_left_queued", text, (entry,))


def _created(entry: Entry) -> str:
    """Return the id of the image that a request has created, if its response has it; "" otherwise."""
    created = entry.response_json if entry.operation == _CREATE and entry.is_done else None
    image_id = created.get("id") if isinstance(created, dict) else None
    return image_id if isinstance(image_id, str) else ""


def _duplicates(entries: list[Entry]) -> Iterator[Finding]:
    """A create whose response was lost was sent again as it was, and so done twice, with nothing deleted in between."""
    deleted_at = [entry.number for entry in entries if entry.method == "DELETE" and entry.is_done]
    for series in _retries([entry for entry in entries if entry.operation == _CREATE]):
        done = tuple(entry for entry in series if entry.is_done)
        is_tidied = done and any(done[0].number < number < done[-1].number for number in deleted_at)
        if len(done) > 1 and not is_tidied:
            text = (
                f"{done[0].operation} was done {len(done)} times: a response was lost, and the request was sent again"
            )
            text += "; look for the image first"
            yield Finding("duplicate_after_lost_response", text, done)


def _log_ins(entries: list[Entry]) -> Iterator[Finding]:
    """A client logged in for each request, though its last token was still valid."""
    for run in _log_in_runs(entries):
        if len(run) >= MANY_LOG_INS:
            text = (
                f"a client logged in {len(run)} times, for one request each at most; keep the token until it expires. "
                "OpenStack's clients drop a token 120 s before it expires in real time: if it is one of them, set a "
                "longer token_lifetime, or no start in the past"
            )
            yield Finding("logged_in_for_each_request", text, tuple(run))


def _log_in_runs(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Yield the log-ins in runs: between two neighbours there is one request at most, and no reason for the second."""
    run: list[Entry] = []
    requests, has_searched = 0, False
    for entry in entries:
        if entry.operation in _SEARCH_FOR_IDENTITY or entry.status == 401 or _has_failed(entry):
            yield run
            run, requests, has_searched = [], 0, False
        elif entry.operation == _LOG_IN:
            if run and (requests > 1 or not _is_needless(run[-1], entry)):
                yield run
                run = []
            run.append(entry)
            requests = 0
            has_searched = False
        elif entry.operation in _SEARCH_FOR_IMAGES:
            has_searched = True
        elif has_searched:
            # The client has begun just now, as each run of a command that knows the version of its log-in.
            yield run
            run, requests, has_searched = [], 0, False
        else:
            requests += 1
    yield run


def _is_needless(earlier: Entry, later: Entry) -> bool:
    """Return whether a log-in is that of the same client as before, whose token is valid yet."""
    clients = {(entry.request_body, entry.request_headers.get("User-Agent")) for entry in (earlier, later)}
    document = earlier.response_json
    token = document.get("token") if isinstance(document, dict) else None
    end = token.get("expires_at") if isinstance(token, dict) else None
    return len(clients) == 1 and isinstance(end, str) and timestamp(later.received_at) < end
