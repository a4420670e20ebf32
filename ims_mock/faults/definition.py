"""What a fault is: settings, and one method that is wrapped around the rest of a request."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

from ims_mock.contract import json_text, schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import Operation
from ims_mock.contract.pointers import is_same
from ims_mock.contract.problems import InvalidError, wrong_setting
from ims_mock.contract.validation import Schema
from ims_mock.evidence.journal import Entry
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.state.store import Store


@dataclass(frozen=True)
class Fault:
    """Settings, and one method that is wrapped around the rest of a request.

    `operations` are those to which the fault applies, `hint` is the advice for a test that wants it elsewhere;
    `is_lasting` is whether it needs several requests to have an effect; `nested` is the setting, if any, that is a list
    of faults or None; `family` is by which word a sweep names faults of this sort, and `cause` why a client meets them.
    Wrong settings raise InvalidError; the bounds are in schemas/faults/kinds.
    """

    operations: ClassVar[tuple[str, ...] | None] = None
    hint: ClassVar[str] = ""
    is_lasting: ClassVar[bool] = False
    nested: ClassVar[str] = ""
    family: ClassVar[str] = ""
    cause: ClassVar[str] = ""

    @classmethod
    def kind(cls) -> str:
        """Return the fault's name in JSON: that of its class in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def settings(self) -> dict[str, Any]:
        """Return the settings that differ from their defaults, as JSON has them."""
        fields = dataclasses.fields(self)
        return {
            field.name: _to_json(getattr(self, field.name))
            for field in fields
            if field.default is dataclasses.MISSING or not is_same(getattr(self, field.name), field.default)
        }

    def to_json(self) -> dict[str, Any]:
        """Return the fault as rules in JSON have it."""
        return {"kind": self.kind(), **self.settings()}

    def __post_init__(self) -> None:
        given = checked(schema_of(self.kind()), self.to_json())
        for name in self.settings():
            # As JSON has it: 5.0 is 5, a tuple a list, and nothing in it can be edited from elsewhere.
            object.__setattr__(self, name, given[name])

    def __str__(self) -> str:
        given = ", ".join(f"{name}={_shown(getattr(self, name))}" for name in self.settings())
        return f"{type(self).__name__}({given})"

    def fits(self, operation: Operation) -> bool:
        """Return whether the fault applies to an operation."""
        return self.operations is None or operation.id in self.operations

    @classmethod
    def settings_of(cls, word: str) -> dict[str, Any] | None:
        """Return the settings for which a word alone stands in a rule's text, as 503 does; None where it does not."""
        return None

    @classmethod
    def tried_on(cls, operation: Operation, entry: Entry) -> Iterator[Fault]:
        """Yield what a sweep tries on a request of an operation, of which the entry is the good one."""
        return iter(())

    @classmethod
    def choices(cls, name: str) -> list[Any]:
        """Return the values that a setting can have, as its schema lists them."""
        choices: list[Any] = schema_of(cls.kind()).content["properties"][name]["enum"]
        return choices

    def cause_on(self, operation: Operation) -> str:
        """Return why a client meets the fault on an operation: what the documents say of it, or the network."""
        return self.cause

    @property
    def is_silent(self) -> bool:
        """Whether a client waits in vain for what the fault lets it wait for, as long as its timeout says."""
        return False

    @property
    def asked_wait(self) -> float:
        """Seconds for which each response asks its client to wait."""
        return 0.0

    def in_real_time(self) -> Fault:
        """Return what is tried in place of the fault where real seconds pass, whatever the mock's clock shows."""
        return self

    def default_times(self) -> int | None:
        """Return how often a rule without `times` applies the fault; None for without end."""
        return None

    has_shared_memory = True
    """Whether what a rule remembers means the same to every server that has the same state, and is JSON."""

    def prepare(self, store: Store) -> dict[str, Any]:
        """Return the memory with which a rule begins, when it is added."""
        return {}

    def reason_of(self, response: Response) -> str:
        """Return the reason of a response: why it was rejected, if it was, and the fault."""
        return "; ".join(filter(None, (response.reason, f"fault: {self}")))

    def around(self, work: Work, exchange: Exchange) -> Response:
        """Respond instead of the work, or around it; an ImsError that is raised becomes the response.

        `work(exchange)` does the rest of the request. `exchange.hit` has the number of the hit, and what the rule
        remembers; a hit that has changed nothing is cancelled.
        """
        raise NotImplementedError


def _shown(value: Any) -> str:
    """Return a setting as reports show it."""
    if isinstance(value, (list, tuple)) and any(isinstance(item, Fault) for item in value):
        return f"[{', '.join(map(str, value))}]"
    return repr(value)


def _to_json(value: Any) -> Any:
    if isinstance(value, Fault):
        return value.to_json()
    return [_to_json(item) for item in value] if isinstance(value, (list, tuple)) else value


def checked(schema: Schema, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON has them; raise InvalidError naming those that are wrong."""
    given = {name: _in_json(name, value) for name, value in settings.items()}
    problems = schema.find_problems(given)
    if problems:
        of_settings = (replace(problem, is_setting=bool(problem.path)) for problem in problems)
        raise InvalidError(*of_settings, in_document=False)
    return given


def _in_json(name: str, value: Any) -> Any:
    """Return a value as JSON would return it; raise InvalidError for one that JSON does not have, such as NaN."""
    try:
        return json_text.parse(json.dumps(value).encode())
    except ImsError as error:
        problems = (replace(problem, is_setting=not problem.path) for problem in error.problems)
        raise InvalidError(*problems, in_document=False).under(name) from None
    except (TypeError, ValueError, RecursionError):
        text = f"must be a JSON value, got one of type {type(value).__name__}"
        raise wrong_setting(name, "json", text, value) from None


@cache
def schema_of(kind: str) -> Schema:
    """Return the schema of a fault in JSON, by its kind."""
    return Schema(schema_files.read(f"faults/kinds/{kind}.json"), "#")
