"""The option `--ims-mock-server`: the tests use a world of a server in another process, each run its own."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ims_mock.mock import ImsMock
    from ims_mock.remote.mock import RemoteMock

IDLE = 3600.0
"""Real seconds without a request after which the server removes the world of a run that has crashed."""

_LONGEST = 24
"""Most characters of the project's name in the name of a world."""

_RUN = pytest.StashKey[str]()
"""Of a session, what distinguishes its worlds from those of every other run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the ini options of the same names."""
    group = parser.getgroup("ims_mock")
    text = "use a world of the ims_mock that listens at this URL, instead of a server of this process"
    group.addoption("--ims-mock-server", metavar="URL", help=text)
    parser.addini("ims_mock_server", text)
    text = "the certificate, in PEM, of the authority of the server of --ims-mock-server, where its URL is https"
    group.addoption("--ims-mock-server-ca", metavar="FILE", help=text)
    parser.addini("ims_mock_server_ca", text)


def pytest_configure(config: pytest.Config) -> None:
    """Draw the name of the run, and refuse a port beside a server that is in another process."""
    given = getattr(config, "workerinput", {})
    config.stash[_RUN] = given.get("ims_mock_run") or secrets.token_hex(4)
    _check_options(config)
    if server_url(config) and config.getoption("ims_mock_port"):
        text = "the server of --ims-mock-server has its port already; leave out one of the two"
        raise pytest.UsageError(f"--ims-mock-port: {text}")


def _check_options(config: pytest.Config) -> None:
    """Refuse an option without a value, as of a variable that is not set, and an authority without a server."""
    for option, what in (("--ims-mock-server", "the URL of a server"), ("--ims-mock-server-ca", "the path of a file")):
        if config.getoption(option) == "":
            raise pytest.UsageError(f"{option}: must be {what}, got an empty text; give one, or leave out the option")
    if config.getoption("--ims-mock-server-ca") and not server_url(config):
        text = "there is no server whose certificate it could be of; give --ims-mock-server too, or leave it out"
        raise pytest.UsageError(f"--ims-mock-server-ca: {text}")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give each worker of pytest-xdist the name of the run."""
    node.workerinput["ims_mock_run"] = node.config.stash[_RUN]


def server_url(config: pytest.Config) -> str:
    """Return the URL of the server in another process; "" where each session has its own server."""
    return str(config.getoption("ims_mock_server") or config.getini("ims_mock_server"))


def world_name(config: pytest.Config) -> str:
    """Return the name of the world of this worker, such as "shop-3f9a21c4-gw0"."""
    project = re.sub("[^a-z0-9]+", "-", config.rootpath.name.lower())[:_LONGEST].strip("-") or "tests"
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    return f"{project}-{config.stash[_RUN]}-{worker}"


def new_world(config: pytest.Config, name: str, settings: dict[str, Any]) -> RemoteMock:
    """Return a new world of the server; raise ConnectionError or ValueError where there is none.

    It has the settings that a mock of this process would have, however the server was started.
    """
    from ims_mock.remote.connecting import connect
    from ims_mock.service.settings import SETTINGS

    # The token is the world's own: with one that several worlds have, no request would name a world.
    usual: dict[str, Any] = {name: schema["default"] for name, schema in SETTINGS.items() if name != "token"}
    given = {**usual, **settings}
    return connect(server_url(config), name, ca=_authority(config), idle=IDLE, **given)


def _authority(config: pytest.Config) -> Path | None:
    """Return the file of the authority of the server: an option is seen from where pytest was started, as shells do."""
    option: str | None = config.getoption("ims_mock_server_ca")
    if option:
        return config.invocation_params.dir / option
    line: str = config.getini("ims_mock_server_ca")
    folder = config.inipath.parent if config.inipath else config.rootpath
    return folder / line if line else None


def own_world(config: pytest.Config, fixtures: dict[str, Any], settings: dict[str, Any]) -> RemoteMock:
    """Return the world of this worker; fail where a fixture asks for what only a server of this process can have."""
    for name, value in fixtures.items():
        if value:
            text = "it is for a server of this process, and --ims-mock-server names another one"
            raise pytest.fail.Exception(f"{name}: {text}; do not override it, or leave out the option", pytrace=False)
    try:
        return new_world(config, world_name(config), settings)
    except (OSError, ValueError) as error:
        raise no_world(error) from None


def no_world(error: Exception) -> BaseException:
    """Return the failure of a test that has no world of the server, which names the option that is wrong."""
    problems = getattr(error, "problems", None)
    option = "--ims-mock-server-ca" if problems and problems[0].path == ("ca",) else "--ims-mock-server"
    return pytest.fail.Exception(f"{option}: {error}", pytrace=False)


def check_factory(given: dict[str, Any]) -> None:
    """Raise TypeError for an argument of `ims_mock_factory` that only a server of this process can have."""
    from ims_mock.remote.settings import OF_PROCESS

    wrong = [name for name in OF_PROCESS if name in given]
    if wrong:
        text = "is for a mock with a server of this process, and --ims-mock-server names another one"
        raise TypeError(f"{wrong[0]} {text}; use ImsMock({wrong[0]}=...) in this test")


def address_of_report(config: pytest.Config, mock: ImsMock) -> str:
    """Return the line of a report that says where a world in another process can be seen; "" for one in this."""
    return f"\nworld: {mock.url}/_ims_mock/" if server_url(config) else ""
