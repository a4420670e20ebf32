"""`ims-mock contract diff A B`: how one conversation differs from the same one with somebody else."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ims_mock.command.arguments import print_error, print_note
from ims_mock.command.contract_output import Judged, junit
from ims_mock.contract import Finding
from ims_mock.contract.wording import nearest, shown
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.mock import ImsMock
from ims_mock.service.settings import SETTINGS, read_lines
from ims_mock.testing.drift import RULES, Compared, Credentials, Drift, UrlTarget, compare, new_ids

SAME, DIFFERS, WRONG_USE, UNREADABLE = range(4)
"""The exit statuses."""

INTERRUPTED = 130
"""What a shell has for a process that Ctrl-C has ended."""


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Compare, and print what was found; return 0 for the same, 1 for a difference, 3 for what cannot be read."""
    if options.list_rules:
        print("\n".join(f"{name}: {text}" for name, text in RULES.items()))
        return SAME
    if not (hasattr(options, "first") and hasattr(options, "second")):
        parser.error("needs A, a recording or a URL, and B, the word mock, a URL or a recording")
    try:
        same = dict(pair.split("=", 1) for pair in options.same)
        ids = new_ids(options.strict_rule, same, options.patience)
        sides = _first(options), _second(options)
    except ValueError as error:
        parser.error(str(error))
    drift = Drift()
    try:
        compare(*sides, requests=options.requests, ids=ids, report=drift)
    except (OSError, RecordingError, KeyboardInterrupt) as error:
        is_interrupted = isinstance(error, KeyboardInterrupt)
        for note in drift.notes:
            print_note(parser, note)
        if is_interrupted:
            print_note(parser, "interrupted")
            return INTERRUPTED
        print_error(parser, _words(error))
        return UNREADABLE
    drift = drift.allowing(options.allow)
    for line in FORMATS[options.diff_format](drift, options.all):
        print(line)
    if drift.is_empty:
        print_error(parser, "nothing was compared")
        return WRONG_USE
    return DIFFERS if drift.differing else SAME


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _first(options: argparse.Namespace) -> Path | UrlTarget:
    if options.first == "mock":
        raise ValueError("A is a recording or a URL, and B may be the mock: turn them around")
    if not _is_url(options.first):
        if options.requests:
            raise ValueError("--requests is for a URL as A: the requests of a recording are its own")
        return Path(options.first)
    return UrlTarget(options.first, Credentials.of_environment(os.environ, "_A"), writes=options.writes)


def _second(options: argparse.Namespace) -> Path | UrlTarget | ImsMock:
    if options.setting and options.second != "mock":
        raise ValueError("--setting is for the mock as B")
    if options.second == "mock":
        return ImsMock(**_settings(options.setting))
    if not _is_url(options.second):
        return Path(options.second)
    services = dict(pair.split("=", 1) for pair in options.endpoint)
    credentials = Credentials.of_environment(os.environ)
    return UrlTarget(options.second, credentials, services=services, writes=options.writes)


def _settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Return the settings that texts such as "auth=strict" are; raise ValueError for one that cannot be."""
    given: dict[str, Any] = {}
    for name, _, text in (pair.partition("=") for pair in pairs):
        if name not in SETTINGS:
            known = list(SETTINGS)
            raise ValueError(
                f"--setting: {shown(name)} is not a setting; the settings are {', '.join(known)}{nearest(name, known)}"
            )
        if SETTINGS[name]["type"] == "array":
            given.setdefault(name, []).append(text)
        else:
            given[name] = text
    return read_lines(given)


def _as_text(drift: Drift, shows_all: bool) -> Iterator[str]:
    return drift.lines(shows_all=shows_all)


def _as_json(drift: Drift, _shows_all: bool) -> Iterator[str]:
    yield json.dumps(drift.as_json(), indent=2, default=str)


def _as_junit(drift: Drift, _shows_all: bool) -> Iterator[str]:
    return junit([_judged(drift, exchange) for exchange in drift.exchanges])


def _judged(drift: Drift, exchange: Compared) -> Judged:
    findings = [
        Finding(
            id=difference.id,
            severity="break",
            operation=exchange.operation,
            side="request" if difference.part == "request" else "response",
            pointer=difference.pointer,
            rule=difference.rule,
            got=difference.second,
            message=str(difference),
            entry=exchange.entry,
        )
        for difference in exchange.differences
    ]
    return Judged(drift.first, exchange.entry, exchange.request, exchange.operation, findings)


FORMATS = {"text": _as_text, "json": _as_json, "junit": _as_junit}
"""What prints a comparison, by the name of the format."""
