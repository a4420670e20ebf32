"""The command that measures: what it prints, and that its load generator reads every response to its end."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import __main__
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.table import command, load
from benchmarks.table.command import ROWS, chosen
from benchmarks.table.figures import Figure, Row, at_least, in_markdown, in_text, written
from benchmarks.table.processes import plan, request
from benchmarks.table.searching import FILTERS
from benchmarks.table.starting import until_create
from benchmarks.table.worker import Worker
from tests.conftest import ROOT

RATIO = Row("load", "load of a file", 0.5)


def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is not there is an error that lists what there is, and nothing is measured."""
    monkeypatch.setattr(__main__, "BENCHMARKS", dict.fromkeys(BENCHMARKS, pytest.fail))
    with pytest.raises(SystemExit, match=r"there is no row or benchmark 'nosuch'; name .* rows: 8-create-prism, .*"):
        main(["lists", "nosuch"])


def test_against_no_checkout(tmp_path: Path) -> None:
    """A folder that is no checkout is an error before anything is measured."""
    with pytest.raises(SystemExit, match=r"--against: .* has no folder ims_mock; give a checkout"):
        main(["load", "--against", str(tmp_path)])


def test_benchmark_beside_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The name of a benchmark that is not in the table measures that alone."""
    measured: list[str] = []
    monkeypatch.setitem(BENCHMARKS, "calls", lambda: measured.append("calls"))
    main(["calls"])
    assert (measured, capsys.readouterr().out) == (["calls"], "")


def test_keys_are_unique() -> None:
    """Each row has a key and a text of its own, and none has the name of another benchmark."""
    keys = [row.key for row in ROWS]
    assert len(set(keys)) == len({row.label for row in ROWS}) == len(ROWS)
    assert not set(keys) & set(BENCHMARKS)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["load"], ["load"]),
        (["8-against-1", "SNAPSHOT of"], ["8-against-1-create", "8-against-1-show", "snapshot"]),
        (["8 connections, page"], ["8-page-prism", "8-page-mountebank", "8-page-pytest-httpserver"]),
        ([], [row.key for row in ROWS]),
    ],
)
def test_selection(names: list[str], keys: list[str]) -> None:
    """A key selects its row, other words those that have them, and no name selects all rows."""
    assert [row.key for row in chosen(names)][: len(keys)] == keys


def test_a_key_selects_no_other_row() -> None:
    """A name that is a key does not select rows that have it in their text."""
    assert [row.key for row in chosen(["reset"])] == ["reset"]


@pytest.mark.parametrize(
    ("row", "values", "verdict"),
    [
        (RATIO, [0.4, 0.5, 9.0], "ok"),
        (RATIO, [0.1, 0.51, 0.6], "missed"),
        (at_least("show", "show", 1.2), [1.1, 1.2, 1.3], "ok"),
        (at_least("show", "show", 1.2), [1.1, 1.19, 9.0], "missed"),
    ],
)
def test_verdict(row: Row, values: list[float], verdict: str) -> None:
    """The median of the rounds is on the target's side, or not."""
    assert Figure(row, values).verdict == verdict


def test_line() -> None:
    """A line has the median and the spread of the rounds, the other build's median, and the target."""
    figure = Figure(Row("bytes", "bytes|image", 1300, unit="bytes"), [2000, 900, 1000], [2074.4], "a note")
    cells = ["bytes|image", "bytes", "1,000 bytes", "900 - 2,000", "2,074", "<= 1300", "ok", "a note"]
    assert figure.cells() == cells
    assert in_text(cells).split() == " ".join(cells).split()
    assert in_markdown(cells).startswith(r"| bytes\|image | bytes | 1,000 bytes |")


def test_today_is_one() -> None:
    """A row that divides by the other build has 1 for that, and without the other build nothing is known of it."""
    assert Figure(Row("cpu", "cpu", 0.5, against_today=True), [0.4]).cells()[4] == "1"
    assert Figure(RATIO, [0.4]).cells()[4] == "-"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (-0.5, "-0.500"), (12345.6, "12,346")],
)
def test_number(value: float, text: str) -> None:
    """A number has the digits that count."""
    assert written(value) == text


@contextmanager
def responding(responses: Sequence[bytes], *, closes: bool = False) -> Iterator[int]:
    """Serve each request with the next of the responses, again and again, and yield the port."""

    def serve() -> None:
        number = 0
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while connection.recv(65536):
                    for part in responses[number % len(responses)].split(b"PAUSE"):
                        connection.sendall(part)
                    number += 1
                    if closes:
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


