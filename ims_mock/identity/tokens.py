"""Tokens and temporary credentials: issued, checked, revoked. Their records are JSON, in the store."""

from __future__ import annotations

from typing import Any

from ims_mock.contract.problems import wrong_setting, wrong_settings
from ims_mock.contract.wording import shown
from ims_mock.identity.accounts import Accounts, Project, Redacted, User
from ims_mock.state.ids import new_token
from ims_mock.state.regions import first_of
from ims_mock.state.store import Store
from ims_mock.state.times import LAST, later

MAX_LIFETIME = 1_000_000_000
"""Lifetimes are shorter than so many seconds."""

Token = dict[str, Any]
"""What is remembered of a token: `user` and `project` by name, times in seconds since 1970."""


def identity_of(store: Store) -> Identity:
    """Return the identity service of the cloud whose region has a store, which is one for all regions."""
    return Identity(first_of(store))


class Identity:
    """The identity service of one mock, as its store has it: tokens, and the accounts that they are of."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.accounts = Accounts(store)

    @property
    def lifetime(self) -> float:
        """How many seconds a token is valid."""
        seconds: float = self.store.settings["token_lifetime"]
        return seconds

    def issue_own(self, token: str) -> None:
        """Issue a token of the default user, in the user's own project, that does not expire."""
        user = self.accounts.default_user
        record = self._record(user, self.accounts.own_project(user), ["password"], expires_at=LAST)
        with self.store.transaction():
            self.store.tokens.put(token, record)

    def new_token(
        self,
        user: User,
        project: Project | None,
        *,
        methods: list[str],
        for_domain: bool = False,
        until: float = LAST,
    ) -> str:
        """Issue a token, scoped to a project, to the domain or to nothing, for its lifetime and not beyond `until`."""
        expires_at = min(later(self.store.clock.now(), self.lifetime), until)
        with self.store.transaction():
            token = new_token(self.store)
            self.store.tokens.put(token, self._record(user, project, methods, for_domain, expires_at))
        return token

    def _record(
        self,
        user: User,
        project: Project | None,
        methods: list[str],
        for_domain: bool = False,
        expires_at: float = LAST,
    ) -> Token:
        return {
            "user": user.name,
            "project": project.name if project else None,
            "for_domain": for_domain,
            "methods": methods,
            "issued_at": self.store.clock.now(),
            "expires_at": expires_at,
            "revoked": False,
        }

    def new_token_for(self, user_name: str | None = None, project_name: str | None = None) -> str:
        """Issue a token for a user, or for the default one, scoped to a project or to the user's own.

        Raises InvalidError for a user that does not exist, and for a project in which it has no role.
        """
        user = self._named_user(user_name)
        name = next(iter(user.roles)) if project_name is None else project_name
        if not isinstance(name, str) or name not in user.roles:
            text = f"{user.name} has no role in project {shown(name)}; it has in {', '.join(user.roles)}"
            raise wrong_settings("project", text)
        return self.new_token(user, self.accounts.projects[name], methods=["password"])

    def _named_user(self, name: str | None) -> User:
        return self.accounts.default_user if name is None else self.accounts.named_user(name)

    def find_token(self, token: str) -> Token | None:
        """Return the record of a token; None when it was not issued here."""
        record: Token | None = self.store.tokens.get(token)
        return record

    def is_valid(self, record: Token) -> bool:
        """Return whether a token has neither expired nor been revoked."""
        return not record["revoked"] and self.store.clock.now() < record["expires_at"]

    def revoke_token(self, token: str) -> None:
        """Take a token back; it is honoured no more."""
        with self.store.transaction():
            self.store.tokens.put(token, {**self.store.tokens[token], "revoked": True})

    def user_of(self, record: Token) -> User | None:
        """Return a token's user; None when a test has taken it away."""
        return self.accounts.users.get(record["user"])

    def project_of(self, record: Token) -> Project | None:
        """Return the project to which a token is scoped, or None."""
        return self.accounts.projects.get(record["project"] or "")

    def new_temporary_credentials(self, user_name: str | None, lifetime: float) -> dict[str, Any]:
        """Issue an AK/SK of a user that is valid for a while, and only together with its security token.

        Returns `access`, `secret`, `security_token`, and `expires_at` in seconds since 1970. Raises InvalidError for a
        user that does not exist, and for a lifetime that cannot be.
        """
        user, store = self._named_user(user_name), self.store
        check_lifetime("lifetime", lifetime)
        with store.transaction():
            issued: dict[str, Any] = {
                "access": f"{user.access}-{new_token(store)[:8]}",
                "secret": new_token(store),
                "security_token": new_token(store),
                "expires_at": later(store.clock.now(), lifetime),
            }
            store.temporary_credentials.put(issued["access"], {**issued, "user": user.name})
        return Redacted(issued)


def check_lifetime(name: str, seconds: Any) -> None:
    """Raise InvalidError unless a value is a valid lifetime in seconds."""
    if type(seconds) not in (int, float) or not 0 < seconds < MAX_LIFETIME:
        text = f"must be a number of seconds between 0 and {MAX_LIFETIME}, got {seconds!r}"
        raise wrong_setting(name, "exclusiveMinimum", text, seconds)
