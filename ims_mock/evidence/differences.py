"""How one response differs from another one to the same request, beyond what rules of likeness allow."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from ims_mock.contract.headers import header_name
from ims_mock.contract.pointers import is_same, pointer_to
from ims_mock.contract.problems import Keys
from ims_mock.contract.recorded import Absence, JsonBody, RecordedExchange, RecordedResponse
from ims_mock.contract.routes import path_of, query_of
from ims_mock.contract.wording import shown
from ims_mock.evidence import lists
from ims_mock.evidence.correspondence import (
    RULES,
    Correspondence,
    header_of,
    is_hidden,
    is_masked,
    is_time,
    parts_of_text,
)

Part = Literal["status", "header", "body", "request"]
Kind = Literal["value", "type", "missing", "extra", "form", "order"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing of a response that is not as in the other one.

    `part` is the status, a header or the body, or the request where each side has requests of its own; `pointer` the
    name of the header, or a JSON pointer into the body of the first. `kind` is "missing" for what the second lacks,
    and "extra" for what it alone has. `first` and `second` are what each has, and `rule` the rule of likeness that was
    tried and does not allow it, or "".
    """

    part: Part
    pointer: str
    kind: Kind
    first: Any
    second: Any
    rule: str = ""

    @property
    def id(self) -> str:
        """Where it is and what, the same for all items of a list: "body/images/*/name:value", "header/Allow:extra"."""
        pointer = re.sub(r"/[0-9]+(?=/|$)", "/*", self.pointer)
        return f"{self.part}{'' if pointer.startswith('/') or not pointer else '/'}{pointer}:{self.kind}"

    def __str__(self) -> str:
        where = f"{self.part} {self.pointer}" if self.pointer else self.part
        words = {"missing": "is missing", "extra": "is there in addition", "order": "has another order"}
        values = {
            "missing": f"was {shown(self.first)}",
            "extra": f"got {shown(self.second)}",
        }.get(self.kind, f"{shown(self.first)} became {shown(self.second)}")
        said = f"{words[self.kind]}, " if self.kind in words else ""
        tried = f" (the rule {self.rule} does not allow it)" if self.rule else ""
        return f"{where}: {said}{values}{tried}"

    def as_json(self) -> Mapping[str, Any]:
        """Return the difference as JSON values."""
        return {"id": self.id, **asdict(self), "message": str(self)}


COMPARED_HEADERS = {
    *("Accept-Patch", "Accept-Ranges", "Allow", "Content-Md5", "Content-Range", "Content-Type", "Location"),
    *("Openstack-Image-Import-Methods", "Openstack-Image-Store-Ids", "Retry-After", "X-Subject-Token"),
}
"""The headers that mean something to a client of this API; also those that begin with X-Image-Meta-."""

_MESSAGES = {"message", "error_msg", "fail_reason"}
_REQUEST_IDS = {"request_id", "X-Request-Id", "X-Openstack-Request-Id"}
_NAMES_OF_ACCOUNTS = {"user_name", "project_name", "domain_name"}
_OF_ACCOUNTS = {"user", "users", "project", "projects", "domain", "domains"}
_CHECKSUMS = ("checksum", "content-md5", "os_hash_value")
"""How the names end, in lower case, of what says a file."""

_DURING = {"id", "image_id", "name", "job_id", "job_type"}
"""What does not change of an image or a job that changes by itself."""

_UNDER_WAY = ("INIT", "RUNNING")


def differences(first: RecordedExchange, second: RecordedExchange, ids: Correspondence) -> list[Difference]:
    """Return how the second response differs from the first, beyond what the rules of likeness allow.

    What is not recorded, or not faithfully, of one of them is not compared. `ids` learns what corresponds to what, and
    counts the rules that were applied.
    """
    comparison = _Comparison(first.request.url, ids)
    if first.response is None or second.response is None:
        return []
    if first.response.status != second.response.status:
        return [Difference("status", "", "value", first.response.status, _outcome(second.response))]
    comparison.headers(first.response, second.response)
    if first.request.method != "HEAD":
        comparison.bodies(first.response, second.response)
    return comparison.found


