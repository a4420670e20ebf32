"""The head of a request: its line and its header fields, read by the grammar of RFC 9112 and RFC 9110.

What two programs could read in two ways is rejected: it is not certain then which request was sent, or where it ends.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ims_mock.contract.headers import header_name

if TYPE_CHECKING:
    from io import BufferedIOBase, BufferedReader

MAX_LINE = 65536
"""Most bytes of a request line, and of all header fields together."""

MAX_FIELDS = 100

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (a token of the grammar)
FIELD = rf"{TOKEN}:[\t -~\x80-\xff]*"
"""A header field, in Latin-1: no white space around the name, no control character in the value, no second line."""

_FIELDS = re.compile(rf"(?:{FIELD}\r\n)*")
_REQUEST_LINE = re.compile(rf"({TOKEN}) ([!->@-~\x80-\xff]+(?:\?[ -~\x80-\xff]*)?) HTTP/([0-9])\.([0-9])")
"""A request line. Unlike the grammar, a query may have blanks: the gateway of the service takes them, and clients that
do not escape what they ask for send them. All between the first blank and the last one is the target."""

_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
_NAME = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
_HOST = re.compile(rf"(?:\[([0-9A-Fa-f:.]+)(?:%[\w.~-]+)?\]|{_NAME})(?::([0-9]*))?", re.ASCII)

_SHORT = 4096
"""Most characters of header fields that are kept for the next request which has the same."""

_ONCE = {"HTTP_HOST": "Host", "CONTENT_LENGTH": "Content-Length"}


class HeadError(Exception):
    """The head is not one of HTTP/1: the status and reason of the response, and what is known of the request."""

    def __init__(self, status: int, reason: str, method: str = "-", target: str = "-") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.method = method
        self.target = target


class Fields(NamedTuple):
    """The header fields of a request, by their names in a WSGI environ, and by those that a request of the mock has."""

    environ: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(slots=True)
class Head:
    """The head of a request, its text in Latin-1.

    `target` is as it was sent, `path` decoded, `query` not. `length` is the body's, None for a chunked one. `is_last`
    means that the connection ends with this request. `block` are the lines of the fields, as they were sent. `root` is
    what stands before the target in the path, and names a world.
    """

    method: str
    target: str
    version: str
    path: str
    query: str
    fields: Fields
    length: int | None
    is_last: bool
    expects_continue: bool
    block: str = ""
    root: str = ""


def read_head(stream: BufferedReader) -> Head | None:
    """Read the head of the next request; None where the connection has ended instead.

    Raises HeadError for what is no head, and for one that does not end.
    """
    buffered = stream.peek()
    end = buffered.find(b"\r\n\r\n")
    # Mostly it has come whole, and is taken at once.
    data = stream.read(end + 4) if end >= 0 else _lines(stream)
    # An empty line before a request is passed over (RFC 9112 section 2.2).
    return parse_head(data.removeprefix(b"\r\n")) if data else None


def _lines(stream: BufferedIOBase) -> bytes:
    """Read a head line by line; raise HeadError at the first line that cannot be one."""
    lines = [_line(stream, 414, "the request line")]
    if lines == [b"\r\n"]:
        lines = [_line(stream, 414, "the request line")]
    if lines == [b""]:
        return b""
    left = MAX_LINE
    while lines[-1] != b"\r\n":
        if left <= 0:
            raise _too_large()
        lines.append(_line(stream, 431, "a header line"))
        left -= len(lines[-1])
        if not lines[-1]:
            raise HeadError(400, "the connection ended before the head of the request did; nothing was done")
    return b"".join(lines)


def _line(stream: BufferedIOBase, too_long: int, what: str) -> bytes:
    """Read one line; b"" where there is no more."""
    line = stream.readline(MAX_LINE + 1)
    if line and not line.endswith(b"\r\n"):
        if len(line) > MAX_LINE:
            raise HeadError(too_long, f"{what} has more than {MAX_LINE} bytes")
        ending = "CR LF, not LF alone" if line.endswith(b"\n") else "CR LF; the connection ended before"
        raise HeadError(400, f"{what} must end with {ending}")
    return line


def parse_head(data: bytes) -> Head:
    """Return what a head says, from its first byte to its empty line; raise HeadError for what is no head."""
    line, _, block = data.decode("latin-1").partition("\r\n")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise HeadError(
            400,
            "the request line must be 'METHOD target HTTP/1.1', with one blank between its parts and none in a path",
        )
    method, target, major, minor = match.groups()
    try:
        return _parse(method, target, major + minor, block[:-2])
    except HeadError as error:
        error.method, error.target = method, quoted(target)
        raise


def _parse(method: str, target: str, number: str, block: str) -> Head:
    version = _version(number)
    if method != method.upper():
        raise HeadError(400, f"the method must be in capitals: {method.upper()!r}, not {method!r}")
    # Most clients send the same lines with each request.
    is_short = len(block) <= _SHORT
    fields = (_fields if is_short else _fields.__wrapped__)(block, version)
    path, query, fields = _split(method, target, fields)
    length, is_last, expects_continue = (_framing if is_short else _framing.__wrapped__)(block, version)
    return Head(method, target, version, path, query, fields, length, is_last, expects_continue, block)


def _version(number: str) -> str:
    """Return the version that a request is read by; a later one of HTTP/1 is read as 1.1 (RFC 9110 section 2.5)."""
    if number[0] == "1":
        return "HTTP/1.0" if number[1] == "0" else "HTTP/1.1"
    # There is no line with HTTP/0.9 in it: that version has no such line.
    status = 400 if number[0] == "0" else 505
    raise HeadError(status, f"HTTP/{number[0]}.{number[1]} is not served; use HTTP/1.1")


@lru_cache(maxsize=256)
def _fields(block: str, version: str) -> Fields:
    """Return header fields, with the host checked; a value that comes again is added to the one before."""
    if not _FIELDS.fullmatch(block):
        raise HeadError(400, _field_fault(block))
    if len(block) > MAX_LINE or block.count("\r\n") > MAX_FIELDS:
        raise _too_large()
    fields: dict[str, str] = {}
    for line in block.split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        key = _key(name)
        value = value.strip(" \t")
        if key in fields and key != "CONTENT_TYPE":
            if key in _ONCE:
                raise HeadError(400, f"{_ONCE[key]}: must be given once")
            value = f"{fields[key]},{value}"
        if key:
            fields[key] = value
    _check_host(fields.get("HTTP_HOST"), version)
    return Fields(fields, headers_of(fields))


def headers_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a WSGI environ has, by the names that a request of the mock has for them."""
    headers = {header_name(key[5:]): value for key, value in environ.items() if key.startswith("HTTP_")}
    # WSGI has these also when they did not come.
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    if environ.get("CONTENT_LENGTH"):
        headers["Content-Length"] = environ["CONTENT_LENGTH"]
    return headers


