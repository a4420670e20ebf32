"""The mock in a process that a test has patched: files, `open`, imports, time, threads, forks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from ims_mock.contract.operations import load_contract, load_control
from tests.examples import example_of

pytestmark = pytest.mark.slow

SERIES = """
import http.client, json
from urllib.parse import urlsplit

def ask(mock, method, path, body=None, media_type="application/json"):
    connection = http.client.HTTPConnection(urlsplit(mock.url).netloc, timeout=20)
    connection.request(method, path, body, {"X-Auth-Token": "t", "Content-Type": media_type})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content

def series(mock):
    seen = [ask(mock, "POST", "/v2/images", b'{"min_disk": 39}')[0]]
    status, content = ask(mock, "POST", "/v2/images", b'{"name": "x"}')
    path = json.loads(content)["self"]
    seen += [status, ask(mock, "PUT", path + "/file", b"x" * 3_000_000, "application/octet-stream")[0]]
    seen += [len(ask(mock, "GET", path + "/file")[1])]
    for method, target, body in (
        ("GET", "/nothing/at/all", None), ("GET", "/_ims_mock/openapi.json", None), ("GET", "/_ims_mock/state", None),
        ("GET", "/_ims_mock/nothing", None), ("GET", "/v2/schemas/image", None), ("POST", path + "/nothing", b"{}"),
        ("POST", path.replace("/v2/", "/v1/cloud") + "/copy", b'{"name": "copy"}'),
        ("POST", "/v3/auth/tokens", b"{}"), ("POST", "/_ims_mock/faults", b'"503 x1"'), ("GET", "/v2/images", None),
        ("POST", "/_ims_mock/reset", b'{"public_images": true}'), ("DELETE", path, None),
    ):
        seen.append(ask(mock, method, target, body)[0])
    return seen

SEEN = [400, 201, 204, 3_000_000, 404, 200, 200, 404, 200, 404, 200, 400, 201, 503, 204, 404]
"""

TESTS = {
    "pyfakefs": """
def test_it(ims_mock, fs):
    assert series(ims_mock) == SEEN
""",
    "open": """
import builtins, io
def test_it(ims_mock, monkeypatch):
    def refuse(*_, **__): raise PermissionError("patched")
    with monkeypatch.context() as patch:
        for owner in (builtins, io):
            patch.setattr(owner, "open", refuse)
        seen = series(ims_mock)
    assert seen == SEEN
""",
    "os": """
import os, tempfile
def test_it(ims_mock, monkeypatch):
    def refuse(*_, **__): raise PermissionError("patched")
    with monkeypatch.context() as patch:
        for name in ("open", "stat", "unlink", "remove", "listdir", "scandir", "mkdir", "getcwd"):
            patch.setattr(os, name, refuse)
        patch.setattr(tempfile, "mkstemp", refuse)
        seen = series(ims_mock)
    assert seen == SEEN
""",
    "imports": """
import builtins, sys
def test_it(ims_mock, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [])
        patch.setattr(sys, "meta_path", [])
        seen = series(ims_mock)
    assert seen == SEEN
""",
    "datetime and hashlib": """
