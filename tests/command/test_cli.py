"""The command line: its sub-commands, options and errors, in this process."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shlex
import signal
import subprocess
import sys
from argparse import Namespace
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import requests

from ims_mock import ImsMock, __version__
from ims_mock.command.cli import _RUN, main
from ims_mock.command.greeting import lines_of_mock, this_command
from ims_mock.command.parser import COMMANDS, OPTIONS, SECTIONS, Option
from ims_mock.command.standalone import _JsonFormatter
from ims_mock.contract.operations import load_contract


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself, as in a process that is there already."""
    output, log = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with redirect_stdout(output), redirect_stderr(log):
            status: Any = main(arguments, {**os.environ, **environ})
    except SystemExit as end:
        status = end.code
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), log.getvalue())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read"),
        ("{", "is not JSON: Expecting property name"),
        ('{"users": [{"name": "ci"}]}', '/users/0: must have "roles"'),
        ('{"users": [{"name": "ci", "roles": {"web": ["member"]}}]}', "ci has roles in web, which is no project"),
    ],
)
def test_wrong_accounts(tmp_path: Path, content: str | None, message: str) -> None:
    """A file that is not there, is no JSON, or has accounts that cannot be, ends it with 2 and says why."""
    file = tmp_path / "accounts.json"
    if content is not None:
        file.write_text(content)
    done = run("--accounts", str(file))
    assert done.returncode == 2
    assert "argument --accounts:" in done.stderr
    assert message in done.stderr


@pytest.mark.parametrize("host", ["a:80", "http://a", "a/b", "", "*", "[::1]"])
def test_wrong_allowed_host(host: str) -> None:
    """What is no host name ends it with 2 and says what one is."""
    done = run("--allow-host", host)
    assert done.returncode == 2
    assert "argument --allow-host: must be a host name, without a port" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cert", "cert.pem"], "give both --cert and --key, and leave out --tls"),
        (["--tls", "--cert", "a", "--key", "b"], "give both --cert and --key, and leave out --tls"),
        (["--cert", "nowhere.pem", "--key", "nowhere.pem"], "No such file or directory"),
        (["--tls", "--ca-file", "nowhere/ca.pem"], "--ca-file: cannot write nowhere/ca.pem: No such file or directory"),
    ],
)
def test_wrong_certificates(arguments: list[str], message: str) -> None:
    """Certificates that do not go together, or are not there, end it with 2 and say why."""
    done = run("--port", "0", *arguments)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_env_of_another_user_and_address(tmp_path: Path) -> None:
    """`env` takes the user, the region, the accounts and the address from the options that the mock takes."""
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({"users": [{"name": "ci", "password": "p w", "roles": {"alt": ["member"]}}]}))
    done = run("env", "openstack", "--accounts", str(file), "--user", "ci", "--region", "r1", "--port", "8000")
    assert "export OS_AUTH_URL=http://127.0.0.1:8000/identity\n" in done.stdout
    assert "export OS_PASSWORD='p w'\nexport" in done.stdout
    assert "export OS_PROJECT_NAME=alt\n" in done.stdout
    assert "export OS_REGION_NAME=r1\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["--tls"], "ims-mock-ca.pem"),
        (["--url", "https://127.0.0.1:1", "--tls"], "ims-mock-ca.pem"),
        (["--tls", "--ca-file", "other.pem"], "other.pem"),
        (["--cert", "a", "--key", "b", "--ca-file", "other.pem"], "other.pem"),
        (["--cert", "a", "--key", "b"], None),
        (["--ca-file", "other.pem"], None),
    ],
)
def test_env_names_the_authority(arguments: list[str], file: str | None) -> None:
    """What `env` prints names the file of the certificate authority, where HTTPS needs one."""
    lines = run("env", "openstack", *arguments).stdout.splitlines()
    assert [line for line in lines if "OS_CACERT" in line] == (
        [f"export OS_CACERT={shlex.quote(str(Path(file).absolute()))}"] if file else []
    )


