"""Requests to the control API of a mock in another process, and its errors as Python's."""

from __future__ import annotations

import json
import ssl
from copy import copy
from http.client import HTTPException, RemoteDisconnected
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ims_mock.contract.operations import load_control
from ims_mock.contract.problems import wrong_setting
from ims_mock.contract.wording import cut, shown
from ims_mock.remote.pool import Pool
from ims_mock.remote.settings import encoded
from ims_mock.service.missing import ConflictError
from ims_mock.service.region_choice import PREFIX
from ims_mock.service.world_ids import HEADER
from ims_mock.service.world_names import DEFAULT
from ims_mock.version import __version__

_PREFIX = "/_ims_mock"

_LONGEST = 20_000
"""Most characters of a name in a path; a server takes a line of 65,536 bytes."""


class NoMockError(ConnectionError):
    """Raised where no mock that this client can use responds; the text says what to do."""


_ERRORS: dict[str, type[Exception]] = {
    **dict.fromkeys(("invalid", "forbidden", "no_method"), ValueError),
    **dict.fromkeys(("misdirected", "gone"), NoMockError),
    "not_found": LookupError,
    "conflict": ConflictError,
    "defect": RuntimeError,
}
"""What is raised for each code of the control API."""


def no_mock(connection: Connection, what: str) -> NoMockError:
    """Return the error of a server of another kind."""
    return NoMockError(f"{connection.root} is no ims_mock: {what}; give the URL at which a mock listens")


