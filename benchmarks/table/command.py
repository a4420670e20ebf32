"""`python -m benchmarks`: which rows are measured, and in which form the table is printed."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from benchmarks.table import searching, serving, starting, state, uploading
from benchmarks.table.bench import QUICK, Bench, Scale, commit, default_peers, is_busy, machine
from benchmarks.table.figures import HEAD, Figure, Row, in_markdown, in_text

MEASURED: dict[tuple[Row, ...], Callable[[Bench, Collection[Row]], Iterator[Figure]]] = {
    module.ROWS: module.measure for module in (serving, searching, state, starting, uploading)
}
"""What measures which rows."""

MOST_BUSY = 0.8
"""The part of a core up to which a load generator does not slow down what it measures."""

ROWS = tuple(row for rows in MEASURED for row in rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the table."""
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="a checkout of the build to compare with")
    parser.add_argument(
        "--peers", type=Path, metavar="FOLDER", default=default_peers(), help="where peers.sh has installed the peers"
    )
    parser.add_argument("--no-peers", action="store_true", help="leave out the rows that compare with a peer")
    parser.add_argument("--quick", action="store_true", help="measure so little that the figures mean nothing")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")


def chosen(names: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of a key, or with the words of a name, or all without one; exit for a name that no row has."""
    of_names = {name: [row for row in ROWS if row.key == name] or _with_words(name) for name in names}
    for name, rows in of_names.items():
        if not rows:
            keys = ", ".join(row.key for row in ROWS)
            sys.exit(f"python -m benchmarks: there is no row or benchmark {name!r}; name words or keys of rows: {keys}")
    return tuple(row for row in ROWS if not names or any(row in rows for rows in of_names.values()))


def _with_words(name: str) -> list[Row]:
    return [row for row in ROWS if name.lower() in row.key or name.lower() in row.label.lower()]


def print_table(names: Sequence[str], options: argparse.Namespace) -> None:
    """Measure the rows and print each when it is known, then what was left out and which targets are missed."""
    if options.against and not (options.against / "ims_mock").is_dir():
        sys.exit(f"python -m benchmarks: --against: {options.against} has no folder ims_mock; give a checkout")
    rows = chosen(names)
    against = options.against.resolve() if options.against else None
    scale = QUICK if options.quick else Scale()
    bench = Bench(scale, against, options.peers.resolve(), has_peers=not options.no_peers)
    line = in_markdown if options.markdown else in_text
    print(_about(bench) + "\n")
    print(line(HEAD))
    if options.markdown:
        print(line(["---"] * len(HEAD)))
    figures = []
    for figure in _measured(bench, rows):
        figures.append(figure)
        print(line(figure.cells()), flush=True)
    print("\n" + "\n".join(_after(bench, rows, figures)))


def _measured(bench: Bench, rows: Collection[Row]) -> Iterator[Figure]:
    """Yield the figures of the rows; where something fails, what it was goes to the notes, and the rest is measured."""
    for of, measure in MEASURED.items():
        wanted = [row for row in of if row in rows]
        try:
            yield from measure(bench, wanted) if wanted else ()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            bench.notes.append(f"{wanted[0].label}, and what follows it: {error}")


def _about(bench: Bench) -> str:
    """Return what was compared, and where."""
    builds = ", ".join(f"{name} {commit(folder)}" for name, folder in bench.folders().items())
    peers = ", ".join(f"{name} {version}" for name, version in bench.versions().items() if version)
    rounds = f"{bench.scale.rounds} rounds of {bench.scale.seconds:g} s"
    doubts = ["so quick that the figures mean nothing"] if bench.scale is QUICK else []
    doubts += ["the machine does something else too: measure again when it is idle"] if is_busy() else []
    return f"{'; '.join([machine(), builds, rounds, *doubts])}\npeers: {peers or 'none'}"


def _after(bench: Bench, rows: Collection[Row], figures: Sequence[Figure]) -> Iterator[str]:
    missed = [figure.row.key for figure in figures if figure.verdict == "missed"]
    yield f"{len(figures) - len(missed)} of {len(figures)} targets are met; missed: {', '.join(missed) or 'none'}"
    out = [row.key for row in rows if row not in [figure.row for figure in figures]]
    if out:
        yield f"left out: {', '.join(out)}"
    absent = [name for name, version in bench.versions().items() if version is None]
    if absent and bench.has_peers:
        yield f"not installed in {bench.peers}: {', '.join(absent)}; run sh benchmarks/peers.sh {bench.peers}"
    yield from (f"could not be measured: {note}" for note in bench.notes)
    if bench.against is None:
        yield "rows against today's need --against CHECKOUT, such as `git worktree add FOLDER e2e1e37` makes"
    limit = ", so that it may be what limits the fastest rows" if bench.busiest > MOST_BUSY else ""
    yield f"the load generator has used {bench.busiest:.0%} of a core at most{limit}; {machine()}"
