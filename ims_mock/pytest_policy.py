"""The option `--ims-mock-policy`: the smallest IAM policy that the tests of a session need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

_NEEDED = pytest.StashKey["set[str]"]()
"""Of a session, the actions of IAM that its tests have needed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("ims_mock").addoption(
        "--ims-mock-policy",
        action="store_true",
        help="print the smallest IAM policy under which every request of the tests would have been allowed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin without actions."""
    needed: set[str] = set()
    config.stash[_NEEDED] = needed


def note_needed(config: pytest.Config, actions: Iterable[str]) -> None:
    """Note that the tests of a session have needed actions."""
    config.stash[_NEEDED].update(actions)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Report to the controller of pytest-xdist, where there is one, what this worker's tests have needed."""
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
