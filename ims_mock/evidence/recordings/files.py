"""Recordings as files: which format one has, known by its content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ims_mock.contract.recorded import RecordedExchange
from ims_mock.evidence.recordings import (
    betamax,
    companions,
    har,
    hidden,
    journal,
    mountebank,
    newman,
    pact,
    responses,
    vcr,
    wiremock,
)
from ims_mock.evidence.recordings.companions import ReadFile
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.yaml_text import read_yaml


class Format(NamedTuple):
    """A format: its name, whether a document is one of it, and what yields the exchanges of one.

    `attach` puts the files into a document that it refers to.
    """

    name: str
    is_one: Callable[[Any], bool]
    read: Callable[[Any], Iterator[RecordedExchange]]
    attach: Callable[[Any, ReadFile], None] | None = None


FORMATS = [
    # Before VCR, whose cassettes have interactions too.
    Format("Pact file", pact.is_one, pact.read),
    Format("VCR cassette", vcr.is_one, vcr.read),
    Format("betamax cassette or VCR report of Schemathesis", betamax.is_one, betamax.read),
    Format("recording of responses", responses.is_one, responses.read),
    Format("HTTP archive (HAR, also in a .zip)", har.is_one, har.read, har.attach),
    Format("journal or log of ims_mock", journal.is_one, journal.read),
    Format("stub mappings of WireMock, also a folder", wiremock.is_one, wiremock.read, wiremock.attach),
    Format("imposters of mountebank", mountebank.is_one, mountebank.read),
    Format("JSON report of newman", newman.is_one, newman.read),
]
"""Every format that is read, in the order in which they are tried."""


_MAPPINGS, _FILES = "mappings", "__files"
"""The folders of WireMock."""

_TOO_LONG = "has a number of too many digits"


def read_recording(path: Path) -> Iterator[RecordedExchange]:
    """Yield the exchanges of a recording in the order in which it has them.

    A folder is one of WireMock, with its mappings. Raises RecordingError, with the entry, for what cannot be read, and
    OSError for a file that cannot be opened.
    """
    if (path / _MAPPINGS).is_dir() or (path.is_dir() and path.name == _MAPPINGS):
        yield from _mappings(path if path.name == _MAPPINGS else path / _MAPPINGS)
        return
    # The bodies of a mapping stand in a folder beside that of the mappings.
    data, read_file = path.read_bytes(), companions.beside(path.parent, path.parent.parent / _FILES)
    if companions.is_packed(data):
        data, read_file = companions.unpacked(data)
    yield from _exchanges(_document(data), read_file)


def _mappings(folder: Path) -> Iterator[RecordedExchange]:
    """Yield the exchanges of all files in WireMock's folder, each entry with the name of its file."""
    documents = {}
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        with _named(name):
            documents[name] = _document(path.read_bytes())
    for name, document in sorted(documents.items(), key=lambda item: wiremock.place_of(item[1])):
        with _named(name):
            for exchange in _exchanges(document, companions.beside(folder.parent / _FILES)):
                yield replace(exchange, entry=f"{name}: {exchange.entry}")


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Add the name of a file to the entry of an error."""
    try:
        yield
    except RecordingError as error:
        raise RecordingError(f"{name}: {error.entry}" if error.entry else name, error.text) from None


def _exchanges(document: Any, read_file: ReadFile) -> Iterator[RecordedExchange]:
    for kind in FORMATS:
        if kind.is_one(document):
            try:
                if kind.attach:
                    kind.attach(document, read_file)
                yield from map(hidden.without_hidden, kind.read(document))
            except RecursionError:
                raise RecordingError("", "is nested too deep to be read") from None
            return
    known = "; ".join(kind.name for kind in FORMATS)
    raise RecordingError("", f"is not a recording that can be read; the formats are: {known}")


def _document(data: bytes) -> Any:
    """Return the value of a file of JSON, of a JSON text in each line, or of YAML."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordingError("", f"is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}") from None
    if not text.strip():
        raise RecordingError("", "is empty")
    try:
        if text.lstrip()[0] not in "{[":
            return read_yaml(text)
        return _json(text)
    except RecursionError:
        raise RecordingError("", "is nested too deep to be read") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip().startswith("{"):
            return list(_lines(text))
        raise RecordingError("", f"is not JSON: {error.msg}, at line {error.lineno} column {error.colno}") from None
    except ValueError:
        raise RecordingError("", _TOO_LONG) from None


def _lines(text: str) -> Iterator[Any]:
    # Text in JSON may have characters that end a line elsewhere, such as U+2028.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise RecordingError(f"line {number}", f"is not JSON: {error.msg}, at column {error.colno}") from None
            except ValueError:
                raise RecordingError(f"line {number}", _TOO_LONG) from None
