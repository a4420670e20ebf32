"""`ims-mock sweep`: a command under every failure; small programs stand for users' own."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ims_mock import ImsMock
from ims_mock.command.cli import main
from ims_mock.command.sweep import variables
from ims_mock.sweep.commands import Command
from ims_mock.sweep.known import KnownFailures
from ims_mock.sweep.progress import Progress
from tests.command.test_cli import run

pytestmark = pytest.mark.slow

BARE = """
import os, socket, sys

def ask():
    host, _, port = os.environ["IMS_MOCK_URL"].partition("//")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"GET /v2/images HTTP/1.1\\r\\nHost: {host}\\r\\nX-Auth-Token: {os.environ['IMS_MOCK_TOKEN']}"
        connection.sendall(f"{head}\\r\\nConnection: close\\r\\n\\r\\n".encode())
        with connection.makefile("rb") as file:
            return file.read().decode()

def status():
    return int(ask().split()[1])
"""
"""A client that imports next to nothing, so that a run costs little."""

LISTS = f"""{BARE}
if status() == 503:
    sys.exit("cannot list")
if status() == 404:
    raise KeyError("images")
sys.exit({{200: 0, 403: 3}}.get(status(), 7))
"""
"""Ends with 1 for 503, with a traceback for 404, with 3 for 403."""

ONE = ("--pairs", "0", "--only", "glance_list_images: 503 x1")


def sweep(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Sweep a program in Python, in a process as quick as can be."""
    return run("sweep", *options, "--", sys.executable, "-I", "-S", "-c", program)


def only(*names: str) -> list[str]:
    """Return the options for these plans of the list of images alone."""
    return ["--pairs", "0", *(f"--only=glance_list_images: {name}" for name in names)]


def test_verdicts_of_a_command() -> None:
    """An allowed exit code is a clean failure; another one, and a traceback whatever the code, is a crash."""
    options = ["--allow-exit", "1", "--format", "json", *only("503", "404", "403 x1")]
    done = sweep(LISTS, *options)
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    found = {plan["id"]: (plan["verdict"], plan["detail"]) for plan in report["plans"]}
    assert found["glance_list_images: 503"] == ("failed_cleanly", "exit code 1: cannot list")
    assert found["glance_list_images: 404"] == ("crash", "KeyError: 'images'")


def test_characters_that_stdout_has_not() -> None:
    """A report with other characters is written with escapes, and not lost after a sweep of hours."""
    program, bare = f"{BARE}\nif status() == 503: sys.exit('no\\xe9')", [sys.executable, "-I", "-S", "-c"]
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), "ascii")) as output:
        status = main(["sweep", *ONE, "--", *bare, program])
        output.seek(0)
        assert (status, output.read().splitlines()[3]) == (1, "crash: exit code 1: no\\xe9")


def test_exit_codes_that_can_be_allowed_are_named() -> None:
    """A first sweep says how an exit code becomes a clean failure; one that allows some already does not."""
    hint = "exit code 1 is a crash; where the command ends so on purpose, allow it: --allow-exit 1"
    first, traceback = sweep(LISTS, *ONE), sweep(LISTS, *only("404"))
    assert (first.returncode, first.stderr) == (1, f"ims-mock sweep: {hint}\n")
    assert (traceback.returncode, traceback.stderr) == (1, "")
    assert sweep(LISTS, "--allow-exit", "3", *ONE).stderr == ""


def test_fail_fast_ends_at_the_first_failure() -> None:
    """After a plan that fails no other is begun."""
    done = sweep(LISTS, "--allow-exit", "1", "--fail-fast", *only("403 x1", "503 x1"))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[:2] == [
        "1 bad_manners",
        "3 requests, 1 plan, 0 saved; the sweep ended at its first failure, before all plans were run",
    ]


