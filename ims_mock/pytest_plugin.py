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

    from ims_mock.evidence.journal import Mark
    from ims_mock.faults.rules import Rule
    from ims_mock.mock import ImsMock

_SERVER = pytest.StashKey["ImsMock"]()
_BEGAN = pytest.StashKey["Mark"]()
"""Of a test, the moment of the journal at which it began."""

_RULES = pytest.StashKey["list[Rule]"]()
"""Of a test, the rules that were armed before it."""

_IS_USED = pytest.StashKey[bool]()
"""Of a test, whether it has the fixture `ims_mock`, however it came to it."""

_SEED = pytest.StashKey["int | str"]()
"""Of a test, the seed with which it began."""


_NEEDED = pytest.StashKey["set[str]"]()
"""Of a session, the actions of IAM that its tests have needed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line."""
    group = parser.getgroup("ims_mock")
    group.addoption(
        "--ims-mock-policy",
        action="store_true",
        help="print the smallest IAM policy under which every request of the tests would have been allowed",
    )
    group.addoption(
        "--ims-mock-seed", metavar="SEED", help="what ids and chances are made from, where a test does not say it"
    )
    group.addoption(
        "--ims-mock-start", metavar="TIME", help="where the clock starts: seconds since 1970, or 2016-06-02T07:49:48Z"
    )
    group.addoption(
        "--ims-mock-bundle",
        metavar="DIR",
        help="write the journal and all else of each failed test to a file of this folder, and an HTTP archive to one",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that --strict-markers knows it."""
    needed: set[str] = set()
    config.stash[_NEEDED] = needed
    _check_options(config)
    config.addinivalue_line(
        "markers",
        "ims_mock(seed=0, start=None, auth='lenient', project_id=..., token=..., region=..., accounts=None, "
        "token_lifetime=86400, public_images=False, max_image_size=None, speed=0, delays={}, faults=[], "
        "header_faults=True, journal_size=1000): settings of the ims_mock fixture for one test.",
    )


def _check_options(config: pytest.Config) -> None:
    """Refuse a wrong option before the first test; where there is none, nothing is imported."""
    options = _options(config)
    if options:
        from ims_mock.service.settings import Settings

        try:
            Settings().changed(options)
        except ValueError as error:
            raise pytest.UsageError(f"--ims-mock-{error}") from None


def _options(config: pytest.Config) -> dict[str, Any]:
    """Return the settings that the options give to every test."""
    given = {"seed": (config.getoption("ims_mock_seed"), int), "start": (config.getoption("ims_mock_start"), float)}
    return {name: _number(text, kind) for name, (text, kind) in given.items() if text is not None}


def _number(text: str, kind: type[int | float]) -> int | float | str:
    """Return the number that an option is, or the text itself."""
    try:
        return kind(text)
    except ValueError:
        return text


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

        from ims_mock.identity.permissions import new_policy

        terminalreporter.section("ims_mock policy")
        needed = config.stash[_NEEDED]
        terminalreporter.write_line(json.dumps(new_policy(needed), indent=2))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember where in the journal of the session's server a test begins, and what was armed before."""
    server = item.session.stash.get(_SERVER, None)
    if server is not None:
        _begin(item, server, list(server.faults))


def _begin(item: pytest.Item, mock: ImsMock, rules: list[Rule]) -> None:
    item.stash[_BEGAN], item.stash[_RULES] = mock.journal.mark(), rules
    item.stash[_SEED] = mock.service.store.seed


@pytest.fixture(scope="session")
def ims_mock_server(request: pytest.FixtureRequest) -> Iterator[ImsMock]:
    """An IMS on a free port of this machine for the whole session; `ims_mock` is the same, cleared for each test."""
    from ims_mock.mock import ImsMock

    with ImsMock(**_options(request.config)) as mock:
        request.session.stash[_SERVER] = mock
        yield mock
        request.config.stash[_NEEDED].update(mock.service.permissions.ever_needed)


@pytest.fixture
def ims_mock(request: pytest.FixtureRequest, ims_mock_server: ImsMock) -> ImsMock:
    """An IMS without images, faults or journal, with the settings of the test's `ims_mock` markers.

    Its `url` and `token` are for the program under test, its `images`, `faults`, `journal` and `clock` for the test.
    """
    ims_mock_server.reset()  # First, so that a report of wrong settings has nothing of the test before.
    ims_mock_server.reset(**_settings(request.node))
    request.node.stash[_IS_USED] = True
    _begin(request.node, ims_mock_server, [])
    return ims_mock_server


@pytest.fixture
def ims_mock_env(ims_mock: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings that point clients at the mock, in the environment for as long as the test runs.

    Those of huaweicloudsdk and of OpenStack's clients as the default user, and a clouds.yaml with a cloud `ims_mock`.
    Returns the variables that are set.
    """
    from ims_mock.command.environment import Target, clouds_yaml, openstack_variables, sdk_variables
    from ims_mock.identity.accounts import Secretive

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
    """Return the settings of a test's markers, the closest to the test counting most."""
    settings: dict[str, Any] = {}
    for marker in node.iter_markers("ims_mock"):
        if marker.args:
            raise pytest.UsageError(f"@pytest.mark.ims_mock takes keyword arguments alone, got {marker.args!r}")
        settings = {**marker.kwargs, **settings}
    return settings


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test, when it has otherwise passed, that has armed a rule which has never struck."""
    mock = _mock_of(item)
    if mock is None:
        return
    from ims_mock.faults.rules import check_struck

    before = item.stash.get(_RULES, [])
    try:
        check_struck([rule for rule in mock.faults.ever_armed() if not any(rule is other for other in before)])
    except AssertionError as error:
        message = str(error)
    else:
        return
    pytest.fail(message, pytrace=False)


@pytest.hookimpl(hookwrapper=True)  # The older form, which every pytest since 7.0 takes.
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what a failed test has asked of the mock, and how to run the same again."""
    outcome = yield
    report = outcome.get_result()
    mock = _mock_of(item)
    if report.failed and mock is not None:
        from ims_mock.evidence.journal import Mark
        from ims_mock.testing.report import story

        began, command = item.stash.get(_BEGAN, Mark()), _command(item, mock)
        report.sections.append(("ims_mock", story(mock.service, began, command)))
        folder = item.config.getoption("ims_mock_bundle")
        if folder is not None:
            report.sections.append(("ims_mock bundle", _bundle(folder, item, report, mock, began, command)))
        for rule in mock.faults:
            # One that a fixture still holds as a context manager is not to fail the test once more at its end.
            rule.optional = True


def _bundle(folder: str, item: pytest.Item, report: pytest.TestReport, mock: ImsMock, began: Mark, command: str) -> str:
    """Write the files of a failed test, and return where they are, or why they are nowhere."""
    from ims_mock.testing.report import write_bundle

    # What failed in a fixture is not to take the place of what failed in the test.
    test = item.nodeid if report.when == "call" else f"{item.nodeid}-{report.when}"
    try:
        return str(write_bundle(folder, test, report.longreprtext, mock.service, began, command))
    except OSError as error:
        return f"could not be written: {error}"


def _mock_of(item: pytest.Item) -> ImsMock | None:
    """Return the session's mock, where a test has to do with it, be it that it asked for it while it ran."""
    mock = item.session.stash.get(_SERVER, None)
    names = getattr(item, "fixturenames", ())
    has_asked = mock is not None and ("ims_mock_server" in names or item.stash.get(_IS_USED, False))
    return mock if has_asked else None


def _command(item: pytest.Item, mock: ImsMock) -> str:
    """Return the line that runs a test again as it ran, ids, times and chances included.

    The seed is that of the test's beginning: a state that it has gone back to has brought its own. The start is that of
    the last reset, since what the test resets itself begins there again.
    """
    import shlex

    store = mock.service.store
    options = [f"--ims-mock-seed={item.stash.get(_SEED, store.seed)}", f"--ims-mock-start={store.started_at!r}"]
    order = item.config.getoption("randomly_seed", None)
    options += [f"--randomly-seed={order}"] if isinstance(order, int) else []
    # The id begins at pytest's root, which need not be where it was started.
    file = os.path.relpath(item.path, item.config.invocation_params.dir)
    test = "::".join([file, *item.nodeid.split("::", 1)[1:]])
    return shlex.join(["python", "-m", "pytest", test, *options])
