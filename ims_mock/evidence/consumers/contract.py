"""The contract of one consumer: which requests it sends, and what it needs in the responses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ims_mock.contract import json_text, schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_contract, load_control
from ims_mock.contract.patterns import compiled
from ims_mock.contract.problems import InvalidError, invalid, wrong_at
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import nearest
from ims_mock.evidence.consumers.combining import Change, changes_between, merged, ordered
from ims_mock.evidence.consumers.pact import to_pact
from ims_mock.evidence.consumers.places import place_of

VERSION = 1

_FOLDER = "consumers"
_WIDTH = 110
"""Most characters of a line in a file, unless it is one long text."""


@dataclass(frozen=True)
class ConsumerContract:
    """What a client sends to IMS, and what it needs in the responses; never changed, methods return another one.

    `document` is as schemas/consumer.json has it, in an order of its own: two contracts that say the same are equal.
    """

    document: Mapping[str, Any] = field(repr=False)

    @property
    def consumer(self) -> str:
        """The name of the client."""
        return str(self.document["consumer"])

    @property
    def operations(self) -> Mapping[str, Mapping[str, Any]]:
        """What the client does with each operation that it calls, by the operation's id."""
        operations: Mapping[str, Mapping[str, Any]] = self.document["operations"]
        return operations

    def to_json(self) -> dict[str, Any]:
        """Return the contract as a JSON object that shares nothing with it."""
        document: dict[str, Any] = json_text.plain(self.document)
        return document

    @classmethod
    def from_json(cls, document: Any) -> ConsumerContract:
        """Return the contract that a JSON object has; raise InvalidError naming what is wrong with it."""
        document = json_text.plain(document)
        problems = _schema().find_problems(document)
        if problems:
            raise InvalidError(*problems, source="consumer.json")
        _check(document)
        return cls(ordered(document))

    def save(self, path: str | Path) -> None:
        """Write the contract into a file, the same bytes for the same contract."""
        Path(path).write_text(self.to_text(), "utf-8")

    def to_text(self) -> str:
        """Return the contract as the text of a file."""
        return _text(self.document, 0) + "\n"

    @classmethod
    def load(cls, path: str | Path) -> ConsumerContract:
        """Read a contract from a file; raise OSError, or ValueError if it is not a contract of a consumer."""
        try:
            return cls.from_json(json_text.parse(Path(path).read_bytes()))
        except ImsError as error:
            raise ValueError(InvalidError(*error.problems).in_file(str(path))) from None
        except ValueError as error:
            raise ValueError(invalid(error).in_file(str(path))) from None

    def to_pact(self, version: int = 4, provider: str = "IMS") -> dict[str, Any]:
        """Return the contract as a Pact file, of version 3 or 4 of its specification: what it can say of it."""
        return to_pact(self.document, version, provider)

    def merge(self, *others: ConsumerContract, name: str | None = None) -> ConsumerContract:
        """Return a contract with what this one and others say, such as those of several runs of a client's tests.

        Of an attribute the strongest use counts, and every type. Raises ValueError where they are of clients with
        different names, unless a `name` is given.
        """
        names = {contract.consumer for contract in (self, *others)}
        if name is None and len(names) > 1:
            raise ValueError(f"contracts of different consumers ({', '.join(sorted(names))}) need a name to be merged")
        found = self.document
        for other in others:
            found = merged(found, other.document)
        return ConsumerContract(ordered({**found, "consumer": self.consumer if name is None else name}))

    def changes(self, newer: ConsumerContract) -> list[Change]:
        """Return how a newer contract differs from this one: what it sends and needs in addition, and no longer."""
        return changes_between(self.document, newer.document)

    def needs(self, operation: str, pointers: Iterable[str], *, status: int | None = None) -> ConsumerContract:
        """Return the contract of a client that cannot do without some attributes of an operation's response.

        `pointers` are JSON pointers into the body; a number in one, or a *, is any item. `status` is by default every
        success that the client got. Raises ValueError for an operation that the contract does not have.
        """
        pointers = [pointers] if isinstance(pointers, str) else list(pointers)
        wrong = next((pointer for pointer in pointers if pointer and not pointer.startswith("/")), None)
        if wrong is not None:
            raise ValueError(f"a JSON pointer is empty or begins with a slash, got {wrong!r}")
        own = self._operation(operation)
        responses = dict(own.get("responses", {}))
        got = [text for text in responses if text[0] in "123"] or [str(load_contract().operations[operation].success)]
        for text in got if status is None else [str(status)]:
            attributes = responses.get(text, {})
            needed = {place: {**attributes.get(place, {}), "use": "needed"} for place in map(place_of, pointers)}
            responses[text] = {**attributes, **needed}
        return self._with(operation, {**own, "responses": responses})

    def accepts(self, operation: str, statuses: Iterable[int]) -> ConsumerContract:
        """Return the contract of a client that takes these statuses of an operation, and no others, for a success."""
        return self._with(operation, {**self._operation(operation), "accepts": list(statuses)})

    def _operation(self, name: str) -> Mapping[str, Any]:
        if name not in self.operations:
            known = ", ".join(self.operations) or "none"
            raise ValueError(f"{self.consumer} calls no {name}; the operations of its contract are: {known}")
        return self.operations[name]

    def _with(self, operation: str, value: Mapping[str, Any]) -> ConsumerContract:
        return self.from_json({**self.document, "operations": {**self.operations, operation: value}})


