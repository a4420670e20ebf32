"""A sweep's report as text, for a terminal of 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ims_mock.sweep.rows import Group

WIDTH = 100
"""Characters of a line, unless it is one that is to be copied."""

MOST = 40
"""Groups of failures that are shown."""

_REQUESTS = 8
_OTHERS = 10
"""How many requests, and other faults, are shown of a group."""

_INDENT = "    "
_NO_BREAK = "\N{NO-BREAK SPACE}"


def table(groups: Sequence[Group], most: int = MOST) -> Iterator[str]:
    """Yield the lines of groups of failures, the worst first; of those after the first so many yield a count."""
    for group in groups[:most]:
        yield ""
        count = f" [{len(group.members)} plans]" if len(group.members) > 1 else ""
        yield from _wrapped(f"{group.verdict.name}: {group.verdict.detail}{count}", "", _INDENT)
        for name, text in _facts(group):
            yield from _wrapped(text, f"{_INDENT}{name:<10}", _INDENT + " " * 10)
        yield f"{_INDENT}{'repeat':<10}{group.smallest.reproduce}"
        yield f"{_INDENT}{'':<10}{group.smallest.marker}"
    left_out = len(groups) - most
    if left_out > 0:
        yield ""
        yield f'{left_out} more kinds of failures: report.save("report.html") has them all'


def _facts(group: Group) -> Iterator[tuple[str, str]]:
    """Yield what there is to know of a group, by name."""
    if group.is_known:
        yield "known", "accepted in the file of known failures"
    run = group.smallest.run
    if run.frame and run.frame not in group.verdict.detail:
        yield "where", run.frame
    yield "requests", _listed([_whole(text) for text in group.smallest.requests], _REQUESTS) or "none"
    for cause in group.causes:
        yield "because", cause
    for page in group.pages:
        yield "page", page
    if group.others:
        yield "also with", _listed(group.others, _OTHERS)


def _listed(texts: list[str], most: int) -> str:
    """Return some texts in a row; of many the first and the last ones."""
    if len(texts) > most:
        begin = most // 2
        texts = [*texts[:begin], f"... {len(texts) - most} more ...", *texts[begin - most :]]
    return ", ".join(texts)


def _whole(text: str) -> str:
    """Return a text that is not wrapped."""
    return text.replace(" ", _NO_BREAK)


def _wrapped(text: str, first: str, others: str) -> list[str]:
    """Return a text in lines; words that are longer than one, such as URLs, stay whole."""
    lines = textwrap.wrap(
        _printable(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _printable(text: str) -> str:
    """Return a text with what a terminal would obey, such as escapes, written out."""
    return "".join(char if char.isprintable() or char in ("\n", _NO_BREAK) else ascii(char)[1:-1] for char in text)
