"""What `ims-mock contract` finds, as one page of HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from ims_mock.command.contract_output import Judged, as_json, document_of, github, junit, sarif, text
from ims_mock.contract.findings import SEVERITIES, Finding
from ims_mock.contract.wording import counted
from ims_mock.evidence.report_page import report_page

_STYLE = """
.break{--c:light-dark(#a8151f,#ff938c)}.drift{--c:light-dark(#7d4a00,#efbb60)}.note{--c:light-dark(#4b5562,#aeb8c4)}
.s{color:var(--c);font-weight:600}li{margin:.3rem 0;overflow-wrap:anywhere}
"""


def html(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the page: a table of the operations, then each exchange that has findings, the worst first."""
    bad = [item for name in SEVERITIES for item in judged if item.findings and item.verdict == name]
    body = [
        *_summary(judged),
        f"<h2>Findings</h2>{'' if bad else '<p>There are none.</p>'}",
        *(part for item in bad for part in _exchange(item)),
        *_unread([item for item in judged if item.error]),
    ]
    yield report_page("Findings of the contract", body, document_of(judged), _STYLE).rstrip()


def _summary(judged: Sequence[Judged]) -> Iterator[str]:
    operations = sorted({item.operation or "(no operation)" for item in judged if not item.error})
    exchanges = sum(item.is_exchange for item in judged)
    yield f"<p>{counted(exchanges, 'exchange')} of {counted(len(operations), 'operation')}.</p>"
    # So that the keys for scrolling reach it.
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Operations"><table><thead><tr>'
    yield "".join(f'<th scope="col">{name}</th>' for name in ("operation", "exchanges", *SEVERITIES))
    yield "</tr></thead><tbody>"
    for name in operations:
        of = [item for item in judged if not item.error and (item.operation or "(no operation)") == name]
        found = [finding.severity for item in of for finding in item.findings]
        counts = [sum(item.is_exchange for item in of), *(found.count(severity) for severity in SEVERITIES)]
        cells = "".join(f'<td class="number">{count}</td>' for count in counts)
        yield f'<tr><th scope="row"><code>{escape(name)}</code></th>{cells}</tr>'
    yield "</tbody></table></div>"


def _exchange(item: Judged) -> Iterator[str]:
    is_open = " open" if item.verdict == "break" else ""
    where = " ".join(filter(None, (item.file, item.entry)))
    yield f'<details class="{item.verdict}"{is_open}><summary><b class="s">{item.verdict}</b> '
    yield f'{escape(item.summary)} <span class="faint">{escape(item.operation or "")} {escape(where)}</span>'
    yield "</summary><ul>"
    yield from map(_finding, sorted(item.findings, key=lambda finding: SEVERITIES.index(finding.severity)))
    yield "</ul></details>"


def _finding(finding: Finding) -> str:
    place = f"{finding.side} {finding.pointer}".rstrip()
    shown = f'<code>{escape(place)}</code>: {escape(finding.message)} <span class="faint">{escape(finding.id)}</span>'
    return f'<li class="{finding.severity}"><span class="s">{finding.severity}</span> {shown}</li>'


def _unread(items: Sequence[Judged]) -> Iterator[str]:
    if items:
        yield "<h2>Not readable</h2><ul>"
        yield from (f"<li><code>{escape(item.file)}</code>: {escape(item.error)}</li>" for item in items)
        yield "</ul>"


FORMATS: dict[str, Callable[[Sequence[Judged]], Iterator[str]]] = {
    "text": text,
    "json": as_json,
    "junit": junit,
    "sarif": sarif,
    "github": github,
    "html": html,
}
"""What prints findings, by the name of the format."""
