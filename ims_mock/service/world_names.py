"""What a world can be called, and how long it may be unused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any

from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import shown
from ims_mock.service.missing import ConflictError

DEFAULT = "default"
"""The world of a request that asks for no other."""

LONGEST = 63
"""Most characters of the name of a world, which may be a part of a host's name."""

_NAME = re.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME_RULE = "1 to 63 lower-case letters, digits and '-', as a name of a host has them, without '-' at an end"


def check_idle(idle: float | None) -> None:
    """Raise InvalidError for what is no number of seconds above 0, nor None."""
    if idle is not None and not (type(idle) in (int, float) and isfinite(idle) and idle > 0):
        raise wrong_setting("idle", "exclusiveMinimum", f"must be a number of seconds above 0, or None, got {idle!r}")


def check_locked(is_locked: Any) -> None:
    """Raise InvalidError for what is neither True nor False."""
    if not isinstance(is_locked, bool):
        raise wrong_setting("locked", "type", f"must be true or false, got {shown(is_locked)}", is_locked)


def check_name(name: Any) -> None:
    """Raise InvalidError for what is no name of a world that can be made."""
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise wrong_setting("name", "pattern", f"must be {_NAME_RULE}, got {shown(name)}", name)
    if name == DEFAULT:
        raise ConflictError("the world default exists from the start; take another name")


def check_regions(regions: Iterable[str], worlds: Iterable[Any]) -> None:
    """Raise ConflictError where a region of the default world would have the name of a world, and so its URL."""
    taken = {world.name for world in worlds}
    for region in regions:
        if region in taken:
            what = f"/~{region} can lead to only one of them"
            raise ConflictError(f"regions: there is a world {region}, and {what}; delete it, or name another region")
