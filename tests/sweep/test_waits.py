"""Threads of the work: time jumps when everybody waits, to the end of the first wait."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import pytest

from ims_mock.state.clock import ManualClock
from ims_mock.sweep.virtual_time import VirtualTime
from ims_mock.sweep.waits import HangError


@pytest.fixture
def virtual() -> Iterator[VirtualTime]:
    """A virtual time in a run."""
    with VirtualTime() as virtual:
        virtual.begin(ManualClock(), 1000, short=None)
        yield virtual


def in_threads(*targets: Callable[[], object]) -> None:
    """Do several things at a time."""
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_sleep_at_the_same_time(virtual: VirtualTime) -> None:
    """Sleeps that overlap are as long as the longest one, and end in their order."""
    ended: list[float] = []

    def nap(seconds: float) -> None:
        time.sleep(seconds)
        ended.append(seconds)

    in_threads(partial(nap, 30), partial(nap, 10), partial(nap, 20))
    assert ended == [10, 20, 30]
    assert virtual.slept == pytest.approx(30)


def test_thread_that_works_is_waited_for(virtual: VirtualTime) -> None:
    """No time passes while another thread does something: what takes no time is never too late."""
    done = threading.Event()

    def work() -> None:
        sum(range(3_000_000))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert done.wait(100)
    thread.join()
    assert virtual.slept == 0


def test_wait_in_c_code_is_seen(virtual: VirtualTime) -> None:
    """Who waits for a lock, which nobody sees, is taken to wait after a moment."""
    lock = threading.Lock()
    lock.acquire()

    def release() -> None:
        time.sleep(30)
        lock.release()

    thread = threading.Thread(target=release)
    thread.start()
    assert lock.acquire()
    thread.join()
    assert virtual.slept == pytest.approx(30)


def test_beats_of_a_thread_go_on_while_the_work_waits(virtual: VirtualTime) -> None:
    """A thread that does something every ten seconds does it three times in 35."""
    stop, beats = threading.Event(), []

    def beat() -> None:
        while not stop.wait(10):
            beats.append(1)

    thread = threading.Thread(target=beat)
    thread.start()
    time.sleep(35)
    stop.set()
    thread.join()
    assert len(beats) == 3
    assert virtual.slept == pytest.approx(35, abs=1)


def _from_empty_queue() -> None:
    with pytest.raises(queue.Empty):
        queue.Queue[int]().get(timeout=40)


def _future() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(futures.TimeoutError):
        pool.submit(time.sleep, 50).result(timeout=40)
        # At the end of the block, the ten seconds that are left.


def _futures() -> None:
    with ThreadPoolExecutor(2) as pool:
        done, left = wait([pool.submit(time.sleep, seconds) for seconds in (1, 50)], timeout=40)
        assert (len(done), len(left)) == (1, 1)


def _condition() -> None:
    with (condition := threading.Condition()):
        assert not condition.wait_for(lambda: False, timeout=40)


def _barrier() -> None:
    with pytest.raises(threading.BrokenBarrierError):
        threading.Barrier(2).wait(timeout=40)


def _timer() -> None:
    timer = threading.Timer(40, lambda: None)
    timer.start()
    timer.join()


def _join() -> None:
    thread = threading.Thread(target=time.sleep, args=[50])
    thread.start()
    thread.join(40)
    assert thread.is_alive()
    thread.join()


@pytest.mark.parametrize(
    ("work", "slept"),
    [
        (lambda: threading.Event().wait(40), 40),
        (lambda: threading.Semaphore(0).acquire(timeout=40), 40),
        (_from_empty_queue, 40),
        (_condition, 40),
        (_barrier, 40),
        (_timer, 40),
        (_future, 50),
        (_futures, 50),
        (_join, 50),
    ],
)
def test_waits_take_their_time(virtual: VirtualTime, work: Callable[[], Any], slept: float) -> None:
    """Each wait of threading, queue and concurrent.futures moves the clock by its timeout."""
    work()
    assert virtual.slept == pytest.approx(slept, abs=1)


def test_what_comes_in_time_is_no_timeout(virtual: VirtualTime) -> None:
    """A queue that gets something after 5 seconds has it then."""
    things: queue.Queue[int] = queue.Queue()

    def put() -> None:
        time.sleep(5)
        things.put(1)

    thread = threading.Thread(target=put)
    thread.start()
    assert things.get(timeout=6) == 1
    thread.join()
    assert virtual.slept == pytest.approx(5)


def test_threads_that_outlive_a_run_are_in_real_time(virtual: VirtualTime) -> None:
    """They are named, and move nothing in the next run."""
    stop = threading.Event()
    thread = threading.Thread(target=lambda: stop.wait(100), name="heart", daemon=True)
    thread.start()
    assert [left.name for left in virtual.end()] == ["heart"]
    virtual.begin(ManualClock(), 1000, short=None)
    time.sleep(500)
    assert thread.is_alive()
    stop.set()
    thread.join()
    assert virtual.slept == 500


def test_threads_of_others_are_in_real_time() -> None:
    """A thread that was there before sees the real time, and sleeps in it."""
    go, seen = threading.Event(), []

    def look() -> None:
        go.wait()
        seen.append(time.monotonic())

    thread = threading.Thread(target=look)
    thread.start()
    with VirtualTime() as virtual:
        virtual.begin(ManualClock(), 1e6, short=None)
        before = time.monotonic()
        time.sleep(10_000)
        go.set()
        thread.join()
        assert seen[0] < before + 5000


def test_pool_from_before_works_in_virtual_time() -> None:
    """The threads of a pool do the work of who asks them."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with VirtualTime() as virtual:
            virtual.begin(ManualClock(), 1000, short=None)
            pool.submit(time.sleep, 300).result()
            assert virtual.slept == 300


def test_sleeps_are_real_while_a_child_process_runs(virtual: VirtualTime) -> None:
    """A child lives in real time, and so does who waits for it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        time.sleep(0.001)
        assert virtual.slept == 0
        child.communicate(b"\n")
    time.sleep(20)
    assert virtual.slept == 20


def test_work_that_waits_too_long_is_ended(virtual: VirtualTime) -> None:
    """The thread of the run is ended by HangError; one of its threads ends without a word."""
    ended: list[str] = []
    virtual.hang = lambda why, is_raised: ended.append(f"{why}: {is_raised}")
    in_threads(lambda: time.sleep(2000))
    assert ended == ["it waited for more than 1000 s: False"]
    with pytest.raises(HangError, match="it waited for more than 1000 s"):
        time.sleep(1)


@pytest.mark.parametrize(("seconds", "error"), [(-1, ValueError), ("1", TypeError), (None, TypeError)])
def test_wrong_lengths_are_rejected(virtual: VirtualTime, seconds: Any, error: type[Exception]) -> None:
    """A sleep rejects what it always rejects."""
    with pytest.raises(error):
        time.sleep(seconds)
    assert virtual.slept == 0
