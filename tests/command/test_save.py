"""`--state FILE --save`: the state of one run is that of the next."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import requests

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


def test_settings_of_the_state_are_its_own_from_the_first_run_on(tmp_path: Path) -> None:
    """What the next run would refuse is refused while the file is not there yet, by how it was written."""
    file = tmp_path / "state.json"
    done = run("--port", "0", "--save", "--state", str(file), "--auth", "strict", IMS_MOCK_QUOTA="5")
    assert done.returncode == 2
    assert "--state has settings of its own: leave out --auth, IMS_MOCK_QUOTA" in done.stderr
    assert not file.exists()


def test_save_needs_a_file(tmp_path: Path) -> None:
    """Without --state, and in a folder that is not there, it does not start, and says what to do."""
    done = run("--save")
    assert done.returncode == 2
    assert "--save needs --state FILE" in done.stderr
    done = run("--port", "0", "--save", "--state", str(tmp_path / "no" / "state.json"))
    assert (done.returncode, done.stdout) == (2, "")
    problem = f"{tmp_path / 'no'} is no folder; make it, or name a file elsewhere"
    assert done.stderr == f"ims-mock serve: error: --state: {problem}\n"