@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        (["--port", "abc"], {}, 'argument --port: must be of type integer, got "abc"'),
        (["--port", "65536"], {}, "argument --port: must be at most 65535, got 65536"),
        (
            [],
            {"IMS_MOCK_PORT": "abc"},
            'ims-mock serve: error: IMS_MOCK_PORT must be of type integer, got "abc"',
        ),
        (["--fault", "nonsense"], {}, "argument --fault: must be a status such as 503, or one of fail, throttle,"),
        (["--fault", "999"], {}, "argument --fault: fail: status must be at most 599, got 999\n    999\n    ^\n"),
        (["--fault", "glance_creat: 503"], {}, 'operation must match an operation, got "glance_creat"; did you mean'),
        (
            [],
            {"IMS_MOCK_QUIET": "perhaps"},
            "IMS_MOCK_QUIET must be one of 1, true, yes, on, 0, false, no, off, got 'perhaps'",
        ),
        (["--sead", "1"], {}, "unrecognized arguments: --sead"),
        (["--log-format", "xml"], {}, 'argument --log-format: must be "text" or "json", got "xml"'),
        (["nonsense"], {}, 'there is no command "nonsense"; there are serve, proxy,'),
        (["serve", "nonsense"], {}, "unrecognized arguments: nonsense"),
        (["env"], {}, "needs a client: sdk, openstack, terraform, otc, curl"),
        (["env", "fog"], {}, 'there is no client "fog"; there are sdk, openstack, terraform, otc, curl'),
        (["env", "sdk", "--port", "0"], {}, "needs --url of a mock that took a free port"),
        (
            ["env", "sdk", "--user", "nobody"],
            {},
            'no user has the name "nobody"; the users are demo, alt, demo_reader, admin',
        ),
        (
            ["env", "sdk", "--url", "localhost:1"],
            {},
            "argument --url: must be http:// or https:// with a host and a port",
        ),
        (["--token-lifetime", "1h"], {}, 'argument --token-lifetime: must be of type number, got "1h"'),
        (["--sead", "1"], {}, 'ims-mock serve: error: unrecognized arguments: --sead 1; did you mean "--seed"?\ntry '),
        (["--seed"], {}, "argument --seed: expected one argument"),
        (["--explain=yes"], {}, 'argument --explain: takes no value, got "yes"; write --explain alone'),
        (["--quiet", "env"], {}, "unrecognized arguments: env; the command comes first, as in 'ims-mock env --help'\n"),
        (["--", "x"], {}, "unrecognized arguments: -- x\n"),
        (["--fault", ""], {}, 'argument --fault: must not be empty, got ""; give a value, or leave it out\ntry '),
        (["--cert", "x"], {}, "error: give both --cert and --key, and leave out --tls\ntry "),
        (["--token", ""], {}, 'argument --token: must be printable ASCII without spaces, got ""\n'),
        (["env", "sdk", "--url", ""], {}, 'argument --url: must not be empty, got ""; give a value, or leave it out\n'),
        (["healthcheck", "--url="], {}, "argument --url: must not be empty"),
        (["--accounts", "/dev/zero"], {}, "argument --accounts: /dev/zero is larger than 64 MiB; name a smaller file"),
        (["--accounts", "/dev/null"], {}, "argument --accounts: /dev/null: is empty; write JSON into it"),
        (["--quota", "9" * 20], {}, "argument --quota: must be at most 1000000000, got 99999999999999999999"),
        (["serv"], {}, 'there is no command "serv"; there are serve, '),
        (["contract"], {}, "ims-mock contract: error: needs a command: check, verify, consumer, changes, diff\ntry "),
        (["contract", "chek"], {}, 'there is no command "chek"; there are check, verify,'),
        (["env", "terrafrom"], {}, 'libcloud, c7n, packer, proxy; did you mean "terraform"?'),
        (["--url-file", ""], {}, 'argument --url-file: must be the name of a file, got ""'),
        (["--accounts", ""], {}, 'argument --accounts: must be the name of a file, got ""'),
        (["--max-image-size", "2GB"], {}, 'argument --max-image-size: must be of type integer, got "2GB"'),
        ([], {"IMS_MOCK_PUBLIC_IMAGES": "all"}, "IMS_MOCK_PUBLIC_IMAGES must be one of 1, true, yes, on"),
        ([], {"IMS_MOCK_AUTH": "none"}, 'IMS_MOCK_AUTH must be "off" or "lenient" or "strict", got "none"'),
    ],
)
def test_wrong_arguments(arguments: list[str], environ: dict[str, str], message: str) -> None:
    """A wrong argument or variable ends it with 2, by its name."""
    done = run(*arguments, **environ)
    assert done.returncode == 2
    assert message in done.stderr
    command = done.stderr.partition(": error: ")[0]
    assert done.stderr.splitlines()[-1] == f"try '{command} --help'"
    assert len(done.stderr.splitlines()) <= (4 if "argument --fault:" in done.stderr else 2)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--help"], ["usage: ims-mock [COMMAND] [OPTION ...]", "to run a mock:", "  ims-mock openapi > openapi.json"]),
        (["serve", "--help"], ["address and certificate:", "credentials:", "exit status:", "examples:"]),
        (["env", "-h"], ["the client:", '  eval "$(ims-mock env openstack)"']),
        (["openapi", "-h"], ["Print the API as an OpenAPI 3.1 document."]),
    ],
)
def test_help(arguments: list[str], lines: list[str]) -> None:
    """Help has the commands, their options in groups, and examples."""
    done = run(*arguments)
    assert done.returncode == 0
    assert set(lines) <= set(done.stdout.splitlines())


