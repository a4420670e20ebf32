"""`--config FILE`: which options a file gives to which command, what counts more, and what is wrong with a file."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from ims_mock.command.arguments import Parser
from ims_mock.command.parser import COMMANDS, GROUPS, OPTIONS, new_command_parser
from ims_mock.command.sources import Given, read_options
from ims_mock.service.settings import SETTINGS, Settings
from tests.command.test_cli import run
from tests.command.test_process import running, stop
from tests.conftest import ROOT


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The name of a file that is not there yet."""
    return tmp_path / "ims-mock.toml"


def read(config: Path, text: str, *arguments: str, command: str = "serve", **environ: str) -> Given:
    """Return the options that a command has with such a file."""
    config.write_text(text, "utf-8")
    parser: Parser = new_command_parser(command)
    given = read_options(parser, command, ["--config", str(config), *arguments], environ)
    del given["config"]
    return given


def error(config: Path, text: str | bytes | None, *command: str) -> str:
    """Return the first line of the error of a command, which ends with 2, with such a file."""
    if text is not None:
        config.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run(*command, "--config", str(config))
    assert (done.returncode, done.stdout) == (2, ""), done
    return done.stderr.splitlines()[0].replace(str(config), "FILE").partition(": error: ")[2]


def test_values_have_the_types_of_toml(config: Path) -> None:
    """Numbers, texts, flags, lists, tables and times of TOML are what an option takes; '-' and '_' are the same."""
    text = """
        port = 0
        token-lifetime = 60
        journal_size = 5
        auth = "strict"
        tls = true
        header_faults = false
        faults = ["glance_list_images: 503 x2", {fault = {kind = "hangup"}}]
        start = 2016-06-02T07:49:48Z
        [delays]
        queued = 5
        [accounts]
        users = [{name = "ci", roles = {demo = ["member"]}}]
    """
    assert read(config, text) == {
        "port": 0,
        "token_lifetime": 60,
        "journal_size": 5,
        "auth": "strict",
        "tls": True,
        "header_faults": False,
        "faults": ["glance_list_images: 503 x2", {"fault": {"kind": "hangup"}}],
        "start": "2016-06-02T07:49:48Z",
        "delays": {"queued": 5},
        "accounts": {"users": [{"name": "ci", "roles": {"demo": ["member"]}}]},
    }


def test_option_counts_more_than_variable_and_this_more_than_file(config: Path) -> None:
    """Each source gives what no stronger one has; a list is not put together from several."""
    text = 'port = 1\nseed = 1\nspeed = 1\nallow_host = ["a", "b"]'
    environ = {"IMS_MOCK_PORT": "2", "IMS_MOCK_SEED": "2", "IMS_MOCK_ALLOW_HOST": "c;d"}
    given = read(config, text, "--port", "3", **environ)
    assert given == {"port": 3, "seed": 2, "speed": 1, "allow_host": ["c", "d"]}
    assert read(config, text, "--allow-host", "e", **environ)["allow_host"] == ["e"]
    assert read(config, text)["allow_host"] == ["a", "b"]


def test_variable_switches_off_what_the_file_switches_on(config: Path) -> None:
    """A switch of the file can be undone, also one that is on by default."""
    text = "quiet = true\nheader_faults = false"
    assert read(config, text, IMS_MOCK_QUIET="no", IMS_MOCK_NO_HEADER_FAULTS="no") == {}
    assert read(config, text) == {"quiet": True, "header_faults": False}


def test_commands_share_the_top_and_have_tables(config: Path) -> None:
    """The top is for all commands with such an option; the table of a command counts more, for it alone."""
    text = """
        host = "127.0.0.2"
        port = 1
        region = "r1"
        quiet = true
        [env]
        port = 2
        user = "alt"
        [sweep]
        port = 3
        budget = "60s"
        allow_exit = [1, 2]
        [contract.check]
        strict = true
        allow = ["list_images:*"]
    """
    assert read(config, text) == {"host": "127.0.0.2", "port": 1, "region": "r1", "quiet": True}
    assert read(config, text, command="proxy") == {"host": "127.0.0.2", "port": 1, "region": "r1", "quiet": True}
    env = {"host": "127.0.0.2", "port": 2, "region": "r1", "user": "alt"}
    assert read(config, text, command="env") == env
    sweep = {"host": "127.0.0.2", "sweep_port": 3, "region": "r1", "budget": "60s", "allow_exit": [1, 2]}
    assert read(config, text, "--", "true", command="sweep") == {**sweep, "words": ["true"]}
    check = {"strict": True, "allow": ["list_images:*"], "files": []}
    assert read(config, text, command="contract check") == check
    assert read(config, text, command="openapi") == {}


