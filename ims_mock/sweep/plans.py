"""What a sweep tries: plans of faults, each at one request of the work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ims_mock.contract.operations import Operation, load_contract
from ims_mock.evidence.journal import Entry
from ims_mock.faults.definition import Fault
from ims_mock.faults.kinds import KINDS
from ims_mock.faults.rule_text import fault_text, parse_rule, text_at
from ims_mock.faults.rules import Rule

TIMES: tuple[int | None, ...] = (1, 2, None)
"""How often a fault is tried in a row: once, twice, and for ever."""

MANY_TRIES = 10
"""How often work may try the same again."""


_BETWEEN_RULES = re.compile(r";\s*(?=\w+:)")


@dataclass(frozen=True)
class Step:
    """A request of the work: the `number`th, from 1, of its operation."""

    operation: str
    number: int


@dataclass(frozen=True)
class Injection:
    """A fault at a request of the work, and at those of its operation that follow, so many `times`; None is all."""

    step: Step
    fault: Fault
    times: int | None

    def rule(self) -> Rule:
        """Return the rule that does it."""
        return Rule(
            self.fault,
            operation=self.step.operation,
            skip=self.step.number - 1,
            times=self.times,
            optional=True,
        )

    @property
    def short(self) -> str:
        """The fault alone in text, as in "503(retry_after=30)"."""
        return fault_text(self.fault)

    @property
    def asked_wait(self) -> float:
        """Seconds for which the service itself asks the work to wait, over all its tries."""
        return self.fault.asked_wait * (self.times or MANY_TRIES)

    @cached_property
    def text(self) -> str:
        """The rule in text, as `--fault` takes it."""
        times = self.fault.default_times() if self.times is None else self.times
        return text_at(self.fault, self.step.operation, times, self.step.number - 1)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Plan:
    """One or several failures of a run; its `id` is the text of the rules, as `--fault` takes them."""

    injections: tuple[Injection, ...]

    @cached_property
    def id(self) -> str:
        """The rules in text, with semicolons between them."""
        return "; ".join(map(str, self.injections))

    @property
    def families(self) -> set[str]:
        """The families of its faults: "status", "wire", "attribute", ..."""
        return {injection.fault.family for injection in self.injections}

    @property
    def is_silent(self) -> bool:
        """Whether the work waits in vain for a response."""
        return any(injection.fault.is_silent for injection in self.injections)


def faults_for(operation: Operation, entry: Entry, *, is_real: bool = False) -> list[Fault]:
    """Return the faults that a request of the baseline can meet, each once; `is_real` is whether its time is."""
    found = (fault for kind in KINDS.values() for fault in kind.tried_on(operation, entry))
    if is_real:
        found = (fault.in_real_time() for fault in found)
    return list({str(fault): fault for fault in found if fault.fits(operation)}.values())


def plans_of(step: Step, fault: Fault) -> list[Plan]:
    """Return the plans of a fault at a request, from the smallest to the largest."""
    return [Plan((Injection(step, fault, times),)) for times in TIMES]


def plan_of(text: str) -> Plan:
    """Return the plan with an id, which is the text of its rules; raise ValueError for what can be no plan's."""
    injections = []
    for rule_text in _BETWEEN_RULES.split(text.strip()):
        rule = parse_rule(rule_text) if ":" in rule_text else None
        if rule is None or rule.operation not in load_contract().operations:
            raise ValueError(f"must name the operation of each fault, as in 'glance_show_image: 503 x2', got {text!r}")
        injections.append(Injection(Step(rule.operation, rule.skip + 1), rule.fault, rule.times))
    return Plan(tuple(injections))
