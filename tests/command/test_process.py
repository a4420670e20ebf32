"""`python -m ims_mock` as a process: what it prints and logs, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from ims_mock import __version__
from ims_mock.command.greeting import this_command
from tests.command.test_cli import RULES, run
from tests.conftest import ROOT, needs_curl

pytestmark = pytest.mark.slow

HEADERS = {"X-Auth-Token": "any"}

HAR = str(ROOT / "tests/data/recordings/ims_mock.har")


@contextmanager
def running(*arguments: str, environ: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the mock on a free port until it has printed its URL; end it if the test has not."""
    command = [sys.executable, "-m", "ims_mock", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})}
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()  # What is killed leaves the files of its images.
        try:
            process.communicate(timeout=10)
        finally:
            process.kill()


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    """Send a signal; return the exit status, and the rest of what was printed and logged."""
    process.send_signal(number)
    output, log = process.communicate(timeout=10)
    return process.returncode, output, log


def run_process(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ims_mock", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **environ},
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_it_is_stopped(number: int) -> None:
    """It prints its URL alone, serves there, and ends with 0 at either signal, even with a connection open."""
    with running() as (process, url), requests.Session() as session:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert session.get(f"{url}/_ims_mock/health", timeout=10).json()["status"] == "ok"
        status, output, log = stop(process, number)
    assert (status, output) == (0, "")
    assert "Traceback" not in log


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_start_on_a_terminal(quiet: list[str]) -> None:
    """On a terminal four lines more help who starts it by hand, unless it is quiet; stdout has the URL alone."""
    url, output, said = started_on_a_terminal(*quiet)
    assert output == ""
    assert said == (
        []
        if quiet
        else [
            f"Look at it:  {url}/_ims_mock/",
            "Log in with: X-Auth-Token: ims-mock-token, or AK/SK demo-ak / demo-sk",
            f'In a shell:  eval "$({shlex.join(this_command())} env sdk --url {url})"',
            "To stop it:  press Ctrl-C",
        ]
    )


def started_on_a_terminal(*words: str) -> tuple[str, str, list[str]]:
    """Start the command on a terminal and end it; return its URL, the rest of stdout, and the lines of stderr."""
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "ims_mock", *words, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, text=True)
    os.close(end)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
    finally:
        process.terminate()
        output = process.communicate(timeout=30)[0]
    said = read_terminal(terminal)
    os.close(terminal)
    assert process.returncode == 0
    return url, output, said.splitlines()


