"""The connections of a server to Redis, on which requests wait a bounded time."""

from __future__ import annotations

import logging
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import inf
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import redis
from redis.connection import AbstractConnection, ConnectionPool

from ims_mock.contract.errors import ImsError
from ims_mock.shared.scripts import SCRIPTS, Script
from ims_mock.state.real import RealTime

WAIT = 5.0
"""Most real seconds that a request waits for the store."""

_GREETING = 0.2
"""Fewest real seconds that a new connection is given."""

_SHORT = 1.0
"""Most real seconds that a request waits for a store that is out of reach already."""

_LONGEST = 300
"""Most real seconds that a request may wait."""

_PAUSE = 0.05
"""Real seconds between two tries."""

_LOOKS = 40
"""How often a reply is looked for before a thread waits for it, which takes a tenth of a millisecond or so."""

_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}


class _FinalError(Exception):
    """An error after which no other try can succeed."""


_FINAL = (_FinalError, redis.AuthenticationError)

_AGAIN = (redis.exceptions.NoScriptError, redis.exceptions.ReadOnlyError, redis.exceptions.MasterDownError)
"""Replies after which another connection may do: the scripts are gone, or another server is the one to write to."""

Command = tuple[Any, ...]

Again = Callable[[], Sequence[Command]]
"""Returns the commands to send where others may have arrived."""

logger = logging.getLogger("ims_mock")


class StoreError(ImsError):
    """A rejection with 503: the store cannot be reached, or does not take what is to be written."""

    def __init__(self, reason: str) -> None:
        super().__init__(503, reason=reason)


class Link:
    """A server's way to the store, for any number of threads; `name` is how reasons call it, without a password.

    Its URL is one as redis-py takes it, and may say how many real seconds a request waits: redis://127.0.0.1/0?wait=2.
    Raises ValueError for a URL that cannot be one, and StoreError where the store is not there.
    """

    def __init__(self, url: str) -> None:
        where, _, query = _checked_url(url).partition("?")
        parts, options = urlsplit(where), parse_qs(query)
        self.wait = wait = _checked_wait(options.pop("wait", [str(WAIT)])[-1])
        self.url = f"{where}?{urlencode(options, doseq=True)}" if options else where
        self.name = f"the store {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        try:
            self._pool = ConnectionPool.from_url(
                self.url, socket_timeout=wait, socket_connect_timeout=wait, retry=None, health_check_interval=0
            )
            # It is connected when it is needed; an option that it does not know is found here.
            self._pool.connection_class(**self._pool.connection_kwargs)
        except ValueError as error:
            raise ValueError(f"--store: {self.name} has a wrong URL: {error}") from None
        except TypeError:
            given = " or ".join(map(repr, options))
            text = f"redis-py knows no option {given}; `wait` is the one of the mock itself"
            raise ValueError(f"--store: {self.name} has a wrong URL: {text}") from None
        self._is_out = False
        self._failed_at = -inf
        self._free: deque[AbstractConnection] = deque()

    def ask(self, *commands: Command, again: Again | None = None) -> list[Any]:
        """Send commands, and return their replies.

        They may arrive more than once: after a connection that has ended, nobody knows whether they did. Then what
        `again` returns is sent in place of them. Raises StoreError where no reply comes in time, and for one that is an
        error.
        """
        wait = self._patience()
        until = RealTime.monotonic() + wait
        while True:
            try:
                connection = self._sent(commands)
                replies = self._received(connection, commands, max(until - RealTime.monotonic(), _PAUSE))
                self._note_reach("")
                return replies
            except _FINAL as error:
                raise StoreError(f"{self.name} {_what(error)}") from None
            except (redis.RedisError, OSError) as error:
                # The other connections may be of a store that has been started again since.
                self.close()
                if RealTime.monotonic() >= until:
                    self._failed_at = RealTime.monotonic()
                    waited = f"has not responded for {wait:g} seconds" if wait else "does not respond"
                    text = f"{self.name} {waited}: {error}"
                    self._note_reach(text)
                    raise StoreError(text) from None
                commands = commands if again is None else tuple(again())
                RealTime.sleep(_PAUSE)

    def _patience(self) -> float:
        """Return how many real seconds a request waits now.

        Once one has waited in vain, the others need not wait as long, and for a moment not at all.
        """
        if self._is_out and RealTime.monotonic() - self._failed_at < _SHORT:
            return 0.0
        return min(self.wait, _SHORT) if self._is_out else self.wait

    def _note_reach(self, problem: str) -> None:
        """Say in the log when the store goes out of reach, and when it is back."""
        was_out, self._is_out = self._is_out, bool(problem)
        if self._is_out and not was_out:
            logger.warning("%s", problem)
        elif was_out and not self._is_out:
            logger.warning("%s is back", self.name)

    def run(self, script: Script, keys: Sequence[str], arguments: Iterable[Any]) -> Any:
        """Run a script, and return its reply; it may run more than once, as commands may arrive."""
        return self.ask(script.call(keys, arguments))[0]

    def begin(self, *commands: Command, again: Again) -> Callable[[], list[Any]]:
        """Send commands, and return what waits for their replies and returns them, as `ask` does."""
        try:
            connection = self._sent(commands)
        except (redis.RedisError, OSError):
            return partial(self.ask, *again(), again=again)

        def finish() -> list[Any]:
            try:
                return self._received(connection, commands, self._patience())
            except (_FinalError, redis.RedisError, OSError):
                return self.ask(*again(), again=again)

        return finish

    def _sent(self, commands: Sequence[Command]) -> AbstractConnection:
        """Send commands, and return the connection on which their replies come."""
        connection = self._take()
        with _EndedOnError(connection):
            _send(connection, commands)
        return connection

    def _received(self, connection: AbstractConnection, commands: Sequence[Command], wait: float) -> list[Any]:
        """Return the replies to commands that were sent on a connection, which is free then."""
        with _EndedOnError(connection):
            _look_out(connection, wait)
            # Each is read, so that the next one to use the connection does not find it.
            replies = [_reply(connection) for _ in commands]
        self._free.append(connection)
        for reply in replies:
            if isinstance(reply, _AGAIN):
                raise reply
            if isinstance(reply, Exception):
                raise _FinalError(_what(reply))
        return replies

    def _take(self) -> AbstractConnection:
        """Return a connection that nobody uses; a new one knows the scripts."""
        try:
            return self._free.pop()
        except IndexError:
            pass
        wait = max(self._patience(), _GREETING)
        options = {**self._pool.connection_kwargs, "socket_timeout": wait, "socket_connect_timeout": wait}
        connection: AbstractConnection = self._pool.connection_class(**options)
        with _EndedOnError(connection):
            try:
                _call(connection.connect)
            except (*_AGAIN, redis.AuthenticationError):
                raise
            except redis.ResponseError as error:
                # Such as a number of a database that it does not have: waiting does not help.
                raise _FinalError(_what(error)) from None
            loads = [("SCRIPT", "LOAD", script.text) for script in SCRIPTS]
            _send(connection, loads)
            for _ in loads:
                connection.read_response()
        return connection

    def listener(self) -> redis.client.PubSub:
        """Return what hears the messages of channels, on a connection of its own."""
        client: redis.Redis = redis.Redis.from_url(self.url, socket_connect_timeout=self.wait)
        heard: redis.client.PubSub = _call(client.pubsub)
        return heard

    def close(self) -> None:
        """Close every connection that nobody uses."""
        while self._free:
            _call(self._free.pop().disconnect)


