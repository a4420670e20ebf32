"""`ims-mock proxy`: what it prints and writes, and how it ends."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.command.clients import CLIENTS
from ims_mock.command.environment import Target
from ims_mock.command.greeting import this_command
from ims_mock.contract import NOT_RECORDED, JsonBody, judge
from ims_mock.evidence.recordings.files import read_recording
from ims_mock.service.settings import Settings
from ims_mock.web.passing import Passing
from ims_mock.web.tls import Authority, known_authorities
from tests.command.test_cli import run
from tests.command.test_process import started_on_a_terminal
from tests.conftest import needs_curl


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the proxy on a free port until it has printed its URL; end it if the test has not."""
    command = [sys.executable, "-m", "ims_mock", "proxy", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        finally:
            process.kill()


def test_variables() -> None:
    """`env proxy` prints every variable that names a proxy or an authority, and none that keeps hosts from it."""
    accounts = Settings().first_accounts
    lines = CLIENTS["proxy"](Target("http://127.0.0.1:9292", accounts, accounts.default_user, "/ca.pem")).splitlines()
    proxies = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
    files = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "OS_CACERT", "NODE_EXTRA_CA_CERTS")
    assert lines == [
        *(f"export {name}=http://127.0.0.1:9292" for name in proxies),
        "export NO_PROXY=localhost,127.0.0.1,::1",
        "export no_proxy=localhost,127.0.0.1,::1",
        *(f"export {name}=/ca.pem" for name in files),
        "export NODE_USE_ENV_PROXY=1",
        "# demo has AK/SK demo-ak and demo-sk: any, unless it is strict.",
    ]


def test_variables_name_the_file_wherever_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of the authority is absolute, and the file need not be there yet."""
    monkeypatch.chdir(tmp_path)
    lines = run("env", "proxy", IMS_MOCK_TLS="1").stdout
    assert f"export SSL_CERT_FILE={tmp_path}/ims-mock-ca.pem\n" in lines
    # The proxy itself is reached without TLS, whatever a mock is.
    assert "export HTTPS_PROXY=http://127.0.0.1:9292\n" in lines


@pytest.mark.slow
@pytest.mark.parametrize("to_cloud", [False, True])
def test_start_on_a_terminal(tmp_path: Path, to_cloud: bool) -> None:
    """On a terminal, the proxy shows the page and the credentials of its mock, the command for a shell, and its end."""
    file = tmp_path / "ca.pem"
    url, _, said = started_on_a_terminal("proxy", "--ca-file", str(file), *(["--to", "cloud"] if to_cloud else []))
    of_mock = [
        "Look at it:  https://ims.cn-north-4.myhuaweicloud.com/_ims_mock/ in a browser that uses this proxy",
        "Log in with: X-Auth-Token: ims-mock-token, or AK/SK demo-ak / demo-sk",
    ]
    assert said == [
        *([] if to_cloud else of_mock),
        f'In a shell:  eval "$({shlex.join(this_command())} env proxy --url {url} --ca-file {file})"',
        "To stop it:  press Ctrl-C",
    ]


@needs_curl
@pytest.mark.slow
def test_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """A shell with what `env proxy` prints reaches the mock of a region; SIGINT ends the proxy with 0."""
    ca_file, url_file = str(tmp_path / "ca.pem"), tmp_path / "url"
    files = ("--ca-file", ca_file, "--url-file", str(url_file))
    with running(*files, "--public-images", "--allow-host", "example.com") as (process, url):
        assert url_file.read_text() == f"{url}\n"
        lines = run("env", "proxy", "--url", url, "--ca-file", ca_file).stdout
        curl = "curl -sS -H 'X-Auth-Token: t' https://ims.eu-de.otc.t-systems.com/v2/images?limit=1"
        environ = {"PATH": os.environ["PATH"], "NO_PROXY": "*"}
        done = subprocess.run(["bash", "-c", lines + curl], capture_output=True, text=True, check=True, env=environ)
        assert '"__imagetype":"gold"' in done.stdout
        process.send_signal(signal.SIGINT)
        output, log = process.communicate(timeout=10)
    assert (process.returncode, output) == (0, "")
    assert "GET /v2/images?limit=1 -> 200 glance_list_images" in log
    assert Path(ca_file).read_bytes().endswith(known_authorities(Path(ca_file)))


def test_port_that_is_taken() -> None:
    """A port that cannot be had ends the command with 2, and a line that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run("proxy", "--port", port)
    assert done.returncode == 2
    assert f"ims-mock proxy: error: port {port} on 127.0.0.1 is taken" in done.stderr


def test_without_trustme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library for certificates, the error says what to install."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    done = run("proxy", "--port", "0")
    assert done.returncode == 2
    assert "needs trustme: pip install 'ims_mock[proxy]'" in done.stderr