def known_consumers() -> list[str]:
    """Return the names of the clients whose contracts are in the package."""
    prefix, suffix = f"{_FOLDER}/", ".json"
    return [name.removeprefix(prefix).removesuffix(suffix) for name in schema_files.names(_FOLDER)]


def known_consumer(name: str) -> ConsumerContract:
    """Return the contract of a client that the package has; raise ValueError for another name."""
    if name not in known_consumers():
        raise ValueError(f"no known consumer is called {name!r}; the known ones are {', '.join(known_consumers())}")
    return ConsumerContract.from_json(schema_files.read(f"{_FOLDER}/{name}.json"))


def _text(value: Any, depth: int) -> str:
    """Return JSON in which what is short has one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + 2 * depth <= _WIDTH or not value or not isinstance(value, dict | list):
        return line
    start, end = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, list):
        return f"[{start}{f',{start}'.join(_text(item, depth + 1) for item in value)}{end}]"
    members = (f"{json.dumps(name, ensure_ascii=False)}: {_text(item, depth + 1)}" for name, item in value.items())
    return f"{{{start}{f',{start}'.join(members)}{end}}}"


def find_consumer(name: str) -> ConsumerContract:
    """Return the contract in a file or, where there is no such file, that of a client that the package knows.

    Raises OSError for a file that cannot be read, ValueError for what is no contract.
    """
    if Path(name).exists():
        return ConsumerContract.load(name)
    if name not in known_consumers():
        raise ValueError(
            f"{name}: is neither a file nor a known consumer; the known ones are {', '.join(known_consumers())}"
        )
    return known_consumer(name)


@cache
def _schema() -> Schema:
    return Schema(load_control().composed, "#/components/schemas/consumer")


def _check(document: Mapping[str, Any]) -> None:
    """Raise for what a schema cannot say: an operation that IMS does not have, and a pattern that is none."""
    known = load_contract().operations
    for name, operation in document["operations"].items():
        if name not in known:
            text = f"IMS has no operation {name}{nearest(name, list(known))}"
            raise wrong_at(("operations", name), "known", text)
        for status, attributes in operation.get("responses", {}).items():
            for place, attribute in attributes.items():
                try:
                    compiled(attribute.get("pattern", ""))
                except (ValueError, re.error) as error:
                    path = ("operations", name, "responses", status, place, "pattern")
                    raise wrong_at(path, "format", f"must be a regular expression: {error}") from None
