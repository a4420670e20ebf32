"""`ims-mock env --shell`: variables as each shell reads them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from ims_mock.command.clients import CLIENTS, IN_EACH_SHELL
from ims_mock.command.shells import SHELLS
from tests.command.test_cli import run
from tests.command.test_environment import ODD, run_by_bash

QUOTES = ["\u2018a\u2019", "\u201a\u201b", "\\'", "ends with \\", "", "two ''"]
"""More values that some shell reads as something else."""


def of_fish(lines: str) -> dict[str, str]:
    """Return the variables of fish's lines; in its single quotes only these two have a backslash before them."""
    found = re.findall(r"set -gx (\w+) '((?:[^'\\]|\\['\\])*)'\n", lines)
    return {name: re.sub(r"\\(['\\])", r"\1", value) for name, value in found}


def of_powershell(lines: str) -> dict[str, str]:
    """Return the variables of PowerShell's lines; any of five single quotes ends a string, unless doubled."""
    quote = "['\u2018\u2019\u201a\u201b]"
    found = re.findall(rf"\$env:(\w+) = '((?:[^'\u2018\u2019\u201a\u201b]|{quote}{quote})*)'\n", lines)
    return {name: re.sub(f"{quote}({quote})", r"\1", value) for name, value in found}


@pytest.mark.parametrize("odd", [*ODD, *QUOTES])
def test_any_value_survives_each_shell(odd: str) -> None:
    """bash, fish and PowerShell read every value as it is, and the line after it as a line of its own."""
    variables = {"FIRST": odd, "SECOND": "b"}
    assert run_by_bash(SHELLS["bash"].exports(variables)).items() >= variables.items()
    assert of_fish(SHELLS["fish"].exports(variables)) == variables
    assert of_powershell(SHELLS["powershell"].exports(variables)) == variables


@pytest.mark.parametrize("odd", [*ODD, *QUOTES])
def test_dotenv_is_read_as_it_was_or_refused(odd: str) -> None:
    """A value in a .env file is read back as it is; one that readers take differently is refused by its name."""
    variables = {"FIRST": odd, "SECOND": "b"}
    if re.search(r"\$\{|\\", odd) or ("'" in odd and re.search(r'["$`\n]', odd)):
        with pytest.raises(ValueError, match=r"^--shell dotenv: FIRST cannot be written"):
            SHELLS["dotenv"].exports(variables)
    else:
        assert dotenv_values(stream=io.StringIO(SHELLS["dotenv"].exports(variables))) == variables


def test_hosts_without_a_proxy_are_kept() -> None:
    """Each shell adds the mock's host to NO_PROXY, and a .env file sets it."""
    assert {name: shell.exports({"NO_PROXY": "h"}) for name, shell in SHELLS.items()} == {
        "bash": 'case ",${NO_PROXY-}," in *,h,*) export NO_PROXY;; '
        '*) export NO_PROXY="${NO_PROXY:+$NO_PROXY,}"h;; esac\n',
        "fish": "contains -- 'h' (string split , -- \"$NO_PROXY\"); "
        "or set -gx NO_PROXY (string join -n , -- $NO_PROXY 'h')\n",
        "powershell": "$env:NO_PROXY = @(@($env:NO_PROXY -split ',') + 'h' "
        "| Where-Object { $_ } | Select-Object -Unique) -join ','\n",
        "dotenv": "NO_PROXY=h\n",
    }


@pytest.mark.parametrize(("before", "after"), [("", "h"), ("a,h", "a,h"), ("ah", "ah,h")])
def test_host_is_added_once(before: str, after: str) -> None:
    """A host that is among those without a proxy is not added again."""
    lines = SHELLS["bash"].exports({"NO_PROXY": "h"})
    assert run_by_bash(f"export NO_PROXY={before}\n{lines}{lines}{lines}")["NO_PROXY"] == after


def test_other_variables_of_the_client_are_unset() -> None:
    """Each shell first unsets what could lead the client elsewhere."""
    assert run("env", "openstack", "--shell", "fish").stdout.startswith(
        "for name in (set -nx | string match -r '^OS_.*'); set -e $name; end\nset -gx OS_AUTH_TYPE 'password'\n"
    )
    assert run("env", "openstack", "--shell", "powershell").stdout.startswith(
        "Remove-Item Env:OS_*\n$env:OS_AUTH_TYPE = 'password'\n"
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("client", IN_EACH_SHELL)
def test_each_client_has_lines_for_each_shell(client: str, shell: str) -> None:
    """What is no comment of the printed lines is of the shell that was asked for, also by the variable."""
    done = run("env", client, IMS_MOCK_SHELL=shell)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    begin = {
        "bash": "export |for |case ",
        "fish": "set -gx |for |contains ",
        "powershell": r"\$env:|Remove-Item ",
        "dotenv": r"\w+=",
    }
    assert lines
    assert all(re.match(begin[shell], line) for line in lines)
    assert run("env", client, "--shell", shell).stdout == done.stdout


def test_env_file_has_what_bash_gets() -> None:
    """A .env file has the variables that a shell would have."""
    values = dotenv_values(stream=io.StringIO(run("env", "openstack", "--shell", "dotenv").stdout))
    bash = run_by_bash(run("env", "openstack").stdout)
    assert values["OS_AUTH_URL"] == "http://127.0.0.1:9292/identity"
    assert bash.items() >= values.items()


@pytest.mark.parametrize("client", sorted(set(CLIENTS) - set(IN_EACH_SHELL)))
def test_other_clients_have_no_shell(client: str) -> None:
    """What is no variable, or needs bash to log in, is refused for another shell; bash can be named."""
    done = run("env", client, "--shell", "fish")
    assert done.returncode == 2
    assert f"--shell fish is for {', '.join(IN_EACH_SHELL)}: leave it out for {client}" in done.stderr
    assert run("env", client, "--shell", "bash").returncode == 0


def test_value_that_no_env_file_can_have(tmp_path: Path) -> None:
    """A password that readers of .env files take differently is an error, and nothing is printed."""
    accounts = tmp_path / "accounts.json"
    accounts.write_text('{"users": [{"name": "ci", "password": "a${b}", "roles": {"demo": ["member"]}}]}')
    done = run("env", "openstack", "--accounts", str(accounts), "--user", "ci", "--shell", "dotenv")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--shell dotenv: OS_PASSWORD cannot be written" in done.stderr


@pytest.mark.parametrize("value", ["", "zsh", "null", "x" * 10_000])
def test_wrong_shell(value: str) -> None:
    """A shell that is not known is an error that lists those that are."""
    done = run("env", "sdk", f"--shell={value}")
    assert done.returncode == 2
    assert 'argument --shell: must be "bash" or "fish" or' in done.stderr
