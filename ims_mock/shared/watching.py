"""How a server hears of what others change, for those who wait for it."""

from __future__ import annotations

import logging
import secrets
import threading
import weakref
from math import inf
from typing import Protocol

import redis

from ims_mock.shared.link import CHANNEL, Link, StoreError
from ims_mock.state.real import RealTime

_PAUSE = 0.5
"""Real seconds between two tries to reach the store."""

ALIVE = 20
"""Real seconds after which a server that is silent is held to be gone."""

_TURN = 0.2
"""Most real seconds until it is seen that the watch is to end."""

logger = logging.getLogger("ims_mock")


def alive_key(server: int) -> str:
    """Return the key that is there as long as a server is."""
    return f"ims_mock:alive:{server}"


class Hearer(Protocol):
    """Who is reported that a world has changed."""

    name: str

    def heard(self) -> None:
        """Take up that another server has reported of a change."""

    def tend(self) -> None:
        """End what servers have left that are gone."""


class Watch:
    """A thread that hears what the servers of a store report each other, and reports those whom it concerns."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._hearers = weakref.WeakSet[Hearer]()
        self._is_ending = False
        self.server = secrets.randbits(40)
        """The number of this server, which no other has."""
        self._reported = -inf
        self._thread: threading.Thread | None = None

    def add(self, hearer: Hearer) -> None:
        """Report one more, as long as it is there."""
        self._hearers.add(hearer)

    def begin(self) -> None:
        """Hear what is reported from now on; twice is no error."""
        self._is_ending = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ims_mock store", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Hear no more, and return once the thread has ended."""
        thread, self._thread = self._thread, None
        self._is_ending = True
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while not self._is_ending:
            try:
                self._hear()
            except (redis.RedisError, OSError, StoreError) as error:
                logger.debug("the store reports nothing: %s", error)
                RealTime.sleep(_PAUSE)

    def _hear(self) -> None:
        heard = self._link.subscribe(CHANNEL)
        try:
            # What was reported before this is looked for once.
            self._report(None)
            self._live()
            while not self._is_ending:
                message = heard.get_message(timeout=_TURN)
                if message is not None:
                    self._report(message["data"].decode())
                self._live()
        finally:
            heard.close()

    def _live(self) -> None:
        """Let the other servers know that this one is there, and end what those have left that are not."""
        if RealTime.monotonic() - self._reported < ALIVE / 4:
            return
        self._reported = RealTime.monotonic()
        self._link.ask(("SET", alive_key(self.server), 1, "EX", ALIVE))
        for hearer in list(self._hearers):
            hearer.tend()

    def _report(self, name: str | None) -> None:
        for hearer in list(self._hearers):
            if name in (None, hearer.name):
                hearer.heard()
