"""Where the store keeps what of a world."""

from __future__ import annotations

ACCESS = "ims_mock:access"
"""The key of which states had a credential changed, and when worlds were made or removed, in their order."""


def prefix_of(name: str) -> str:
    """Return what the keys of a world begin with."""
    # What is in braces decides where a cluster keeps a key: those of a world are together.
    return f"ims_mock:{{{name}}}"


def keys_of(name: str) -> tuple[str, str, str]:
    """Return the keys of a world: of what is said of it, of its records, and of the last changes of them."""
    prefix = prefix_of(name)
    return f"{prefix}:meta", f"{prefix}:state", f"{prefix}:log"


def world_of(state: str) -> str:
    """Return the name of the world of a state."""
    return state.partition(".")[0]


_CHANNEL = "ims_mock:changes:"


def channel_of(name: str) -> str:
    """Return where a server says that a world has changed."""
    return _CHANNEL + name


def name_of(channel: str) -> str:
    """Return the name of the world of a channel."""
    return channel.removeprefix(_CHANNEL)