def test_each_plan_survived_or_failed_cleanly_is_0() -> None:
    """With every exit code allowed, the sweep passes."""
    done = sweep(LISTS, "--allow-exit", "1", "--allow-exit", "3", *only("503 x1", "500 x1"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "1 failed_cleanly, 1 survived"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--", "no-such-command-here"], "no-such-command-here: no such command; the command and its arguments stand"),
        (
            ["--budget", "soon", "--", sys.executable],
            "error: --budget must be a number of plans, or seconds such",
        ),
        (["--timeout", "1e400", "--", sys.executable], "error: argument --timeout: must be at most 1000000"),
        (["--plan", "x", "--", sys.executable], "error: --plan must name the operation of each fault"),
        (["--baseline", ".", "--", sys.executable], "error: --baseline: cannot read .: Is a directory\n"),
        (["--output", "nowhere/report", "--", sys.executable], "--output: cannot write nowhere/report: its folder"),
        (["--update-baseline", "--", sys.executable], "--update-baseline writes the file of --baseline: name one"),
        (["--baseline=a", "--update-baseline", "--fail-fast", "--", sys.executable], "--fail-fast ends at the first"),
        (["--baseline", "nowhere.json", "--", sys.executable], "--baseline: nowhere.json: no such file of known"),
        (["--list", "--format", "html", "--", sys.executable], "--list prints text or json, not html"),
        (["--allow-exit", "0", "--", sys.executable], "argument --allow-exit: must be at least 1, got 0"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_use_is_2(options: list[str], message: str) -> None:
    """What cannot begin says why, before anything is run."""
    done = run("sweep", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_command_that_cannot_be_run_is_2(tmp_path: Path) -> None:
    """A file that is no program is wrong use, not a failure of the command."""
    file = tmp_path / "program"
    file.write_bytes(b"\0")
    file.chmod(0o755)
    done = run("sweep", "--", str(file))
    assert done.returncode == 2
    assert "the command cannot be run: " in done.stderr


def test_command_that_fails_without_any_failure_is_3() -> None:
    """Its own stderr is shown, and that no plan was run."""
    done = sweep("import sys; sys.exit('no configuration')", "--allow-exit", "1")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        "no configuration",
        "ims-mock sweep: error: the command fails without any failure: exit code 1: no configuration",
    ]


def test_request_limit_is_a_hang() -> None:
    """A command that asks for ever is ended."""
    done = sweep(f"{BARE}\nwhile status() == 503: pass", "--format", "json", *only("503"))
    verdicts = {plan["id"]: plan["verdict"] for plan in json.loads(done.stdout)["plans"]}
    assert (done.returncode, verdicts["glance_list_images: 503"]) == (1, "hang")


HOLDS = """
import socket, subprocess, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sleep = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
child = subprocess.Popen(sleep, pass_fds=[line.fileno()], stdin=subprocess.DEVNULL)
line.sendall(b"x")
"""
"""Begins a child that sleeps; both hold a connection to the port that is given, which ends with the last of them."""

WAITS = f"""{BARE}
if status() == 503:
    {HOLDS.strip().replace(chr(10), chr(10) + "    ")}
    child.wait()
"""


@pytest.fixture
def port() -> Iterator[socket.socket]:
    """What a process connects to, to show that it is there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener


def take(listener: socket.socket) -> socket.socket:
    """Return the connection of a process that has begun its child."""
    connection = listener.accept()[0]
    connection.settimeout(30)
    assert connection.recv(1) == b"x"
    return connection


def assert_all_have_ended(connection: socket.socket) -> None:
    """No process is left that holds the connection, which else would time out."""
    with connection:
        assert connection.recv(1) == b""


def test_hang_leaves_no_process(port: socket.socket) -> None:
    """A command that takes more real time than a run may is ended, with all that it has begun."""
    program = [sys.executable, "-I", "-S", "-c", WAITS, f"{port.getsockname()[1]}"]
    done = run("sweep", "--timeout", "2", "--format", "json", *ONE, "--", *program)
    (plan,) = json.loads(done.stdout)["plans"]
    assert (plan["verdict"], plan["detail"]) == ("hang", "it took more real time than a run may")
    assert_all_have_ended(take(port))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(port: socket.socket, number: int) -> None:
    """Ctrl-C, however often, or a closed terminal prints what is known, ends with 130, and leaves no process."""
    program = [sys.executable, "-I", "-S", "-c", WAITS, f"{port.getsockname()[1]}"]
    command = [sys.executable, "-m", "ims_mock", "sweep", *only("404 x1", "503 x1"), "--", *program]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        connection = take(port)
        process.send_signal(number)
        # It is over with the first, or ends in a moment.
        while process.poll() is None and not select.select([process.stderr], [], [], 0.01)[0]:
            process.send_signal(number)
        output, log = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "1 request, 1 plan, 0 saved; the sweep ended by an interrupt, before all plans were run" in output
    assert (process.returncode, log) == (130, "ims-mock sweep: interrupted; the report is of what was run\n")
    assert_all_have_ended(connection)


def test_ignored_hangup_ends_nothing() -> None:
    """A sweep that nohup runs goes on when the terminal is closed."""
    program = f"{BARE}\nimport signal\nstatus()\nos.kill(os.getppid(), signal.SIGHUP)"
    words = ["sweep", *ONE, "--", sys.executable, "-I", "-S", "-c", program]
    shell = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "ims_mock", *words]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "1 survived")


def test_closed_stderr() -> None:
    """A process whose stderr is closed, as of a daemon, sweeps as any other."""
    words = ["sweep", *ONE, "--", sys.executable, "-I", "-S", "-c", f"{BARE}status()"]
    shell = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-m", "ims_mock", *words]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "1 survived")


def test_what_is_printed_can_count() -> None:
    """With --compare-stdout another output is a wrong success; without, the exit code is what counts."""
    program = f"{BARE}\nprint(status())"
    options = ["--format", "json", *ONE]
    plain, compared = sweep(program, *options), sweep(program, "--compare-stdout", *options)
    assert [plan["verdict"] for plan in json.loads(plain.stdout)["plans"]] == ["survived"]
    (plan,) = json.loads(compared.stdout)["plans"]
    assert (plan["verdict"], plan["detail"]) == ("wrong_success", r"it returned '503\n' in place of '200\n'")


def test_waits_are_real_ones() -> None:
    """A retry at once is one, however fast the mock's clock runs."""
    done = sweep(f"{BARE}\nfor _ in range(3): status()", "--speed", "1000", "--format", "json", *only("503 x2"))
    assert [plan["verdict"] for plan in json.loads(done.stdout)["plans"]] == ["bad_manners"]


def test_list_runs_no_plan() -> None:
    """--list prints the ids of the plans, as --only takes them; Retry-After is short, as its seconds are real."""
    done = sweep(BARE + "status()", "--list", *only("503*"))
    assert (done.returncode, done.stderr) == (0, "")
    faults = ("503", "503(retry_after=2)")
    assert done.stdout.splitlines() == [
        f"glance_list_images: {fault}{times}" for fault in faults for times in (" x1", " x2", "")
    ]
    assert json.loads(sweep(BARE + "status()", "--list", "--format", "json", *ONE).stdout) == [ONE[-1]]


@pytest.mark.parametrize(("option", "listed"), [("--only=nothing", ""), (f"--plan={ONE[-1]}", f"{ONE[-1]}\n")])
def test_list_has_what_would_be_run(option: str, listed: str) -> None:
    """With --plan that is the one plan; where there is none, nothing is printed."""
    assert sweep(BARE + "status()", "--list", option).stdout == listed


def test_command_that_fails_without_a_word() -> None:
    """What it has printed is shown before, where it has printed something."""
    done = sweep(BARE + "status(); sys.exit(1)")
    assert done.stderr == "ims-mock sweep: error: the command fails without any failure: exit code 1\n"


def test_one_plan_by_its_id() -> None:
    """--plan runs what a report names; one that never fires is wrong use."""
    done = sweep(LISTS, "--format", "json", "--plan", "glance_list_images: 404 x1")
    assert [plan["id"] for plan in json.loads(done.stdout)["plans"]] == ["glance_list_images: 404 x1"]
    done = sweep(LISTS, "--plan", "glance_show_image: 404 x1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "never fired; the requests of the work are glance_list_images" in done.stderr


def test_report_in_a_file(tmp_path: Path) -> None:
    """--output has the report, and stdout its summary."""
    file = tmp_path / "report.xml"
    done = sweep(LISTS, "--format", "junit", "--output", str(file), *ONE)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "1 crash")
    suite = ElementTree.fromstring(file.read_bytes()).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")


def test_known_failures(tmp_path: Path) -> None:
    """What --update-baseline has written is accepted, and a failure that is not in it is new."""
    file = str(tmp_path / "known.json")
    assert sweep(LISTS, "--baseline", file, "--update-baseline", *ONE).returncode == 0
    again = sweep(LISTS, "--baseline", file, *ONE)
    assert (again.returncode, "1 failures are known, 0 are new" in again.stdout) == (0, True)
    assert sweep(LISTS, "--baseline", file, *only("503 x1", "403 x1")).returncode == 1
    more = sweep(LISTS, "--baseline", file, "--update-baseline", *only("403 x1"))
    assert (more.returncode, set(KnownFailures.load(file).verdicts)) == (
        0,
        {"glance_list_images: 403 x1", "glance_list_images: 503 x1"},
    )


class Terminal(io.StringIO):
    """A stderr that is shown."""

    def isatty(self) -> bool:
        """Return that it is."""
        return True


@pytest.mark.parametrize(("stderr", "shown"), [(Terminal, "sweep: 1 plans were run\n"), (io.StringIO, "")])
def test_progress_is_for_terminals(
    stderr: type[io.StringIO], shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is on stderr, where that is a terminal."""
    monkeypatch.setattr("ims_mock.command.sweep.Progress", partial(Progress, every=-1))
    monkeypatch.setattr(sys, "stderr", stderr())
    assert main(["sweep", *ONE, "--", sys.executable, "-I", "-S", "-c", f"{BARE}\nstatus()"], {**os.environ}) == 0
    assert isinstance(sys.stderr, io.StringIO)
    assert sys.stderr.getvalue() == shown
    assert capsys.readouterr().out.startswith("1 survived\n")


def test_saved_state(tmp_path: Path) -> None:
    """With --state each run begins with what was saved."""
    file = tmp_path / "state.json"
    with ImsMock() as mock:
        mock.add_image(name="saved")
        mock.snapshot().save(file)
    program = f"{BARE}\nbody = ask()\nsys.exit('saved' not in body and '503' not in body)"
    assert sweep(program, "--state", str(file), *ONE).returncode == 0


def test_arguments_of_the_command_are_its_own() -> None:
    """Everything after -- is the command's, options and another -- as well."""
    program = "import sys; assert sys.argv[1:] == ['--seed', '--', '-x'], sys.argv"
    done = run("sweep", "--seed", "5", "--", sys.executable, "-I", "-S", "-c", program, "--seed", "--", "-x")
    assert (done.returncode, done.stdout.splitlines()[0]) == (2, "no plans")
    assert "error: no plan was run: the work sends no request to the mock" in done.stderr
    assert "a command finds it by IMS_MOCK_URL" in done.stderr


def test_options_that_leave_no_plan_are_wrong_use() -> None:
    """A sweep that ran no plan says nothing of the command."""
    done = sweep(LISTS, *only("no-such-failure"))
    assert (done.returncode, done.stdout.splitlines()[0]) == (2, "no plans")
    assert "error: no plan was run: only and skip leave no failure for its requests;" in done.stderr


def test_variables_of_the_command(ims_mock: ImsMock, tmp_path: Path) -> None:
    """It finds the mock as every client does; of another cloud nothing is left, and a proxy is kept out."""
    before = {"OS_CLOUD": "production", "HUAWEICLOUD_SDK_AK": "x", "no_proxy": "a.example", "PATH": "p"}
    found = variables(ims_mock, tmp_path, before)
    assert "OS_CLOUD" not in found
    assert (found["PATH"], found["no_proxy"], found["NO_PROXY"]) == ("p", "a.example,127.0.0.1", "127.0.0.1")
    assert found["HUAWEICLOUD_SDK_AK"] == ims_mock.service.accounts.default_user.access
    names = ("IMS_MOCK_URL", "IMS_URL", "TF_VAR_ims_mock_url", "HUAWEICLOUD_SDK_IAM_ENDPOINT")
    assert {found[name] for name in names} == {ims_mock.url}
    assert (found["OS_AUTH_URL"], found["IMS_MOCK_TOKEN"]) == (f"{ims_mock.url}/identity", ims_mock.token)


def test_certificate_of_the_command(tmp_path: Path) -> None:
    """With TLS, every variable that names an authority has the mock's."""
    with ImsMock(tls=True) as mock:
        found = variables(mock, tmp_path, {})
    assert found["IMS_MOCK_CA_FILE"] == found["SSL_CERT_FILE"] == found["OS_CACERT"] == found["REQUESTS_CA_BUNDLE"]
    assert Path(found["IMS_MOCK_CA_FILE"]).read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_variables_of_several_regions(tmp_path: Path) -> None:
    """With several regions, a swept command chooses one: OpenStack's clients reject all but that of OS_REGION_NAME."""
    with ImsMock(regions=["eu-de", "eu-nl"]) as mock:
        assert "OS_REGION_NAME" not in variables(mock, tmp_path, {"OS_REGION_NAME": "eu-de"})


def test_process_that_outlives_its_parent_is_ended(port: socket.socket) -> None:
    """A command that ends well leaves nothing that goes on, and is not waited for by what it has begun."""
    words = [sys.executable, "-I", "-S", "-c", HOLDS, f"{port.getsockname()[1]}"]
    Command(words, os.environ)()
    assert_all_have_ended(take(port))
