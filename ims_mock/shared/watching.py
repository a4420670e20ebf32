"""How a server hears of what others change, for those who wait for it."""

from __future__ import annotations

import logging
import secrets
import threading
import weakref
from math import inf
from typing import Any, Protocol

import redis

from ims_mock.shared.keys import channel_of, name_of
from ims_mock.shared.link import Link, StoreError
from ims_mock.state.real import RealTime

_PAUSE = 0.5
"""Real seconds between two tries to reach the store."""

ALIVE = 20
"""Real seconds after which a server that is silent is held to be gone."""

_TURN = 0.2
"""Most real seconds until it is seen that the watch is to end, or that somebody waits for a change."""

_LINGER = 10.0
"""Real seconds that a server goes on to hear after nobody waits: a page asks again."""

logger = logging.getLogger("ims_mock")


def alive_key(server: int) -> str:
    """Return the key that is there as long as a server is."""
    return f"ims_mock:alive:{server}"


class Hearer(Protocol):
    """Who is reported that a world has changed."""

    name: str

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for a change here."""

    def heard(self) -> None:
        """Take up that another server has reported of a change."""

    def tend(self) -> None:
        """End what servers have left that are gone."""


class Watch:
    """A thread that hears what the servers of a store report each other, and reports those whom it concerns.

    It hears nothing while nobody waits for a change: a message for each request would cost more than many requests.
    """

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
                self._live()
                if self._awaited():
                    self._hear()
                else:
                    RealTime.sleep(_TURN)
            except (redis.RedisError, OSError, StoreError) as error:
                logger.debug("the store reports nothing: %s", error)
                RealTime.sleep(_PAUSE)

    def _awaited(self) -> set[str]:
        """Return the names of those that somebody waits for."""
        return {hearer.name for hearer in list(self._hearers) if hearer.is_awaited}

    def _hear(self) -> None:
        """Hear what is reported of the worlds that somebody waits for, until nobody has for some time."""
        # It has no types.
        heard: Any = self._link.listener()
        ends: dict[str, float] = {}
        try:
            while not self._is_ending:
                now = RealTime.monotonic()
                for name in self._awaited():
                    if name not in ends:
                        heard.subscribe(channel_of(name))
                    ends[name] = now + _LINGER
                for name in [name for name, end in ends.items() if end < now]:
                    heard.unsubscribe(channel_of(name))
                    del ends[name]
                if not ends:
                    return
                message = heard.get_message(timeout=_TURN)
                # What was reported before a subscription is looked for once.
                if message is not None and message["type"] in ("message", "subscribe"):
                    self._report(name_of(message["channel"].decode()))
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

    def _report(self, name: str) -> None:
        for hearer in list(self._hearers):
            if hearer.name == name:
                hearer.heard()