@lru_cache(maxsize=256)
def _framing(block: str, version: str) -> tuple[int | None, bool, bool]:
    """Return the length of the body, whether the connection ends with it, and whether a client waits for leave."""
    fields = _fields.__wrapped__(block, version).environ
    tokens = _tokens(fields.get("HTTP_CONNECTION", ""))
    is_last = "close" in tokens or (version == "HTTP/1.0" and "keep-alive" not in tokens)
    return _length(fields, version), is_last, _expects_continue(fields, version)


def _too_large() -> HeadError:
    return HeadError(431, f"the headers must be at most {MAX_FIELDS}, with at most {MAX_LINE} bytes in all")


def _field_fault(block: str) -> str:
    number = next(number for number, line in enumerate(block.split("\r\n"), 1) if not re.fullmatch(FIELD, line))
    return f"header line {number} is not of the form 'name: value', on one line and without control characters"


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    """Return the name of a field in a WSGI environ; "" for one with a `_`, which would be that of another there."""
    key = name.upper().replace("-", "_")
    return "" if "_" in name else key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _split(method: str, target: str, fields: Fields) -> tuple[str, str, Fields]:
    """Return the path, decoded, the query of a target, and the fields, with the host of an absolute one as theirs.

    See RFC 9112 section 3.2.
    """
    if "#" in target:
        raise HeadError(400, "the target must have no fragment; write '#' as %23")
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute and absolute[1]:
            _check_host(absolute[1], "HTTP/1.1")
            named = {**fields.environ, "HTTP_HOST": absolute[1]}
            fields = Fields(named, headers_of(named))
            path, _, query = absolute[2].partition("?")
        elif target != "*" or method != "OPTIONS":
            raise HeadError(400, "the target must be a URL: it must begin with '/', or with http:// and a host")
    if "%" in path:
        path = unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
    return path or "/", query, fields