import datetime, hashlib
def test_it(ims_mock, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(datetime, "datetime", None)
        patch.setattr(hashlib, "sha256", None)
        seen = series(ims_mock)
    assert seen == SEEN
""",
    "freezegun": """
import freezegun
def test_it(ims_mock):
    with freezegun.freeze_time("2012-01-14"):
        assert series(ims_mock) == SEEN
        ims_mock.faults.add("delay(0.01, real_time=true)")
        assert ask(ims_mock, "GET", "/v2/images")[0] == 200
""",
    "logging": """
import logging
class Broken(logging.Handler):
    def emit(self, record): raise OSError("no log")
def test_it(ims_mock):
    broken = Broken()
    logger = logging.getLogger("ims_mock")
    logger.addHandler(broken)
    logger.setLevel(logging.INFO)
    try:
        assert series(ims_mock) == SEEN
        ims_mock.images["q"] = {"id": "q", "owner": ims_mock.project_id}
        assert ask(ims_mock, "GET", "/v2/images/q")[0] == 500
    finally:
        logger.removeHandler(broken)
        logger.setLevel(logging.NOTSET)
""",
}


@pytest.mark.parametrize("what", TESTS)
def test_requests_are_served_in_a_patched_world(pytester: pytest.Pytester, what: str) -> None:
    """Whatever a test has put in the place of files, imports or time, each request has its usual response."""
    pytester.makepyfile(SERIES + TESTS[what])
    plugins = ["-p", "ims_mock.pytest_plugin", *(["-p", "pyfakefs.pytest_plugin"] if what == "pyfakefs" else [])]
    result = pytester.runpytest_subprocess("--disable-plugin-autoload", *plugins, timeout=60)
    result.assert_outcomes(passed=1)


GEVENT = """
from gevent import monkey
monkey.patch_all()
import http.client
from ims_mock import ImsMock
mock = ImsMock().start()
idle = http.client.HTTPConnection(mock.url.removeprefix("http://"))
idle.request("GET", "/v2/images", headers={"X-Auth-Token": "t"})
print(idle.getresponse().read()[:9])
mock.stop()
print("stopped")
"""

FORK = """
import http.client, os, threading
from ims_mock import ImsMock
def ask(mock, connection=None):
    connection = connection or http.client.HTTPConnection(mock.url.removeprefix("http://"))
    connection.request("GET", "/v2/images", headers={"X-Auth-Token": "t"})
    response = connection.getresponse()
    response.read()
    return response.status
mock = ImsMock().start()
kept = http.client.HTTPConnection(mock.url.removeprefix("http://"))
ask(mock, kept)
held, done = threading.Event(), threading.Event()
def hold():
    with mock.service.store.lock, mock.service.journal._lock, mock.service.permissions._lock:
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if not child:
    mock.reset()
    mock.add_image(name="a")
    mock.stop()
    with ImsMock() as other:
        status = ask(other)
    os._exit(len(list(mock.images)) + len(list(mock.journal)) * 10 + (100 if status == 200 else 0))
done.set()
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(ask(mock, kept))
mock.stop()
"""


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        (GEVENT, "b'{\"images\"'\nstopped"),
        (FORK, "101\n200"),
        ("from gevent import monkey\nmonkey.patch_all()\n" + FORK, "101\n200"),
    ],
    ids=["gevent", "fork", "gevent-fork"],
)
def test_process_ends_quietly(tmp_path: Path, code: str, printed: str) -> None:
    """Under gevent a stop prints no traceback; a forked child can stop, and waits for no lock or thread of its parent.

    The parent keeps its connections.
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr, done.returncode) == (printed, "", 0)


AUDITED = """
import http.client, json, sys, threading
from ims_mock.mock import ImsMock

mock = ImsMock().start()
main = threading.current_thread()

def ask(method, path, body, headers):
    connection = http.client.HTTPConnection(mock.url.removeprefix("http://"), timeout=20)
    connection.request(method, path, bytes(body), headers)
    connection.getresponse().read()
    connection.close()

def note(event, arguments):
    if event in ("import", "open", "os.listdir", "os.scandir") and threading.current_thread() is not main:
        seen.append(f"{event} {arguments[0]}")

seen = []
sys.addaudithook(note)
for request in json.load(sys.stdin):
    ask(*request)
print(sorted(set(seen)))
mock.stop()
"""
"""Prints what the threads of the server have imported or opened during requests."""


def test_no_request_imports_or_opens_anything(tmp_path: Path) -> None:
    """The examples of all operations, in each encoding of JSON, with wrong bodies and a signature: all is there."""
    signed = {
        "Authorization": f"SDK-HMAC-SHA256 Access=demo-ak, SignedHeaders=host;x-sdk-date, Signature={'0' * 64}",
        "X-Sdk-Date": "20160602T074948Z",
    }
    requests: list[tuple[str, str, list[int], dict[str, str]]] = []
    for contract in (load_contract(), load_control()):
        for operation in contract.operations.values():
            method, path, body = example_of(operation, contract)
            path = quote(path, safe="/?=&")
            requests.append((method, path, [], signed))
            encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le")
            for encoding in encodings if body is not None else ["utf-8"]:
                sent = list(json.dumps(body).encode(encoding))
                requests.append((method, path, sent, {"X-Auth-Token": "t", "Content-Type": "application/json"}))
            requests.append((method, f"{path}?limit=x&name=%ff&created_at=gt:2016", list(b"{"), {"X-Auth-Token": "t"}))
    done = subprocess.run(
        [sys.executable, "-c", AUDITED], input=json.dumps(requests), cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
