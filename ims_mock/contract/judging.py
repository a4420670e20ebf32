"""What is judged of both sides of an exchange: a body against its schema, and the words of a finding."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from ims_mock.contract.errors import ImsError
from ims_mock.contract.findings import Finding, Severity, Side
from ims_mock.contract.json_text import parse
from ims_mock.contract.operations import Operation, load_contract
from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.problems import Keys, Problem
from ims_mock.contract.recorded import Absence, JsonBody, RecordedHeaders
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import cut, nearest, shown

_IDS = {
    **dict.fromkeys(("enum", "const", "anyOf", "oneOf"), "enum"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "bound"),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), "length"),
    **dict.fromkeys(("uniqueItems",), "duplicate"),
    "type": "type",
    "pattern": "pattern",
    "propertyNames": "attribute_name",
    "readOnly": "read_only",
}
"""The last word of a finding's id, by the keyword of JSON Schema that is broken; "rule" for any other."""

_OF_TYPE = {"type", "required", "additionalProperties", "readOnly"}
"""The keywords that are judged also of a value that is only an example of its type."""

OF_THE_SERVICE = "__"
"""What the names of attributes begin with that the service alone has."""

_LEAST = 5
"""Fewest letters of a name that can be a misspelt other one; of a shorter one, two letters can be exchanged."""


class Said(NamedTuple):
    """What a finding says: what the contract has, what there was, and both in one sentence."""

    rule: str
    got: Any
    message: str


class Report:
    """Collects the findings of one side of an exchange."""

    def __init__(self, operation: Operation, side: Side) -> None:
        self.operation = operation
        self.side = side
        self.findings: list[Finding] = []

    def add(self, word: str, pointer: str, said: Said, severity: Severity = "break") -> None:
        """Add a finding whose id is the side and a word."""
        name = f"{self.side}.{word}"
        self.findings.append(Finding(name, severity, self.operation.id, self.side, pointer, *said))

    def check_body(self, schema: Schema, body: bytes | JsonBody, *, is_partial: bool = False) -> None:
        """Add what is wrong with a body that is to be JSON; with `is_partial` it may lack anything."""
        try:
            value = value_of(body)
        except ImsError as error:
            self.add("not_json", "", Said("JSON", beginning_of(body), error.reason))
            return
        if not schema.is_surely_valid(value):
            self.add_problems(schema.find_problems(value), schema, body, is_partial=is_partial)
        if not schema.names_all:
            for path in schema.unnamed_paths(value):
                self._add_unknown(path, schema)
        for path in schema.custom_paths(value):
            self._check_custom(path, schema)

    def add_problems(
        self, problems: Iterable[Problem], schema: Schema, body: bytes | JsonBody, *, is_partial: bool = False
    ) -> None:
        """Add what is wrong with a body by a schema, of a value that only stands for its type no more than the type."""
        examples = body.examples if isinstance(body, JsonBody) else ()
        for problem in problems:
            if problem.path not in examples or problem.keyword in _OF_TYPE:
                self._add_problem(problem, schema, is_partial=is_partial)

    def _check_custom(self, path: Keys, schema: Schema) -> None:
        """Add an attribute that a client may choose, where the name shows that none did."""
        name, known = str(path[-1]), schema.names_of(path[:-1])
        is_of_service = name.startswith(OF_THE_SERVICE) and not any(name.startswith(family) for family in _families())
        if misspelt(name, known) if self.side == "request" else is_of_service:
            self._add_unknown(path, schema)

    def _add_problem(self, problem: Problem, schema: Schema, *, is_partial: bool) -> None:
        rule = cut(f"{problem.keyword}: {problem.wanted}")
        if problem.missing:
            for name in () if is_partial else problem.missing:
                pointer = pointer_to((*problem.path, name))
                self.add("missing_attribute", pointer, Said("required", None, "the attribute is missing"))
            return
        for name in problem.unknown:
            self._add_unknown((*problem.path, name), schema, is_allowed=False)
        if problem.unknown:
            return
        *parents, last = problem.path or (0,)
        known = schema.names_of(tuple(parents)) if self.side == "response" else set()
        # Where none is named the rule is that of a map, and holds.
        if known and isinstance(last, str) and last not in known:
            # A rule for all attributes that no document names; a service may have more of them than we know.
            if not last.startswith(OF_THE_SERVICE):
                self._add_unknown(problem.path, schema)
            return
        word = _IDS.get(problem.keyword, "rule")
        self.add(word, problem.pointer, Said(rule, shortened(problem.value), problem.text))

    def _add_unknown(self, path: Keys, schema: Schema, *, is_allowed: bool = True) -> None:
        """Add an unknown attribute: a response may have more than is documented, and a request may not."""
        name, known = str(path[-1]), sorted(schema.names_of(path[:-1]))
        is_break = self.side == "request" and (not is_allowed or misspelt(name, known) is not None)
        said = Said("documented attributes", name, f"the attribute is not documented{nearest(name, known)}")
        self.add("unknown_attribute", pointer_to(path), said, "break" if is_break else "drift")


@cache
def _families() -> tuple[str, ...]:
    """Return what the names of attributes begin with of which the documents have more than they name."""
    return tuple(load_contract().composed["components"]["schemas"]["image_attributes"]["x-families"])


def value_of(body: bytes | JsonBody) -> Any:
    """Return the JSON value of a body; raise ImsError, with the words of the problem, where it is none."""
    return body.value if isinstance(body, JsonBody) else parse(body)


def beginning_of(body: bytes | JsonBody) -> Any:
    """Return the beginning of a body, as a finding keeps it."""
    return shortened(body.value if isinstance(body, JsonBody) else body[:200].decode("utf-8", "replace"))


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is one letter away from another one: too many, missing, wrong, or two exchanged."""
    near = (item for item in known if is_one_letter_away(name, item))
    return next((item for item in near if len(name) >= _LEAST or sorted(item) == sorted(name)), None)


def is_one_letter_away(one: str, other: str) -> bool:
    """Return whether a single edit makes one text the other: a letter more, less or different, or two exchanged."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, known = one[start:], other[start:]
    edits = {rest[1:] == known, rest == known[1:], rest[1:] == known[1:]}
    return True in edits or (rest[1::-1] == known[:2] and rest[2:] == known[2:] and len(rest) > 1)


def shortened(value: Any) -> Any:
    """Return a value as a finding keeps it: a long text cut, and of a container the text that shows it."""
    return shown(value) if isinstance(value, dict | list) else cut(value) if isinstance(value, str) else value


def header_of(headers: RecordedHeaders | Absence, name: str) -> str | None:
    """Return the first value of a header, whose name is in lower case; None where there is none."""
    if isinstance(headers, Absence):
        return None
    return next((value for known, value in headers if known.lower() == name), None)


def media_type_of(headers: RecordedHeaders | Absence) -> str:
    """Return the media type of a body, in lower case without parameters; "" where none is recorded."""
    return (header_of(headers, "content-type") or "").partition(";")[0].strip().lower()
