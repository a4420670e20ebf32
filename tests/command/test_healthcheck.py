"""`ims-mock healthcheck`: what it says of mocks and of what is none."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from ims_mock import ImsMock
from ims_mock.command.cli import main
from ims_mock.state.real import RealTime
from tests.command.test_process import running

OK = b'HTTP/1.0 200 OK\r\n\r\n{"status": "ok"}'


def check(capsys: pytest.CaptureFixture[str], *arguments: str, **environ: str) -> tuple[int, str]:
    """Run the check; return its exit status and what it says."""
    status = main(["healthcheck", *arguments], environ)
    return status, capsys.readouterr().err


@contextmanager
def listening(*responses: bytes) -> Iterator[str]:
    """Yield the URL of a server that gives each connection one response, in their order."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def respond() -> None:
            for text in responses:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(text)

        thread = threading.Thread(target=respond)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(timeout=30)


def test_healthy(ims_mock: ImsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """A mock that responds is healthy, by its URL or the variables that serve has; a proxy is not asked."""
    port = ims_mock.url.rpartition(":")[2]
    assert check(capsys, "--url", f"{ims_mock.url}/") == (0, "")
    assert check(capsys, IMS_MOCK_HOST="0.0.0.0", IMS_MOCK_PORT=port, HTTP_PROXY="http://127.0.0.1:1") == (0, "")


def test_health_of_a_world(ims_mock: ImsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """A world of a URL is healthy if it exists; the check makes none, and is no use of one."""
    url = f"{ims_mock.url}/~ci"
    status, said = check(capsys, "--url", url)
    assert (status, list(ims_mock.worlds)) == (1, ["default"])
    assert f"{url} is not healthy: no world has the name ci; make it with --world ci, or with POST" in said
    status, said = check(capsys, "--url", f"{ims_mock.url}/~W")
    assert (status, "make it" in said) == (1, False)
    assert "no world has the name W, and none can have it: name must be 1 to 63 lower-case letters" in said
    ims_mock.world("ci")
    assert check(capsys, "--url", url) == (0, "")
    assert check(capsys, "--url", f"{ims_mock.url}/~default") == (0, "")
    assert len(ims_mock.world("ci").journal) == 0


def test_health_of_a_region(capsys: pytest.CaptureFixture[str]) -> None:
    """A region of a URL is healthy if its world has it."""
    with ImsMock(regions=["cn-north-4", "cn-south-1"]) as mock:
        mock.world("backup", regions=["P", "q_1"])
        mock.world("single", regions=[])
        for path in ("/~cn-north-4", "/~cn-south-1", "/~default/~cn-south-1", "/~backup", "/~backup/~q_1"):
            assert check(capsys, "--url", mock.url + path) == (0, "")
        for path, reason in (
            ("/~eu-de", "no world has the name eu-de"),
            ("/~eu-de", "it is no region either, the regions are cn-north-4, cn-south-1"),
            ("/~backup/~eu-de", "no region has the name eu-de, the regions are P, q_1"),
            ("/~single/~eu-de", "no region has the name eu-de, it is one region"),
            ("/~cn-south-1/~backup", "no world has the name cn-south-1"),
        ):
            status, said = check(capsys, "--url", mock.url + path)
            assert (status, reason in said) == (1, True)
        assert list(mock.worlds) == ["default", "backup", "single"]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "GET /_ims_mock/health returns 404; it is no ims-mock"),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", "GET /_ims_mock/health returns 200; it is no ims-mock"),
        (b"HTTP/1.0 200 OK\r\n\r\n[]", "GET /_ims_mock/health returns 200; it is no ims-mock"),
        (b"HTTP/1.0 500 Error\r\n\r\n", "GET /_ims_mock/health returns 500; see its log"),
        (
            b"SSH-2.0-OpenSSH\r\n",
            "what listens there does not speak HTTP (BadStatusLine); use https:// if it was started with TLS",
        ),
    ],
)
def test_what_is_no_mock(response: bytes, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What responds otherwise than a mock ends it with 1, and one line that says why."""
    with listening(response) as url:
        assert check(capsys, "--url", url) == (1, f"ims-mock healthcheck: {url} is not healthy: {reason}\n")


def test_nothing_listens(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing listens, it says so."""
    with socket.socket() as bound:  # A port that is bound and does not listen is taken by nobody else.
        bound.bind(("127.0.0.1", 0))
        status, said = check(capsys, "--port", str(bound.getsockname()[1]))
    assert (status, said.endswith(" is not healthy: Connection refused\n")) == (1, True)


def test_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """With --wait it asks again until the mock is healthy."""
    with listening(b"", b"HTTP/1.0 503 Unavailable\r\n\r\n", OK) as url:
        assert check(capsys, "--url", url, "--wait", "60") == (0, "")


def test_https(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """HTTPS is trusted by the authority's file, or by the certificate that the mock was started with."""
    ca_file = tmp_path / "ca.pem"
    other = str(tmp_path / "other.pem")
    trustme.CA().cert_pem.write_to_path(other)
    (tmp_path / "bad.pem").write_text("no certificate")
    certificate = trustme.CA().issue_cert("ims.example.com")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    files = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    with ImsMock(tls=True) as mock, running("--cert", files[0], "--key", files[1]) as (_, url):
        assert mock.ca_pem
        ca_file.write_bytes(mock.ca_pem)
        assert check(capsys, "--url", mock.url, "--ca-file", str(ca_file)) == (0, "")
        assert "certificate" in check(capsys, "--url", mock.url, "--ca-file", other)[1]
        bad = check(capsys, "--url", mock.url, "--ca-file", str(tmp_path / "bad.pem"))
        assert (bad[0], "--ca-file: cannot read certificates of" in bad[1]) == (1, True)
        plain = mock.url.replace("https", "http")
        assert check(capsys, "--url", plain)[0] == 1
        port = url.rpartition(":")[2]
        assert check(capsys, "--ca-file", other, IMS_MOCK_PORT=port, IMS_MOCK_CERT=files[0], IMS_MOCK_KEY="k") == (
            0,
            "",
        )


def test_https_at_a_mock_without_tls(ims_mock: ImsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """HTTPS at what speaks HTTP is said in words, with what to do."""
    status, said = check(capsys, "--url", ims_mock.url.replace("http", "https"))
    assert (status, "does not speak TLS (" in said, "use http://, and leave out --tls" in said) == (1, True, True)


def test_url_file(ims_mock: ImsMock, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The URL can be that of a file; --url counts more, and so does a --port beside a variable."""
    file = tmp_path / "url"
    status, said = check(capsys, "--url-file", str(file))
    assert (status, said) == (
        1,
        f"ims-mock healthcheck: the mock is not healthy: --url-file: cannot read {file}: No such file or directory; "
        "a mock that is started with this option writes it\n",
    )
    file.write_text("hello")
    assert f'--url-file: {file} has no URL of a mock in it, but "hello"' in check(capsys, "--url-file", str(file))[1]
    assert check(capsys, "--url-file", str(file), "--url", ims_mock.url) == (0, "")
    assert check(capsys, "--port", ims_mock.url.rpartition(":")[2], IMS_MOCK_URL_FILE=str(file)) == (0, "")
    file.write_text(f"{ims_mock.url}\n")
    assert check(capsys, "--url-file", str(file)) == (0, "")
    assert check(capsys, IMS_MOCK_URL_FILE=str(file), IMS_MOCK_PORT="1") == (0, "")


def test_url_file_that_is_not_there_yet(
    ims_mock: ImsMock, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --wait the file is read again until it is there."""
    file = tmp_path / "url"
    monkeypatch.setattr(RealTime, "sleep", lambda _: file.write_text(ims_mock.url))
    assert check(capsys, "--url-file", str(file), "--wait", "60") == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "0"], "needs --url of a mock that took a free port"),
        (["--url", "localhost"], "argument --url: must be http:// or https:// with a host and a port"),
        (["--wait", "-1"], "argument --wait: must be at least 0, got -1"),
        (["--wait", "soon"], 'argument --wait: must be of type number, got "soon"'),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong options end it with 2, which is neither healthy nor unhealthy."""
    with pytest.raises(SystemExit) as ended:
        main(["healthcheck", *arguments], {})
    assert (ended.value.code, message in capsys.readouterr().err) == (2, True)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_it_waits(number: int) -> None:
    """A check that is ended before it knows does not end with 0."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        command = [sys.executable, "-m", "ims_mock", "healthcheck", "--url", url, "--wait", "60"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
        connection.close()
    assert (process.returncode, said) == (130, "ims-mock healthcheck: interrupted\n")