def test_commands_are_those_of_the_schema() -> None:
    """Each command that schemas/command.json describes can be run, and no other; help has each in one section."""
    assert list(_RUN) == list(COMMANDS)
    words = [word for section in SECTIONS.values() for word in section]
    assert sorted(words) == sorted({name.partition(" ")[0] for name in COMMANDS})
    lines = run("--help").stdout.splitlines()
    assert all(any(line.startswith(f"  {word} ") for line in lines) for word in words)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_exit_statuses_and_examples(command: str) -> None:
    """The help of each command says what its exit statuses mean, and shows examples that it takes."""
    shown = run(*command.split(), "--help").stdout
    about = COMMANDS[command]
    assert all(f"\n  {status:5}{meaning}\n" in shown for status, meaning in about["statuses"].items())
    assert all(f"\n  {example}\n" in shown for example in about["examples"])
    assert about["statuses"].keys() >= {"0", "2"}


def test_help_of_what_asks_a_mock() -> None:
    """Where an option finds a mock, help does not say that it starts one."""
    shown = " ".join(run("healthcheck", "--help").stdout.split())
    assert "--port PORT the port of the mock (default: 9292)" in shown
    shown = " ".join(run("serve", "--help").stdout.split())
    assert "--port PORT the port; 0 takes a free one (default: 9292)" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_command_has_its_own_options(command: str) -> None:
    """A command shows the options that it has, and refuses those of another."""
    given = [
        *command.split(),
        *("x" for item in COMMANDS[command].get("arguments", {}).values() if item["count"] not in ("?", "*")),
    ]
    shown = set(re.findall(r"^ +(--[a-z-]+)", run(*command.split(), "--help").stdout, re.MULTILINE))
    assert shown - {"--help"} == {option.flag for option in OPTIONS if option.belongs_to(command)}
    for foreign in [option.flag for option in OPTIONS if option.flag not in shown][:1]:
        assert f"unrecognized arguments: {foreign}" in run(*given, f"{foreign}=1").stderr


def test_serve_is_what_happens_without_a_command() -> None:
    """`serve` can be typed or left out."""
    for arguments in ([], ["serve"]):
        done = run(*arguments, "--port", "abc")
        assert (done.returncode, "ims-mock serve: error: argument --port: " in done.stderr) == (2, True)


def test_variables_of_other_commands_stand_for_nothing() -> None:
    """What is set for `serve` does not keep another command from its work."""
    assert run("env", "curl", IMS_MOCK_SPEED="fast").returncode == 0


def test_version() -> None:
    """--version prints the version."""
    assert run("--version").stdout == f"ims_mock {__version__}\n"


def test_openapi_is_what_the_server_returns(capsys: pytest.CaptureFixture[str], ims_mock: Any) -> None:
    """`openapi` prints the document that the mock serves."""
    assert main(["openapi"], {}) == 0
    printed = capsys.readouterr().out
    assert printed.strip() == requests.get(f"{ims_mock.url}/_ims_mock/openapi.json", timeout=10).text
    assert json.loads(printed) == load_contract().document


