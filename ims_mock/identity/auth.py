"""Who is calling: what a credential says, and whether it is honoured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from ims_mock.contract.errors import IAM, ImsError
from ims_mock.contract.headers import Headers, header_name
from ims_mock.contract.problems import InvalidError
from ims_mock.exchange.caller import Caller
from ims_mock.exchange.exchange import Exchange
from ims_mock.identity import signing
from ims_mock.identity.accounts import Project, User
from ims_mock.identity.tokens import Identity, Token
from ims_mock.state.times import LAST, later, parse_basic_time, timestamp

MAX_SKEW = 15 * 60
"""Most seconds by which the time of a signature may differ from the gateway's."""

MAX_FAILURES = 5
LOCK_SECONDS = 5 * 60
"""After more than MAX_FAILURES wrong signatures in a row an AK is locked for so long."""

PROJECT_ID = "[0-9A-Za-z_-]{1,255}"
PROJECT_ID_RULE = "1 to 255 letters, digits, '-' and '_'"


@dataclass(frozen=True, slots=True)
class _Key:
    """The user and the secrets of an access key; `security_token` is "" for a permanent one."""

    user: User
    secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)
    expires_at: float = LAST


class Worlds(Protocol):
    """The worlds of a server, of which there may be several."""

    has_named: bool

    def owner_of(self, token: str, access: str) -> str | None:
        """Return the name of the one world to which a token or an access key belongs; None where that is not one."""

    def __iter__(self) -> Iterator[Any]:
        """Return the worlds, the default one first."""


