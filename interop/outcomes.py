"""What the runs of a client have shown: written to `results/`, compared with it, and shown as tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interop.client import HERE, Client, WrongFileError, all_clients
from interop.faulted import FOR_EVER

RESULTS = HERE / "results"

Result = Mapping[str, Any]
"""What is in a file of `results/`: `packages`, `checks`, `operations` and, with single calls, `faults`."""

OUTCOMES = ("works", "refused", "fails", "broken")
"""What a program says of a check; the last is what no check may be."""

_TABLES_OF_SHELLS = {"go": "go", "java": "java", "node": "java"}
"""In which table of faults a client is, by what `ims-mock env` is called with; every other client is in "other"."""


def recorded(client: str) -> Result | None:
    """Return the recorded result of a client, if there is one.

    Raises:
        WrongFileError: its file is not JSON, or not a result
    """
    file = RESULTS / f"{client}.json"
    if not file.exists():
        return None
    try:
        result: Result = json.loads(file.read_text())
        if not {"packages", "checks", "operations"} <= result.keys():
            raise ValueError("needs packages, checks and operations")
    except (AttributeError, ValueError) as error:
        raise WrongFileError(f"{file}: is no result of a client, so record it again: {error}") from error
    return result


def record(client: str, result: Result) -> None:
    """Write the result of a client."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    Path(RESULTS, f"{client}.json").write_text(text)


def differences(client: Client, before: Result | None, now: Result) -> Iterator[str]:
    """Yield how a result differs from the recorded one, a line for each difference.

    How often a client tried, and how long it waited, is compared where it has come to an end by itself.
    """
    yield from broken(now)
    if before is None:
        yield "there is no recorded result: add --record"
        return
    for key, name in (("checks", "check"), ("faults", "fault")):
        yield from _of_rows(name, _rows(before, key, name), _rows(now, key, name))
    was, is_now = set(before["operations"]), set(now["operations"])
    yield from (f"operation {name}: no longer called with success" for name in sorted(was - is_now))
    yield from (f"operation {name}: not recorded" for name in sorted(is_now - was))
    if dict(before["packages"]) != dict(client.packages):
        yield f"packages: recorded for {dict(before['packages'])}"


def broken(result: Result) -> Iterator[str]:
    """Yield the checks that may be in no record, a line for each."""
    for check in result["checks"]:
        if check["outcome"] not in OUTCOMES[:-1]:
            yield f"{check['check']}: {check['outcome']}: {check.get('note', '')}"


def _rows(result: Result, key: str, name: str) -> dict[str, str]:
    return {row[name]: _compared(row) for row in result.get(key, ())}


def _compared(row: Mapping[str, Any]) -> str:
    if "seen" not in row:
        return f"{row['outcome']} {row.get('note', '')}".strip()
    return str(row["seen"]) if _waits_for_ever(row) else f"{row['seen']}, {row['requests']} requests"


def _waits_for_ever(row: Mapping[str, Any]) -> bool:
    return str(row["seen"]) == FOR_EVER


def _of_rows(name: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for key in [*before, *(key for key in now if key not in before)]:
        was, is_now = before.get(key, "not recorded"), now.get(key, "missing")
        if was != is_now:
            yield f"{name} {key}: {is_now}; before: {was}"


def summary(result: Result) -> str:
    """Return a result in a few words."""
    counts = Counter(check["outcome"] for check in result["checks"])
    words = [f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome]]
    faults = f", {len(result['faults'])} faults" if result.get("faults") else ""
    return f"{', '.join(words)}, {len(result['operations'])} operations{faults}"


def clients_table() -> Iterator[str]:
    """Yield the lines of the table of clients: what was run, and how much of it came out how."""
    yield "| client | version | operations | works | rightly refused | fails | note |"
    yield "|---|---|---|---|---|---|---|"
    for name, client in all_clients().items():
        result = recorded(name)
        versions = ", ".join(f"`{package}` {version}" for package, version in client.packages.items())
        if result is None:
            yield f"| {client.title} | {versions} | not run | | | | {_cell(client.note)} |"
            continue
        counts = Counter(check["outcome"] for check in result["checks"])
        # What leads through a proxy of its own calls another mock.
        called = len(result["operations"]) or ""
        numbers = [called, *(counts[outcome] for outcome in OUTCOMES[:-1])]
        cells = [client.title, versions, *numbers, client.note]
        yield "| " + " | ".join(_cell(str(cell)) for cell in cells) + " |"


def checks_table(outcome: str, notes: str) -> Iterator[str]:
    """Yield the lines of the table of the checks with an outcome other than "works".

    Args:
        outcome: "refused" or "fails"
        notes: the heading of what the checks' notes say
    """
    yield f"| client | check | {notes} |"
    yield "|---|---|---|"
    for name, client in all_clients().items():
        for check in (recorded(name) or {"checks": ()})["checks"]:
            if check["outcome"] == outcome:
                yield f"| {client.title} | {_cell(check['check'])} | {_cell(check['note'])} |"


def faults_table(table: str) -> Iterator[str]:
    """Yield the lines of a table of what its clients make of each fault: "go", "java" with JavaScript, or "other"."""
    results = {
        client.title: recorded(name)
        for name, client in all_clients().items()
        if _TABLES_OF_SHELLS.get(client.env, "other") == table
    }
    columns = {
        title: {row["fault"]: row for row in result["faults"]}
        for title, result in results.items()
        if result is not None and result.get("faults")
    }
    yield f"| fault | {' | '.join(columns)} |"
    yield "|---|" + "---|" * len(columns)
    for fault in dict.fromkeys(fault for column in columns.values() for fault in column):
        cells = [seen(column[fault]) if fault in column else "" for column in columns.values()]
        yield f"| `{fault}` | {' | '.join(map(_cell, cells))} |"


def seen_of_kind(client: str, kind: str) -> str:
    """Return what a client makes of all faults of a kind, by their arguments, or an empty text where none was tried."""
    result = recorded(client)
    rows = [row for row in (result or {}).get("faults", ()) if row["kind"] == kind]
    by_text: dict[str, list[str]] = {}
    for row in rows:
        arguments = row["fault"].partition("(")[2].removesuffix(")")
        by_text.setdefault(seen(row), []).append(f"`{arguments}`")
    if len(by_text) == 1:
        return next(iter(by_text))
    return "; ".join(f"{', '.join(faults)}: {text}" for text, faults in by_text.items())


def seen(row: Mapping[str, Any]) -> str:
    """Return what a client made of a fault, and how often and how long it tried."""
    requests: int = row["requests"]
    waits: Sequence[float] = row["waits"]
    if requests < 2 or "job" in row["kind"]:
        return str(row["seen"])
    if max(waits) < 1:
        return f"{row['seen']}; {requests} requests, at once"
    after = ", ".join(f"{wait:.0f}" for wait in waits[:5]) + (", ..." if len(waits) > 5 else "")
    return f"{row['seen']}; {requests} requests, after {after} s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