def test_operations_is_the_readmes_table(capsys: pytest.CaptureFixture[str]) -> None:
    """`operations` prints a line an operation, in Markdown."""
    assert main(["operations"], {}) == 0
    assert "| `glance_show_image` | `GET /v2/images/{image_id}` | 200 |" in capsys.readouterr().out.splitlines()


def test_json_log_of_what_is_no_request() -> None:
    """A defect of the mock is one object too, with its traceback."""
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        record = logging.LogRecord("ims_mock", logging.ERROR, "", 0, "it %s", ("failed",), sys.exc_info())
    logged = json.loads(_JsonFormatter().format(record))
    assert logged["level"] == "error"
    assert logged["message"].startswith("it failed\nTraceback")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"users": [{"name": "s", "password": "\\ud800", "roles": {}}]}', "has half of a surrogate pair"),
        ("[" * 100_000, "is nested more than 64 deep"),
        ("{", "is not JSON"),
        ('{"users": NaN}', "NaN is not a JSON number"),
        ("", "is empty"),
    ],
)
def test_accounts_that_are_no_json(tmp_path: Path, text: str, message: str) -> None:
    """A file of accounts is read as strictly as a request's body."""
    file = tmp_path / "accounts.json"
    file.write_text(text)
    done = run("--accounts", str(file))
    assert done.returncode == 2
    assert f"argument --accounts: {file}: " in done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("region", ["x\ntouch pwned #", 'a b"$(x)', ""])
def test_env_of_a_region_that_cannot_be(region: str) -> None:
    """What is printed for a shell has no line that a region's name has made."""
    done = run("env", "sdk", "--region", region)
    assert (done.returncode, done.stdout) == (2, "")
    assert "argument --region: must be 1 to 64 letters, digits, '-' and '_'" in done.stderr


def test_env_names_the_host_as_the_server_does() -> None:
    """A mock that listens everywhere is reached over loopback."""
    assert "export IMS_URL=http://127.0.0.1:9292\n" in run("env", "curl", "--host", "0.0.0.0").stdout
    assert "export IMS_URL='http://[::1]:9292'\n" in run("env", "curl", "--host", "::").stdout


def test_wrong_files_of_a_certificate_are_named(tmp_path: Path) -> None:
    """The error for files that cannot serve for HTTPS names them."""
    file = tmp_path / "no.pem"
    done = run("--cert", str(file), "--key", str(file))
    assert (done.returncode, done.stderr) == (
        2,
        f"ims-mock serve: error: cannot use {file} and {file} for HTTPS: No such file or directory\n"
        "try 'ims-mock serve --help'\n",
    )
    file.write_text("no certificate")
    done = run("--cert", str(file), "--key", str(file))
    problem = "they must be a certificate and its key, in PEM"
    assert (
        done.stderr
        == f"ims-mock serve: error: cannot use {file} and {file} for HTTPS: {problem}\ntry 'ims-mock serve --help'\n"
    )


def test_host_that_can_be_in_no_certificate() -> None:
    """The host is named, and what to do."""
    done = run("--tls", "--host", "under_score")
    assert done.returncode == 2
    assert done.stderr.startswith("ims-mock serve: error: no certificate can be made for the host 'under_score': ")
    assert done.stderr.endswith("; use --cert and --key\ntry 'ims-mock serve --help'\n")


