"""What the process writes, where nobody reads it, or where nothing can be written."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.command import output
from ims_mock.command.output import Output
from ims_mock.command.standalone import _serve, request_log

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")


class Pipe:
    """A pipe that is full until somebody reads it."""

    def __init__(self) -> None:
        reader, self.descriptor = os.pipe()
        self.reader, self.writer = os.fdopen(reader, "rb", buffering=0), os.fdopen(self.descriptor, "w")
        os.set_blocking(self.descriptor, False)
        self.filled = 0
        for size in (4096, 1):
            try:
                while True:
                    self.filled += os.write(self.descriptor, b"x" * size)
            except BlockingIOError:
                pass
        os.set_blocking(self.descriptor, True)

    def empty(self) -> None:
        """Read what has filled it."""
        while self.filled:
            self.filled -= len(self.reader.read(self.filled))

    def lines(self, count: int) -> list[str]:
        """Read so many lines."""
        return [self.reader.readline().decode().rstrip("\n") for _ in range(count)]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe that nobody reads; at the end, no thread writes any more, to it or elsewhere."""
    made = Pipe()
    yield made
    made.reader.close()
    for thread in threading.enumerate():
        if thread.name == "ims_mock output":
            thread.join(timeout=10)
            assert not thread.is_alive(), "an output that was never closed"
    made.writer.close()


def dropped(count: int) -> str:
    """Return the line that stands for lines that are dropped."""
    return f"{count} dropped"


def test_lines_are_written_in_their_order(pipe: Pipe) -> None:
    """What is written arrives, line by line."""
    pipe.empty()
    written = Output(pipe.writer, dropped)
    for line in ("one", "tw\udc00", "three"):
        written.write(line)
    written.close()
    assert pipe.lines(3) == ["one", r"tw\udc00", "three"]


def test_lines_wait_for_a_reader_that_is_late(pipe: Pipe) -> None:
    """Lines that find space are written as soon as somebody reads."""
    written = Output(pipe.writer, dropped)
    written.write("one")
    written.write("two")
    pipe.empty()
    assert pipe.lines(2) == ["one", "two"]
    written.close()


def test_lines_without_space_are_dropped_and_counted(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says how many are missing, in their place, once half of the space is free again."""
    monkeypatch.setattr(output, "MAX_WAITING", 40)
    written = Output(pipe.writer, dropped)
    for number in range(30):
        written.write(f"line {number:03}")
    pipe.empty()
    first = pipe.lines(1)[0]
    lines = [first]
    while "dropped" not in lines[-1]:
        lines += pipe.lines(1)
    kept = len(lines) - 1
    assert lines == [*(f"line {number:03}" for number in range(kept)), f"{30 - kept} dropped"]
    assert kept in (5, 6)  # The thread may already have taken the first.
    written.write("after")
    assert pipe.lines(1) == ["after"]
    written.close()


def test_note_is_in_the_place_of_what_is_missing(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that find space again come after the note."""
    monkeypatch.setattr(output, "MAX_WAITING", 10)
    written = Output(pipe.writer, dropped)
    written.write("x" * 11)
    written.write("after")
    pipe.empty()
    assert pipe.lines(2) == ["1 dropped", "after"]
    written.close()


def test_closing_does_not_wait_for_a_reader(pipe: Pipe) -> None:
    """It ends though nobody reads."""
    written = Output(pipe.writer, dropped)
    written.write("one")
    written.close()


@needs_full
def test_stream_that_is_full_is_reported() -> None:
    """The error of a stream that takes nothing is passed on, and later lines are tried all the same."""
    errors: list[OSError] = []
    with FULL.open("w") as full:
        written = Output(full, dropped, errors.append)
        written.write("one")
        written.write("two")
        written.close()
    assert {error.strerror for error in errors} == {"No space left on device"}
    assert len(errors) >= 2  # The note of the first one can come before the second.


def test_stream_of_another_process_that_does_not_wait(pipe: Pipe) -> None:
    """A descriptor that a process beside has made non-blocking is waited for all the same."""
    os.set_blocking(pipe.descriptor, False)
    written = Output(pipe.writer, dropped)
    written.write("one")
    pipe.empty()
    assert pipe.lines(1) == ["one"]
    written.close()


def test_no_stream() -> None:
    """A process without stderr logs nothing."""
    written = Output(None, dropped)
    written.write("one")
    written.close()


@pytest.mark.parametrize("form", ["text", "json"])
def test_note_has_the_form_of_the_log(pipe: Pipe, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """The line that stands for dropped ones is a line of the log: text, or a JSON object."""
    monkeypatch.setattr(output, "MAX_WAITING", 10)
    monkeypatch.setattr(sys, "stderr", pipe.writer)
    text = "ims-mock: 1 lines of the log were dropped, as stderr took none"
    with request_log(form, quiet=False) as log:
        log.write("x" * 11)
        log.write("after")
        pipe.empty()
        line = pipe.lines(1)[0]
    assert line == text if form == "text" else json.loads(line) == {"level": "warning", "message": text}


def running(**streams: Any) -> subprocess.Popen[str]:
    """Return a process that serves on a free port, with such streams."""
    return subprocess.Popen([sys.executable, "-m", "ims_mock", "--port", "0"], text=True, **streams)


def test_log_that_nobody_reads_holds_up_nothing(pipe: Pipe) -> None:
    """With a full stderr, requests get their responses, and SIGTERM ends the process with 0."""
    with running(stdout=subprocess.PIPE, stderr=pipe.writer) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for _ in range(3):
            assert requests.get(f"{url}/_ims_mock/health", timeout=10).status_code == 200
        process.terminate()
        assert process.wait(timeout=10) == 0


@needs_full
def test_log_and_stdout_that_are_full_hold_up_nothing() -> None:
    """The URL is in the log where stdout does not take it, and the mock serves."""
    with FULL.open("w") as full, running(stdout=full, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        match = re.fullmatch(
            "ims-mock: cannot write to stdout: No space left on device; the mock is at (http://.*)\n",
            process.stderr.readline(),
        )
        assert match
        assert requests.get(f"{match[1]}/_ims_mock/health", timeout=10).status_code == 200
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_stdout_that_nobody_reads_holds_up_nothing(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the URL nor the policy at the end waits for a reader."""
    monkeypatch.setattr(sys, "stdout", pipe.writer)
    mock = ImsMock()
    statuses: list[int] = []

    def send(_seconds: float | None) -> bool:
        statuses.append(requests.get(f"{mock.url}/_ims_mock/health", timeout=10).status_code)
        return True

    _serve(mock, argparse.Namespace(policy=True, quiet=True, save=False, url_file=None), Output(None), send)
    assert statuses == [200]


def test_logging_ends_with_the_command() -> None:
    """A program that calls the command has its log as before at the end."""
    logger = logging.getLogger("ims_mock")
    before = logger.level, list(logger.handlers)
    with request_log("text", quiet=False):
        assert logger.level == logging.INFO
    assert (logger.level, logger.handlers) == before