def read_terminal(terminal: int) -> str:
    """Return what was written to a terminal whose other end is closed."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # So Linux says that it has ended.
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def test_one_line_a_request() -> None:
    """Each request is a line with operation, status and reason."""
    with running() as (process, url):
        requests.post(f"{url}/v2/images", data="{}", headers=HEADERS, timeout=10)
        requests.post(f"{url}/v2/images", data="[]", headers=HEADERS, timeout=10)
        requests.get(f"{url}/no%0Aroute", timeout=10)
        requests.delete(f"{url}/_ims_mock/faults/7", timeout=10)
        lines = stop(process)[2].splitlines()
    assert len(lines) == 4
    assert lines[3].endswith('Z DELETE /_ims_mock/faults/7 -> 404 control: no rule has the id "7"; there are none')
    assert lines[0].endswith("Z POST /v2/images -> 201 glance_create_image_metadata")
    assert "-> 400 glance_create_image_metadata: body: must be of type object, got []" in lines[1]
    assert "GET /no%0Aroute -> 404 no route: no route has the path /no\\nroute" in lines[2]


def test_json_log() -> None:
    """With --log-format json a request is one object."""
    with running("--log-format", "json") as (process, url):
        response = requests.post(f"{url}/v2/images", data="[]", headers=HEADERS, timeout=10)
        (line,) = stop(process)[2].splitlines()
    entry = json.loads(line)
    assert entry.pop("time") > 0
    assert entry == {
        "request_id": response.headers["X-Request-Id"],
        "method": "POST",
        "path": "/v2/images",
        "operation": "glance_create_image_metadata",
        "project_id": "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c",
        "status": 400,
        "reason": response.headers["X-IMS-Mock-Reason"],
        "rules": [],
        "delivery": "",
    }


@pytest.mark.parametrize(("arguments", "environ"), [(["--quiet"], {}), ([], {"IMS_MOCK_QUIET": "1"})])
def test_quiet(arguments: list[str], environ: dict[str, str]) -> None:
    """Quietly, no request is logged."""
    with running(*arguments, environ=environ) as (process, url):
        requests.get(f"{url}/v2/images", headers=HEADERS, timeout=10)
        assert stop(process)[2] == ""


@pytest.mark.slow
def test_seed_decides_ids() -> None:
    """Two runs of one seed make the same ids; another seed makes others."""

    def first_id(*arguments: str) -> str:
        with running(*arguments) as (_, url):
            response = requests.post(f"{url}/v2/images", data="{}", headers=HEADERS, timeout=10)
            return str(response.json()["id"])

    five = first_id("--seed", "5")
    assert five == first_id("--seed=5")
    assert five != first_id("--seed", "word")


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["--fault", "glance_create_image_metadata: 503 x1", "--fault", "401 x1 skip 1"], {}),
        ([], {"IMS_MOCK_FAULT": "glance_create_image_metadata: 503 x1; 401 x1 skip 1"}),
    ],
)
def test_faults(arguments: list[str], environ: dict[str, str]) -> None:
    """Faults of the command line apply in their order."""
    with running(*arguments, environ=environ) as (_, url):
        responses = [requests.post(f"{url}/v2/images", data="{}", headers=HEADERS, timeout=10) for _ in range(4)]
    assert [response.status_code for response in responses] == [503, 201, 401, 201]


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["--public-images", "--max-image-size", "3"], {}),
        ([], {"IMS_MOCK_PUBLIC_IMAGES": "1", "IMS_MOCK_MAX_IMAGE_SIZE": "3"}),
    ],
)
def test_images(arguments: list[str], environ: dict[str, str]) -> None:
    """It can begin with public images, and refuse large files."""
    with running(*arguments, environ=environ) as (_, url):
        listed = requests.get(f"{url}/v2/images?name=CentOS 7.4 64bit", headers=HEADERS, timeout=10).json()
        assert [image["__imagetype"] for image in listed["images"]] == ["gold"]
        image = requests.post(f"{url}/v2/images", data="{}", headers=HEADERS, timeout=10).json()
        octets = {**HEADERS, "Content-Type": "application/octet-stream"}
        assert requests.put(url + image["file"], data=b"1234", headers=octets, timeout=10).status_code == 413
        assert requests.put(url + image["file"], data=b"123", headers=octets, timeout=10).status_code == 204


def test_accounts_and_region(tmp_path: Path) -> None:
    """More accounts come from a file, and the region has another name."""
    file = tmp_path / "accounts.json"
    file.write_text(
        json.dumps({"projects": [{"name": "web"}], "users": [{"name": "ci", "roles": {"web": ["member"]}}]})
    )
    user = {"name": "ci", "password": "secret", "domain": {"name": "Default"}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "web"}},
        }
    }
    with running("--auth", "strict", "--accounts", str(file), "--region", "eu-west-101") as (process, url):
        response = requests.post(f"{url}/v3/auth/tokens", json=body, timeout=10)
        assert response.json()["token"]["catalog"][0]["endpoints"][0]["region"] == "eu-west-101"
        token = response.headers["X-Subject-Token"]
        assert requests.get(f"{url}/v2/images", headers={"X-Auth-Token": token}, timeout=10).status_code == 200
        assert requests.get(f"{url}/v2/images", headers=HEADERS, timeout=10).status_code == 401
        log = stop(process)[2]
    assert "secret" not in log
    assert token not in log


def test_allowed_hosts() -> None:
    """`--allow-host` adds names under which the mock's own API is served, and no others."""
    with running("--allow-host", "one.test", "--allow-host", "two.test") as (_, url):
        health = [
            requests.get(f"{url}/_ims_mock/health", headers={"Host": host}, timeout=10).status_code
            for host in ("one.test", "two.test:80", "three.test")
        ]
    assert health == [200, 200, 421]


def test_tls(tmp_path: Path) -> None:
    """`--tls` serves HTTPS and writes the certificate of its authority where the user says."""
    ca_file = tmp_path / "ca.pem"
    with running("--tls", "--ca-file", str(ca_file)) as (process, url):
        assert url.startswith("https://127.0.0.1:")
        response = requests.post(f"{url}/v2/images", data="{}", headers=HEADERS, verify=str(ca_file), timeout=10)
        assert response.headers["Location"].startswith(url)
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(url, timeout=10)
        assert stop(process)[0] == 0


