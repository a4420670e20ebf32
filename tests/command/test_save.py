"""`--state FILE --save`: the state of one run is that of the next."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.service.snapshots import Snapshot
from tests.command.test_cli import run
from tests.command.test_process import HEADERS, running, stop

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_next_run_goes_on(tmp_path: Path, number: int) -> None:
    """An image and its file are there in the next run, from a file that did not exist; nothing else is left."""
    file = tmp_path / "state.json"
    body = {"name": "kept", "container_format": "bare", "disk_format": "raw"}
    with running("--state", str(file), "--save") as (process, url):
        image = requests.post(f"{url}/v2/images", json=body, headers=HEADERS, timeout=10).json()["id"]
        octets = {**HEADERS, "Content-Type": "application/octet-stream"}
        requests.put(f"{url}/v2/images/{image}/file", data=b"abc", headers=octets, timeout=10).raise_for_status()
        assert stop(process, number)[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert list(Snapshot.load(file).files) == [image]
    with running("--state", str(file), "--save") as (process, url):
        assert requests.get(f"{url}/v2/images/{image}/file", headers=HEADERS, timeout=10).content == b"abc"
        requests.delete(f"{url}/v2/images/{image}", headers=HEADERS, timeout=10).raise_for_status()
        assert stop(process, number)[0] == 0
    assert image not in Snapshot.load(file).records["images"]


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    """A state that cannot be written is said with its option, and the command ends with 2."""
    file = tmp_path / "state.json"
    with running("--state", str(file), "--save") as (process, _):
        file.mkdir()
        status, _, log = stop(process)
    assert status == 2
    assert f"ims-mock serve: error: --save: cannot write {file}: it is no file" in log
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_without_save_the_file_stays(tmp_path: Path) -> None:
    """A state that is only read is not written."""
    file = tmp_path / "state.json"
    with running("--state", str(file), "--save") as (process, _):
        stop(process)
    before = file.read_bytes()
    with running("--state", str(file)) as (process, url):
        requests.post(f"{url}/v2/images", json={"name": "a"}, headers=HEADERS, timeout=10)
        assert stop(process)[0] == 0
    assert file.read_bytes() == before


def test_settings_are_given_again(tmp_path: Path) -> None:
    """The command that made a state with settings and accounts goes on from it."""
    file, accounts = tmp_path / "state.json", tmp_path / "accounts.json"
    accounts.write_text('{"users": [{"name": "ci", "roles": {"demo": ["member"]}}]}')
    words = ["--state", str(file), "--save", "--auth", "strict", "--accounts", str(accounts), "--delays", "saving=5"]
    for _ in range(2):
        with running(*words, "--start", "2016-06-02T07:49:48Z") as (process, url):
            settings = requests.get(f"{url}/_ims_mock/settings", timeout=10).json()
            assert (settings["auth"], settings["delays"]) == ("strict", {"saving": 5})
            assert stop(process)[0] == 0
    accounts.write_text('{"users": [{"name": "ci", "password": "other", "roles": {"demo": ["member"]}}]}')
    done = run("--port", "0", *words)
    assert f'{file} was saved with other settings: --accounts has another user "ci"; leave out --acc' in done.stderr


def test_settings_that_contradict_the_state(tmp_path: Path) -> None:
    """An option with another value than the state is refused with both values; a secret is not shown."""
    file = tmp_path / "state.json"
    with ImsMock(auth="strict", token="first-token") as mock:
        mock.snapshot().save(file)
    words = ["--port", "0", "--state", str(file), "--auth", "lenient", "--token", "other-token"]
    done = run(*words, IMS_MOCK_QUOTA="5")
    assert done.returncode == 2
    assert f"--state: {file} was saved with other settings: " in done.stderr
    assert '--auth is "lenient", not "strict"' in done.stderr
    assert "IMS_MOCK_QUOTA is 5, not null" in done.stderr
    assert "--token is another value" in done.stderr
    assert "first-token" not in done.stderr
    assert done.stderr.endswith("or name another file\ntry 'ims-mock serve --help'\n")


@pytest.mark.parametrize(("handler", "is_saved"), [(signal.SIG_DFL, True), (signal.SIG_IGN, False)])
def test_closed_terminal(tmp_path: Path, handler: signal.Handlers, is_saved: bool) -> None:
    """A closed terminal ends a mock, which saves its state; where its signal is ignored, as by nohup, it goes on."""
    file = tmp_path / "state.json"
    before = signal.signal(signal.SIGHUP, handler)
    try:
        with running("--state", str(file), "--save") as (process, url):
            if is_saved:
                assert stop(process, signal.SIGHUP)[0] == 0
                assert file.exists()
            else:
                process.send_signal(signal.SIGHUP)
                assert requests.get(f"{url}/_ims_mock/health", timeout=10).status_code == 200
    finally:
        signal.signal(signal.SIGHUP, before)


def test_file_keeps_its_mode(tmp_path: Path) -> None:
    """A new state, which has passwords, is for its owner alone; one that is there keeps its mode."""
    file = tmp_path / "state.json"
    for mode in (0o600, 0o640):
        if file.exists():
            file.chmod(mode)
        with running("--state", str(file), "--save") as (process, _):
            assert stop(process)[0] == 0
        assert file.stat().st_mode & 0o777 == mode


def test_state_that_is_none(tmp_path: Path) -> None:
    """An empty file, and a device without an end, are said to be what they are."""
    file = tmp_path / "state.json"
    file.touch()
    assert f"error: --state: {file}: is empty; name a saved state" in run("--port", "0", "--state", str(file)).stderr
    assert "error: --state: /dev/zero is a device" in run("--port", "0", "--state", "/dev/zero").stderr


def test_save_needs_a_file(tmp_path: Path) -> None:
    """Without --state, and in a folder that is not there, it does not start, and says what to do."""
    done = run("--save")
    assert done.returncode == 2
    assert "--save needs --state FILE" in done.stderr
    done = run("--port", "0", "--save", "--state", str(tmp_path / "no" / "state.json"))
    assert (done.returncode, done.stdout) == (2, "")
    problem = f"{tmp_path / 'no'} is no folder; make it, or name a file elsewhere"
    assert done.stderr == f"ims-mock serve: error: --state: {problem}\ntry 'ims-mock serve --help'\n"


def test_state_with_regions(tmp_path: Path) -> None:
    """A state of several regions starts a mock that has them; other regions than these are refused."""
    file = tmp_path / "state.json"
    with running("--state", str(file), "--save", "--regions", "p", "--regions", "q") as (process, url):
        requests.post(f"{url}/~q/_ims_mock/images", json={"name": "kept"}, timeout=10).raise_for_status()
        assert stop(process)[0] == 0
    for more in ((), ("--regions", "p", "--regions", "q")):
        with running("--state", str(file), "--save", *more) as (process, url):
            assert requests.get(f"{url}/_ims_mock/settings", timeout=10).json()["regions"] == ["p", "q"]
            images = requests.get(f"{url}/~q/v2/images", headers=HEADERS, timeout=10).json()["images"]
            assert [image["name"] for image in images] == ["kept"]
            assert stop(process)[0] == 0
    done = run("--port", "0", "--state", str(file), "--regions", "q", "--regions", "p")
    assert done.returncode == 2
    assert "regions" in done.stderr
