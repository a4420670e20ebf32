"""What a run of pytest has to do for the suite: its options are checked, and its report is printed and written."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ims_mock.conformance import reached
from ims_mock.conformance.connection import Connection, UnreachableError
from ims_mock.conformance.credentials import SECOND, CredentialsError, find_caller
from ims_mock.conformance.differences import Differences, differences_of
from ims_mock.conformance.options import Options, options_of

DRIFT = 7
"""The exit status of pytest for drift alone with --ims-strict, which is none of its own."""

RUN = pytest.StashKey["Run"]()
"""The run that a configuration of pytest is of."""

_OUTPUT = "ims_mock_conformance"
"""What a worker of pytest-xdist reports under."""

_NEEDED = (
    f"needs credentials: IMS_TOKEN, or HUAWEICLOUD_SDK_AK, _SK and _PROJECT_ID, or OS_USERNAME, OS_PASSWORD, "
    f"OS_PROJECT_NAME and OS_AUTH_URL; those of a second project have {SECOND} at their end"
)


def _unusable(text: str) -> pytest.UsageError:
    return pytest.UsageError(f"ims_mock.conformance: {text}")


def _check_url(name: str, url: str) -> None:
    try:
        Connection(url)
    except UnreachableError as error:
        raise _unusable(f"{name}: {error}") from None


class Run:
    """A run of the suite: who asks whom, what was reached, and what was left behind."""

    def __init__(self, config: pytest.Config) -> None:
        self.options: Options = options_of(config)
        self.reached = reached.Reached()
        self.differences: Differences = differences_of(self.options.profile)
        self.left: list[str] = []
        self.prefix = ""
        self.is_worker = hasattr(config, "workerinput")
        try:
            caller = find_caller(os.environ)
            self.other = find_caller(os.environ, SECOND)
        except CredentialsError as error:
            raise _unusable(str(error)) from None
        _check_url("endpoint", self.options.endpoint)
        of_callers = [one.iam_endpoint for one in (caller, self.other) if one is not None]
        for url in filter(None, (self.options.iam_endpoint, *of_callers)):
            _check_url("the identity service, as iam-endpoint or OS_AUTH_URL", url)
        self._check_report()
        if caller is None:
            raise _unusable(_NEEDED)
        if self.options.fuzz and find_spec("schemathesis") is None:
            raise _unusable("--fuzz needs schemathesis; pip install 'ims_mock[fuzz]'")
        for one in filter(None, (caller, self.other)):
            # A token says which project it is of only to the identity service, which a login needs anyway.
            if not (one.iam_endpoint or self.options.iam_endpoint or (one.credentials and one.project_id)):
                raise _unusable(
                    "needs the identity service: OS_AUTH_URL or --iam-endpoint; or IMS_PROJECT_ID, with a token"
                )
        self.caller = caller

    def _check_report(self) -> None:
        """Refuse a report that cannot be written before anything is asked."""
        try:
            if self.options.report:
                Path(self.options.report).open("a").close()
        except OSError as error:
            raise _unusable(f"report: cannot write {self.options.report}: {error.strerror}") from None

    def end(self, text: str, status: int) -> NoReturn:
        """End the run with a line and an exit status; a worker of pytest-xdist cannot, and fails the test with it."""
        if self.is_worker:
            pytest.fail(text, pytrace=False)
        pytest.exit(text, status)

    # pytest's hooks

    def pytest_report_header(self) -> str:
        """Say whom the run asks, and how."""
        read_only = ", read-only" if self.options.read_only else ""
        return f"ims: {self.options.endpoint}, profile {self.options.profile}{read_only}, with {self.caller.described}"

    def pytest_runtest_setup(self) -> None:
        """Begin to log what a test asks for."""
        self.reached.log.clear()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, None]:
        """Show what a failed test has asked for, by the ids of the operations."""
        outcome = yield
        report = outcome.get_result()
        if report.failed and self.reached.log:
            report.sections.append(("ims requests", "\n".join(self.reached.log)))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over to the process that prints, or end with another status for drift alone, where that is asked for."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = {"reached": self.reached.as_json(), "met": self.differences.met, "left": self.left}
        elif session.exitstatus == 0 and self.left:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif session.exitstatus == 0 and self.options.strict and self._has_drift():
            session.exitstatus = DRIFT

    def _has_drift(self) -> bool:
        return any(finding["severity"] == "drift" for finding in self.reached.findings)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist has reached."""
        output = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if output:
            self.reached.add_json(output["reached"])
            self.differences.met.update(output["met"])
            self.left += output["left"]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print what was reached, and write it to a file, if that is asked for."""
        report = {
            **self.reached.report(self.options.profile),
            "known_differences": self.differences.met,
            "left_behind": self.left,
        }
        terminalreporter.section("ims coverage")
        for line in reached.lines(report):
            terminalreporter.write_line(line)
        if self.left:
            terminalreporter.write_line(f"left behind, delete by hand: {', '.join(self.left)}", red=True)
        if self.options.report:
            text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
            Path(self.options.report).write_text(text, "utf-8")


def register(config: pytest.Config) -> None:
    """Make a configuration of pytest one of a run of the suite; refuse it without credentials."""
    config.stash[RUN] = run = Run(config)
    config.pluginmanager.register(run, "ims_mock.conformance")
