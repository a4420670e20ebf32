"""Environment variables as lines that a shell reads: bash, fish and PowerShell, and the files called .env."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shell:
    """How one shell sets a variable, adds a host to those without a proxy, and unsets all variables of a client."""

    set: Callable[[str, str], str]
    add_host: Callable[[str, str], str]
    unset: Callable[[str], str]

    def exports(self, variables: Mapping[str, str]) -> str:
        """Return the lines that set variables; those of NO_PROXY keep the hosts that they have already."""
        line = (
            self.add_host(*pair) if pair[0].lower() == "no_proxy" else self.set(*pair) for pair in variables.items()
        )
        return "".join(f"{text}\n" for text in line)

    def replaces(self, variables: Mapping[str, str]) -> str:
        """Return the lines that set variables, whatever they were before."""
        return "".join(f"{self.set(name, value)}\n" for name, value in variables.items())


def _add_in_bash(name: str, value: str) -> str:
    """Return a line that adds a value to those between commas, unless it is there."""
    host = shlex.quote(value)
    add = f'export {name}="${{{name}:+${name},}}"{host}'
    return f'case ",${{{name}-}}," in *,{host},*) export {name};; *) {add};; esac'


def _add_in_fish(name: str, value: str) -> str:
    # In quotes, the variable is one argument: without any, `string` reads the lines that are to be run.
    is_there = f'contains -- {_fish(value)} (string split , -- "${name}")'
    return f"{is_there}; or set -gx {name} (string join -n , -- ${name} {_fish(value)})"


def _add_in_powershell(name: str, value: str) -> str:
    both = f"@($env:{name} -split ',') + {_powershell(value)}"
    return f"$env:{name} = @({both} | Where-Object {{ $_ }} | Select-Object -Unique) -join ','"


def _unset_in_bash(prefix: str) -> str:
    return f'for name in $(env | sed -n "s/^\\({prefix}[A-Za-z0-9_]*\\)=.*/\\1/p"); do unset "$name"; done\n'


def _fish(value: str) -> str:
    """Return a value in single quotes; there, fish knows two escapes: https://fishshell.com/docs/current/language.html"""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    """Return a value in single quotes; PowerShell takes four more characters for one, and each is doubled."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"


def _dotenv(name: str, value: str) -> str:
    """Return a line that all readers of such files take alike; raise ValueError for a value that has none.

    They differ in what a backslash means in quotes, and python-dotenv replaces ${...} in single quotes too.
    """
    if re.fullmatch(r"[A-Za-z0-9_./:@%+,-]*", value):
        return f"{name}={value}"
    if "'" not in value and "\\" not in value and "${" not in value:
        return f"{name}='{value}'"
    if not re.search(r'["\\$`\n\r]', value):
        return f'{name}="{value}"'
    rule = "readers of .env files differ on its quotes, backslashes or ${"
    raise ValueError(f"--shell dotenv: {name} cannot be written, as {rule}; choose another value, or another --shell")


SHELLS: dict[str, Shell] = {
    "bash": Shell(
        lambda name, value: f"export {name}={shlex.quote(value)}",
        _add_in_bash,
        _unset_in_bash,
    ),
    "fish": Shell(
        lambda name, value: f"set -gx {name} {_fish(value)}",
        _add_in_fish,
        lambda prefix: f"for name in (set -nx | string match -r '^{prefix}.*'); set -e $name; end\n",
    ),
    "powershell": Shell(
        lambda name, value: f"$env:{name} = {_powershell(value)}",
        _add_in_powershell,
        lambda prefix: f"Remove-Item Env:{prefix}*\n",
    ),
    "dotenv": Shell(_dotenv, _dotenv, lambda _prefix: ""),
}
"""The shells by their names, as --shell has them; what bash reads, sh and zsh read too."""