def test_every_option_can_be_in_a_file(config: Path) -> None:
    """Each option has a name in the table of its command, no two the same; none has the name of a command."""
    for command in COMMANDS:
        own = [option for option in OPTIONS if option.belongs_to(command) and option.name != "config"]
        names = [option.config_name for option in own]
        assert len(names) == len(set(names))
        for option in own:
            switched = {option.config_name: not option.default}
            if not option.is_switch:
                continue
            (line,) = (f"{name} = {str(value).lower()}" for name, value in switched.items())
            given = read(config, f"[{command.replace(' ', '.')}]\n{line}", *words(command), command=command)
            assert given[option.name] is not option.default
    serve = {option.config_name for option in OPTIONS if option.belongs_to("serve")}
    assert not serve & {*GROUPS, *COMMANDS}


def words(command: str) -> list[str]:
    """Return the arguments that a command needs."""
    arguments = COMMANDS[command].get("arguments", {})
    needed = [name for name, about in arguments.items() if about["count"] not in ("?", "*")]
    return (["--"] if command == "sweep" else []) + ["x" for _ in needed]


def test_files_are_seen_from_the_folder_of_the_config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of files in it are relative to its own folder, wherever the command is run."""
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "accounts.json").write_text(json.dumps({"users": [{"name": "ci", "roles": {"demo": ["member"]}}]}))
    (folder / "rules.json").write_text(json.dumps([{"fault": {"kind": "hangup"}}]))
    text = 'accounts = "accounts.json"\nrules = "rules.json"\nurl_file = "url"\nca_file = "/ca.pem"'
    monkeypatch.chdir(tmp_path)
    options = read(Path("conf/ims-mock.toml"), text)
    assert options["accounts"]["users"][0]["name"] == "ci"
    assert len(options["rules"]) == 1
    assert (options["url_file"], options["ca_file"]) == (Path("conf/url"), Path("/ca.pem"))


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("operations", "completion")])
def test_example_of_the_manual(tmp_path: Path, command: str) -> None:
    """The file that docs/command.md shows is one that every command takes, and a mock can have its settings."""
    text = (ROOT / "docs/command.md").read_text("utf-8")
    match = re.search(r"<!-- example: config -->\n```toml\n(.*?)```", text, re.DOTALL)
    assert match is not None
    given = read(tmp_path / "ims-mock.toml", match[1], *words(command), command=command)
    settings = {name: value for name, value in given.items() if name in SETTINGS}
    assert (settings.get("region") == "eu-de") == (command in ("serve", "env", "proxy", "sweep"))
    assert Settings(**settings).first_accounts.default_user


def test_variable_names_the_file(config: Path) -> None:
    """IMS_MOCK_CONFIG does what --config does, for each command."""
    config.write_text('region = "r1"')
    done = run("env", "openstack", IMS_MOCK_CONFIG=str(config))
    assert "export OS_REGION_NAME=r1\n" in done.stdout
    done = run("env", "openstack", IMS_MOCK_CONFIG="nowhere.toml")
    message = "IMS_MOCK_CONFIG: cannot read nowhere.toml: No such file or directory"
    assert (done.returncode, message in done.stderr) == (2, True)


def test_byte_order_mark_is_no_error(config: Path) -> None:
    """A file that an editor of Windows has begun with one is read as any other."""
    config.write_bytes(b"\xef\xbb\xbfport = 5")
    assert error(config, None, "env", "fog").startswith('there is no client "fog"')


WRONG: list[tuple[str | bytes, str]] = [
    ("port =", "FILE is not TOML: Invalid value"),
    (b"\xff\xfep\x00", "FILE is not TOML: it is not written in UTF-8"),
    ("a = " + "[" * 100_000, "FILE is not TOML: it is nested too deep"),
    ("prt = 1", "FILE: there is no option 'prt'; did you mean \"port\"?"),
    ("fault = []", "FILE: there is no option 'fault'; did you mean \"faults\"?"),
    ('config = "x"', "FILE: there is no option 'config'"),
    ("budget = 5", "FILE: budget is no option here; write it under [sweep]"),
    ('url = "x"', "FILE: url is no option here; write it under [env] or [healthcheck]"),
    ("[swep]", "FILE: there is no option or command 'swep'; did you mean \"sweep\"?"),
    ("[sweep]\nbudgt = 5", "FILE: [sweep] there is no option 'budgt'; did you mean \"budget\"?"),
    ("[env]\nquiet = true", "FILE: [env] quiet is no option here; write it under [serve] or [proxy]"),
    ("sweep = 5", "FILE: sweep is a command: write its options under [sweep]"),
    ("[contract]\nstrict = true", "FILE: [contract] there is no command 'strict'; there are [contract.check],"),
    ("[contract.chek]", "FILE: [contract] there is no command 'chek'; there are [contract.check],"),
    ("token_lifetime = 1\ntoken-lifetime = 1", "FILE: token_lifetime is there twice, with '-' and with '_'"),
    ('port = "1"', 'FILE: port: must be of type integer, got "1"'),
    ("[serve]\nport = 70000", "FILE: [serve] port: must be at most 65535, got 70000"),
    ('host = "http://x"', "FILE: host: must be an address or a name of this machine"),
    ('tls = "yes"', 'FILE: tls: must be of type boolean, got "yes"'),
    ("speed = nan", "FILE: speed: NaN is not a JSON number"),
    ("speed = inf", "FILE: speed: must be at most 1000000, got Infinity"),
    ("start = 07:30:00", "FILE: start: must be seconds since 1970 or text like"),
    ("delays = {queed = 1}", 'FILE: delays: has an unknown member "queed"'),
    ('faults = "503"', 'FILE: faults: must be of type array, got "503"'),
    ("faults = [{}]", 'FILE: faults[0]: must have "fault"'),
    ('faults = ["glance_list: 503"]', 'FILE: faults[0]: operation must match an operation, got "glance_list"'),
    ("rules = [{}]", 'FILE: rules[0]: must have "fault"'),
    ("accounts = {users = [{}]}", 'FILE: accounts.users[0]: must have "name"'),
    ('state = ""', 'FILE: state: must be the name of a file, got ""'),
    ("state = 5", "FILE: state: must be of type string, got 5"),
    ('url_file = ""', 'FILE: url_file: must be the name of a file, got ""'),
    ('seed = ""', 'FILE: seed: must not be empty, got ""; give a value, or leave it out'),
]
"""The text of a file, and the error that `serve` ends with."""


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_file(config: Path, text: str | bytes, message: str) -> None:
    """The error names the file, the name in it, and the rule; a name that is near one is shown with it."""
    assert error(config, text).startswith(message)


def test_file_that_cannot_be_read(config: Path) -> None:
    """A file that is not there, and a folder, are an error of the option."""
    assert error(config, None) == "--config: cannot read FILE: No such file or directory"
    assert run("--port", "0", "--config", "/dev/zero").stderr.startswith(
        "ims-mock serve: error: /dev/zero is larger than 1024 KiB, which no config file needs"
    )
    config.mkdir()
    assert error(config, None) == "--config: cannot read FILE: Is a directory"


def test_names_are_checked_for_all_commands_and_values_for_one(config: Path) -> None:
    """A misspelt name is an error in every command; a wrong value of another command is none."""
    assert "there is no option 'budgt'" in error(config, "[sweep]\nbudgt = 5", "openapi")
    config.write_text('speed = "fast"\n[sweep]\nbudget = []')
    assert run("env", "curl", "--config", str(config)).returncode == 0


@pytest.mark.slow
def test_mock_has_what_the_file_says(config: Path) -> None:
    """A mock that is started so has the settings, and writes its URL where the file says."""
    config.write_text('url_file = "url"\nregion = "r1"\nfaults = ["glance_list_images: 503"]\nquiet = true')
    with running("--config", str(config)) as (process, url):
        settings: dict[str, Any] = requests.get(f"{url}/_ims_mock/settings", timeout=10).json()
        status = requests.get(f"{url}/v2/images", headers={"X-Auth-Token": "any"}, timeout=10).status_code
        assert (settings["region"], status) == ("r1", 503)
        assert (config.parent / "url").read_text() == f"{url}\n"
        assert stop(process)[1:] == ("", "")


@pytest.mark.slow
def test_file_that_is_a_pipe(tmp_path: Path) -> None:
    """What another program writes is a file too; the names of files in it are seen from where the command is run."""
    (tmp_path / "accounts.json").write_text("{}")
    text = 'region = "r1"\naccounts = "accounts.json"'
    script = f'exec "$0" -m ims_mock env openstack --config <(echo {shlex.quote(text)})'
    shell = ["bash", "-c", script, sys.executable]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "export OS_REGION_NAME=r1\n" in done.stdout, done.stderr
