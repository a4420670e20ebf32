"""`ims-mock proxy`: what it prints and writes, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ims_mock.command.environment import CLIENTS, Target
from ims_mock.service.settings import Settings
from ims_mock.web.tls import known_authorities
from tests.command.test_cli import run
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
    accounts = Settings().new_accounts()
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
    assert f"export SSL_CERT_FILE={tmp_path}/ims-mock-ca.pem\n" in run("env", "proxy").stdout


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
    assert f"ims-mock: port {port} on 127.0.0.1 is taken" in done.stderr


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