def test_host_that_is_none() -> None:
    """What is let through is the name of a host."""
    done = run("proxy", "--allow-host", "https://example.com")
    assert done.returncode == 2
    assert "argument --allow-host: must be a host name without a port, or *. before one" in done.stderr


def test_authorities_that_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorities of the machine are those of SSL_CERT_FILE, unless that names the proxy's own file."""
    file, own = tmp_path / "known.pem", tmp_path / "own.pem"
    file.write_bytes(b"known")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert known_authorities(own) == b"known"
    assert known_authorities(file) == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "cloud", "--auth", "off", "--fault", "503"], "no mock without --mirror: leave out --auth, --fault"),
        (["--record", "a.har"], "--record needs --to cloud"),
        (["--strict"], "--strict needs --to cloud"),
        (["--mirror"], "--mirror needs --to cloud"),
        (["--upstream-ca", "a.pem"], "--upstream-ca needs --to cloud"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], message: str) -> None:
    """An option that would do nothing ends the command with 2, and says so."""
    done = run("proxy", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_files_that_cannot_be(tmp_path: Path) -> None:
    """A recording that cannot be written, and an authority that is none, end the command before it serves."""
    record = run("proxy", "--to", "cloud", "--port", "0", "--record", str(tmp_path / "no" / "a.har"))
    assert (record.returncode, "--record: cannot write " in record.stderr) == (2, True)
    missing = run("proxy", "--to", "cloud", "--port", "0", "--upstream-ca", str(tmp_path / "none.pem"))
    assert (missing.returncode, "--upstream-ca: cannot use " in missing.stderr) == (2, True)
    (tmp_path / "ca.pem").write_text("nonsense")
    wrong = run("proxy", "--to", "cloud", "--port", "0", "--upstream-ca", str(tmp_path / "ca.pem"))
    assert (wrong.returncode, "it has no certificates in PEM" in wrong.stderr) == (2, True)


class Passed:
    """A run of `proxy --to cloud` before a mock that is the cloud, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._folder = folder
        authority = Authority()
        (folder / "cloud.pem").write_bytes(authority.pem)
        self.mock = ImsMock(tls=authority.issue(IMS))
        self.work: Callable[[requests.Session], None] = lambda _: None
        monkeypatch.setattr("ims_mock.command.proxy.signals", self._signals)
        monkeypatch.setattr("ims_mock.command.proxy.Passing", self._passing)

    def _passing(self, context: Any, watch: Any) -> Passing:
        address = ("127.0.0.1", urlsplit(self.mock.url).port)
        return Passing(context, watch, lambda _, timeout: socket.create_connection(address, timeout))

    @contextmanager
    def _signals(self) -> Iterator[Callable[[float | None], None]]:
        yield self._use

    def _use(self, _seconds: float | None) -> None:
        """Do what a client does while the command waits for its end."""
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(self._folder / "ca.pem")
            session.proxies = {"https": (self._folder / "url").read_text().strip()}
            session.headers["X-Auth-Token"] = "s3cret"
            self.work(session)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command."""
        files = ("--ca-file", str(self._folder / "ca.pem"), "--url-file", str(self._folder / "url"))
        cloud = ("--to", "cloud", "--upstream-ca", str(self._folder / "cloud.pem"))
        with self.mock:
            return run("proxy", "--port", "0", *cloud, *files, *arguments)


IMS = "ims.cn-north-4.myhuaweicloud.com"
IMAGES = f"https://{IMS}/v2/images"


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Passed:
    """What runs the command."""
    return Passed(monkeypatch, tmp_path)


def create_and_list(session: requests.Session) -> None:
    """Create an image, and list the images."""
    assert session.post(IMAGES, json={"name": "web", "__support_kvm": "true"}, timeout=10).status_code == 201
    session.get(IMAGES, timeout=10)


def test_what_conforms(passed: Passed, tmp_path: Path) -> None:
    """Where all conforms it ends with 0; a line each is logged, the summary printed, and the recording conforms too."""
    passed.work = create_and_list
    done = passed.run("--record", str(tmp_path / "cloud.har"), "--strict")
    assert done.returncode == 0, done.stderr
    url, *summary = done.stdout.splitlines()
    assert url.startswith("http://127.0.0.1:")
    assert summary[-1] == "2 exchanges: 0 break, 0 drift, 0 note"
    assert [line for line in done.stderr.splitlines() if "exchange" in line] == [
        "ok    exchange 1: POST /v2/images 201 glance_create_image_metadata",
        "ok    exchange 2: GET /v2/images 200 glance_list_images",
    ]
    text = (tmp_path / "cloud.har").read_text()
    assert "s3cret" not in text
    assert passed.mock.project_id not in text


@pytest.mark.parametrize("name", ["cloud.har", "cloud.jsonl"])
def test_recording_can_be_read_again(passed: Passed, tmp_path: Path, name: str) -> None:
    """What was recorded is read whole by the readers of recordings, and conforms, in either form."""

    def work(session: requests.Session) -> None:
        create_and_list(session)
        image = passed.mock.add_image(name="file")
        octets = {"Content-Type": "application/octet-stream"}
        session.put(f"{IMAGES}/{image['id']}/file", data=b"0" * 5000, headers=octets, timeout=10)
        session.get(f"{IMAGES}/{image['id']}/file", timeout=10)
        session.get(f"https://{IMS}/v1/{passed.mock.project_id}/cloudimages/{image['id']}/members", timeout=10)
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": USER}}, "scope": "unscoped"}}
        session.post(f"https://{IMS}/v3/auth/tokens", json=body, timeout=10)
        session.head(IMAGES, timeout=10)

    passed.work = work
    assert passed.run("--record", str(tmp_path / name)).returncode == 0
    exchanges = list(read_recording(tmp_path / name))
    assert [finding for exchange in exchanges for finding in judge(exchange)] == []
    bodies = [exchange.response.body if exchange.response else None for exchange in exchanges]
    assert [isinstance(body, bytes | JsonBody) for body in bodies] == [True, True, True, False, True, True, True]
    assert [exchange.request.body is NOT_RECORDED for exchange in exchanges] == [False] * 2 + [True] + [False] * 4
    assert "secret" not in (tmp_path / name).read_text()


USER = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}


