"""What one side of two conversations calls otherwise than the other: ids, times and tokens, and rules of likeness."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import unquote

from ims_mock.contract.headers import header_name
from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.recorded import JsonBody, RecordedRequest
from ims_mock.contract.wording import nearest
from ims_mock.evidence.redaction import MASK, is_secret
from ims_mock.state.times import parse_time

RULES: Mapping[str, str] = {
    "ids": "an id may be another one: the same one wherever the first side has the same one, also inside of a link",
    "times": "a time may be another one, of the same form and in the same order among the times",
    "links": "a link may name another host and base path, and have its query in another order",
    "secrets": "a token or a key, and what a recording has masked, may be another one",
    "request-ids": "the id of a request may be another one",
    "order": "a list without an order may have another one, and so may images that are equal in what sorts them",
    "others": "a list may have images, tags, projects and services that are not of this conversation",
    "headers": "headers may differ of which the contract says nothing, such as Date and Server",
    "messages": "a text for people may have other words, but must not be empty",
    "accounts": "users, projects and domains may have other names",
    "quotas": "a quota may have other numbers",
    "waiting": "a job, and an image that changes by itself, may take longer or shorter",
    "files": "a file that is not recorded is replaced by zeros of the same length, so its checksum is another one",
    "examples": "a value that a recording has for its type may be another one, and what it leaves out may be anything",
}
"""The rules by which two responses are the same although they are not equal: each with what may differ."""

PATIENCE = 300.0
"""Seconds for which what takes longer is waited for, unless it is said."""

_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}(?![0-9A-Za-z])")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[0-9]{2}:){2}[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_MILLISECONDS = re.compile("[0-9]{13}")
_DIGIT = re.compile("[0-9]")


class Correspondence:
    """What corresponds to what, as far as two conversations have shown it, and how often each rule was applied.

    `strict` are the rules that are not to be applied, and `patience` is how many seconds longer something may take by
    the rule `waiting`. `moving` are ids of the first side of which the status is about to change by itself, and `lost`
    those in lower case of what the second side is known not to have, as it has not made it; `followed` are the markers
    after which requests of the first side go on. The owner of the whole conversation sets them. `has_stand_ins` is
    whether the second side was given zeros in the place of a file.
    """

    def __init__(self, strict: Iterable[str] = (), patience: float = PATIENCE) -> None:
        self.strict = checked_rules(strict)
        self.patience = patience
        self.applied: Counter[str] = Counter()
        self.moving: frozenset[str] = frozenset()
        self.followed: frozenset[str] = frozenset()
        self.has_stand_ins = False
        self.lost: set[str] = set()
        self._ids: dict[str, str] = {}
        self._back: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._issued: set[str] = set()
        self._times: list[tuple[float, float]] = []
        self._mentioned: set[str] = set()

    def applies(self, rule: str) -> bool:
        """Count a rule, and return True, unless it is not to be applied."""
        if rule in self.strict:
            return False
        self.applied[rule] += 1
        return True

    def knows(self, first: str) -> bool:
        """Return whether an id of the first side corresponds to one of the second."""
        return first.lower() in self._ids

    def is_known(self, second: str) -> bool:
        """Return whether an id of the second side corresponds to one of the first."""
        return second.lower() in self._back

    def counterpart(self, first: str) -> str:
        """Return what the second side has for an id of the first: its own, or the same one where none is known."""
        return self._ids.get(first.lower(), first)

    def pair(self, first: str, second: str) -> bool:
        """Let two ids correspond; return whether they can, as neither has another counterpart."""
        one, other = first.lower(), second.lower()
        return self._ids.setdefault(one, other) == other and self._back.setdefault(other, one) == one

    def pair_texts(self, first: str, second: str) -> None:
        """Let two texts correspond as wholes, such as tokens; the latest counterpart counts."""
        self._texts[first] = second
        self._issued.add(second)

    def is_issued(self, second: str) -> bool:
        """Return whether a text is what the second side has in the place of one of the first, such as a token."""
        return second in self._issued

    def pair_times(self, first: str, second: str) -> Literal["", "form", "order"]:
        """Let two times correspond; return what keeps them from it: another form, or another order among all before.

        Only seconds count, as some times are cut to them.
        """
        moments = seconds_of(first), seconds_of(second)
        if _DIGIT.sub("0", first) != _DIGIT.sub("0", second) or moments[0] is None or moments[1] is None:
            return "form"
        one, other = math.floor(moments[0]), math.floor(moments[1])
        # As all so far are in order, the neighbours by the first time are those by the second.
        before, after = bisect_left(self._times, (one, -math.inf)), bisect_right(self._times, (one, math.inf))
        is_late = before > 0 and self._times[before - 1][1] > other
        if is_late or (after < len(self._times) and self._times[after][1] < other):
            return "order"
        if (one, other) not in self._times[before:after]:
            insort(self._times, (one, other))
        self._texts[first] = second
        return ""

    def mention(self, request: RecordedRequest) -> None:
        """Note the words of a request, so that what they name is known to be of this conversation."""
        self._mentioned.update(unquote(part) for part in request.url.partition("?")[0].split("/"))
        body = request.body.value if isinstance(request.body, JsonBody) else None
        if isinstance(request.body, bytes) and not is_file(request):
            with suppress(ValueError, RecursionError):
                body = json.loads(request.body)
        self._mentioned.update(_texts_of(body))

    def is_mentioned(self, text: str) -> bool:
        """Return whether a request of this conversation has named something, such as a tag or the key of one."""
        return text in self._mentioned or text.partition("=")[0] in self._mentioned

    def translated(self, text: str) -> str:
        """Return a text of the first side with the ids and times that the second has in their place."""
        if text in self._texts:
            return self._texts[text]
        text = _ID.sub(lambda match: self.counterpart(match[0]), text)
        return _TIME.sub(lambda match: self._texts.get(match[0], match[0]), text)


def translated(request: RecordedRequest, ids: Correspondence) -> RecordedRequest:
    """Return a request of the first side as the second side is to be asked the same.

    Files are left as they are; a host, and a credential that is not known, too.
    """
    ids.mention(request)
    headers = request.headers
    if not isinstance(headers, (list, tuple)):
        sent = headers
    else:
        sent = [(name, ids.translated(value)) for name, value in headers]
    body = request.body
    if isinstance(body, JsonBody):
        body = JsonBody(_translated_value(body.value, ids), body.examples)
    elif isinstance(body, bytes) and not is_file(request):
        body = _translated_bytes(body, ids)
    return replace(request, url=ids.translated(request.url), headers=sent, body=body)


def is_file(request: RecordedRequest) -> bool:
    """Return whether the body of a request is the file of an image."""
    return "octet-stream" in (header_of(request.headers, "Content-Type") or "")


def header_of(headers: Any, name: str) -> str | None:
    """Return the value of a recorded header, or None where it is not there or not recorded."""
    if not isinstance(headers, (list, tuple)):
        return None
    return next((value for given, value in headers if header_name(given) == name), None)


def _translated_bytes(body: bytes, ids: Correspondence) -> bytes:
    # No JSON text writes an id or a time with an escape, so that the text stays as it was beside them.
    try:
        return ids.translated(body.decode("utf-8")).encode()
    except UnicodeError:
        return body


def _translated_value(value: Any, ids: Correspondence) -> Any:
    if isinstance(value, str):
        return ids.translated(value)
    if isinstance(value, list):
        return [_translated_value(item, ids) for item in value]
    if isinstance(value, dict):
        return {ids.translated(name): _translated_value(item, ids) for name, item in value.items()}
    return value


def _texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts_of(item)


def checked_rules(names: Iterable[str]) -> frozenset[str]:
    """Return names of rules; raise InvalidError for one that is none."""
    given = frozenset(names)
    for name in sorted(given - RULES.keys()):
        text = f"must be a rule, got {name!r}; the rules are {', '.join(RULES)}{nearest(name, list(RULES))}"
        raise wrong_setting("strict", "enum", text, name)
    return given


def parts_of_text(text: str) -> tuple[str, list[str]]:
    """Return a text with its ids left out, with their dashes, and the ids."""
    return _ID.sub(lambda match: f"<{match[1]}>", text), [match[0] for match in _ID.finditer(text)]


def is_time(text: str) -> bool:
    """Return whether a text is a time as services write it."""
    return bool(_TIME.fullmatch(text) or _MILLISECONDS.fullmatch(text)) and seconds_of(text) is not None


def seconds_of(text: str) -> float | None:
    """Return the seconds since 1970 of a time, in UTC unless it says otherwise; None for what is none.

    13 digits are milliseconds.
    """
    if _MILLISECONDS.fullmatch(text):
        return int(text) / 1000
    try:
        # Before Python 3.11 only three or six digits of a second are read.
        return parse_time(re.sub(r"\.([0-9]+)", lambda match: f".{match[1]:0<6.6}", text))
    except ValueError:
        return None


def is_masked(value: Any) -> bool:
    """Return whether a recording has a mask in the place of a value, or of a part of it."""
    return isinstance(value, str) and MASK in value


def is_hidden(name: str) -> bool:
    """Return whether what stands under a name is a credential, which is another one on each side."""
    return is_secret(name)
