"""`ims-mock completion`: what a real bash completes with the script, and what there is no script for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ims_mock.command.clients import CLIENTS
from ims_mock.command.completion import SHELLS
from ims_mock.command.parser import COMMANDS, GROUPS, OPTIONS
from tests.command.test_cli import run

COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
set -- $(complete -p ims-mock)
while [ "$1" != -F ]; do shift; done
"$2" ims-mock "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""Does what bash does when the Tab key is pressed after words: it calls the function that the script names."""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script for bash, in a folder with two files."""
    folder = tmp_path_factory.mktemp("completion")
    for name in ("ims-mock.toml", "imported.json"):
        (folder / name).touch()
    file = folder / "script.bash"
    file.write_text(run("completion", "bash").stdout)
    return file


def completed(script: Path, *words: str) -> set[str]:
    """Return what bash offers after these words, of which the last is what is typed so far."""
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE, "bash", str(script), "ims-mock", *words],
        cwd=script.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ([""], {*GROUPS, *(name for name in COMMANDS if " " not in name)}),
        (["he"], {"healthcheck"}),
        (["contract", ""], {name.partition(" ")[2] for name in COMMANDS if name.startswith("contract ")}),
        (["--po"], {"--port", "--policy"}),
        (["serve", "--po"], {"--port", "--policy"}),
        (["--auth", ""], {"off", "lenient", "strict"}),
        (["env", ""], {*CLIENTS}),
        (["env", "sdk", "--shell", "f"], {"fish"}),
        (["openapi", "--only", ""], {"native", "own", "iam", "other"}),
        (["contract", "check", "--format", "j"], {"json", "junit"}),
        (["contract", "check", "im"], {"ims-mock.toml", "imported.json"}),
        (["contract", "diff", "imp"], {"imported.json"}),
        (["--config", "ims"], {"ims-mock.toml"}),
        (["--rules", "imp"], {"imported.json"}),
        (["completion", ""], {*SHELLS}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_offers(script: Path, words: list[str], offered: set[str]) -> None:
    """Commands, options, the words that a value can be, and files are offered in a real bash."""
    assert completed(script, *words) == offered


@pytest.mark.parametrize("command", COMMANDS)
def test_bash_offers_every_option(script: Path, command: str) -> None:
    """Each option of each command is offered."""
    own = {option.flag for option in OPTIONS if option.belongs_to(command)}
    assert completed(script, *command.split(), "--") == {*own, "--help"}


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(shell: str) -> None:
    """There is a script for each shell that help names, which has each command in it."""
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(name.split()[-1] in done.stdout for name in COMMANDS)
    assert shell in run("completion", "--help").stdout


def test_no_script() -> None:
    """Another shell, and none, is an error that says which there are."""
    done = run("completion", "fsh")
    message = 'error: there is no script for "fsh"; there are bash, zsh, fish, tcsh, powershell; did you mean "fish"?'
    assert (done.returncode, message in done.stderr) == (2, True)
    done = run("completion")
    assert (done.returncode, "the following arguments are required: SHELL" in done.stderr) == (2, True)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without shtab the error says what to install."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    done = run("completion", "bash")
    message = "needs shtab; install it with: pip install 'ims_mock[completion]'"
    assert (done.returncode, done.stdout, message in done.stderr) == (2, "", True)
