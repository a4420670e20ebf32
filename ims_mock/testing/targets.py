"""Whom a recording is replayed against: a mock in this process, or whatever responds at a URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.recorded import RecordedResponse
from ims_mock.identity.accounts import User
from ims_mock.mock import ImsMock
from ims_mock.state.real import RealTime
from ims_mock.testing.credentials import IMS, Credentials, Outgoing, without_credentials

TIMEOUT = 60
"""Seconds after which a service that says nothing is given up."""

MOST_BYTES = 256 * 1024 * 1024
"""Most bytes of a response that are read."""


class UnreachableError(OSError):
    """A target that does not respond; the text says which, and why."""


class Target(Protocol):
    """Whom requests are sent to. `writes` is whether it may be changed, `is_own` whether nobody else uses it."""

    name: str
    writes: bool
    is_own: bool

    def project_of(self, caller: str) -> str:
        """Return the id of the project in which a caller works; "" where it is not known."""

    def log_in(self, body: Any, caller: str) -> Any:
        """Return the body of a log-in with credentials that are known here; None where there are none."""

    def serves(self, service: str) -> bool:
        """Return whether requests of a service can be sent."""

    def send(self, request: Outgoing) -> RecordedResponse:
        """Send a request with a credential, and return the response; raise UnreachableError where none comes."""

    def wait(self, seconds: float) -> None:
        """Let some time pass."""


class MockTarget:
    """A mock in this process; its clock is moved by a second before each request, where it can be moved."""

    writes = True
    is_own = True

    def __init__(self, mock: ImsMock) -> None:
        self.name = "the mock"
        self.mock = mock
        self._client = mock.app.test_client()
        self._tokens: dict[str, str] = {}

    def project_of(self, caller: str) -> str:
        """Return the project of a user by name or access key, or else the default one."""
        user = self._user(caller)
        return self.mock.accounts.own_project(self.mock.accounts.users[user]).id if user else self.mock.project_id

    def log_in(self, body: Any, caller: str) -> Any:
        """Return the body with the password of the user whom it names, or of the default one, or with a token."""
        auth, accounts = body["auth"], self.mock.accounts
        identity = auth["identity"]
        user = accounts.users.get(str(identity.get("password", {}).get("user", {}).get("name")), accounts.default_user)
        if "password" in identity:
            own = {"name": user.name, "password": user.password, "domain": {"name": accounts.domain.name}}
            identity = {**identity, "password": {"user": own}}
        if "token" in identity:
            identity = {**identity, "token": {"id": self._token(caller)}}
        scope = {"scope": self._scope(auth["scope"], user)} if "scope" in auth else {}
        return {"auth": {**auth, "identity": identity, **scope}}

    def _scope(self, scope: Any, user: User) -> Any:
        """Return a scope with a project that the user has, or the domain; another form of it as it is."""
        accounts = self.mock.accounts
        if isinstance(scope, dict) and "project" in scope:
            name = scope["project"].get("name")
            is_known = name in user.roles or name == accounts.region
            return {"project": {"name": name} if is_known else {"id": accounts.own_project(user).id}}
        if isinstance(scope, dict) and "domain" in scope:
            return {"domain": {"id": accounts.domain.id}}
        return scope

    def serves(self, service: str) -> bool:
        """Return True: a mock has every service at one root."""
        return True

    def send(self, request: Outgoing) -> RecordedResponse:
        """Send a request without a socket, a second after the one before."""
        if hasattr(self.mock.clock, "advance"):
            self.wait(1)
        headers = request.headers
        if not request.keeps_credential:
            headers = [*without_credentials(headers), ("X-Auth-Token", self._token(request.caller))]
        response = self._client.open(request.target, method=request.method, data=request.body, headers=list(headers))
        try:
            return RecordedResponse(response.status_code, list(response.headers), response.data, has_all_headers=True)
        finally:
            response.close()

    def wait(self, seconds: float) -> None:
        """Move the clock of the mock, or wait where it is not to be moved."""
        advance: Callable[[float], None] = getattr(self.mock.clock, "advance", RealTime.sleep)
        advance(seconds)

    def _user(self, caller: str) -> str:
        """Return the name of the user whom a caller is, by the name or the access key; "" where it is nobody here."""
        accounts = self.mock.accounts
        if caller in accounts.users:
            return caller
        user = accounts.user_of_access(caller)
        return user.name if user else ""

    def _token(self, caller: str) -> str:
        user = self._user(caller)
        if not user or user == self.mock.accounts.default_user.name:
            return self.mock.token
        if user not in self._tokens:
            self._tokens[user] = self.mock.new_token(user)
        return self._tokens[user]


class UrlTarget:
    """What responds at a URL, which may have a base path; `services` are the URLs of services beside IMS, by name.

    With `writes` requests are sent that may change something. Certificates are verified; SSL_CERT_FILE names another
    authority. Raises InvalidError for a text that is not a URL.
    """

    is_own = False

    def __init__(
        self,
        url: str,
        credentials: Credentials | None = None,
        *,
        services: Mapping[str, str] | None = None,
        writes: bool = False,
        sleep: Callable[[float], None] = RealTime.sleep,
    ) -> None:
        self.name = url
        self.writes = writes
        self.wait = sleep
        self._urls = {service: checked_url(text) for service, text in {**(services or {}), IMS: url}.items()}
        self._credentials = credentials or Credentials()

    def project_of(self, caller: str) -> str:
        """Return the project of the credentials."""
        return self._credentials.project_id

    def log_in(self, body: Any, caller: str) -> Any:
        """Return None: passwords are not known here."""
        return None

    def serves(self, service: str) -> bool:
        """Return whether there is a URL for a service."""
        return service in self._urls

    def send(self, request: Outgoing) -> RecordedResponse:
        """Send a request over a connection of its own."""
        url = urlsplit(self._urls[request.service])
        request = replace(request, target=url.path.rstrip("/") + request.target)
        headers = list(request.headers)
        if not request.keeps_credential:
            headers = [*without_credentials(headers), *self._credentials.headers_of(request, url.netloc)]
        connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.netloc, timeout=TIMEOUT)
        try:
            connection.request(request.method, request.target, request.body or None, dict(headers))
            response = connection.getresponse()
            return RecordedResponse(
                response.status, response.getheaders(), response.read(MOST_BYTES), has_all_headers=True
            )
        except (OSError, HTTPException, UnicodeError) as error:
            raise UnreachableError(
                f"{self.name} does not respond to {request.method} {request.target}: {error!r}"
            ) from None
        finally:
            connection.close()


def checked_url(text: str) -> str:
    """Return a URL of http or https; raise InvalidError for another text."""
    try:
        url = urlsplit(text)
        is_good = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_good = False
    if not is_good or url.query or url.fragment or url.username:
        raise wrong_setting(
            "url", "format", f"must be http:// or https:// with a host, and no query, got {text!r}", text
        )
    return text.rstrip("/")
