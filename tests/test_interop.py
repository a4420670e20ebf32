"""`python -m interop`: small programs stand for clients, and the mock is a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from interop import client, faulted, outcomes, running
from interop.__main__ import main
from interop.client import all_clients
from interop.faulted import TRIALS
from interop.outcomes import OUTCOMES, recorded
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SHOWS = """
import json, os, sys, urllib.request

def images(what="images"):
    request = urllib.request.Request(os.environ["IMS_MOCK_URL"] + "/v2/" + what, headers={"X-Auth-Token": "t"})
    return len(json.load(urllib.request.urlopen(request)).get("images", ()))

def show(**line):
    print(json.dumps(line))
"""
"""How each program begins."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take the clients from an empty folder, and keep builds and results there."""
    for module in (client, outcomes):
        monkeypatch.setattr(module, "HERE", tmp_path / "interop")
    monkeypatch.setattr(running, "BUILT", tmp_path / "built")
    monkeypatch.setattr(outcomes, "RESULTS", tmp_path / "results")
    return tmp_path / "interop"


def add(folder: Path, name: str, program: str, **fields: Any) -> None:
    """Add a client whose program is in Python."""
    (folder / name).mkdir(parents=True)
    (folder / name / "program.py").write_text(SHOWS + textwrap.dedent(program))
    described = {"title": name, "run": ["{python}", "program.py"], "tls": False, "packages": {"thing": "1.0"}, **fields}
    (folder / name / "client.json").write_text(json.dumps(described))


def run(*arguments: str) -> int:
    """Run the command."""
    return main(arguments)


LISTS = 'show(check="list", outcome="works", note=f"{images()} images")'

RESULT = {
    "packages": {"thing": "1.0"},
    "checks": [{"check": "list", "outcome": "works", "note": "0 images"}],
    "operations": ["glance_list_images"],
}
"""What a run of it shows."""