def test_env_of_a_file_with_the_url(tmp_path: Path) -> None:
    """`env` reads the URL that a mock has written; without such a file it ends with 2."""
    file = tmp_path / "url"
    file.write_text("http://127.0.0.1:5\n")
    assert "export IMS_URL=http://127.0.0.1:5\n" in run("env", "curl", "--url-file", str(file)).stdout
    assert "export IMS_URL=http://127.0.0.1:6\n" in run("env", "curl", "--port=6", IMS_MOCK_URL_FILE=str(file)).stdout
    for wrong, message in ((tmp_path / "no", "No such file or directory"), (tmp_path, "Is a directory")):
        done = run("env", "curl", "--url-file", str(wrong))
        assert (done.returncode, f"argument --url-file: cannot read {wrong}: {message}" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("settings", "tls"),
    [({}, False), ({}, True), ({"region": "r1", "project_id": "p1"}, False)],
)
def test_first_lines_lead_to_the_mock(settings: dict[str, Any], tls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that the first lines show prints what the very mock needs, wherever it is run."""
    monkeypatch.setattr("ims_mock.command.greeting.this_command", lambda: ["ims-mock"])
    with ImsMock(tls=tls, **settings) as mock:
        (shown,) = (line for line in lines_of_mock(mock, Namespace(ca_file="a b.pem")) if line.startswith("In a shell"))
        words = re.findall(r'eval "\$\((.*)\)"', shown)
        printed = run(*shlex.split(words[0])[1:]).stdout
        assert f"export HUAWEICLOUD_SDK_IAM_ENDPOINT={mock.url}\n" in printed
        assert f"export HUAWEICLOUD_SDK_PROJECT_ID={mock.project_id}\n" in printed
        assert f"# Then: ImsClient.new_builder().with_region(Region({settings.get('region', 'cn-north-4')!r}" in printed
        assert (f"export REQUESTS_CA_BUNDLE='{Path('a b.pem').absolute()}'\n" in printed) == tls


def test_first_lines_with_another_key() -> None:
    """Where a file of accounts gives the user demo another key, the command that is shown needs this file."""
    accounts = {"users": [{"name": "demo", "access": "AK", "secret": "SK", "roles": {"demo": ["member"]}}]}
    with ImsMock(accounts=accounts) as mock:
        lines = list(lines_of_mock(mock, Namespace(ca_file="")))
    command = shlex.join(this_command())
    assert lines[1].endswith("AK/SK AK / SK")
    assert lines[2].endswith(f'$({command} env sdk --url {mock.url} --accounts FILE)"')


def test_command_for_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PATH has not the command of this installation, its path is shown, or the interpreter where it has none."""
    folder = tmp_path / "a venv"
    folder.mkdir()
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert this_command() == [str(folder / "python"), "-m", "ims_mock"]
    for file in (folder / "ims-mock", tmp_path / "ims-mock"):
        file.write_text("")
        file.chmod(0o755)
        assert this_command() == [str(folder / "ims-mock")]
    monkeypatch.setenv("PATH", str(folder))
    assert this_command() == ["ims-mock"]


RULES: list[dict[str, Any]] = [
    {"operation": "glance_list_images", "times": 1, "fault": {"kind": "fail", "status": 503}},
    {"fault": {"kind": "hangup"}, "method": "DELETE"},
]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "must be a list of rules, got {}"),
        ([RULES[0], {}], '/1: must have "fault"'),
        ([{**RULES[0], "times": 0}], "/0/times: must be at least 1, got 0"),
        ([{"fault": {"kind": "fail", "status": 99}}], "/0/fault/status: must be at least 400, got 99"),
        ([{**RULES[0], "operation": "x"}], '/0/operation: must match an operation, got "x"'),
        ("503", 'must be a list of rules, got "503"'),
    ],
)
def test_wrong_rules_of_a_file(tmp_path: Path, document: Any, message: str) -> None:
    """A wrong rule is refused before anything is served, with its file and its place there."""
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(document))
    done = run("--rules", str(file))
    assert done.returncode == 2
    assert f"argument --rules: {file}: {message}" in done.stderr


def refusal(option: Option, text: str) -> str:
    """Return what is wrong with the text of an option; "" where nothing is."""
    try:
        option.value_of(text)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("text", ["", "?", "x=?", '{"x": "?"}', "-1"])
def test_error_does_not_repeat_the_option(text: str) -> None:
    """What is wrong with a value follows the option that has it, so it does not begin with the name again."""
    refused = {option.name: refusal(option, text) for option in OPTIONS if not option.is_switch}
    assert any(refused.values())
    assert not [message for name, message in refused.items() if message.startswith(name)]


def test_variable_of_a_wrong_file(tmp_path: Path) -> None:
    """A file that a variable names is in the error with the variable, and with where in it the error is."""
    file = tmp_path / "accounts.json"
    file.write_text("{")
    done = run("--port", "0", IMS_MOCK_ACCOUNTS=str(file))
    assert f"error: IMS_MOCK_ACCOUNTS: {file}: is not JSON: Expecting property name" in done.stderr


