"""How somebody who waits for a change is woken by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from ims_mock.state.signal import Signal

LONG = 60.0


def waiting(signal: Signal, looks: Iterator[bool], seconds: float = LONG) -> threading.Thread:
    """Begin to wait on a thread, and return once it does."""
    thread = threading.Thread(target=signal.wait, args=(lambda: next(looks), seconds))
    thread.start()
    return thread


def test_what_is_over_is_not_waited_for() -> None:
    """Whoever finds at the first look what it waits for does not wait."""
    signal = Signal()
    signal.wait(lambda: True, LONG)
    assert signal.waiting == 0


def test_each_signal_is_one_more_look() -> None:
    """A waiter looks once at first, and again after a signal, until it is over."""
    signal, looked = Signal(), threading.Semaphore(0)

    def looks() -> Iterator[bool]:
        for is_over in (False, False, True):
            looked.release()
            yield is_over

    thread = waiting(signal, looks())
    for _ in range(2):
        assert looked.acquire(timeout=10)
        signal.give()
    assert looked.acquire(timeout=10)
    thread.join(10)
    assert (thread.is_alive(), signal.waiting) == (False, 0)


def test_no_signal_is_lost_between_look_and_wait() -> None:
    """What is signalled while a waiter looks is one more look."""
    signal = Signal()
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        signal.give()
        return looks == 3

    signal.wait(look, LONG)
    assert looks == 3


def test_release_ends_every_wait() -> None:
    """Whoever is released waits no more, whatever has come of it."""
    signal, looked = Signal(), threading.Semaphore(0)

    def looks() -> Iterator[bool]:
        while True:
            looked.release()
            yield False

    threads = [waiting(signal, looks()) for _ in range(3)]
    for _ in threads:
        assert looked.acquire(timeout=10)
    signal.release()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def test_a_wait_has_an_end() -> None:
    """After its seconds a wait ends without a change."""
    Signal().wait(lambda: False, 0.0)