def test_own_certificate(tmp_path: Path) -> None:
    """`--cert` and `--key` serve HTTPS with a certificate of the user's."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    files = ("--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem"))
    with running(*files) as (_, url):
        assert requests.get(url, verify=str(tmp_path / "ca.pem"), timeout=10).status_code == 300


def test_policy() -> None:
    """`--policy` prints, at the end, the smallest policy under which every request would have been allowed."""
    with running("--policy") as (process, url):
        requests.get(f"{url}/v2/images", headers=HEADERS, timeout=10)
        status, output, _ = stop(process)
    assert status == 0
    assert json.loads(output)["Statement"] == [{"Effect": "Allow", "Action": ["ims:images:list"]}]


@needs_curl
def test_env_points_a_client_at_it() -> None:
    """What `env curl` prints logs in at a mock that runs elsewhere, and needs no other setting."""
    with running("--auth", "strict") as (_, url):
        lines = run("env", "curl", "--url", url).stdout
        script = f'{lines}\ncurl -sS -H "X-Auth-Token: $IMS_TOKEN" "$IMS_URL/v2/images"'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["images"] == []


def test_url_file(tmp_path: Path) -> None:
    """The URL is in the file when it has been printed."""
    path = tmp_path / "url"
    with running("--url-file", str(path)) as (_, url):
        assert path.read_text() == url + "\n"
    assert list(tmp_path.iterdir()) == [path]


def test_url_file_is_a_link(tmp_path: Path) -> None:
    """The file that a link names is written, and the link stays."""
    link, path = tmp_path / "link", tmp_path / "url"
    link.symlink_to(path)
    with running("--url-file", str(link)) as (_, url):
        assert (link.is_symlink(), path.read_text()) == (True, url + "\n")


def test_url_file_that_is_no_file(tmp_path: Path) -> None:
    """What is there and is no file, such as a named pipe or a device, is left alone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = run_process("--port", "0", "--url-file", str(pipe))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ims-mock serve: error: --url-file: cannot write {pipe}: "
        "it is no file; name a new one, or one that may be replaced\n"
        "try 'ims-mock serve --help'\n"
    )
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["no/folder", ""])
def test_url_file_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """A file that cannot be written ends it with 2 and a line that says so."""
    done = run_process("--port", "0", "--url-file", str(tmp_path / name) if name else ".")
    assert done.returncode == 2
    assert done.stderr.startswith("ims-mock serve: error: --url-file: cannot write ")
    assert done.stderr.splitlines()[1:] == ["try 'ims-mock serve --help'"]