def test_state_of_a_wrong_file(tmp_path: Path) -> None:
    """The file of a state is in the error with its option."""
    file = tmp_path / "state.json"
    file.write_text("[]")
    done = run("--port", "0", "--state", str(file))
    assert done.stderr.startswith(f"ims-mock serve: error: --state: {file}: must be of type object")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "noon"], "argument --start: must be seconds since 1970 or text like '2016-06-02T07:49:48Z', got"),
        (["--speed", "fast"], 'argument --speed: must be of type number, got "fast"'),
        (["--speed", "-1"], "argument --speed: must be at least 0, got -1"),
        (
            ["--delays", "active=5"],
            'argument --delays: has an unknown member "active"; the known members are queued, saving, deleting',
        ),
        (
            ["--delays", "saving"],
            'argument --delays: must be STATUS=SECONDS,... or a JSON object, got "saving"',
        ),
        (["--jobs", "60"], 'argument --jobs: must be TYPE=SECONDS,... or a JSON object, got "60"'),
        (["--jobs", ""], 'argument --jobs: must be TYPE=SECONDS,... or a JSON object, got ""'),
        (["--jobs", "*=soon"], 'argument --jobs: * must be of type number or object, got "soon"'),
        (["--jobs", '{"*": 5'], "argument --jobs: is not JSON: Expecting ',' delimiter, at line 1 column 8"),
        (["--jobs", '{"*": {"polls": -1}}'], "argument --jobs: */polls must be at least 0, got -1"),
        (["--jobs", '{"*": {}}'], "argument --jobs: * must have at least 1 member, got {}"),
        (["--jobs", "copy=5"], 'argument --jobs: has no type "copy"; the types are *, imsAddImageMembersJob,'),
        (["--journal-size", "0"], "argument --journal-size: must be at least 1, got 0"),
        (["--state", "no.json"], "ims-mock serve: error: --state: cannot read no.json: No such file or directory"),
    ],
)
def test_wrong_time_and_state(arguments: list[str], message: str) -> None:
    """The error for a value that cannot be names the option."""
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_caret_of_a_wrong_rule() -> None:
    """A wrong rule is shown on a line of its own, with a caret under the wrong place."""
    assert run("--fault", "glance_list_images: 503 probabilty 0.5").stderr.splitlines()[-3:-1] == [
        "    glance_list_images: 503 probabilty 0.5",
        "                            ^",
    ]


@pytest.mark.parametrize("command", [["env", "sdk"], ["openapi"], ["operations"], ["env", "openstack"]])
def test_port_of_kubernetes_is_no_setting(command: list[str]) -> None:
    """What Kubernetes sets for a Service of this name is passed over with a line that says so."""
    service = {
        "IMS_MOCK_PORT": "tcp://10.96.0.10:9292",
        "IMS_MOCK_PORT_9292_TCP": "tcp://10.96.0.10:9292",
        "IMS_MOCK_PORT_9292_TCP_PORT": "9292",
        "IMS_MOCK_SERVICE_HOST": "10.96.0.10",
        "IMS_MOCK_SERVICE_PORT": "9292",
    }
    done, usual = run(*command, **service), run(*command)
    assert (done.returncode, done.stdout) == (0, usual.stdout)
    uses_port = command[0] == "env"
    assert ("IMS_MOCK_PORT=tcp://10.96.0.10:9292 is what Kubernetes sets" in done.stderr) == uses_port


@pytest.mark.parametrize("text", ["tcp://", "http://10.96.0.10:9292", "9292/tcp", "tcp:10.96.0.10"])
def test_other_port_that_is_no_number(text: str) -> None:
    """Any other text is refused, as it may be a mistake."""
    done = run("env", "sdk", IMS_MOCK_PORT=text)
    assert done.returncode == 2
    assert "IMS_MOCK_PORT must be of type integer" in done.stderr


@pytest.mark.parametrize("command", [["--port", "0"], ["env", "curl"]])
@pytest.mark.parametrize("host", ["", " ", "unix:///x", "http://127.0.0.1", "/tmp/socket", "127.0.0.1:9292"])
def test_host_that_is_none(command: list[str], host: str) -> None:
    """A host that would be every interface by accident, or none, is refused with what it may be."""
    done = run(*command, "--host", host)
    assert done.returncode == 2
    assert "argument --host: must be an address or a name of this machine" in done.stderr
