"""What Containerfile and compose.yaml say, done as far as it can be without a container."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

LINES = [line for line in (ROOT / "Containerfile").read_text("utf-8").splitlines() if line and line[0] != "#"]
LAST = LINES[[line.startswith("FROM") for line in LINES].index(True, 3) :]
SIGTERM = 1 << signal.SIGTERM - 1


def last(instruction: str) -> str:
    """Return the arguments of the one such instruction in the last stage."""
    (found,) = [line.partition(" ")[2] for line in LAST if line.startswith(f"{instruction} ")]
    return found


def variables(port: str) -> dict[str, str]:
    """Return the image's variables, besides those of this process, for a port."""
    given = dict(pair.split("=", 1) for pair in last("ENV").split() if not pair.startswith("PATH="))
    return {**os.environ, **given, "IMS_MOCK_PORT": port, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The entry point with the image's variables, from a folder without anything; and its port."""
    assert json.loads(last("ENTRYPOINT")) == ["ims-mock"]
    command = [sys.executable, "-m", "ims_mock"]
    environment = variables("0")
    folder = tmp_path_factory.mktemp("empty")
    with subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        (port,) = re.findall(r"http://\S+:(\d+)", process.stdout.readline())
        yield process, port
        process.kill()


@pytest.mark.slow
def test_other_containers_reach_it_by_its_name(served: tuple[subprocess.Popen[str], str]) -> None:
    """The API, and the control API too, accept the name of the service as the host."""
    connection = http.client.HTTPConnection("127.0.0.1", int(served[1]))
    for path in ("/v2/images", "/_ims_mock/health", "/_ims_mock/"):
        connection.request("GET", path, headers={"Host": "ims-mock:9292", "X-Auth-Token": "any"})
        with connection.getresponse() as response:
            response.read()
            assert response.status == 200, path
    connection.close()


@pytest.mark.slow
def test_health_is_checked(served: tuple[subprocess.Popen[str], str]) -> None:
    """The command of the health check succeeds at a mock that serves, and fails at a port where nothing is."""
    command = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    for port, status in ((served[1], 0), ("1", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "ims_mock", *command[1:]],
            env=variables(port),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert done.returncode == status


@pytest.mark.slow
def test_sigterm_is_caught(served: tuple[subprocess.Popen[str], str]) -> None:
    """The first process of a container gets only signals that it has a handler for; SIGTERM is one."""
    status = Path(f"/proc/{served[0].pid}/status").read_text("ascii")
    (caught,) = re.findall(r"SigCgt:\s*(\w+)", status)
    assert int(caught, 16) & SIGTERM


def test_commands_need_no_shell() -> None:
    """Each command is a list, so that signals reach the mock and nothing is read by a shell."""
    commands = [line for line in LINES if line.startswith(("RUN", "ENTRYPOINT", "HEALTHCHECK"))]
    assert [json.loads(line[line.index("[") :])[0] for line in commands] == ["python"] * 5 + ["ims-mock"] * 2


def test_user_is_not_root() -> None:
    """The mock runs as a user of no name, and says at which port it is."""
    assert last("USER") == "65534:65534"
    assert last("EXPOSE") == "9292"


def test_what_is_installed_is_fixed() -> None:
    """Each requirement of the package has one version and its hashes in container/requirements.txt."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    # What an older Python needs, after a semicolon, is not in the image.
    wanted = config["options"]["install_requires"] + config["options.extras_require"]["redis"]
    needed = re.findall(r"^(\w+)[^;\n]*$", wanted, re.MULTILINE)
    text = (ROOT / "container/requirements.txt").read_text("utf-8")
    pins = re.findall(r"^([\w-]+)(?:\[\w+\])?==[\w.]+ \\\n    --hash=sha256:", text, re.MULTILINE)
    assert {*needed} <= {*pins}
    assert len(pins) == text.count("==")


def test_builder_gets_what_the_wheel_is_made_of() -> None:
    """.containerignore names each file that setup.cfg and the Containerfile need, and nothing that is not there."""
    kept = re.findall(r"^!(.+)$", (ROOT / ".containerignore").read_text("utf-8"), re.MULTILINE)
    assert kept == [
        "LICENSE",
        "README.md",
        "container",
        "ims_mock",
        "pyproject.toml",
        "schemas",
        "setup.cfg",
        "setup.py",
    ]
    assert all((ROOT / name).exists() for name in kept)


def test_compose_file_opens_the_port_to_this_machine_alone() -> None:
    """The file's service is read-only but for /tmp, and its port is on the loopback address."""
    service = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["ims-mock"]
    assert "command" not in service, "an option counts more than a variable of the environment"
    assert service["ports"] == ["127.0.0.1:9292:9292"]
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])