def test_taken_port() -> None:
    """A port that is taken ends it with 2, a line that says what to do, and one that names the help."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_process("--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ims-mock serve: error: port {port} on 127.0.0.1 is taken: stop what listens there, "
        "choose another with --port, or let --port 0 find a free one\n"
        "try 'ims-mock serve --help'\n"
    )


def test_host_that_is_not_there() -> None:
    """An address that this machine does not have is reported in one line, before the one that names the help."""
    done = run_process("--port", "0", "--host", "192.0.2.1")
    assert done.returncode == 2
    assert done.stderr.startswith("ims-mock serve: error: cannot listen on port 0 on 192.0.2.1: ")
    assert done.stderr.splitlines()[1:] == ["try 'ims-mock serve --help'"]


@pytest.mark.slow
def test_environment_stands_before_arguments() -> None:
    """An argument counts more than the variable of the same name."""
    with running("--seed", "1", environ={"IMS_MOCK_SEED": "2", "IMS_MOCK_UNRELATED": "x"}) as (_, url):
        assert requests.get(f"{url}/_ims_mock/health", timeout=10).json()["seed"] == 1
    with running(environ={"IMS_MOCK_SEED": "2"}) as (_, url):
        assert requests.get(f"{url}/_ims_mock/health", timeout=10).json()["seed"] == 2


def test_empty_variables_stand_for_nothing() -> None:
    """A variable that is empty, or that names no option, is as if it were not there."""
    names = ("HOST", "PORT", "SEED", "AUTH", "FAULT", "URL_FILE", "LOG_FORMAT", "QUIET")
    environ = {f"IMS_MOCK_{name}": "" for name in names} | {"IMS_MOCK_VERSION": "1", "IMS_MOCK_HELP": "1"}
    with running("--seed=--5", environ=environ) as (_, url):
        assert requests.get(f"{url}/_ims_mock/health", timeout=10).json()["seed"] == "--5"


def test_console_script() -> None:
    """The console script is the same command."""
    script = Path(sys.executable).with_name("ims-mock")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"ims_mock {__version__}\n"


def test_policy_is_of_every_request() -> None:
    """A reset does not take away from the policy."""
    with running("--policy") as (process, url):
        requests.get(f"{url}/v2/images", headers=HEADERS)
        requests.post(f"{url}/_ims_mock/reset")
        requests.post(f"{url}/v2/images", json={}, headers=HEADERS)
        _, output, _ = stop(process)
    assert json.loads(output)["Statement"][0]["Action"] == ["ims:images:create", "ims:images:list"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--tls"], True),
        (["--url", "https://ims.example.com", "--ca-file", "mine.pem"], True),
        (["--url", "https://ims.example.com"], False),
        (["--cert", "c", "--key", "k"], False),
    ],
)
def test_env_names_an_authority_that_there_is(options: list[str], named: bool, tmp_path: Path) -> None:
    """The file of an authority is named where one was made, or where the user says so."""
    done = subprocess.run(
        [sys.executable, "-m", "ims_mock", "env", "curl", *options],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert ("CURL_CA_BUNDLE" in done.stdout) == named


def test_rules_from_a_file(tmp_path: Path) -> None:
    """`--rules` arms the rules of a file behind those of `--fault`."""
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(RULES))
    with running("--fault", "429 x1", "--rules", str(file)) as (_, url):
        statuses = [requests.get(f"{url}/v2/images", headers=HEADERS, timeout=10).status_code for _ in range(3)]
        assert statuses == [429, 503, 200]
        with pytest.raises(requests.ConnectionError):
            requests.delete(f"{url}/v2/images/x", headers=HEADERS, timeout=10)


def test_time_of_a_command(tmp_path: Path) -> None:
    """The clock runs at the speed that is asked for, and an upload takes the time that it should."""
    with running("--speed", "0", "--delays", "saving=60", "--journal-size", "2") as (_, url):
        image = requests.post(f"{url}/v2/images", json={}, headers=HEADERS, timeout=10).json()
        octets = {**HEADERS, "Content-Type": "application/octet-stream"}
        requests.put(url + image["file"], data=b"x", headers=octets, timeout=10)

        def status() -> Any:
            return requests.get(url + image["self"], headers=HEADERS, timeout=10).json()["status"]

        assert status() == "saving"
        requests.post(f"{url}/_ims_mock/clock", json={"advance": 60}, timeout=10)
        assert status() == "active"
        assert len(requests.get(f"{url}/_ims_mock/journal", timeout=10).json()["entries"]) == 2


@pytest.mark.parametrize("text", ["*=60", '{"*": 60}', '{"imsImportImageJob": {"seconds": 60}, "*": {"polls": 5}}'])
def test_jobs_of_a_command(text: str) -> None:
    """A job takes as long as the option says, as TYPE=SECONDS or as JSON."""
    with running("--speed", "0", "--jobs", text) as (_, url):
        body = {"name": "a", "image_url": "b:a.qcow2", "min_disk": 40}
        begun = requests.post(f"{url}/v2/cloudimages/action", json=body, headers=HEADERS, timeout=10).json()

        def status() -> Any:
            job = requests.get(f"{url}/v1/cloudimages/job/{begun['job_id']}", headers=HEADERS, timeout=10)
            return job.json()["status"]

        assert status() == "INIT"
        requests.post(f"{url}/_ims_mock/clock", json={"advance": 60}, timeout=10)
        assert status() == "SUCCESS"


@pytest.mark.slow
def test_header_faults_can_be_off() -> None:
    """With --no-header-faults a request gets no fault of its own."""
    asked = {**HEADERS, "X-IMS-Mock-Fault": "503"}
    for options, status in (([], 503), (["--no-header-faults"], 200)):
        with running(*options) as (_, url):
            assert requests.get(f"{url}/v2/images", headers=asked, timeout=10).status_code == status


@pytest.mark.slow
@pytest.mark.parametrize(("options", "environ"), [(["--explain"], {}), ([], {"IMS_MOCK_EXPLAIN": "yes"})])
def test_bodies_explain_rejections(options: list[str], environ: dict[str, str]) -> None:
    """With --explain, or its variable, the body of a rejection has the reason."""
    with running(*options, environ=environ) as (_, url):
        response = requests.get(f"{url}/v2/images/gone", headers=HEADERS, timeout=10)
        reason = response.headers["X-IMS-Mock-Reason"]
        assert response.json()["error"]["message"] == f"The image does not exist. (ims_mock: {reason})"


@pytest.mark.slow
def test_speed_of_a_state(tmp_path: Path) -> None:
    """A state that is served goes on at the speed of the command, whatever it had, from its own time."""
    file = tmp_path / "state.json"
    with running("--speed", "0", "--seed", "7") as (_, url):
        file.write_bytes(requests.get(f"{url}/_ims_mock/state", timeout=10).content)
    for options, speed in (([], 1), (["--speed", "2"], 2)):
        with running("--state", str(file), *options) as (_, url):
            assert requests.get(f"{url}/_ims_mock/clock", timeout=10).json()["speed"] == speed
            assert requests.get(f"{url}/_ims_mock/health", timeout=10).json()["seed"] == 7


def test_rules_of_the_environment_are_parted_outside_quotes() -> None:
    """A semicolon in quotes is a part of its rule."""
    rules = 'glance_list_images: 503(message="a;b") x1; 429 x1'
    with running(environ={"IMS_MOCK_FAULT": rules}) as (_, url):
        responses = [requests.get(f"{url}/v2/images", headers=HEADERS, timeout=10) for _ in range(3)]
    assert [response.status_code for response in responses] == [503, 429, 200]
    assert responses[0].json()["error_msg"] == "a;b"


def test_port_of_kubernetes_does_not_keep_it_from_serving() -> None:
    """A server in a pod beside a Service called ims-mock listens where its arguments say."""
    with running(environ={"IMS_MOCK_PORT": "tcp://10.96.0.10:9292"}) as (_, url):
        assert url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("option", ["--url-file", "--ca-file"])
def test_file_that_fails_leaves_nothing(tmp_path: Path, option: str) -> None:
    """Where a file cannot be put in its place, no part of it stays."""
    (tmp_path / "folder").mkdir()
    files = {
        "--url-file": str(tmp_path / "url"),
        "--ca-file": str(tmp_path / "ca.pem"),
        option: str(tmp_path / "folder"),
    }
    done = run_process("--port", "0", "--tls", *(part for pair in files.items() for part in pair))
    assert done.returncode == 2
    assert f"{option}: cannot write {files[option]}: " in done.stderr
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_before_it_serves(number: int) -> None:
    """A signal that comes while the command is still being imported ends it quietly as well."""
    code = (
        "import os, sys, types\n"
        "class Slow(types.ModuleType):\n"
        f"    def main(self): os.kill(os.getpid(), {int(number)})\n"
        "slow = Slow('cli')\n"
        "sys.modules['ims_mock.command.cli'] = slow\n"
        "from ims_mock.__main__ import run\n"
        "run()\n"
        "sys.exit('not ended')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


INTERRUPTED = """
import os, sys
from ims_mock.{module} import {function}
import ims_mock.{module} as module

