"""The marker `ims_mock_sweep`: a test as the work of a sweep."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ims_mock.evidence.journal import Mark
from ims_mock.mock import ImsMock
from ims_mock.sweep.bounds import NAMES, Bounds
from ims_mock.sweep.engine import Sweep
from ims_mock.sweep.misuse import checked_kinds
from ims_mock.sweep.report import SweepReport
from ims_mock.testing.report import describe

SETTINGS = ("allowed", "baseline", *NAMES, "virtual_time")
"""What the marker can set."""


def settings_of(markers: Iterable[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of markers, the closest to the test first; options of the command line count more.

    Raises TypeError and ValueError, naming what is wrong.
    """
    settings: dict[str, Any] = {}
    for marker in markers:
        if marker.args:
            raise TypeError(f"takes keyword arguments alone, got {marker.args!r}")
        settings = {**marker.kwargs, **settings}
    settings |= options
    for name in settings:
        if name not in SETTINGS:
            raise TypeError(f"has no setting {name!r}; the settings are {', '.join(SETTINGS)}")
    checked_kinds(settings.get("allowed", ()))
    Bounds(**{name: value for name, value in settings.items() if name in NAMES})
    return settings


@dataclass(frozen=True)
class SweptTest:
    """A test that is swept: `run` runs it once, and `file` is where it stands.

    `kept` is entered around each run, and puts back what the test changes outside of the mock; `command` returns the
    line that runs the test again, once it has run. `shown` is what the mock shows of a good run that failed.
    """

    mock: ImsMock
    run: Callable[[], object]
    file: str
    kept: Callable[[], AbstractContextManager[object]]
    command: Callable[[], str]
    shown: list[str] = field(default_factory=list)

    def sweep(self, settings: Mapping[str, Any], progress: Callable[[int, int], object] | None) -> SweepReport:
        """Return the report of the test, once well and once under each failure, in which known ones are accepted."""
        return self._new_sweep(progress, settings).run()

    def describe(self, plan: str, settings: Mapping[str, Any], look: Callable[[], object]) -> str:
        """Run one plan again, and return what the mock shows of it, with the command that does the same.

        `look` is called while the mock has the requests and the state of it.
        """
        command = self.command_of(plan)
        shown: list[str] = []
        bounds = {name: value for name, value in settings.items() if name not in ("baseline", "only", "skip")}

        def note(_done: int, _known: int) -> None:
            shown.append(describe(self.mock.service, Mark(), command))
            look()

        # One that does not fire a second time is of a test that is not the same each time.
        with suppress(ValueError, AssertionError):
            self._new_sweep(note, {**bounds, "plan": plan}).run()
        return "\n".join(shown or [f"run it again: {command}"])

    def command_of(self, plan: str) -> str:
        """Return the line that runs one plan again."""
        return f"{self.command()} {shlex.join(['--ims-mock-sweep-plan', plan])}"

    def _new_sweep(self, progress: Callable[[int, int], object] | None, settings: Mapping[str, Any]) -> Sweep:
        sweep = self.mock.new_sweep(self._work, progress=progress, **settings)
        sweep.file = self.file
        return sweep

    def _work(self) -> None:
        """Run the test once; of a good run that fails, keep what the mock shows."""
        with self.kept():
            try:
                self.run()
            except BaseException:
                if not len(self.mock.faults):
                    self.shown.append(describe(self.mock.service, Mark(), self.command()))
                raise


@contextmanager
def kept_environment() -> Iterator[None]:
    """Put the environment and the current folder back afterwards."""
    environment, folder = dict(os.environ), os.getcwd()
    try:
        yield
    finally:
        if os.getcwd() != folder:
            os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)


class KeptFolder:
    """A folder that can be put back as it was: a context manager that takes a copy of what is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = _listed(folder)

    def __enter__(self) -> KeptFolder:
        self._copy = tempfile.mkdtemp()
        shutil.copytree(self._folder, self._copy, symlinks=True, dirs_exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._copy, ignore_errors=True)

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Put it back afterwards."""
        try:
            yield
        finally:
            if _listed(self._folder) != self._files:
                self._restore()

    def _restore(self) -> None:
        self._folder.mkdir(exist_ok=True)
        for path in self._folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.copytree(self._copy, self._folder, symlinks=True, dirs_exist_ok=True)


def _listed(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the files and folders below a folder, with their sizes and times of change."""
    found = {}
    for path in (folder, *folder.rglob("*")) if folder.is_dir() else ():
        status = path.lstat()
        found[str(path)] = (0, 0) if path.is_dir() else (status.st_size, status.st_mtime_ns)
    return found
