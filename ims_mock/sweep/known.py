"""Failures that are known and accepted, in a file: only others fail a sweep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath

from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError
from ims_mock.contract.problems import InvalidError, invalid, wrong_at
from ims_mock.contract.wording import shown
from ims_mock.state.real import RealFiles
from ims_mock.sweep.verdicts import GOOD, VERDICTS

VERSION = 1

_BAD = [name for name in VERDICTS if name not in GOOD]
_HOW = "report.save_baseline(path), or --update-baseline, writes one"


@dataclass(frozen=True)
class KnownFailures:
    """The accepted verdict of each plan that may fail, by its id. Another verdict of the plan is a new failure."""

    verdicts: Mapping[str, str] = field(default_factory=dict)

    def has(self, plan_id: str, verdict: str) -> bool:
        """Return whether a plan may end so."""
        return self.verdicts.get(plan_id) == verdict

    @classmethod
    def load(cls, path: str | PathLike[str]) -> KnownFailures:
        """Read a file; raise FileNotFoundError where there is none, and ValueError naming what is wrong in it."""
        if not isinstance(path, (str, PathLike)):
            raise TypeError(f"baseline: must be the path of a file of known failures, got {path!r:.80}")
        try:
            with RealFiles.open(fspath(path)) as file:
                content = file.read()
        except FileNotFoundError:
            raise FileNotFoundError(f"{fspath(path)}: no such file of known failures; {_HOW}") from None
        try:
            return cls(_checked(json_text.parse(content)))
        except ImsError as error:
            raise ValueError(InvalidError(*error.problems).in_file(fspath(path))) from None
        except ValueError as error:
            raise ValueError(invalid(error).in_file(fspath(path))) from None

    def save(self, path: str | PathLike[str]) -> None:
        """Write the file, the plans in the order of their ids, each in a line of its own."""
        document = {"version": VERSION, "plans": dict(sorted(self.verdicts.items()))}
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        RealFiles.write(fspath(path), text.encode("utf-8", "backslashreplace"))


def _checked(document: object) -> Mapping[str, str]:
    """Return the plans of a document; raise InvalidError for the first thing that is wrong with it."""
    if not isinstance(document, dict) or document.keys() != {"version", "plans"}:
        raise wrong_at((), "members", f"must be an object with version and plans, got {shown(document)}; {_HOW}")
    if document["version"] != VERSION:
        text = f"must be {VERSION}, got {shown(document['version'])}; {_HOW}"
        raise wrong_at(("version",), "const", text, document["version"])
    plans = document["plans"]
    if not isinstance(plans, dict):
        raise wrong_at(("plans",), "type", f"must be an object of verdicts by plans, got {shown(plans)}", plans)
    for plan_id, verdict in plans.items():
        if verdict not in _BAD:
            text = f"must be one of {', '.join(_BAD)}, got {shown(verdict)}"
            raise wrong_at(("plans", plan_id), "enum", text, verdict)
    return plans


def changes(known: KnownFailures, verdicts: Mapping[str, str], is_unmet: Callable[[str], bool]) -> Iterable[str]:
    """Yield in words which known failures are mended, and which met no plan, where the plans of a sweep ended so."""
    mended = [plan_id for plan_id in known.verdicts if verdicts.get(plan_id) in GOOD]
    unmet = [plan_id for plan_id in known.verdicts if is_unmet(plan_id)]
    for plan_ids, what in ((mended, "is mended"), (unmet, "was not run")):
        yield from (f"a known failure {what}; remove it from the file: {name}" for name in plan_ids[:_MOST])
        if len(plan_ids) > _MOST:
            yield f"... {len(plan_ids) - _MOST} more known failures, each of which {what}"


_MOST = 5
"""How many known failures are named that are no more."""