def signalled(*arguments, **settings):
    os.kill(os.getpid(), {number})
    return {function}(*arguments, **settings)

module.{function} = signalled
from ims_mock.__main__ import run
sys.argv[1:] = {arguments}
sys.exit(run())
"""
"""A program that is the command, and gets a signal in the midst of it."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("module", "function", "command"),
    [("command.contract_check", "read_recording", "check"), ("testing.replaying", "differences", "diff")],
)
def test_signal_before_a_verdict(module: str, function: str, command: str, number: int) -> None:
    """A command that says whether something conforms does not end with 0 where it could not say so."""
    arguments = ["contract", command, HAR, *["mock"] * (command == "diff")]
    code = INTERRUPTED.format(module=module, function=function, number=int(number), arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == f"ims-mock contract {command}: interrupted\n"


SIGNALLED = """
import gc, signal, sys
from ims_mock.command.cli import main

def trace(frame, event, argument):
    if event == "line" and frame.f_code.co_name != "<lambda>":
        signal.raise_signal(signal.SIGTERM)
    return trace

def at_each_line():
    sys.settrace(trace)
    sys._getframe(1).f_trace = trace

gc.freeze = at_each_line
status = main(["--port", "0"], {})
sys.settrace(None)
print(status)
"""
"""A program that serves, and gets signals from when it has printed its URL."""


def test_signal_at_any_moment() -> None:
    """Whatever the process is in the midst of when a signal comes, it ends with 0."""
    done = subprocess.run([sys.executable, "-c", SIGNALLED], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, ["0"]), done.stderr
