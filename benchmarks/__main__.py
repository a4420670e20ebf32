"""Prints what the mock costs: `python -m benchmarks` as one table, `python -m benchmarks NAME` some of its rows.

A NAME is a key of a row, or words of it. It can also be one of BENCHMARKS, which are measured for themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import flask

from benchmarks.calls import print_calls
from benchmarks.client import Client, side_by_side
from benchmarks.jobs import print_jobs
from benchmarks.judging import print_judging
from benchmarks.lists import print_lists
from benchmarks.proxies import print_proxies
from benchmarks.servers import compare
from benchmarks.store import print_store
from benchmarks.sweep import print_sweep
from benchmarks.table.command import add_options, print_table
from benchmarks.worlds import print_worlds
from ims_mock import ImsMock
from ims_mock.contract import schema_files
from ims_mock.web.server import Server


def operations() -> None:
    """Compare create, show and a page of 25 with static JSON of the same size, on the same server and framework.

    The servers run in a process of their own, so that the client does not share their interpreter.
    """
    print("operation, its time and that of static JSON of the same size (microseconds, median), ratio")
    for name in ("create", "show", "list of 25"):
        command = [sys.executable, "-m", "benchmarks", "serve", name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url, static_url, target = process.stdout.readline().split()
            method, body = ("POST", create_body()) if name == "create" else ("GET", b"")
            clients = Client(url, method, target, body), Client(static_url, method, target, body)
            ours, theirs = side_by_side(*clients)
            print(f"{name:12} {ours:8.0f} {theirs:8.0f} {ours / theirs:6.2f}")
            for client in clients:
                client.close()
            process.communicate()


def create_body() -> bytes:
    """Return the official page's example request."""
    operation = schema_files.read("operations/images/glance_create_image_metadata.json")
    return json.dumps(operation["requestBody"]["content"]["application/json"]["example"]).encode()


def serve(name: str) -> None:
    """Serve a mock with 25 images, and static JSON like its response to one operation, until the input ends."""
    with ImsMock() as mock:
        create = Client(mock.url, "POST", "/v2/images", create_body())
        image_id = [json.loads(create())["id"] for _ in range(25)][-1]
        create.close()
        target = f"/v2/images/{image_id}" if name == "show" else "/v2/images"
        method, body = ("POST", create_body()) if name == "create" else ("GET", b"")
        real = Client(mock.url, method, target, body)
        static = Server(static_app(real(), target, method), "127.0.0.1", 0, mock.refuse)
        real.close()
        static.start()
        print(mock.url, static.url, target, flush=True)
        sys.stdin.read()
        static.stop()


def static_app(response: bytes, target: str, method: str) -> flask.Flask:
    """Return a Flask application that returns the same bytes for everything."""
    app = flask.Flask("static", static_folder=None)

    @app.route(target, methods=[method])
    def static() -> flask.Response:
        return flask.Response(response, mimetype="application/json")

    return app


def pages() -> None:
    """Compare pages of 25 among 100,000 images with those among 1,000: of their own project, and of others."""
    print("page, its time among 100 000 images and among 1 000 (microseconds, median), ratio")
    with ImsMock() as many, ImsMock() as few:
        for mock, count in ((many, 100_000), (few, 1_000)):
            for number in range(count):
                mock.add_image(name=f"image-{number}", owner="other" if number < 25 else mock.project_id)
        for name, query, project in (
            ("first", "", many.project_id),
            ("middle", "?marker={}", many.project_id),
            ("oldest first", "?sort_dir=asc&marker={}", many.project_id),
            ("of another", "", "other"),
            ("of nobody", "", "nobody"),
        ):
            clients = []
            for mock in (many, few):
                ids = list(mock.images)
                target = "/v2/images" + query.format(ids[len(ids) // 2])
                clients.append(Client(mock.url, "GET", target, project=project))
            ours, theirs = side_by_side(*clients, count=50)
            print(f"{name:12} {ours:8.0f} {theirs:8.0f} {ours / theirs:6.2f}")
            for client in clients:
                client.close()


def start_up() -> None:
    """Compare pytest runs of one empty test with the plugin and without; no other plugin is loaded."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing(): pass\n")

        def run(*arguments: str) -> object:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
            environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
            return subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True)

        ours, theirs = side_by_side(lambda: run("-p", "ims_mock.pytest_plugin"), run, rounds=15, count=1)
    print(f"pytest with the plugin {ours / 1000:.0f} ms, without {theirs / 1000:.0f} ms, ratio {ours / theirs:.3f}")


BENCHMARKS = {
    "operations": operations,
    "start_up": start_up,
    "pages": pages,
    "lists": print_lists,
    "jobs": print_jobs,
    "calls": lambda: print_calls(create_body()),
    "judging": print_judging,
    "proxies": print_proxies,
    "sweep": print_sweep,
    "servers": compare,
    "worlds": print_worlds,
    "store": print_store,
}
"""What can be measured beside the table, by name."""


def main(arguments: Sequence[str]) -> None:
    """Measure what is named, or all rows of the table; exit with an error for a name that is not there."""
    if arguments[:1] == ["serve"]:
        serve(arguments[1])
        return
    parser = argparse.ArgumentParser("python -m benchmarks", description="Print what the mock costs, as ratios.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"words or the key of rows, or one of {', '.join(BENCHMARKS)}"
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    rows = [name for name in options.names if name not in BENCHMARKS]
    if rows or not options.names:
        print_table(rows, options)
    for name in options.names:
        if name in BENCHMARKS:
            BENCHMARKS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
