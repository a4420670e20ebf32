"""Exchanges without what says who made them: credentials, the ids and names of accounts, and the bytes of files.

An id becomes another one of its form, the same one wherever it stands, so that a recording can still be judged,
compared and replayed. Which one is as random as the masking is.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote_plus

from ims_mock.contract.recorded import Absence, JsonBody, RecordedExchange, RecordedHeaders
from ims_mock.contract.routes import find_operation, path_of
from ims_mock.evidence.redaction import MASK, is_secret, masked, masked_target

_IDS = frozenset(
    {
        *("owner", "project_id", "tenant_id", "tenant", "domain_id", "user_id", "member_id", "member", "projects"),
        *("parent_id", "account_id", "X-Project-Id", "X-Domain-Id", "X-User-Id"),
        *("enterprise_project_id", "sys_enterprise_project_id", "_sys_enterprise_project_id"),
    }
)
"""The names of attributes, parameters and headers whose values are ids of accounts."""

_ACCOUNTS = frozenset({"user", "users", "project", "projects", "domain", "domains"})
"""What holds an account, with its `id` and `name`, in bodies of the identity service."""

_NAMES = frozenset({"user_name", "domain_name", "project_name"})

_CREDENTIALS = (("token", "id"), ("credential", "access"), ("credentials", "access"))
"""What holds a credential under a name that is not that of one, and the name."""

_KEEP = frozenset({"", "0", "default", "Default", "all_granted_eps"})
"""What stands in place of an id, and says nothing of an account."""

_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])", re.IGNORECASE)
_ACCESS = re.compile(r"(?<=Access=)[^,\s]+|(?<=Credential=)[^/,\s]+")
_REGION = re.compile(
    "(?:ae|af|ap|cn|eu|la|me|my|na|ru|sa|tr)-"
    "(?:(?:north|south)?(?:east|west)?|ad|brazil|kualalumpur|mexico|moscow)-[0-9]{1,3}|eu-(?:de|nl|ch2)"
)
"""The name of a region, which is also that of a project of everybody."""

_NAMED = re.compile(rb"([\w-]+)[\"']?\s*[:=]")
"""A name before its value, in a body that is no JSON: a form, or JSON that is cut or has a mistake in it."""

_ABOUT_ACCOUNTS = re.compile("/(?:users|projects|domains)$")


class Masking:
    """Masks exchanges, one after the other; an id that it has seen once is masked wherever it stands from then on."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._known: set[str] = set()

    def masked(self, exchange: RecordedExchange) -> RecordedExchange:
        """Return an exchange without what says who made it."""
        request, response = exchange.request, exchange.response
        self._learn_path(request.method, request.url)
        # First all that names an account, so that it is masked also where another name stands before it.
        bodies = [self._body(request.body), self._body(response.body) if response else b""]
        url = self._everywhere(self._query(masked_target(request.url)))
        request = replace(request, url=url, **self._message(request.headers, bodies[0]))
        if response is not None:
            response = replace(response, **self._message(response.headers, bodies[1]))
        return replace(exchange, request=request, response=response)

    def _message(self, headers: RecordedHeaders | Absence, body: Any) -> dict[str, Any]:
        if isinstance(body, bytes):
            body = self._everywhere(body.decode("latin-1")).encode("latin-1")
        if not isinstance(headers, Absence):
            headers = [(name, self._header(name, value, body)) for name, value in headers]
        return {"headers": headers, "body": body}

    def _header(self, name: str, value: str, body: Any) -> str:
        if name.lower() == "content-length" and isinstance(body, bytes) and body:
            return str(len(body))
        if name in _IDS or name.title() in _IDS:
            return self._id(value)
        (shown,) = masked([(name, value)]).values()
        return self._everywhere(_ACCESS.sub(MASK, shown))

    def _learn_path(self, method: str, url: str) -> None:
        """Learn the ids that the path of an operation has."""
        operation = find_operation(method.upper(), url)
        if operation is None:
            return
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.path))
        match = re.search(pattern + "/?$", path_of(url))
        for name, value in (match.groupdict() if match else {}).items():
            if name in _IDS:
                self._id(value)

    def _query(self, url: str) -> str:
        """Return a URL whose parameters name no account."""
        path, mark, query = url.partition("?")
        is_about_accounts = _ABOUT_ACCOUNTS.search(path) is not None
        parts = []
        for part in query.split("&"):
            name, sign, value = part.partition("=")
            given = unquote_plus(value)
            if name in _IDS:
                value = quote(self._id(given))
            elif (is_about_accounts and name == "name") or name in _NAMES:
                value = quote(self._name(given))
            parts.append(name + sign + value)
        return path + mark + "&".join(parts)

    def _body(self, body: bytes | JsonBody | Absence) -> bytes | JsonBody | Absence:
        """Return a body without credentials and accounts; what has none stays as it is, to the byte."""
        if isinstance(body, JsonBody):
            return JsonBody(self._value(body.value, (), None), body.examples)
        if isinstance(body, Absence) or not body:
            return body
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return _cut_before_secret(body)
        masked_value = self._value(value, (), None)
        return body if masked_value == value else json.dumps(masked_value, separators=(",", ":")).encode()

    def _value(self, value: Any, path: tuple[str, ...], holder: Any) -> Any:
        """Return a value of JSON that stands at a path, in an object."""
        if isinstance(value, dict):
            return {name: self._value(item, (*path, name), value) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, path, holder) for item in value]
        rule = self._rule_for(path) if isinstance(value, str) and path else None
        return rule(value) if rule else value

    def _rule_for(self, path: tuple[str, ...]) -> Callable[[str], str] | None:
        """Return what masks a text at a path; None where it stays."""
        name, holder = path[-1], path[-2] if len(path) > 1 else ""
        if is_secret(name) or (holder, name) in _CREDENTIALS:
            return lambda _: MASK
        if name in _IDS or (holder in _ACCOUNTS and name == "id"):
            return self._id
        if name in _NAMES or (holder in _ACCOUNTS and name in ("name", "description")):
            return self._name
        return None

    def _id(self, value: str) -> str:
        """Return the pseudonym of an id, and mask it everywhere from now on where it has the form of one."""
        if value in _KEEP:
            return value
        digits = self._digest(value.lower())
        if _ID.fullmatch(value):
            self._known.add(value.lower())
            return digits
        return re.sub("[0-9A-Za-z]", lambda match: digits[match.start() % len(digits)], value)

    def _name(self, value: str) -> str:
        """Return the pseudonym of a name; that of a region is a project's too, and stays, as where others begin so."""
        region, sign, rest = value.partition("_")
        if value in _KEEP or _REGION.fullmatch(value):
            return value
        before = region + sign if rest and _REGION.fullmatch(region) else ""
        return f"{before}name-{self._digest(value)[:8]}"

    def _digest(self, value: str) -> str:
        return hashlib.blake2s(value.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=16).hexdigest()

    def _everywhere(self, text: str) -> str:
        """Return a text with the pseudonyms of all ids that are known."""

        def pseudonym(match: re.Match[str]) -> str:
            return self._digest(match[0].lower()) if match[0].lower() in self._known else match[0]

        return _ID.sub(pseudonym, text) if self._known else text


def _cut_before_secret(body: bytes) -> bytes:
    """Return a body that is no JSON up to the first credential in it: where its value ends nobody can know."""
    for match in _NAMED.finditer(body):
        if is_secret(match[1].decode("latin-1")):
            return body[: match.end()] + MASK.encode()
    return body


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name; the values of one that is repeated have a comma between them."""
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