def _outcome(response: RecordedResponse) -> Any:
    """Return the status of a response, with the code and the message of an error."""
    value = value_of(response)
    error = value.get("error", value) if isinstance(value, dict) else None
    if response.status < 400 or not isinstance(error, dict):
        return response.status
    code = error.get("code", error.get("error_code"))
    return f"{response.status}: {code} {error.get('message', error.get('error_msg', ''))}"


def value_of(response: RecordedResponse) -> Any:
    """Return the JSON value of a recorded body; None where there is none."""
    if isinstance(response.body, JsonBody):
        return response.body.value
    try:
        return json.loads(response.body) if isinstance(response.body, bytes) else None
    except (ValueError, RecursionError):
        return None


class _Comparison:
    """One comparison of two responses under way: what it has found so far."""

    def __init__(self, url: str, ids: Correspondence) -> None:
        self.found: list[Difference] = []
        self._url = url
        self._ids = ids
        self._part: Part = "header"
        self._examples: frozenset[Keys] = frozenset()
        self._is_partial = False

    def headers(self, first: RecordedResponse, second: RecordedResponse) -> None:
        """Compare the headers of the contract; of the others say only that they were left out."""
        if isinstance(first.headers, Absence) or isinstance(second.headers, Absence):
            return
        names = {header_name(name) for name, _ in [*first.headers, *second.headers]}
        for name in sorted(names):
            one, other = header_of(first.headers, name), header_of(second.headers, name)
            if name == "Content-Type":
                one, other = _media_type(one), _media_type(other)
            if (one is None and not first.has_all_headers) or (other is None and not second.has_all_headers):
                continue
            if one == other and name != "Location":
                continue
            if not _is_compared(name) and self._ids.applies("request-ids" if name in _REQUEST_IDS else "headers"):
                continue
            self._member((name,), one, other, gone=None)

    def bodies(self, first: RecordedResponse, second: RecordedResponse) -> None:
        """Compare two bodies as JSON, or byte by byte where they are none."""
        if isinstance(first.body, Absence) or isinstance(second.body, Absence):
            return
        self._part, self._is_partial = "body", first.is_partial
        if isinstance(first.body, JsonBody):
            self._examples = first.body.examples
        one, other = value_of(first), value_of(second)
        if one is None and other is None:
            self._bytes(first.body, second.body)
        elif one is None or other is None:
            self._add((), "type", _beginning(first.body), _beginning(second.body))
        else:
            try:
                self._values((), one, other)
            except RecursionError:
                self._add((), "value", "nested too deep to be compared", _beginning(second.body))

    def _bytes(self, one: bytes | JsonBody, other: bytes | JsonBody) -> None:
        if one == other:
            return
        if not (self._ids.has_stand_ins and _is_stand_in(one, other) and self._ids.applies("files")):
            self._add((), "value", _beginning(one), _beginning(other))

    def _add(self, path: Keys, kind: Kind, one: Any, other: Any, rule: str = "") -> None:
        pointer = str(path[0]) if self._part == "header" else pointer_to(path)
        self.found.append(Difference(self._part, pointer, kind, one, other, rule))

    def _values(self, path: Keys, one: Any, other: Any) -> None:
        """Compare what stands at one place on both sides."""
        if path in self._examples and _kind_of(one) == _kind_of(other) and self._ids.applies("examples"):
            return
        if isinstance(one, dict) and isinstance(other, dict):
            self._objects(path, one, other)
        elif isinstance(one, list) and isinstance(other, list):
            self._lists(path, one, other)
        elif isinstance(one, str) and isinstance(other, str):
            self._texts(path, one, other)
        elif not is_same(one, other):
            is_quota = "quotas" in path and _kind_of(one) == _kind_of(other) == "number"
            if not (is_quota and self._ids.applies("quotas")):
                self._add(path, "value" if _kind_of(one) == _kind_of(other) else "type", one, other)

    def _objects(self, path: Keys, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        others, names = self._ids.applied["others"], list(dict.fromkeys([*one, *other]))
        if self._is_moving(path, one, other):
            names = [name for name in names if name in _DURING]
        # The lists first, as what stands beside one may count its items.
        for name in sorted(names, key=lambda name: not isinstance(one.get(name), list)):
            if name == "next" and self._leads_to_others(one, other):
                continue
            if name not in lists.COUNTS or self._ids.applied["others"] == others:
                self._member((*path, name), one.get(name, _GONE), other.get(name, _GONE))

    def _leads_to_others(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Return whether more images than the same page are on one side alone, and nothing of them is asked for."""
        if not lists.is_last_page_of_one(one, other):
            return False
        is_followed = not self._ids.followed.isdisjoint(lists.markers_in([str(one.get("next", ""))]))
        return not is_followed and self._ids.applies("others")

    def _member(self, path: Keys, one: Any, other: Any, gone: Any = None) -> None:
        """Compare what stands under a name, which may be on one side alone."""
        gone = _GONE if self._part == "body" else gone
        if other is gone:
            self._add(path, "missing", one, None)
        elif one is not gone:
            self._values(path, one, other)
        elif not (self._is_partial and self._ids.applies("examples")):
            self._add(path, "extra", None, other)

    def _is_moving(self, path: Keys, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Return whether a job or an image takes longer or shorter; one that takes too long is a difference."""
        before, after = one.get("status"), other.get("status")
        if before == after:
            return False
        if "job_id" in one and after in _UNDER_WAY and before not in _UNDER_WAY:
            self._add((*path, "status"), "value", before, after, "waiting")
            return True
        is_expected = before in _UNDER_WAY if "job_id" in one else str(one.get("id")).lower() in self._ids.moving
        return is_expected and self._ids.applies("waiting")

    def _texts(self, path: Keys, one: str, other: str) -> None:
        name = next((str(key) for key in reversed(path) if isinstance(key, str)), "")
        rule = self._rule_for(path, name, one, other)
        if rule in ("", "ids"):
            self._with_ids(path, one, other, rule)
        elif rule == "times":
            if kind := self._ids.pair_times(one, other):
                self._add(path, kind, one, other, rule)
            elif one != other and not self._ids.applies(rule):
                self._add(path, "value", one, other)
        elif one != other and not (_is_like(rule, one, other) and self._ids.applies(rule)):
            self._add(path, "value", one, other, rule if rule in RULES.keys() - self._ids.strict else "")
        # A mask stands for many things, of which requests name the token that was issued last.
        if rule == "secrets" and (self._part == "header" or not is_masked(one)):
            self._ids.pair_texts(one, other)

    def _rule_for(self, path: Keys, name: str, one: str, other: str) -> str:
        """Return the rule under which two texts may be the same; "" for none, "checksum" for one that says a file."""
        if is_hidden(name) or is_masked(one) or is_masked(other):
            return "secrets"
        if name in _REQUEST_IDS:
            return "request-ids"
        if name in _MESSAGES:
            return "messages"
        if name.lower().endswith(_CHECKSUMS):
            return "files" if self._ids.has_stand_ins else "checksum"
        if is_time(one) and is_time(other):
            return "times"
        if name in _NAMES_OF_ACCOUNTS or (name in ("name", "description") and not _OF_ACCOUNTS.isdisjoint(path)):
            return "accounts"
        return "ids" if parts_of_text(one)[1] else ""

    def _with_ids(self, path: Keys, one: str, other: str, rule: str) -> None:
        """Compare two texts that may have ids in them, or be links."""
        texts = one, other
        if one != other:
            if self._ids.translated(one) == other and self._ids.applies("ids"):
                return
            one, other = _local(one), _local(other)
        (frame, ids), (other_frame, other_ids) = parts_of_text(one), parts_of_text(other)
        is_framed = frame == other_frame or _is_same_link(frame, other_frame)
        if not is_framed or len(ids) != len(other_ids):
            self._add(path, "value", *texts)
            return
        if not all(self._ids.pair(*pair) for pair in zip(ids, other_ids, strict=True)):
            self._add(path, "value", *texts, "ids")
            return
        rules = ["ids"] * (ids != other_ids) + ["links"] * (texts != (one, other) or frame != other_frame)
        if not all(self._ids.applies(rule) for rule in rules):
            self._add(path, "value", *texts)

    def _lists(self, path: Keys, one: Sequence[Any], other: Sequence[Any]) -> None:
        name = str(path[-1]) if path else ""
        kind = lists.KINDS.get(name)
        if kind is None or not lists.is_of_kind(kind, [*one, *other]):
            for index in range(max(len(one), len(other))):
                pair = [side[index] if index < len(side) else _GONE for side in (one, other)]
                self._member((*path, index), *pair)
            return
        matched = lists.match_items(kind, one, other, self._ids)
        may_differ = lists.may_have_others(kind, name, self._url)
        for index in matched.first_alone:
            if not (may_differ and self._is_other(kind, one[index], lists.is_known_first)):
                self._add((*path, index), "missing", one[index], None)
        for index in matched.second_alone:
            if not (may_differ and self._is_other(kind, other[index], lists.is_known_second)):
                self._add((*path, index), "extra", None, other[index])
        self._order(path, kind, (one, other), matched)
        for index, other_index in matched.pairs:
            self._values((*path, index), one[index], other[other_index])

    def _is_other(self, kind: lists.KindOfList, item: Any, is_known: Any) -> bool:
        """Return whether an item is not of this conversation, and the rule is to be applied."""
        return not is_known(kind, item, self._ids) and self._ids.applies("others")

    def _order(
        self, path: Keys, kind: lists.KindOfList, sides: tuple[Sequence[Any], Sequence[Any]], matched: lists.Matched
    ) -> None:
        """Say so where the items that both have are in another order, unless the order means nothing."""
        of_second = sorted(matched.pairs, key=lambda pair: pair[1])
        if of_second == sorted(matched.pairs):
            return
        groups, other_groups = (lists.sort_groups(side, self._url) for side in sides)
        is_in_order = all(
            groups[before[0]] <= groups[after[0]] or other_groups[before[1]] == other_groups[after[1]]
            for before, after in pairwise(of_second)
        )
        if (kind.is_ordered and not is_in_order) or not self._ids.applies("order"):
            shown_first = [_label(kind, sides[0][index]) for index, _ in sorted(matched.pairs)]
            shown_second = [_label(kind, sides[0][index]) for index, _ in of_second]
            self._add(path, "order", shown_first, shown_second, "order" if kind.is_ordered else "")


_GONE = object()
"""What stands for a member that is not there."""


def _is_compared(name: str) -> bool:
    return name in COMPARED_HEADERS or name.startswith("X-Image-Meta-")


def _is_stand_in(one: bytes | JsonBody, other: bytes | JsonBody) -> bool:
    """Return whether a file may be the zeros that were sent in the place of another one."""
    return isinstance(one, bytes) and isinstance(other, bytes) and len(one) == len(other) and not any(other)


def _media_type(value: str | None) -> str | None:
    return value and value.partition(";")[0].strip().lower()


def _beginning(body: bytes | JsonBody) -> str:
    if isinstance(body, JsonBody):
        return shown(body.value)
    return f"{len(body)} bytes {body[:40]!r}" if body else "no body"


def _kind_of(value: Any) -> str:
    """Return the type of a JSON value; a whole number and another one are the same."""
    if isinstance(value, bool) or value is None:
        return str(type(value))
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def _is_like(rule: str, one: str, other: str) -> bool:
    """Return whether a rule allows two texts in each other's place."""
    if is_masked(one) or is_masked(other):
        return True
    return rule in RULES and (len(one) == len(other) if rule == "files" else bool(one) == bool(other))


def _local(text: str) -> str:
    """Return a link without its scheme and host; another text as it is."""
    return "/" + text.partition("://")[2].partition("/")[2] if text.startswith(("http://", "https://")) else text


def _is_same_link(one: str, other: str) -> bool:
    """Return whether two links are the same but for a base path and the order of the query."""
    if not (one.startswith("/") and other.startswith("/")):
        return False
    path, other_path = path_of(one), path_of(other)
    is_below = path.endswith(other_path) or other_path.endswith(path)
    return is_below and Counter(query_of(one).split("&")) == Counter(query_of(other).split("&"))


def _label(kind: lists.KindOfList, item: Any) -> Any:
    """Return by what a reader knows an item: its name, or what it is known by."""
    if not isinstance(item, dict):
        return item
    return item.get("name") or next((item[key] for key in kind.keys if key in item), None)
