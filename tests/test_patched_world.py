"""The mock in a process that a test has patched: files, `open`, imports, time, threads, forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
        for name in ("open", "stat", "unlink", "remove", "listdir", "scandir"):
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
    ims_mock.images["q"] = {"id": "q", "owner": ims_mock.project_id}
    logger.addHandler(broken)
    try:
        assert ask(ims_mock, "GET", "/v2/images/q")[0] == 500
    finally:
        logger.removeHandler(broken)
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
import os, threading
from ims_mock import ImsMock
mock = ImsMock().start()
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
    mock.add_image(name="a")
    os._exit(len(list(mock.images)) + len(list(mock.journal)) * 10)
done.set()
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
mock.stop()
"""


@pytest.mark.parametrize(
    ("code", "printed"), [(GEVENT, "b'{\"images\"'\nstopped"), (FORK, "1")], ids=["gevent", "fork"]
)
def test_process_ends_quietly(tmp_path: Path, code: str, printed: str) -> None:
    """Under gevent a stop prints no traceback, and a forked child waits for no lock of its parent."""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr, done.returncode) == (printed, "", 0)
