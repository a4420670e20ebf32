"""What a report of a sweep shows in the place of a credential: errors and values of the work may quote one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ims_mock.evidence.redaction import MASK
from ims_mock.identity.accounts import User
from ims_mock.service.service import Service

_SHORTEST = 4
"""Texts of fewer characters are not looked for, as they stand in other words too."""

_AFTER_A_NAME = re.compile(
    r"(?P<name>(?:x-auth-token|x-subject-token|x-security-token|authorization|password|passwd|secret|"
    r"token|signature|cookie)[\"']?\s*[:=]\s*[\"']?)(?P<value>[^\s\"',;&})\]]+)",
    re.IGNORECASE,
)
"""A credential that a text names."""

_ISSUED = re.compile(r"\b(?:(?:MII|gAAAA)[\w+/=-]{24,}|[0-9a-f]{64}\b)")
"""A token as the service, Keystone, and the mock issue it."""


def secrets_of(service: Service) -> frozenset[str]:
    """Return the tokens, passwords and keys that a mock honours."""
    with service.store.transaction():
        users = service.accounts.users.values()
        found = {service.auth.token, *service.store.tokens, *(text for user in users for text in _of(user))}
    return frozenset(text for text in found if len(text) >= _SHORTEST)


def _of(user: User) -> tuple[str, str]:
    return user.password, user.secret


def hidden(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text in which credentials are masked: known ones, those that it names, and what looks like a token."""
    # The longest first, as one may be the beginning of another.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _ISSUED.sub(MASK, _AFTER_A_NAME.sub(rf"\g<name>{MASK}", text))
