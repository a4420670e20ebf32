"""Who asks, by the variables of the environment that clients read: a token, an access key, or a user with a password.

Those of a second project have the same names with "_2" at their end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ims_mock.contract.headers import header_name
from ims_mock.exchange.messages import Request
from ims_mock.identity.signing import Authorization, canonical_request, signature
from ims_mock.state.real import RealTime
from ims_mock.state.times import timestamp

SECOND = "_2"
"""What the names of the variables of the second project end with."""

_SHARED = (
    *("OS_AUTH_URL", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME", "OS_CACERT"),
    "HUAWEICLOUD_SDK_IAM_ENDPOINT",
)
"""The variables that are the first project's where the second has none of its own."""


class CredentialsError(ValueError):
    """The environment has no credentials, or has a part of them alone."""


class Credentials(Protocol):
    """What a request is sent with, so that the service knows who asks."""

    def headers_for(self, request: Request, body: bytes) -> dict[str, str]:
        """Return the headers that show who asks."""


@dataclass(frozen=True, repr=False)
class Token:
    """A token that has been issued."""

    token: str

    def headers_for(self, request: Request, body: bytes) -> dict[str, str]:
        """Return the header with the token."""
        return {"X-Auth-Token": self.token}


@dataclass(frozen=True, repr=False)
class AccessKey:
    """An access key with its secret, which signs each request; a temporary one has a security token too."""

    access: str
    secret: str
    project_id: str
    security_token: str = ""

    def headers_for(self, request: Request, body: bytes) -> dict[str, str]:
        """Return the signature of a request, and the headers that it signs beside those of the request."""
        date = timestamp(RealTime.now()).replace("-", "").replace(":", "")
        added = {"X-Sdk-Date": date, "X-Project-Id": self.project_id}
        if self.security_token:
            added["X-Security-Token"] = self.security_token
        signed = {header_name(name): value for name, value in {**dict(request.headers.items()), **added}.items()}
        names = tuple(sorted(name.lower() for name in signed))
        asked = Request(request.method, request.target, request.base_url, signed)
        canonical = canonical_request(asked, Authorization(self.access, names, ""), body)
        value = signature(self.secret, date, canonical)
        header = f"SDK-HMAC-SHA256 Access={self.access}, SignedHeaders={';'.join(names)}, Signature={value}"
        return {**added, "Authorization": header}


@dataclass(frozen=True, repr=False)
class Login:
    """A user with a password, who logs in to a project."""

    name: str
    password: str
    domain: str
    project: Mapping[str, Any]

    def body(self, **changed: str) -> dict[str, Any]:
        """Return the body of a request for a token, with a changed password where one is given."""
        user = {"name": self.name, "password": self.password, "domain": {"name": self.domain}, **changed}
        identity = {"methods": ["password"], "password": {"user": user}}
        return {"auth": {"identity": identity, "scope": {"project": dict(self.project)}}}


@dataclass(frozen=True, repr=False)
class Caller:
    """Somebody who asks: with ready credentials, or a login that brings a token, or both."""

    credentials: Credentials | None
    login: Login | None
    project_id: str
    iam_endpoint: str
    ca_file: str

    @property
    def described(self) -> str:
        """Which credentials requests are sent with, in words."""
        if isinstance(self.credentials, Token):
            return "the token of IMS_TOKEN"
        return "an access key" if self.credentials else "a token for a user with a password"


def find_caller(environ: Mapping[str, str], ending: str = "") -> Caller | None:
    """Return who asks, by the environment; None where it says nothing of it.

    A token counts more than an access key, and that more than a password. Raise CredentialsError for a part of them.
    """
    found = _Variables(environ, ending)
    login = _login(found)
    caller: Credentials | None = None
    if found("IMS_TOKEN"):
        caller = Token(found("IMS_TOKEN"))
    elif found("HUAWEICLOUD_SDK_AK"):
        secret, project = found.needed("HUAWEICLOUD_SDK_SK"), found.needed("HUAWEICLOUD_SDK_PROJECT_ID")
        caller = AccessKey(found("HUAWEICLOUD_SDK_AK"), secret, project, found("HUAWEICLOUD_SDK_SECURITY_TOKEN"))
    if caller is None and login is None:
        return None
    project = found("IMS_PROJECT_ID") or found("HUAWEICLOUD_SDK_PROJECT_ID") or found("OS_PROJECT_ID")
    iam = found("HUAWEICLOUD_SDK_IAM_ENDPOINT") or found("OS_AUTH_URL").rstrip("/").removesuffix("/v3")
    return Caller(caller, login, project, iam, found("OS_CACERT"))


class _Variables:
    """The variables of one project."""

    def __init__(self, environ: Mapping[str, str], ending: str) -> None:
        self._environ = environ
        self._ending = ending

    def __call__(self, name: str) -> str:
        shared = self._environ.get(name, "") if name in _SHARED else ""
        return (self._environ.get(name + self._ending) or shared).strip()

    def needed(self, name: str) -> str:
        """Return a variable that has to be there; raise CredentialsError where it is not."""
        value = self(name)
        if not value:
            raise CredentialsError(f"the environment variable {name + self._ending} is needed beside the others")
        return value


def _login(found: _Variables) -> Login | None:
    if not found("OS_USERNAME"):
        return None
    name, domain = found("OS_PROJECT_NAME"), found("OS_PROJECT_DOMAIN_NAME") or found("OS_USER_DOMAIN_NAME")
    if found("OS_PROJECT_ID"):
        project: dict[str, Any] = {"id": found("OS_PROJECT_ID")}
    else:
        project = {"name": name or found.needed("OS_PROJECT_NAME"), "domain": {"name": domain or "Default"}}
    user_domain = found("OS_USER_DOMAIN_NAME") or "Default"
    return Login(found("OS_USERNAME"), found.needed("OS_PASSWORD"), user_domain, project)
