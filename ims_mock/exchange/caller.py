"""Who is calling, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: a `user` by name, None for a credential that is accepted though it is no user's.

    `project_id` and the name `project` are None for a token that is scoped to no project; one that no account has is
    without a name. `actions` are what the caller's roles allow there, as globs; nobody in particular may do everything.
    """

    project_id: str | None = None
    user: str | None = None
    project: str | None = None
    actions: tuple[str, ...] = ("*",)

    def may(self, action: str) -> bool:
        """Return whether the caller's roles have an action, such as "ims:images:create"."""
        return "*" in self.actions or any(fnmatchcase(action, allowed) for allowed in self.actions)


NOBODY = Caller()
"""The caller of an operation that asks for no credential."""