def _check_host(host: str | None, version: str) -> None:
    """Check the host that a request names; only one of HTTP/1.0 may name none (RFC 9112 section 3.2)."""
    if host is None:
        if version != "HTTP/1.0":
            raise HeadError(400, "Host: must be given once")
    elif not is_host(host):
        raise HeadError(400, f"Host: must be a name or an address, with a port or without, got {host!r}")


@lru_cache(maxsize=256)
def is_host(text: str) -> bool:
    """Return whether a text is a host, with a port or without (RFC 9110 section 7.2)."""
    match = _HOST.fullmatch(text)
    labels = text.partition(":")[0].removesuffix(".").split(".")
    if (
        match is None
        or (text and text[0] != "[" and "" in labels)
        or len(match[2] or "") > 5
        or int(match[2] or 0) > 65535
    ):
        return False
    try:
        return match[1] is None or bool(ipaddress.IPv6Address(match[1]))
    except ValueError:
        return False


def _length(fields: Mapping[str, str], version: str) -> int | None:
    """Return the length of the body, None for a chunked one (RFC 9112 section 6)."""
    length, codings = fields.get("CONTENT_LENGTH"), fields.get("HTTP_TRANSFER_ENCODING")
    if codings is not None:
        _check_codings(codings)
        if version != "HTTP/1.1":
            raise HeadError(400, "Transfer-Encoding: needs HTTP/1.1")
        if length is not None:
            raise HeadError(400, "Content-Length and Transfer-Encoding are both given; give one")
        return None
    if length is None:
        return 0
    if not re.fullmatch("[0-9]{1,15}", length):
        raise HeadError(400, "Content-Length: must be one decimal number")
    return int(length)


def _check_codings(text: str) -> None:
    """Check that a body is chunked and nothing else; 501 is for a coding that is not known (RFC 9112 section 6.1)."""
    codings = [coding.strip(" \t").lower() for coding in text.split(",")]
    if codings == ["chunked"]:
        return
    if codings[-1] == "chunked" and codings.count("chunked") == 1 and all(codings):
        raise HeadError(501, "Transfer-Encoding: must be chunked")
    raise HeadError(400, "Transfer-Encoding: must be chunked, once and last")


def _expects_continue(fields: Mapping[str, str], version: str) -> bool:
    """Return whether a client waits for leave to send its body; one of HTTP/1.0 cannot (RFC 9110 section 10.1.1)."""
    expectations = _tokens(fields.get("HTTP_EXPECT", ""))
    if not expectations or version == "HTTP/1.0":
        return False
    if expectations != {"100-continue"}:
        raise HeadError(417, "Expect: must be 100-continue")
    return True


def _tokens(text: str) -> set[str]:
    """Return the members of a list, in lower case; empty ones are none (RFC 9110 section 5.6.1)."""
    return {token for part in text.split(",") if (token := part.strip(" \t").lower())} if text else set()


def quoted(target: str) -> str:
    """Return a target in Latin-1 with blanks, and bytes that are not ASCII, percent-encoded, as they should be sent."""
    if target.isascii():
        return target.replace(" ", "%20")
    return "".join(char if "!" <= char <= "~" else quote_from_bytes(char.encode("latin-1")) for char in target)
