"""Which worlds the store has, and which of them have other credentials than before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ims_mock.shared.keys import ACCESS, keys_of, prefix_of
from ims_mock.shared.link import Link
from ims_mock.shared.scripts import MAKE, REMOVE

_WORLDS = "ims_mock:worlds"
"""The key of what each world was made with, by its name."""

_USED = "ims_mock:used"
"""The key of when each world was last asked for, in real seconds since 1970."""

_REMOVED = "ims_mock:removed"
"""The key of the states of worlds that are gone, of which something may be left."""

Known = dict[str, Mapping[str, Any]]
"""What the worlds were made with, by name: `id`, `settings`, `locked`, `idle`."""


class News(NamedTuple):
    """What has changed of the access to worlds, up to a `mark`: all of it, or the worlds, or credentials of states."""

    mark: int
    is_all: bool
    has_worlds: bool
    states: set[str]


class Census:
    """The worlds as the store has them."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __len__(self) -> int:
        return int(self._link.ask(("HLEN", _WORLDS))[0])

    def known(self) -> Known:
        """Return what the worlds were made with."""
        found = self._link.ask(("HGETALL", _WORLDS))[0]
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        return {name.decode(): json.loads(text) for name, text in pairs}

    def text_of(self, name: str) -> str | None:
        """Return what a world was made with, as text; None where there is none of the name."""
        text = self._link.ask(("HGET", _WORLDS, name))[0]
        return None if text is None else text.decode()

    def make(self, name: str, about: Mapping[str, Any]) -> bool:
        """Have one more world, and return whether none had its name."""
        meta = keys_of(state_of(name, about["id"]))[0]
        return bool(self._link.run(MAKE, (_WORLDS, ACCESS, meta), (name, json.dumps(about))))

    def remove(self, name: str, text: str) -> bool:
        """Remove a world, and return whether it was there. The rest of its state goes with `purge`."""
        state = state_of(name, json.loads(text)["id"])
        keys = (_WORLDS, ACCESS, _USED, _REMOVED, *keys_of(state))
        return bool(self._link.run(REMOVE, keys, (name, text, state)))

    def purge(self) -> None:
        """Delete what the store still has of worlds that are gone, also where the server that removed one is gone."""
        for state in self._link.ask(("SMEMBERS", _REMOVED))[0]:
            cursor, pattern = b"0", f"{prefix_of(state.decode())}:*"
            while True:
                cursor, keys = self._link.ask(("SCAN", cursor, "MATCH", pattern, "COUNT", 1000))[0]
                if keys:
                    self._link.ask(("UNLINK", *keys))
                if cursor == b"0":
                    break
            self._link.ask(("SREM", _REMOVED, state))

    def used(self) -> dict[str, float]:
        """Return when each world was last asked for, in real seconds since 1970."""
        found = self._link.ask(("ZRANGE", _USED, 0, -1, "WITHSCORES"))[0]
        pairs = found if found and isinstance(found[0], list) else zip(found[::2], found[1::2], strict=True)
        return {name.decode(): float(score) for name, score in pairs}

    def note_use(self, name: str, now: float) -> None:
        """Write when a world was asked for."""
        self._link.ask(("ZADD", _USED, now, name))

    def news(self, since: int) -> News:
        """Return what has changed of the access to worlds since a mark; all where the store has gone back."""
        mark, found = self._link.ask(("ZSCORE", ACCESS, "#"), ("ZRANGEBYSCORE", ACCESS, f"({since}", "+inf"))
        last = int(float(mark or 0))
        names = {name.decode() for name in found}
        return News(last, since < 0 or last < since, "worlds" in names, names)


def state_of(world: str, world_id: str) -> str:
    """Return the name of the state of a world: another world of its name has another state."""
    return f"{world}.{world_id}"