@pytest.mark.parametrize(
    ("fault", "arguments", "status"),
    [
        ("glance_list_images: mutate(mode=retype, pointer=/images/0/__support_kvm)", [], 1),
        ("glance_list_images: 418", [], 0),
        ("glance_list_images: 418", ["--strict"], 2),
    ],
)
def test_what_does_not_conform(passed: Passed, fault: str, arguments: list[str], status: int) -> None:
    """A break ends it with 1, drift alone with 0, and with --strict with 2; quietly only what is wrong is logged."""
    passed.mock.faults.add(fault)
    passed.work = create_and_list
    done = passed.run("--quiet", *arguments)
    assert done.returncode == status, done.stderr
    assert "exchange 1" not in done.stderr
    assert "exchange 2: GET /v2/images" in done.stderr


def test_log_as_json(passed: Passed) -> None:
    """With --log-format json an exchange is one object, with its findings."""
    passed.mock.faults.add("glance_list_images: mutate(mode=retype, pointer=/images/0/__support_kvm)")
    passed.work = create_and_list
    lines = map(json.loads, passed.run("--log-format", "json").stderr.splitlines())
    first, second = (line for line in lines if "exchange" in line)
    assert (first["exchange"], first["operation"], first["findings"]) == (1, "glance_create_image_metadata", [])
    assert [finding["id"] for finding in second["findings"]] == ["response.type"]


def test_recording_that_cannot_go_on(passed: Passed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A recording that takes nothing more ends it with 3, and the requests pass all the same."""

    def add(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ims_mock.evidence.recorder.Recorder.add", add)
    passed.work = create_and_list
    done = passed.run("--record", str(tmp_path / "cloud.har"))
    assert done.returncode == 3
    assert done.stderr.count("cloud.har: No space left on device; what passes from now on is not in it") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_recording_for_which_there_is_no_space() -> None:
    """A recording that cannot even begin ends the command before it serves."""
    done = run("proxy", "--to", "cloud", "--port", "0", "--record", "/dev/full")
    assert (done.returncode, "--record: cannot write /dev/full: No space left" in done.stderr) == (2, True)


def test_mirror(passed: Passed) -> None:
    """With --mirror the mock is asked the same: where it does the same it ends with 0, and with 1 where it differs."""
    passed.work = create_and_list
    done = passed.run("--mirror", "--region", "cn-north-4")
    assert done.returncode == 0, done.stderr
    assert "rules that were applied:" in done.stdout
    passed.mock.reset(faults=["glance_list_images: 503"])
    done = passed.run("--mirror", "--quiet")
    assert done.returncode == 1
    assert "      the mock differs: status: 503 became 200" in done.stderr.splitlines()
    assert "glance_list_images               0              0        1             0" in done.stdout


def test_mirror_has_the_control_api(passed: Passed) -> None:
    """The mock's own API is that of the mirror."""
    statuses: list[int] = []
    passed.work = lambda session: statuses.append(
        session.get(f"https://{IMS}/_ims_mock/health", timeout=10).status_code
    )
    passed.run("--mirror")
    passed.run()
    assert statuses == [200, 404]
