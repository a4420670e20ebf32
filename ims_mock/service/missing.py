"""What the control API is asked for, and the mock does not have, or cannot have as well."""

from __future__ import annotations

_MOST_NAMES = 10


class ConflictError(ValueError):
    """Raised for what cannot be beside what there is; the text says what to do."""


class FullError(ConflictError):
    """Raised for what could be if there were less; the text says what to remove."""


def full(count: int) -> str:
    """Return why no world can be made beside so many."""
    if count == 1:
        return (
            "the default world is the only one that there may be; let there be more with --max-worlds or limit_worlds()"
        )
    return f"there are {count} worlds, as many as there may be, and all are locked; delete one"


class NotFoundError(Exception):
    """Raised for an unknown name in a path; the text lists the known names, of many the first."""

    def __init__(self, what: str, known: list[str]) -> None:
        listed = [*known[:_MOST_NAMES], *(["..."] if len(known) > _MOST_NAMES else [])]
        super().__init__(f"{what}; " + (f"the known ones are {', '.join(listed)}" if listed else "there are none"))
