"""Records found by what they say, without a walk over the others."""

from __future__ import annotations

from collections.abc import KeysView


class Index:
    """The keys of records by a text that they have, in the order in which they were given it; "" is no text."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._keys: dict[str, dict[str, None]] = {}

    def put(self, key: str, text: str) -> None:
        """Say which text a record has by now."""
        if self._texts.get(key, "") == text:
            return
        self.remove(key)
        if text:
            self._texts[key] = text
            self._keys.setdefault(text, {})[key] = None

    def remove(self, key: str) -> None:
        """Say that a record has no text; no error where it had none."""
        text = self._texts.pop(key, "")
        if text:
            del self._keys[text][key]
            if not self._keys[text]:
                del self._keys[text]

    def clear(self) -> None:
        """Say that no record has a text."""
        self._texts.clear()
        self._keys.clear()

    def of(self, text: str) -> KeysView[str]:
        """Return the keys of the records with a text."""
        return self._keys.get(text, {}).keys()