def test_records_and_compares(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first run records checks and operations, the next one finds them again."""
    add(folder, "lists", LISTS)
    assert run() == 1
    assert "there is no recorded result: add --record" in capsys.readouterr().out
    assert run("--record") == 0
    assert json.loads((folder.parent / "results" / "lists.json").read_text()) == RESULT
    assert run() == 0
    assert "lists: 1 works, 1 operations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("program", "difference"),
    [
        ('images(); show(check="list", outcome="fails", note="why")', "check list: fails why; before: works 0 images"),
        (f'{LISTS}; show(check="more", outcome="works")', "check more: works; before: not recorded"),
        ('images(); show(check="other", outcome="works")', "check list: missing; before: works 0 images"),
        ('show(check="list", outcome="works", note="0 images")', "glance_list_images: no longer called with success"),
        (
            f'images("schemas/image"); {LISTS}',
            "operation glance_show_image_schemas: not recorded",
        ),
        (f'{LISTS}; show(check="b", outcome="broken", note="lost"); sys.exit(1)', "b: broken: lost"),
        (f"{LISTS}; sys.exit(1)", "ended with 1 after 1 checks"),
        ('show(check="b", outcome="broken")', "ended with 0 after 1 checks"),
        ("sys.exit(0)", "ended with 0 after 0 checks"),
        ('print("hello")', "printed a line that is no object in JSON: 'hello'"),
        ('show(check="list", result="works")', "printed what is no check"),
        ("import signal; signal.pause()", "did not end within 2 s"),
    ],
)
def test_difference_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], program: str, difference: str
) -> None:
    """What is not as recorded, or no outcome at all, ends the command with 1 and is named."""
    add(folder, "lists", program, timeout=2 if "pause" in program else 60)
    outcomes.record("lists", RESULT)
    assert run() == 1
    assert difference in capsys.readouterr().out


def test_another_version_is_a_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The result of one version is none of another."""
    add(folder, "lists", LISTS, packages={"thing": "2.0"})
    outcomes.record("lists", RESULT)
    assert run() == 1
    assert "packages: recorded for {'thing': '1.0'}" in capsys.readouterr().out


def test_runs_in_the_environment_of_env(folder: Path) -> None:
    """A program has the variables of `ims-mock env`, or the file that it asked for, and over TLS the authority."""
    program = """
    assert os.environ["HUAWEICLOUD_SDK_AK"] == "demo-ak"
    assert os.environ["HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4"] == os.environ["IMS_MOCK_URL"]
    assert os.environ["IMS_MOCK_CA"] in ("", os.environ.get("REQUESTS_CA_BUNDLE"))
    show(check="environment", outcome="works")
    """
    add(folder, "variables", program, env="sdk", tls=True)
    program = """
    assert 'access_key = "demo-ak"' in open("provider.tf").read()
    assert "HUAWEICLOUD_SDK_AK" not in os.environ
    show(check="file", outcome="works")
    """
    add(folder, "file", program, env="terraform", env_file="provider.tf")
    assert run("--record") == 0


def test_other_outcome_over_tls_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that ends otherwise over TLS is a check of its own."""
    program = 'show(check="kind", outcome="works", note="TLS" if os.environ["IMS_MOCK_CA"] else "plain")'
    add(folder, "kinds", program, tls=True)
    assert run("--record") == 0
    assert [row["check"] for row in json.loads((folder.parent / "results/kinds.json").read_text())["checks"]] == [
        "kind",
        "over TLS: kind",
    ]


def test_check_that_is_missing_over_tls_is_broken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program makes the same checks over TLS. A result with a broken check is not recorded."""
    program = """
    show(check="first", outcome="works")
    if not os.environ["IMS_MOCK_CA"]:
        show(check="second", outcome="works")
    """
    add(folder, "less", program, tls=True)
    assert run("--record") == 1
    assert "over TLS: second: broken: the check was not made" in capsys.readouterr().out
    assert recorded("less") is None


def test_two_checks_with_one_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two outcomes with one name, one would be lost."""
    add(folder, "twice", f"{LISTS}; {LISTS}")
    assert run("--record") == 1
    assert "printed more than one outcome of list" in capsys.readouterr().out


def test_variables_that_lead_elsewhere_are_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials for a cloud, which the shell may have, reach no client."""
    names = ["HW_SECURITY_TOKEN", "HUAWEICLOUD_SDK_AK", "OS_CLOUD"]
    for name in names:
        monkeypatch.setenv(name, "of a cloud")
    add(folder, "plain", f'assert not os.environ.keys() & {set(names)}; show(check="none", outcome="works")')
    assert run("--record") == 0


def test_removed_file_is_not_built(folder: Path) -> None:
    """What is no longer in a folder is not in its copy, where what was built stays."""
    program = """
    show(check="old", outcome="works", note=str(os.path.exists("old")))
    open("made", "w")
    """
    add(folder, "files", program)
    (folder / "files" / "old").touch()
    assert run("--record") == 0
    (folder / "files" / "old").unlink()
    assert run() == 1
    assert (folder.parent / "built" / "files" / "made").exists()


def test_error_of_one_client_does_not_end_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing command, a client that `env` does not know and a damaged result are errors of their client."""
    add(folder, "a", LISTS, build=[["no-such-compiler"]])
    add(folder, "b", LISTS, env="nothing")
    add(folder, "c", LISTS)
    add(folder, "d", LISTS)
    outcomes.record("d", RESULT)
    (folder.parent / "results" / "c.json").write_text("[]")
    assert run("--jobs", "1") == 1
    shown = capsys.readouterr().out
    assert "a: no-such-compiler: [Errno 2]" in shown
    assert "b: Command" in shown
    assert "results/c.json: is no result of a client, so record it again" in shown
    assert "d: 1 works" in shown


def test_failing_build_shows_its_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that fails ends the run of this client, and its output is shown."""
    add(folder, "built", LISTS, build=[["{python}", "-c", "print('no compiler'); raise SystemExit(3)"]])
    assert run() == 1
    assert "ended twice, with 3 in the end:\nno compiler" in capsys.readouterr().out


def test_build_is_tried_twice(folder: Path) -> None:
    """A command that fails the first time, as where a registry fails for a moment, is run once more."""
    fails_once = (
        "import os, sys; tried = os.path.exists('tried'); os.makedirs('tried', exist_ok=True); sys.exit(not tried)"
    )
    add(folder, "built", LISTS, build=[["{python}", "-c", fails_once]])
    assert run("--record") == 0


def test_missing_toolchain_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A client that needs what is not there is not run, which is an error only if it was asked for."""
    add(folder, "lists", LISTS)
    add(folder, "far", LISTS, needs=["no-such-compiler"])
    assert run("--record") == 0
    shown = capsys.readouterr().out
    assert "far: not run: there is no no-such-compiler" in shown
    assert "not run, because a command that they need is missing: far" in shown
    assert run("far") == 1


def test_long_one_is_run_by_its_name_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What CI does not run is not run without its name."""
    add(folder, "lists", LISTS)
    add(folder, "long", LISTS, in_ci=False)
    assert run("--record") == 0
    assert "long" not in capsys.readouterr().out
    assert run("long", "--record") == 0


CALLS = """
import http.client, urllib.error

if sys.argv[1:] == ["list"]:
    try:
        show(returned=f"{images()} images")
    except (urllib.error.URLError, OSError, ValueError, http.client.HTTPException) as error:
        show(raised=type(error).__name__)
else:
    show(check="list", outcome="works", note=f"{images()} images")
"""


def test_faults(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each fault is armed for one call, and what the program saw is recorded with the requests of the journal."""
    add(folder, "calls", CALLS, calls=["list"])
    assert run("--record") == 0
    rows = {row["fault"]: row for row in json.loads((folder.parent / "results/calls.json").read_text())["faults"]}
    assert list(rows) == [trial.shown for trial in TRIALS if trial.call == "list"]
    assert rows["Fail(503)"]["seen"] == "`HTTPError`"
    assert rows['Garble("content_type")']["seen"] == "no error: 1 images"
    assert rows["Truncate(10)"] == {
        "fault": "Truncate(10)",
        "kind": "truncate",
        "seen": "`IncompleteRead`",
        "requests": 1,
        "waits": [],
    }
    file = folder / "calls" / "program.py"
    file.write_text(file.read_text().replace("type(error).__name__", '"AnError"'))
    assert run("calls") == 1
    assert "fault Fail(503): `AnError`, 1 requests; before: `HTTPError`, 1 requests" in capsys.readouterr().out
    assert run("--no-faults") == 0


@pytest.mark.parametrize("where", ["build", "run"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_a_run_that_is_ended(tmp_path: Path, number: int, where: str) -> None:
    """A signal ends the programs and the mocks with the command."""
    code = f"""
import signal, sys
from pathlib import Path
from interop import client, running
client.HERE, running.BUILT = Path({str(tmp_path / "interop")!r}), Path({str(tmp_path / "built")!r})
sys.argv[1:] = []
# A shell that begins pytest in the background lets it ignore SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)
import runpy; runpy.run_module("interop", run_name="__main__", alter_sys=True)
"""
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    program = f"""
    with open({str(pids)!r}, "w") as file:
        file.write(str(os.getpid()))
    import signal; signal.pause()
    """
    build = [["{python}", "program.py"]] if where == "build" else []
    add(tmp_path / "interop", "waits", program, build=build)
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, start_new_session=True) as process:
        program_id = int(pids.read_text())
        try:
            os.kill(process.pid, number)
            assert process.wait(60) == (130 if number == signal.SIGINT else 143)
        finally:
            process.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(program_id, 0)


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_wrong_number_of_jobs(folder: Path, capsys: pytest.CaptureFixture[str], jobs: str) -> None:
    """At least one client runs at a time."""
    add(folder, "lists", LISTS)
    with pytest.raises(SystemExit, match="2"):
        run("--jobs", jobs)
    assert f"argument --jobs: must be a whole number from 1, got {jobs}" in capsys.readouterr().err


def test_client_that_a_busy_machine_delays_is_tried_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that has not waited before and waits now is made once more, and one that waits again is a difference."""
    monkeypatch.setattr(faulted, "LONGEST", 3.0)
    monkeypatch.setattr(faulted, "TRIALS", TRIALS[:1])
    program = """
    if sys.argv[1:] == ["list"] and not os.path.exists("called"):
        open("called", "w")
        try:
            images()
        finally:
            import signal; signal.pause()
    """
    add(folder, "calls", program + textwrap.indent(CALLS, "    "), calls=["list"])
    (folder.parent / "built" / "calls").mkdir(parents=True)
    called = folder.parent / "built" / "calls" / "called"
    called.touch()
    assert run("--record") == 0
    called.unlink()
    assert run() == 0
    called.unlink()
    assert run("--record") == 0
    assert run() == 1
    assert "fault Fail(503): `HTTPError`, 1 requests; before: still waiting after 8 s" in capsys.readouterr().out


def test_wrong_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown client is refused with the names that there are."""
    add(folder, "lists", LISTS)
    with pytest.raises(SystemExit, match="2"):
        run("list")
    assert "there is no client list; there are lists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"in_CI": False}, "lists/client.json: $: Additional properties are not allowed ('in_CI' was unexpected)"),
        ({"needs": "go"}, "lists/client.json: $.needs: 'go' is not of type 'array'"),
        ({"build": ["go", "build"]}, "lists/client.json: $.build[0]: 'go' is not of type 'array'"),
    ],
)
def test_wrong_description(
    folder: Path, capsys: pytest.CaptureFixture[str], field: dict[str, Any], message: str
) -> None:
    """A wrong client.json is an error that names the file and the field."""
    add(folder, "lists", LISTS, **field)
    assert run() == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", all_clients())
def test_recorded_result(name: str) -> None:
    """Each client has a recorded result of the version in its folder, and nothing in it is broken."""
    described, result = all_clients()[name], recorded(name)
    if result is None:
        assert described.note, "a client that was not run says why"
        return
    assert result["packages"] == dict(described.packages)
    assert {check["outcome"] for check in result["checks"]} <= {*OUTCOMES} - {"broken"}
    assert all(check.get("note") for check in result["checks"] if check["outcome"] != "works")
    calls = [trial.shown for trial in TRIALS if trial.call in described.calls]
    assert [row["fault"] for row in result.get("faults", [])] == calls