OK = b"HTTP/1.1 200 OK\r\n"
FRAMED = {
    "content-length": b"Content-Length: 4\r\n\r\nabPAUSEcd",
    "no body": b"Content-Length: 0\r\n\r\n",
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n4\r\nabPAUSEcd\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("kind", FRAMED)
def test_kept_connection(kind: str) -> None:
    """Responses are read to their end, whatever frames them, on one connection."""
    with responding([OK + FRAMED[kind]]) as port:
        result = load.run(plan(port, [request("GET", "/")], 1, 0, at_least=3))
    assert result["count"] == 3


@pytest.mark.parametrize(
    "response",
    [
        OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nab",
        OK + b"Connection: close\r\n\r\nab",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
    ],
)
def test_closed_connection(response: bytes) -> None:
    """Where the server does not keep the connection, each request has one of its own."""
    with responding([response], closes=True) as port:
        result = load.run(plan(port, [request("GET", "/")], 1, 0, at_least=3))
    assert result["count"] == 3


def test_medians_by_request() -> None:
    """Requests are sent in turns, and each has a median of its own, if it was sent."""
    with responding([OK + FRAMED["no body"], b"HTTP/1.1 204 No Content\r\n\r\n"]) as port:
        requests = [request("GET", "/a"), request("GET", "/b"), request("GET", "/c")]
        result = load.run(plan(port, requests, 1, 0, at_least=2))
    first, second, third = result["medians"]
    assert first > 0
    assert second > 0
    assert third is None


def test_refused_request() -> None:
    """A response that is no success ends the measurement, and is shown."""
    refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nname"
    with responding([refused]) as port, pytest.raises(ValueError, match=r"responded b'HTTP/1.1 400 .*name'"):
        load.run(plan(port, [request("GET", "/")], 1, 0))


def test_connection_that_ends_early() -> None:
    """A server that closes the connection before a response ends the measurement."""
    with responding([b""], closes=True) as port, pytest.raises(ValueError, match="the server closed the connection"):
        load.run(plan(port, [request("GET", "/")], 1, 0))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read where Linux has it")
def test_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of each kind are measured of both builds, beside the peers that are installed; the others are named."""
    (tmp_path / "python/pytest_httpserver-1.2.0.dist-info").mkdir(parents=True)
    keys = ["8-page-pytest-httpserver", "cpu-page", "filter-name", "show-beside", "upload-memory"]
    options = ["--quick", "--markdown", "--against", str(ROOT), "--peers", str(tmp_path)]
    main([*keys, "8-page-prism", *options])
    about, table, after = capsys.readouterr().out.split("\n\n")
    assert "peers: pytest-httpserver 1.2.0" in about
    head, _, *rows = [line.strip("| ").split(" | ") for line in table.splitlines()]
    assert [row[head.index("key")] for row in rows] == keys
    assert "-" not in [row[head.index("today")] for row in rows]
    assert "left out: 8-page-prism\n" in after
    assert f"not installed in {tmp_path}: prism, mountebank, json-server, wiremock, werkzeug;" in after


def test_start_of_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started is the build that is named, also where the command runs in a checkout of another one."""
    monkeypatch.chdir(ROOT)
    (tmp_path / "ims_mock").mkdir()
    with responding([OK + FRAMED["no body"]]) as port:
        (tmp_path / "ims_mock/__main__.py").write_text(f"print('http://127.0.0.1:{port}', flush=True)\ninput()")
        assert until_create([sys.executable, "-m", "ims_mock", "--other-build"], [tmp_path]) > 0


def test_worker() -> None:
    """What is done to a mock in its process brings it back to what it was, or empties it."""
    worker = Worker()
    try:
        worker.fill(10)
        worker.snapshot()
        images = dict(worker.mock.images)
        for after_reset in (False, True):
            worker.restore(after_reset=after_reset)
            assert dict(worker.mock.images) == images
        worker.save()
        worker.load()
        assert dict(worker.mock.images) == images
        worker.add(5)
        assert len(worker.mock.images) == len(images) + 5
        assert worker.renew(3) in worker.mock.images
        assert len(worker.mock.images) == 3
        worker.clear()
        assert not worker.mock.images
    finally:
        worker.mock.stop()


def test_one_image_passes_each_filter() -> None:
    """Of the images that are filtered, one alone passes each filter."""
    worker = Worker()
    try:
        worker.fill(100)
        client = worker.mock.app.test_client()
        for query in FILTERS.values():
            assert len(client.get(f"/v2/images?{query}", headers={"X-Auth-Token": "t"}).get_json()["images"]) == 1
    finally:
        worker.mock.stop()


def test_failure_is_a_note(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be measured is said at the end, and the command ends well."""

    def fail(*_: object) -> Iterator[Figure]:
        raise RuntimeError("the server does not start")

    monkeypatch.setattr(command, "MEASURED", dict.fromkeys(command.MEASURED, fail))
    main(["upload", "load", "--no-peers"])
    said = capsys.readouterr().out
    assert "could not be measured: load of a state file" in said
    assert "the server does not start" in said
    assert "left out: load, upload" in said
