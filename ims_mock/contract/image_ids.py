"""The ids of images are UUIDs: either spelling, in capitals or not, is the same id (RFC 9562 section 4)."""

from __future__ import annotations

import re

_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def in_lower_case(text: str) -> str:
    """Return a text with each UUID in it in lower case, as the mock keeps them."""
    return text if text.islower() else _UUID.sub(lambda match: match[0].lower(), text)
