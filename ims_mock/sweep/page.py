"""A sweep's report as one page of HTML, which needs nothing else and no script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from ims_mock.evidence.report_page import report_page
from ims_mock.sweep.plans import Step
from ims_mock.sweep.rows import Group, Judged, groups_of

_LETTERS = {
    "crash": "C",
    "hang": "H",
    "wrong_success": "W",
    "left_behind": "L",
    "bad_manners": "M",
    "failed_cleanly": "f",
    "survived": "s",
}
"""The letter of each verdict, beside its colour."""

_MEMBERS = 200
"""Most plans of a group that are listed."""

_STYLE = """
:root{--crash:#d73a49;--hang:#8250df;--wrong_success:#c2410c;--left_behind:#8a6a00;
--bad_manners:#0969da;--failed_cleanly:#2da44e;--survived:#2da44e}
.v{display:inline-block;min-width:1.9em;padding:0 .2em;margin:1px;border-radius:4px;text-align:center;color:#fff;
font:12px/1.5 var(--mono);text-decoration:none;background:var(--c)}
.g{background:none;color:inherit;box-shadow:inset 0 0 0 1px var(--c)}
.k{opacity:.6}
"""


def page(judged: Sequence[Judged], summary: Iterable[str], document: Mapping[str, Any]) -> str:
    """Return the page: the `summary`, a map of requests and failures, and a part for each group of failures.

    `document` is the report as JSON has it, which the page keeps too.
    """
    groups = groups_of(judged)
    number_of = {item.row.plan.id: number for number, group in enumerate(groups, 1) for item in group.members}
    body = [
        *(f"<p>{escape(line)}</p>" for line in summary),
        _legend(),
        "<h2>Requests of the good run</h2><ol>",
        *(f"<li><code>{escape(text)}</code></li>" for text in document["baseline"]["requests"]),
        "</ol>",
        *_map(judged, number_of),
        *_pairs(judged, number_of),
        f"<h2>Failures</h2>{'' if groups else '<p>There are none.</p>'}",
        *(part for number, group in enumerate(groups, 1) for part in _details(number, group)),
    ]
    return report_page("Fault sweep", body, document, _STYLE + _colours())


def _colours() -> str:
    return "".join(f".{name}{{--c:var(--{name})}}" for name in _LETTERS)


def _legend() -> str:
    marks = (f'<span class="v {_classes(name)}">{letter}</span> {name}' for name, letter in _LETTERS.items())
    return f"<p>{', '.join(marks)}; 1, 2 and * are how often a fault fires: once, twice, for ever</p>"


def _classes(name: str) -> str:
    return f"{name} g" if name in ("survived", "failed_cleanly") else name


def _map(judged: Sequence[Judged], number_of: Mapping[str, int]) -> Iterator[str]:
    """Yield a table with a line for each failure, those of a family together, and a column for each request."""
    single = [item for item in judged if len(item.row.plan.injections) == 1]
    steps = list(dict.fromkeys(item.row.plan.injections[0].step for item in single))
    cells: dict[tuple[str, str], dict[Step, list[Judged]]] = {}
    for item in single:
        (injection,) = item.row.plan.injections
        line = cells.setdefault((injection.fault.family, injection.short), {})
        line.setdefault(injection.step, []).append(item)
    # So that the keys for scrolling reach it.
    yield '<h2 id="map">Map</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="map">'
    yield '<table><thead><tr><th scope="col">failure</th>'
    for step in steps:
        yield f'<th scope="col">{escape(step.operation)}{f" #{step.number}" if step.number > 1 else ""}</th>'
    yield "</tr></thead>"
    for family in dict.fromkeys(family for family, _ in cells):
        yield f'<tbody><tr><th scope="rowgroup" colspan="{len(steps) + 1}">{escape(family)}</th></tr>'
        for (of, fault), line in cells.items():
            if of == family:
                marks = "".join(f"<td>{_marks(line.get(step, ()), number_of)}</td>" for step in steps)
                yield f'<tr><th scope="row"><code>{escape(fault)}</code></th>{marks}</tr>'
        yield "</tbody>"
    yield "</table></div>"


def _marks(items: Iterable[Judged], number_of: Mapping[str, int]) -> str:
    return "".join(_mark(item, f"{item.row.plan.injections[0].times or '*'}", number_of) for item in items)


def _mark(item: Judged, times: str, number_of: Mapping[str, int]) -> str:
    """Return the mark of a plan; a failure's leads to its group."""
    name, letter = item.verdict.name, _LETTERS[item.verdict.name]
    number = number_of.get(item.row.plan.id)
    if number is None:
        return f'<span class="v {_classes(name)}" title="{name}">{letter}{times}</span>'
    known = " k" if item.is_known else ""
    return f'<a class="v {name}{known}" href="#g{number}" title="{name}">{letter}{times}</a>'


def _pairs(judged: Sequence[Judged], number_of: Mapping[str, int]) -> Iterator[str]:
    pairs = [item for item in judged if len(item.row.plan.injections) > 1]
    if pairs:
        yield "<h2>Pairs</h2><ul>"
        for item in pairs:
            yield f"<li>{_mark(item, '', number_of)} <code>{escape(item.row.plan.id)}</code></li>"
        yield "</ul>"


def _details(number: int, group: Group) -> Iterator[str]:
    name, detail = group.verdict
    known = " (known)" if group.is_known else ""
    yield f'<details class="{name}"><summary><b>{name}</b>{known}: {escape(detail)}</summary>'
    yield f'<dl id="g{number}">'
    for term, texts in _facts(group):
        yield f"<dt>{term}</dt><dd>{''.join(f'<pre>{text}</pre>' for text in texts)}</dd>"
    yield "</dl></details>"


def _facts(group: Group) -> Iterator[tuple[str, list[str]]]:
    """Yield what there is to know of a group, by name, as HTML."""
    row = group.smallest
    yield "repeat", [escape(row.reproduce), escape(row.marker)]
    if row.run.frame:
        yield "where", [escape(row.run.frame)]
    yield "requests", [escape("\n".join(row.requests) or "none")]
    pages = [f'<a href="{escape(url)}">{escape(url)}</a>' for url in group.pages]
    yield "because", [*map(escape, group.causes), *pages]
    ids = [item.row.plan.id for item in group.members]
    left_out = [f"... {len(ids) - _MEMBERS} more"] if len(ids) > _MEMBERS else []
    yield f"plans ({len(ids)})", [escape("\n".join([*ids[:_MEMBERS], *left_out]))]
