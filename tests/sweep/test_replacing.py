"""What a sweep replaces, whatever name it is known by, and that everything is put back."""

from __future__ import annotations

import datetime
import gc
import selectors
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.state.clock import ManualClock
from ims_mock.sweep import replacing
from ims_mock.sweep.virtual_time import VirtualTime

REAL = time.sleep


class Touchy:
    """An object that can be neither hashed nor compared."""

    def __hash__(self) -> int:
        raise ValueError("cannot hash a writable memoryview object")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("cannot be compared")


class Poller:
    """A class and an object that sleep by names of their own."""

    nap: Any = time.sleep
    kept: Any = None

    def __init__(self) -> None:
        self.doze = time.sleep


def by_default(seconds: float, nap: Callable[[float], object] = time.sleep) -> None:
    """Sleep by a default."""
    nap(seconds)


def by_keyword(seconds: float, *, nap: Callable[[float], object] = time.sleep) -> None:
    """Sleep by a default of a keyword."""
    nap(seconds)


def enclosed(nap: Callable[[float], object]) -> Callable[[float], object]:
    """Return what sleeps by a name around it."""
    return lambda seconds: nap(seconds)


BY_NAME = enclosed(time.sleep)
IN_TABLE = {"sleep": time.sleep}
POLLER = Poller()

WAYS: list[Callable[[float], object]] = [
    lambda seconds: time.sleep(seconds),
    lambda seconds: REAL(seconds),
    by_default,
    by_keyword,
    lambda seconds: BY_NAME(seconds),
    lambda seconds: IN_TABLE["sleep"](seconds),
    lambda seconds: Poller.nap(seconds),
    lambda seconds: POLLER.nap(seconds),
    lambda seconds: POLLER.doze(seconds),
]


@pytest.fixture(params=["frozen", "unfrozen"])
def virtual(request: pytest.FixtureRequest) -> Iterator[VirtualTime]:
    """A virtual time in a run; objects that the collector of garbage has frozen are looked for in another way."""
    if request.param == "unfrozen":
        gc.unfreeze()
        replacing._FROZEN.clear()
    else:
        gc.freeze()
    try:
        with VirtualTime() as virtual:
            virtual.begin(ManualClock(), 1000, short=None)
            yield virtual
    finally:
        # As tests/conftest.py has it.
        gc.freeze()


@pytest.mark.parametrize("sleep", WAYS)
def test_every_name_of_sleep_is_replaced(virtual: VirtualTime, sleep: Callable[[float], object]) -> None:
    """A name, a default, a name around a function, an attribute of a class or an object: each of them costs nothing."""
    sleep(50)
    assert virtual.slept == 50


def known() -> list[Any]:
    """Return everything that is replaced, as it is now."""
    functions = [getattr(time, name) for name in dir(time) if callable(getattr(time, name))]
    classes = (threading.Thread, socket.socket, subprocess.Popen, selectors.DefaultSelector, selectors.PollSelector)
    own = [REAL, by_default.__defaults__, by_keyword.__kwdefaults__, BY_NAME.__closure__, Poller.nap, POLLER.doze]
    moments = [datetime.datetime.__dict__[name] for name in ("now", "utcnow")]
    return [*functions, *(dict(vars(kind)) for kind in classes), *own, *moments, dict(vars(threading)), dict(IN_TABLE)]


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_everything_is_put_back(error: type[BaseException] | None) -> None:
    """However a virtual time ends, nothing of it stays."""
    before = known()

    def enter() -> None:
        with VirtualTime() as virtual:
            virtual.begin(ManualClock(), 1000, short=None)
            assert known() != before
            if error is not None:
                raise error

    if error is None:
        enter()
    else:
        with pytest.raises(error):
            enter()
    assert known() == before


def test_module_that_is_imported_meanwhile_is_put_back(
    virtual: VirtualTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has imported from time sleeps virtually, and is the real function afterwards."""
    tmp_path.joinpath("imported_meanwhile.py").write_text(
        "from time import sleep\ndef nap(seconds, sleep=sleep): sleep(seconds)"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "imported_meanwhile", raising=False)
    module: Any = __import__("imported_meanwhile")
    module.sleep(30)
    module.nap(40)
    assert virtual.slept == 70
    virtual.__exit__(None, None, None)
    assert module.sleep is REAL
    assert module.nap.__defaults__ == (REAL,)


def test_nothing_is_sought_at_the_end(virtual: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the work has kept no function, all are put back without another search, unlike one that it has kept."""
    searches: list[Any] = []

    def places_of(old: list[Any]) -> list[Any]:
        searches.append(old)
        return []

    monkeypatch.setattr(replacing, "_places_of", places_of)
    virtual.__exit__(None, None, None)
    assert (searches, REAL, by_default.__defaults__) == ([], time.sleep, (time.sleep,))
    monkeypatch.undo()

    with virtual:
        virtual.begin(ManualClock(), 1000, short=None)
        POLLER.kept = time.sleep
        POLLER.kept(50)
        assert virtual.slept == 50
    assert POLLER.kept is REAL


def test_objects_of_modules_are_not_hashed(virtual: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with such an object, as cryptography's ssh has, keeps it, and its sleep costs nothing."""
    virtual.__exit__(None, None, None)
    module, touchy = types.ModuleType("touchy"), Touchy()
    module.__dict__.update(touchy=touchy, nap=time.sleep)
    monkeypatch.setitem(sys.modules, "touchy", module)
    with virtual:
        virtual.begin(ManualClock(), 1000, short=None)
        module.nap(50)
        assert virtual.slept == 50
    assert module.nap is time.sleep
    assert module.touchy is touchy


def test_sleep_that_a_test_has_replaced_lets_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that lets sleeps take no time gets a time that passes, and its own function back."""

    def nothing(_seconds: float) -> None:
        pass

    monkeypatch.setattr(time, "sleep", nothing)
    with VirtualTime() as virtual:
        virtual.begin(ManualClock(), 1000, short=None)
        time.sleep(60)
        assert virtual.slept == 60
    assert time.sleep is nothing


def test_what_is_replaced_inside_stays(virtual: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who puts something of their own in a place meanwhile finds that afterwards."""
    mine: Any = lambda _thread: None  # noqa: E731  # It has to be the same object.
    monkeypatch.setattr(threading.Thread, "start", mine)
    virtual.__exit__(None, None, None)
    assert threading.Thread.start is mine


def test_time_is_real_outside_of_runs(virtual: VirtualTime) -> None:
    """Between two runs nothing moves the clock."""
    virtual.end()
    time.sleep(0.001)
    assert virtual.slept == 0


def test_two_at_a_time_are_refused(virtual: VirtualTime, ims_mock: ImsMock) -> None:
    """Virtual time is of the whole process: the error says what to do."""
    with pytest.raises(RuntimeError, match=r"a sweep is under way in this process.* virtual_time=False"):
        ims_mock.sweep(lambda: None)
    time.sleep(50)
    assert virtual.slept == 50


def test_nested_sweep_is_refused(ims_mock: ImsMock) -> None:
    """Work that sweeps fails as it would without."""
    with pytest.raises(AssertionError, match="its work cannot begin another one"):
        ims_mock.sweep(lambda: ims_mock.sweep(lambda: None))


def test_real_time_replaces_nothing(ims_mock: ImsMock) -> None:
    """With virtual_time=False, everything is as it is, but for the hook of threads that die."""
    before = known()
    seen: list[Any] = []

    def work() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(threading, "excepthook", hook)
            seen.append(known())

    hook = threading.excepthook
    ims_mock.sweep(work, virtual_time=False)
    assert seen == [before, before]
