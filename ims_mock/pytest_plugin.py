"""The fixtures `ims_mock_server`, `ims_mock` and `ims_mock_env`. Loading the plugin imports nothing but pytest.

https://docs.pytest.org/en/stable/how-to/writing_plugins.html
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ims_mock.mock import ImsMock

_SERVER = pytest.StashKey["ImsMock"]()
_BEGAN = pytest.StashKey[int]()
"""Of a test, the number of the journal's last entry before it."""


_NEEDED = pytest.StashKey["set[str]"]()
"""Of a session, the actions of IAM that its tests have needed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that prints a policy."""
    parser.getgroup("ims_mock").addoption(
        "--ims-mock-policy",
        action="store_true",
        help="print the smallest IAM policy under which every request of the tests would have been allowed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that --strict-markers knows it."""
    needed: set[str] = set()
    config.stash[_NEEDED] = needed
    config.addinivalue_line(
        "markers",
        "ims_mock(seed=0, start=None, auth='lenient', project_id=..., token=..., region=..., accounts=None, "
        "token_lifetime=86400, public_images=False, max_image_size=None): "
        "settings of the ims_mock fixture for one test.",
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the controller of pytest-xdist, where there is one, what this worker's tests have needed."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        needed = session.config.stash[_NEEDED]
        output["ims_mock_needed"] = sorted(needed)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take from a worker of pytest-xdist what its tests have needed."""
    node.config.stash[_NEEDED].update(getattr(node, "workeroutput", {}).get("ims_mock_needed", ()))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the policy, when it is asked for."""
    if config.getoption("ims_mock_policy"):
        import json

        from ims_mock.permissions import new_policy

        terminalreporter.section("ims_mock policy")
        needed = config.stash[_NEEDED]
        terminalreporter.write_line(json.dumps(new_policy(needed), indent=2))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember where in the journal of the session's server a test begins."""
    server = item.session.stash.get(_SERVER, None)
    item.stash[_BEGAN] = server.journal.received if server else 0


@pytest.fixture(scope="session")
def ims_mock_server(request: pytest.FixtureRequest) -> Iterator[ImsMock]:
    """An IMS on a free port of this machine for the whole session; `ims_mock` is the same, cleared for each test."""
    from ims_mock.mock import ImsMock

    with ImsMock() as mock:
        request.session.stash[_SERVER] = mock
        yield mock
        request.config.stash[_NEEDED].update(mock.service.permissions.ever_needed)


@pytest.fixture
def ims_mock(request: pytest.FixtureRequest, ims_mock_server: ImsMock) -> ImsMock:
    """An IMS without images, faults or journal, with the settings of the test's `ims_mock` markers.

    Its `url` and `token` are for the program under test, its `images`, `faults`, `journal` and `clock` for the test.
    """
    ims_mock_server.reset(**_settings(request.node))
    request.node.stash[_BEGAN] = 0
    return ims_mock_server


@pytest.fixture
def ims_mock_env(ims_mock: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings that point clients at the mock, in the environment for as long as the test runs.

    Those of huaweicloudsdk and of OpenStack's clients as the default user, and a clouds.yaml with a cloud `ims_mock`.
    Returns the variables that are set.
    """
    from ims_mock.accounts import Secretive
    from ims_mock.environment import Target, clouds_yaml, openstack_variables, sdk_variables

    target = Target(ims_mock.url, ims_mock.accounts, ims_mock.accounts.default_user)
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(clouds_yaml(target), "utf-8")
    variables = Secretive(
        {**sdk_variables(target), **openstack_variables(target), "OS_CLIENT_CONFIG_FILE": str(clouds)}
    )
    for name in ("NO_PROXY", "no_proxy"):
        variables[name] = ",".join(filter(None, (os.environ.get(name), variables[name])))
    # What else is set, such as OS_CLOUD, would lead a client elsewhere.
    for name in [name for name in os.environ if name.startswith(("OS_", "HUAWEICLOUD_SDK_"))]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _settings(node: pytest.Item) -> dict[str, Any]:
    """Return the settings of a test's markers; the closest to the test counts most."""
    settings: dict[str, Any] = {}
    for marker in node.iter_markers("ims_mock"):
        if marker.args:
            raise pytest.UsageError(f"@pytest.mark.ims_mock takes keyword arguments alone, got {marker.args!r}")
        settings = {**marker.kwargs, **settings}
    return settings


@pytest.hookimpl(hookwrapper=True)  # The older form, which every pytest since 7.0 takes.
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show the requests of a failed test, with what was answered and why."""
    outcome = yield
    report = outcome.get_result()
    mock = item.session.stash.get(_SERVER, None)
    if report.failed and mock is not None and "ims_mock_server" in getattr(item, "fixturenames", ()):
        report.sections.append(("ims_mock", _story(mock, item.stash.get(_BEGAN, 0))))


def _story(mock: ImsMock, began: int) -> str:
    """Return the journal of a mock, from a test's beginning, as a report shows it."""
    entries = [entry for entry in mock.journal if entry.number > began]
    lines = [f"seed {mock.service.backend.seed}, clock {mock.service.backend.timestamp()}, {len(entries)} requests"]
    for entry in entries:
        lines.append(str(entry))
        lines += [
            f"    {arrow} {_text(body)}"
            for arrow, body in ((">", entry.request_body), ("<", entry.response_body))
            if body
        ]
    return "\n".join(lines)


def _text(body: bytes) -> str:
    """Return the beginning of a body on one line."""
    text = body[:500].decode("utf-8", "backslashreplace").replace("\n", "\\n")
    return text + "..." if len(body) > 500 else text