class Auth:
    """The credentials that one mock honours, at one of three levels.

    "off" needs none. "lenient" needs one: a token that was issued and an AK that is known are their user's, in a
    project of the user's; any other credential works in the project that X-Project-Id names, else in the default one.
    "strict" verifies every credential. `token` is one that a test has from the beginning, and does not expire.
    A credential of another of the `worlds` of the server is rejected at each level.
    """

    def __init__(self, level: str, identity: Identity, token: str, worlds: Worlds | None = None) -> None:
        self.level = level
        self.token = token
        self.worlds = worlds
        self.region = ""
        """The region whose project comes before each user's own; "" in the first region of a cloud."""
        self._identity = identity
        self._accounts = identity.accounts

    @property
    def project_id(self) -> str:
        """The default project, for a credential that belongs to no user."""
        if not self.region:
            return self._accounts.default_project.id
        return self._own_project(self._accounts.default_user).id

    def _own_project(self, user: User) -> Project:
        """Return the project of a user in this region, unless a request names another one."""
        return self._accounts.projects[self.region if self.region in user.roles else user.own_project]

    @staticmethod
    def is_signed(headers: Headers) -> bool:
        """Return whether a request is signed with an AK/SK, and not sent with a token."""
        return not headers.get("X-Auth-Token") and bool(headers.get("Authorization"))

    def claimed_project(self, headers: Headers) -> str:
        """Return the project that a request names, without a check; rules match by it."""
        asked, token = headers.get("X-Project-Id"), headers.get("X-Auth-Token")
        if asked:
            return asked
        record = self._identity.store.tokens.records.get(token) if token else None
        authorization = None if token else signing.parse_authorization(headers.get("Authorization") or "")
        key = self._key(authorization.access) if authorization else None
        if key is not None:
            return self._own_project(key.user).id
        if record is None:
            return self.project_id
        project = self._identity.project_of(record)
        return project.id if project else ""

    def caller_of(self, exchange: Exchange) -> Caller:
        """Return who sent a request.

        Raise 401 for a credential that is missing or not honoured, and for one of no project where an operation needs
        one, 403 for a project that is not the caller's, 400 for a malformed project id.
        """
        is_of_identity = exchange.operation.dialect == "iam"
        try:
            caller = self._caller_of(exchange)
        except ImsError as error:
            if not is_of_identity or self.is_signed(exchange.request.headers):
                raise
            # A token is looked at by the identity service itself, a signature by the gateway before it.
            raise ImsError(error.status, IAM, reason=error.reason) from None
        if caller.project_id is None and exchange.operation.is_of_project:
            raise unauthorized("Unauthorized", "X-Auth-Token: the token is not scoped to a project; get one that is")
        return caller

    def _caller_of(self, exchange: Exchange) -> Caller:
        headers = exchange.request.headers
        project_id, token = headers.get("X-Project-Id"), headers.get("X-Auth-Token")
        if project_id and not re.fullmatch(PROJECT_ID, project_id):
            raise ImsError(400, "IMG.0067", reason=f"X-Project-Id: must be {PROJECT_ID_RULE}")
        if token:
            return self._bearer(token, project_id)
        authorization = headers.get("Authorization")
        if authorization:
            return self._signer(authorization, exchange)
        if self.level == "off":
            return self._anybody(project_id)
        raise unauthorized("Unauthorized", "no credential: send X-Auth-Token, or sign the request with an AK/SK")

    def _anybody(self, asked: str | None) -> Caller:
        """Return the caller for a credential that belongs to no user, in the project that the request names."""
        return Caller(asked or self.project_id)

    def _bearer(self, token: str, asked: str | None) -> Caller:
        """Return the caller of a token."""
        record = self._identity.store.tokens.records.get(token)
        if record is None and self.worlds is not None and self.worlds.has_named:
            self._check_world("X-Auth-Token: the token", token, "")
        is_own = token == self.token and record is not None and not record["revoked"]
        if self.level != "strict" and (record is None or is_own):
            return self._anybody(asked)
        if record is None:
            raise unauthorized("decrypt token fail", "X-Auth-Token: this mock did not issue that token")
        user, project = self._checked_user(record), self._identity.project_of(record)
        if asked and project is not None and asked != project.id:
            raise _foreign_project(f"X-Project-Id: the token is scoped to {project.id}, and not to {asked}")
        return _caller(user, project)

    def _checked_user(self, record: Token) -> User:
        """Return the user of an issued token; raise 401 for one that is no longer valid."""
        user, project = self._identity.user_of(record), self._identity.project_of(record)
        if record["revoked"] or user is None or (project is not None and project.name not in user.roles):
            raise unauthorized("decrypt token fail", "X-Auth-Token: the token has been revoked; get another")
        if not self._identity.is_valid(record):
            expired = f"token expires, expires_at: {timestamp(record['expires_at'])}"
            raise unauthorized(expired, "X-Auth-Token: the token has expired by the mock's clock; get another")
        return user

    def _signer(self, header: str, exchange: Exchange) -> Caller:
        """Return the caller of an AK/SK signature."""
        asked = exchange.request.headers.get("X-Project-Id")
        authorization = signing.parse_authorization(header)
        if authorization is None:
            if self.level != "strict":
                return self._anybody(asked)
            wanted = "SDK-HMAC-SHA256 Access=<ak>, SignedHeaders=<names>, Signature=<64 hex>"
            scoped = "Credential=<ak>/<yyyymmdd>/<region>/<service>/sdk_request"
            raise unauthorized("Unauthorized", f"Authorization: must be '{wanted}', or have '{scoped}' for Access")
        key = self._key(authorization.access)
        if key is None:
            if self.worlds is not None and self.worlds.has_named:
                self._check_world(f"Authorization: the access key {authorization.access}", "", authorization.access)
            if self.level != "strict":
                return self._anybody(asked)
            raise unauthorized(
                f"ak {authorization.access} not exist",
                f"Authorization: no user has the access key {authorization.access}",
            )
        if self.level == "strict":
            self._check_lock(authorization.access)
            self._verify(authorization, key, exchange)
        user, own = key.user, self._accounts.projects_of(key.user)
        project = next((project for project in own if project.id == asked), None) if asked else self._own_project(user)
        if project is None:
            known = ", ".join(project.id for project in own)
            raise _foreign_project(f"X-Project-Id: {user.name} has no role in {asked}, only in {known}")
        return _caller(user, project)

    def _check_world(self, what: str, token: str, access: str) -> None:
        """Raise 401 for a credential of another world: this one does not know it."""
        name = self.worlds.owner_of(token, access) if self.worlds is not None else None
        if name is not None:
            reason = f"{what} is of the world {name}, and this is another one; log in here, or ask for that world"
            raise unauthorized("decrypt token fail" if token else f"ak {access} not exist", reason)

    def knows_key(self, access: str) -> bool:
        """Return whether an access key belongs to a user."""
        return self._key(access) is not None

    def _key(self, access: str) -> _Key | None:
        """Return what belongs to an access key."""
        user = self._accounts.user_of_access(access)
        if user is not None:
            return _Key(user, user.secret)
        issued = self._identity.store.temporary_credentials.get(access)
        user = self._accounts.users.get(issued["user"]) if issued else None
        return _Key(user, issued["secret"], issued["security_token"], issued["expires_at"]) if issued and user else None

    def _verify(self, authorization: signing.Authorization, key: _Key, exchange: Exchange) -> None:
        """Raise 401 unless a signature is that of the request, made at this time with the key."""
        headers = exchange.request.headers
        date = headers.get("X-Sdk-Date") or ""
        self._check_date(date)
        self._check_security_token(key, headers)
        missing = [name for name in authorization.headers if headers.get(header_name(name)) is None]
        if missing:
            raise unauthorized(
                "verify aksk signature fail",
                f"SignedHeaders: must name headers of the request, and it has no {', '.join(missing)}",
            )
        canonical_of = partial(signing.canonical_request, exchange.request, authorization, exchange.body.read())
        computed = signing.signature(key.secret, date, canonical_of(), authorization.scope)
        if signing.is_same(computed, authorization.signature):
            self._clear_failures(authorization.access)
            return
        self._count_failure(authorization.access)
        shown = canonical_of(hides=True).replace("\n", "|")
        raise unauthorized(
            f"verify aksk signature fail,canonicalRequest:{shown}",
            f"Authorization: the signature does not fit this request and the secret of {authorization.access}; "
            f"the mock's canonical request, with | for line breaks, is {shown}",
        )

    def _check_date(self, date: str) -> None:
        try:
            signed_at = parse_basic_time(date)
        except ValueError:
            raise unauthorized(
                "verify aksk signature fail", "X-Sdk-Date: must be of the form YYYYMMDDTHHMMSSZ"
            ) from None
        now = self._identity.store.clock.now()
        if abs(now - signed_at) > MAX_SKEW:
            raise unauthorized(
                "verify aksk signature fail",
                f"X-Sdk-Date: {date} is more than 15 minutes from the mock's clock, which says {timestamp(now)}",
            )

    def _check_security_token(self, key: _Key, headers: Headers) -> None:
        if not signing.is_same(headers.get("X-Security-Token") or "", key.security_token):
            wanted = "a temporary access key needs the token that came with it, and a permanent one must have none"
            raise unauthorized("Get secretKey failed", f"X-Security-Token: {wanted}")
        if self._identity.store.clock.now() >= key.expires_at:
            raise unauthorized(
                "Get secretKey failed", "X-Security-Token: the temporary credentials have expired by the mock's clock"
            )

    def _check_lock(self, access: str) -> None:
        """Raise 401 while an access key is locked because of wrong signatures."""
        failures = self._identity.store.wrong_signatures.get(access)
        if failures and failures["count"] > MAX_FAILURES:
            until = min(later(failures["last"], LOCK_SECONDS), LAST)
            if self._identity.store.clock.now() < until:
                raise unauthorized(
                    "AK access failed to reach the limit, forbidden",
                    f"Authorization: {access} is locked until {timestamp(until)} by the mock's clock, after more than "
                    f"{MAX_FAILURES} wrong signatures in a row",
                )
            self._clear_failures(access)

    def _clear_failures(self, access: str) -> None:
        store = self._identity.store
        store.attempt(lambda: store.wrong_signatures.remove(access))

    def _count_failure(self, access: str) -> None:
        store = self._identity.store

        def count() -> None:
            before = store.wrong_signatures.get(access, {"count": 0})["count"]
            store.wrong_signatures.put(access, {"count": before + 1, "last": store.clock.now()})

        store.attempt(count)


def _caller(user: User, project: Project | None) -> Caller:
    """Return a user as a caller in a project, or in none."""
    actions = user.actions_in(project)
    return Caller(project.id, user.name, project.name, actions) if project else Caller(None, user.name, None, actions)


def unauthorized(detail: str, reason: str | InvalidError) -> ImsError:
    """Return the gateway's 401, with the documented detail of what is wrong with a credential."""
    return ImsError(401, "APIGW.0301", f"Incorrect IAM authentication information: {detail}", reason=reason)


def _foreign_project(reason: str) -> ImsError:
    return ImsError(403, "APIGW.0302", reason=reason)