class _EndedOnError:
    """Ends a connection where a block fails, also by Ctrl-C: a reply on its way would be taken for another one."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection: Any = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None:
            self._connection.disconnect()


def _call(method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call a method that has no types."""
    return method(*arguments, **options)


# A connection of redis-py has no types here.


def _send(connection: Any, commands: Sequence[Command]) -> None:
    connection.send_packed_command(connection.pack_commands(commands), check_health=False)


def _look_out(connection: Any, wait: float) -> None:
    """Return once a reply has come; raise TimeoutError where none does in time.

    It is looked for a few times before: on one machine it comes sooner than a thread that waits is woken.
    """
    can_read = connection.can_read
    for _ in range(_LOOKS):
        if can_read(timeout=0):
            return
        _yield()
    if not can_read(timeout=wait):
        raise TimeoutError("no reply has come")


_yield: Callable[[], None] = getattr(os, "sched_yield", lambda: None)
"""Lets another process have the core, where the system has that."""


def _reply(connection: Any) -> Any:
    """Return a reply, which may be an error; raise one after which nothing more is to be read."""
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error


def _what(error: Exception) -> str:
    """Return what the store has said, in the words of a reason."""
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        return "is full: raise its maxmemory, reset a world, or delete one"
    if isinstance(error, redis.AuthenticationError):
        return f"does not let the mock in: {error}"
    return str(error) if isinstance(error, _FinalError) else f"has refused: {error}"


def _checked_wait(text: str) -> float:
    try:
        wait = float(text)
    except ValueError:
        wait = 0.0
    if not 0 < wait <= _LONGEST:
        raise ValueError(f"--store: wait must be a number of seconds above 0, and at most {_LONGEST}, got {text!r}")
    return wait


def _checked_url(url: str) -> str:
    scheme, sign, rest = url.partition("://")
    scheme = _SCHEMES.get(scheme, scheme)
    if not sign or scheme not in ("redis", "rediss", "unix"):
        text = f"must be the URL of a Redis or a Valkey, such as redis://127.0.0.1:6379/0, got {url!r}"
        raise ValueError(f"--store: {text}")
    path = urlsplit(f"//{rest}").path
    if scheme != "unix" and not re.fullmatch(r"/?|/\d{1,9}", path):
        raise ValueError(f"--store: the path must be the number of a database, such as /0, got {path!r}")
    return f"{scheme}://{rest}"
