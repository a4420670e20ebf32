"""The rules that say where, when and how often a fault is applied."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from fnmatch import fnmatchcase
from functools import cache
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from ims_mock.contract import schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import header_name
from ims_mock.contract.image_ids import in_lower_case
from ims_mock.contract.operations import Operation, load_contract
from ims_mock.contract.pointers import has_values, is_same
from ims_mock.contract.problems import InvalidError, Problem, wrong_setting, wrong_settings
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import cut, nearest, shown
from ims_mock.evidence.journal import Entry
from ims_mock.evidence.redaction import MASK, is_secret, masked
from ims_mock.exchange.exchange import Exchange, Hit, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault, checked
from ims_mock.faults.kinds import fault_from_json
from ims_mock.state.real import new_lock
from ims_mock.state.store import Store
from ims_mock.state.times import later, parse_time, timestamp

T = TypeVar("T")


class Holder(Protocol):
    """The rules to which a rule has been added."""

    def __iter__(self) -> Iterator[Rule]:
        """Yield the rules that are armed now."""

    def discard(self, rule: Rule) -> None:
        """Disarm a rule; a rule that is not armed is no error."""

    def count(self, rule: Rule, work: Callable[[], T]) -> T:
        """Do what changes the counts of a rule, as one step, and return what it returns."""


@dataclass
class Rule:
    """Where, when and how often a fault is applied.

    It matches requests of an `operation`, a `method`, a `path` (without the query), of a `project`, with certain values
    in the body (`json`, from JSON pointers to values) and with certain `headers` (from names to globs; a missing
    header matches no glob); `operation`, `path` and `project` are globs too. The rule lets the first `skip` requests
    that match pass. After them it can fire for each `every`th one, with a `probability` (the seed decides), while the
    clock is `between` two moments: seconds after the rule was added, or times such as "2016-06-02T07:49:48Z". It fires
    at most `times`.

    `hits` counts how often it fired. A rule that never fired fails its test, unless it is `optional`. As a context
    manager the rule is armed inside alone, and must fire there. Raises InvalidError for a rule that can never fire.
    """

    fault: Fault
    operation: str = "*"
    method: str | None = None
    path: str | None = None
    project: str | None = None
    json: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    skip: int = 0
    every: int = 1
    probability: float = 1.0
    between: tuple[float | str, float | str] | None = None
    times: int | None = None
    optional: bool = False
    name: str | None = None
    id: str = field(default="", init=False)
    hits: int = field(default=0, init=False)
    _matched: int = field(default=0, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=new_lock, init=False, repr=False, compare=False)
    _rules: Holder | None = field(default=None, init=False, repr=False, compare=False)
    _random: random.Random = field(default_factory=random.Random, init=False, repr=False)
    _memory: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    _span: tuple[float, float] | None = field(default=None, init=False, repr=False)
    _hits_before: int = field(default=0, init=False, repr=False)
    _seed: str = field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.fault, Fault):
            text = f"must be a fault such as Fail(503), got {cut(repr(self.fault))}"
            raise wrong_setting("fault", "type", text, self.fault)
        given = checked(_schema(), self.settings())
        for name in given.keys() - {"fault"}:
            setattr(self, name, given[name])
        if self.times is None:
            self.times = self.fault.default_times()
        if self.between is not None:
            self.between = cast("tuple[float | str, float | str]", tuple(self.between))
            self._check_between(self.between)
        self._check_operation()

    def _check_between(self, between: tuple[float | str, float | str]) -> None:
        moments = [_moment(value, 0.0) for value in between]
        # A time and a number of seconds can only be compared when the rule is armed.
        if isinstance(between[0], str) == isinstance(between[1], str) and moments[0] >= moments[1]:
            raise _wrong_order(between)

    def _check_operation(self) -> None:
        operations = load_contract().operations
        exact = operations.get(self.operation)
        matching = (
            [exact] if exact else [found for name, found in operations.items() if fnmatchcase(name, self.operation)]
        )
        if not matching:
            known = list(operations)
            hint = nearest(self.operation, known) or f"; the operations are {', '.join(known)}"
            raise self._wrong_operation(f"must match an operation, got {shown(self.operation)}{hint}")
        matching = [operation for operation in matching if self._has_requests(operation)]
        if not matching:
            what = f"the method {self.method}" if self.method else "JSON in its body"
            raise self._wrong_operation(f"must match an operation with {what}, got {shown(self.operation)}")
        if not any(self.fault.fits(operation) for operation in matching):
            fitting = [name for name, operation in operations.items() if self.fault.fits(operation)]
            where = f"only to {', '.join(fitting)}" if fitting else "to no operation"
            got = f"got the operation {shown(self.operation)}{self.fault.hint}"
            raise wrong_settings("operation", f"{self.fault} applies {where}, {got}")

    def _wrong_operation(self, text: str) -> InvalidError:
        return wrong_setting("operation", "operation", text, self.operation)

    def _has_requests(self, operation: Operation) -> bool:
        """Return whether requests of an operation can have the method, and the values in the body."""
        methods = ("GET", "HEAD") if operation.method == "GET" else (operation.method,)
        return self.method in (None, *methods) and (not self.json or any(operation.bodies.values()))

    def settings(self) -> dict[str, Any]:
        """Return the settings that differ from their defaults, as rules in JSON have them."""
        given = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.init and item.name != "fault" and not is_same(getattr(self, item.name), _default(item))
        }
        between = {"between": list(self.between)} if isinstance(self.between, tuple) else {}
        mappings = {name: dict(value) for name, value in given.items() if isinstance(value, Mapping)}
        return {"fault": self.fault.to_json(), **given, **between, **mappings}

    def to_json(self) -> dict[str, Any]:
        """Return the rule as the control API and reports show it, without the credentials that it matches."""
        return {"id": self.id, **self.redacted(), "hits": self.hits}

    def redacted(self) -> dict[str, Any]:
        """Return the settings as reports have them: the credentials that a rule matches are masked."""
        hidden = {pointer: MASK if is_secret(pointer) else value for pointer, value in self.json.items()}
        mappings = {"headers": masked(self.headers.items()), "json": hidden}
        return self.settings() | {name: value for name, value in mappings.items() if value}

    def __str__(self) -> str:
        given = [f"{name}={value!r}" for name, value in self.redacted().items() if name not in ("fault", "name")]
        return f"{self.name or self.id}: {', '.join([str(self.fault), *given])}; {self.hits} hits"

    def span_at(self, now: float) -> tuple[float, float] | None:
        """Return from when to when a rule that is armed now applies; raise InvalidError if this time is over."""
        if self.between is None:
            return None
        begin, end = _moment(self.between[0], now), _moment(self.between[1], now)
        if begin >= end:
            raise _wrong_order(self.between)
        if end <= now:
            text = f"must end after the time of the mock's clock, {timestamp(now)}, got {shown(list(self.between))}"
            raise wrong_setting("between", "future", text, self.between)
        return begin, end

    def arm(self, rules: Holder, rule_id: str, store: Store) -> None:
        """Begin to count requests."""
        span = self.span_at(store.clock.now())
        self.join(rules, rule_id, store)
        self._span = span

    def join(self, rules: Holder, rule_id: str, store: Store) -> None:
        """Be one of some rules, whose counts another process knows: see `count_on`."""
        self._rules, self.id = rules, rule_id
        self._seed = f"{store.seed}/rules/{rule_id}"
        self._random = self._new_random()
        self._memory = self.fault.prepare(store)

    def _new_random(self) -> random.Random:
        return random.Random(self._seed)

    def move(self, seconds: float) -> None:
        """Follow a clock that has jumped to another time, as far as `between` is in seconds."""
        if self.between is not None and self._span is not None:
            moments = zip(self.between, self._span, strict=True)
            begin, end = (at if isinstance(value, str) else later(at, seconds) for value, at in moments)
            self._span = begin, end

    def around(self, work: Work, exchange: Exchange) -> Response:
        """Do the rest of a request, with the fault around it when the rule applies to the request and fires.

        A rule counts the requests that reach it, so of two that would fire, the inner one waits for its turn. A hit is
        noted in the journal's entry.
        """
        if not self.matches(exchange):
            return work(exchange)
        number = self._step(lambda: self._count(exchange.store.clock.now()))
        if not number:
            return work(exchange)
        hit = Hit(number, self._memory, self._random)
        try:
            return self.fault.around(work, exchange.hit_by(hit))
        except ImsError as error:
            return exchange.reject(error)
        finally:
            # Also for a fault that fails in an unforeseen way.
            self._keep(hit, exchange.entry)

    def _count(self, now: float) -> int:
        """Count a request that matches, and return the number of the hit when the rule fires, else 0."""
        self._matched += 1
        number = self._matched - self.skip
        is_meant = (
            number > 0
            and number % self.every == 0
            and (self.probability == 1 or self._random.random() < self.probability)
            and (self._span is None or self._span[0] <= now < self._span[1])
            and (self.times is None or self.hits < self.times)
        )
        self.hits += is_meant
        return self.hits if is_meant else 0

    def _keep(self, hit: Hit, entry: Entry) -> None:
        """Note a hit in the journal, or uncount it where it has changed nothing."""
        if hit.is_cancelled:
            self._step(self._uncount)
        else:
            entry.note(self.id)

    def _uncount(self) -> None:
        self.hits -= 1

    def _step(self, work: Callable[[], T]) -> T:
        """Do what changes the counts, as one step."""
        assert self._rules is not None, "a rule counts once it is armed"
        return self._rules.count(self, work)

    def locked(self, work: Callable[[], T]) -> T:
        """Do work while no other thread of this process changes the counts."""
        with self._lock:
            return work()

    def counts(self) -> dict[str, Any]:
        """Return what the rule has counted and drawn so far, as JSON has it."""
        version, drawn, gauss = self._random.getstate()
        return {
            "hits": self.hits,
            "matched": self._matched,
            "memory": self._memory if self.fault.has_shared_memory else {},
            "random": [version, list(drawn), gauss] if self._has_drawn() else None,
            "span": self._span,
        }

    def _has_drawn(self) -> bool:
        return self._random.getstate() != self._new_random().getstate()

    def count_on(self, counts: Mapping[str, Any]) -> None:
        """Go on from what `counts` has returned, also in another process."""
        self.hits, self._matched = counts["hits"], counts["matched"]
        self._span = None if counts["span"] is None else (counts["span"][0], counts["span"][1])
        if self.fault.has_shared_memory:
            # The hits of requests on their way have the same memory.
            self._memory.clear()
            self._memory.update(counts["memory"])
        drawn = counts["random"]
        state = self._new_random().getstate() if drawn is None else (drawn[0], tuple(drawn[1]), drawn[2])
        self._random.setstate(state)

    def matches(self, exchange: Exchange) -> bool:
        """Return whether the rule counts a request."""
        request = exchange.request
        return (
            fnmatchcase(exchange.operation.id, self.operation)
            and self.fault.fits(exchange.operation)
            and self.method in (None, request.method)
            and (self.path is None or _is_path(request.target.partition("?")[0], self.path))
            and (self.project is None or fnmatchcase(exchange.claimed_project, self.project))
            and all(
                value is not None and fnmatchcase(value, glob)
                for name, glob in self.headers.items()
                for value in [request.headers.get(header_name(name))]
            )
            and (not self.json or has_values(exchange.body.loose_json, dict(self.json)))
        )

    def __enter__(self) -> Rule:
        if self._rules is None or not any(rule is self for rule in self._rules):
            raise ValueError("the rule is not armed; faults.add(...) returns one that is")
        self._hits_before = self.hits
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._rules is not None:
            self._rules.discard(self)
        if kind is None and self.hits == self._hits_before and not self.optional:
            raise _never_fired([self])


def _is_path(path: str, glob: str) -> bool:
    """Return whether a glob matches a path; a UUID may be in either spelling."""
    return fnmatchcase(in_lower_case(path), in_lower_case(glob))


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _moment(value: float | str, now: float) -> float:
    """Return a moment in seconds since 1970: of a time, or of seconds from now."""
    if not isinstance(value, str):
        return later(now, value)
    try:
        return parse_time(value)
    except ValueError:
        text = f"must be seconds, or times such as 2016-06-02T07:49:48Z, got {shown(value)}"
        raise wrong_setting("between", "format", text, value) from None


def _wrong_order(between: tuple[float | str, float | str]) -> InvalidError:
    text = f"must be from an earlier to a later moment, got {shown(list(between))}"
    return wrong_setting("between", "order", text, between)


@cache
def _schema() -> Schema:
    return Schema(schema_files.read("faults/rule.json"), "#")


def check_fired(rules: list[Rule]) -> None:
    """Raise AssertionError for rules that should have fired, and have not."""
    idle = [rule for rule in rules if not rule.hits and not rule.optional]
    if idle:
        raise _never_fired(idle)


def _never_fired(rules: list[Rule]) -> AssertionError:
    listed = "\n".join(f"    {rule}" for rule in rules)
    return AssertionError(f"rules never fired:\n{listed}\nset optional=True where that is expected")


def check_rules(document: Any) -> list[Any]:
    """Return a list of rules in JSON; raise InvalidError naming the place and what is wrong there.

    schemas/control/add_fault.json has one with every kind; here each fault is held against the schema of its own kind.
    """
    if not isinstance(document, list):
        raise InvalidError(Problem((), "type", f"must be a list of rules, got {shown(document)}", document))
    for number, rule in enumerate(document):
        try:
            rule_from_json(rule)
        except InvalidError as error:
            raise error.under(number) from None
    return document


def rule_from_json(document: Any) -> Rule:
    """Return the rule that a JSON object describes; raise InvalidError naming the place and what is wrong there."""
    problems = _schema().find_problems(document)
    if problems:
        raise InvalidError(*problems)
    settings = dict(document)
    fault = settings.pop("fault")
    try:
        made = fault_from_json(fault)
        assert made is not None
    except InvalidError as error:
        raise error.under("fault").of_document() from None
    try:
        return Rule(made, **settings)
    except InvalidError as error:
        raise error.of_document() from None