def _why(error: Exception, root: str) -> str:
    """Return why there is no response of a mock, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = "give the certificate of its authority as ca, or with --ims-mock-server-ca"
        return f"the certificate of {root} is not trusted: {error.verify_message}; {advice}"
    if isinstance(error, ssl.SSLError):
        return f"{root} does not respond with HTTPS: {error.reason}; if it serves HTTP, give its URL with http"
    text = f"no mock responds at {root}: {error or type(error).__name__}; start one with python -m ims_mock"
    return f"{text}, or give its URL with https if it serves HTTPS" if isinstance(error, RemoteDisconnected) else text


def _instead_of(path: str) -> str:
    """Return what to do with the path of a URL."""
    if not path.strip("/"):
        return ""
    world = path.strip("/").removeprefix(PREFIX[1:])
    is_world = path.startswith(PREFIX) and "/" not in world
    return f'; give world="{world}" for its world' if is_world else "; a server behind a path cannot be used"


def _trust(ca: bytes) -> ssl.SSLContext:
    """Return what verifies the certificate of a server; raise InvalidError for what is no certificate."""
    try:
        return ssl.create_default_context(cadata=ca.decode("ascii") if ca else None)
    except (ssl.SSLError, ValueError):
        raise wrong_setting("ca", "format", "must be a certificate in PEM, as bytes or as the path of a file") from None


class Connection:
    """What sends requests to the control API of one world of a server, over connections that all threads share.

    It goes to the server itself: variables such as HTTP_PROXY do not count. `ca` is the certificate of an authority, in
    PEM, that the server's own is from; without it, the machine's authorities are trusted.
    """

    def __init__(self, url: str, path: str = "", ca: bytes = b"") -> None:
        parts = urlsplit(url if isinstance(url, str) else "")
        try:
            is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            is_whole = False
        if not is_whole or parts.query or parts.fragment or parts.path not in ("", "/"):
            text = f"must be the root of a server, such as http://127.0.0.1:9292, got {shown(url)}"
            raise ValueError(f"url: {text}{_instead_of(parts.path)}")
        self.root = f"{parts.scheme}://{parts.netloc}"
        self.path = path
        self.instance = ""
        self._region, self._home = "", ""
        self.ca = ca
        trust = _trust(ca) if ca or parts.scheme == "https" else None
        self._pool = Pool(parts, trust if parts.scheme == "https" else None)
        self._last_seen: dict[str, Any] | None = None

    def to(self, path: str, instance: str = "") -> Connection:
        """Return a connection to another world of the same server, by its path; with `instance`, to none but this."""
        other = copy(self)
        other.path, other.instance, other._region = path, instance, ""
        return other

    def to_region(self, name: str) -> Connection:
        """Return a connection to a region of this world, which makes no world of its name once there is no region."""
        other = self.to(f"{self.path or PREFIX + DEFAULT}{PREFIX}{name}", self.instance)
        other._region, other._home = name, self.path
        return other

    def get(self, path: str, **query: Any) -> Any:
        """Return the document at a path below /_ims_mock; once the world has ended, as it was then."""
        if self._last_seen is not None and path in self._last_seen:
            return self._last_seen[path]
        given = {name: _in_query(value) for name, value in query.items() if value is not None}
        return self.send("GET", f"{path}?{urlencode(given)}" if given else path)

    def delete(self, path: str, **query: Any) -> None:
        """Delete what is at a path."""
        given = {name: _in_query(value) for name, value in query.items() if value is not None}
        self.send("DELETE", f"{path}?{urlencode(given)}" if given else path)

    def send(self, method: str, path: str, document: Any = None) -> Any:
        """Send a request, and return the document of its response; None where it has none.

        Raises ValueError for what the mock rejects as wrong, ConflictError and LookupError as it says, and NoMockError
        where there is no mock.
        """
        if self._last_seen is not None:
            raise NoMockError(f"the world at {self.root}{self.path} was deleted; connect to it again")
        body = None if document is None else encoded(document)
        target = f"{self.path}{_PREFIX}/{path}"
        headers = {} if body is None else {"Content-Type": "application/json"}
        if self.instance:
            headers[HEADER] = self.instance
        try:
            status, content = self._pool.request(method, target, body, headers)
        except (OSError, HTTPException) as error:
            raise NoMockError(_why(error, self.root)) from error
        if status == 404 and self._region:
            self._check_region()
        return self._document(status, content, target)

    def _check_region(self) -> None:
        """Raise NoMockError where the region is gone that the connection is to."""
        if self._region not in self.to(self._home, self.instance).get("settings")["regions"]:
            text = f"the region {self._region} was removed; get it again with region({self._region!r})"
            raise NoMockError(f"{self.root}: {text}")

    @property
    def has_ended(self) -> bool:
        """Whether the world was deleted, and what it had to show is kept."""
        return self._last_seen is not None

    def end(self) -> None:
        """Keep what the world has to show, before it is deleted: nothing else can be asked for from then on."""
        if self._last_seen is None:
            asked: dict[str, dict[str, Any]] = {"journal": {"form": "whole"}, "faults": {"removed": True}}
            paths = ("connection", "clock", "settings", "policy", "journal", "faults", "records/images", "records/jobs")
            self._last_seen = {path: self.get(path, **asked.get(path, {})) for path in paths}

    def close(self) -> None:
        """Close the connections that are kept, also those to other worlds; the next request makes another."""
        self._pool.close()

    def _document(self, status: int, content: bytes, target: str) -> Any:
        if status == 204:
            return None
        try:
            document = json.loads(content)
            if status < 400:
                return document
            code, message = document["error"]["code"], str(document["error"]["message"])
            kind = _ERRORS[code]
        except (ValueError, LookupError, TypeError):
            what = f"{cut(target)} has the status {status} and no JSON of its control API"
            raise no_mock(self, what) from None
        raise kind(f"{self.root}: {message}" if kind is NoMockError else message)


def _in_query(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def part(text: Any) -> str:
    """Return a text as one part of a path; raise LookupError for one that is too long to be the name of anything.

    Half of a surrogate pair, which no URL can have, is written as in Python: nothing has such a name.
    """
    quoted = quote(str(text), safe="", errors="backslashreplace")
    if len(quoted) > _LONGEST:
        raise LookupError(f"no name has more than {_LONGEST} characters in a URL, got {shown(str(text))}")
    return quoted


def fits_in_path(key: Any) -> bool:
    """Return whether a key can be one part of a path as it is; servers read %2F as a slash."""
    try:
        return isinstance(key, str) and "/" not in key and 0 < len(quote(key, safe="")) <= _LONGEST
    except UnicodeEncodeError:
        return False


def check_version(connection: Connection) -> dict[str, Any]:
    """Return what the server says of a world; raise NoMockError where it is of a version that does not fit."""
    own = load_control().document["info"]["version"]
    advice = "install the same version of ims_mock on both sides"
    try:
        about: dict[str, Any] = connection.get("connection")
    except LookupError:
        text = f"the mock at {connection.root} is too old for this client, which is ims_mock {__version__}"
        raise NoMockError(f"{text}; {advice}") from None
    if not isinstance(about, dict) or not {"control", "version"} <= about.keys():
        raise no_mock(connection, "it does not say which version of ims_mock it is")
    if about["control"] != own:
        text = (
            f"the mock at {connection.root} is ims_mock {about['version']}, and this client is ims_mock {__version__}"
        )
        raise NoMockError(f"{text}, with another control API; {advice}")
    return about
