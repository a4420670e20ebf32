"""Requests that two programs could read in two ways, byte by byte: rejected, and nothing is done."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from ims_mock import ImsMock

IMAGE_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
DELETE = f"DELETE /v2/images/{IMAGE_ID} HTTP/1.1".encode()
POST = b"POST /v2/images HTTP/1.1"
BODY = b'{"name": "new"}'
FIELDS = b"Host: a\r\nX-Auth-Token: t\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[ImsMock]:
    """A mock with one image, which every request of this module would delete, or add another to."""
    with ImsMock() as mock:
        mock.add_image(id=IMAGE_ID, name="here")
        yield mock


@pytest.fixture
def mock(running: ImsMock) -> Iterator[ImsMock]:
    """The mock of the module, as it was."""
    with running.rollback():
        running.journal.clear()
        yield running


def exchange(mock: ImsMock, sent: bytes) -> tuple[list[int], dict[str, str], bool]:
    """Send bytes and no more; return all statuses, the last headers, and whether they close the connection."""
    url = urlsplit(mock.url)
    with socket.create_connection((url.hostname, url.port), timeout=10) as client, client.makefile("rb") as file:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        statuses: list[int] = []
        headers: dict[str, str] = {}
        while line := file.readline():
            statuses.append(int(line.split()[1]))
            headers = {}
            while (line := file.readline().strip()) != b"":
                name, _, value = line.decode().partition(": ")
                headers[name] = value
            file.read(int(headers.get("Content-Length", 0)))
        return statuses, headers, headers.get("Connection") == "close"


def head(*fields: bytes, line: bytes = POST, ending: bytes = b"\r\n") -> bytes:
    """Return a head with a host and a token, and other lines as they are given."""
    return line + b"\r\n" + FIELDS + b"".join(field + b"\r\n" for field in fields) + ending


def with_line(line: bytes) -> bytes:
    """Return a create with another request line."""
    return head(line=line, ending=b"Content-Length: 15\r\n\r\n" + BODY)


def with_length(value: bytes) -> bytes:
    """Return a create with a length."""
    return head(b"Content-Length:" + value) + BODY


def with_coding(value: bytes) -> bytes:
    """Return a create, in chunks, with a transfer coding."""
    return head(b"Transfer-Encoding:" + value) + b"f\r\n" + BODY + b"\r\n0\r\n\r\n"


def with_host(value: bytes) -> bytes:
    """Return a deletion with another host."""
    return DELETE + b"\r\nX-Auth-Token: t\r\nHost:" + value + b"\r\n\r\n"


def with_field(field: bytes) -> bytes:
    """Return a deletion with one more field."""
    return head(field, line=DELETE)


def with_chunks(chunks: bytes) -> bytes:
    """Return a create with chunks."""
    return head(CHUNKED.strip()) + chunks


REJECTED: dict[str, Any] = {
    # The request line.
    "no version": DELETE.removesuffix(b" HTTP/1.1") + b"\r\n" + FIELDS + b"\r\n",
    "HTTP/0.9": with_line(b"POST /v2/images HTTP/0.9"),
    "HTTP/01.1": with_line(b"POST /v2/images HTTP/01.1"),
    "HTTP/1.01": with_line(b"POST /v2/images HTTP/1.01"),
    "HTTP/1": with_line(b"POST /v2/images HTTP/1"),
    "HTTP/1.": with_line(b"POST /v2/images HTTP/1."),
    "HTTP/+1.1": with_line(b"POST /v2/images HTTP/+1.1"),
    "http/1.1": with_line(b"POST /v2/images http/1.1"),
    "HTTPS/1.1": with_line(b"POST /v2/images HTTPS/1.1"),
    "a digit of another script": with_line("POST /v2/images HTTP/1.²".encode()),
    "something after the version": with_line(b"POST /v2/images HTTP/1.1 x"),
    "a blank after the version": with_line(b"POST /v2/images HTTP/1.1 "),
    "a blank before the method": with_line(b" POST /v2/images HTTP/1.1"),
    "two blanks": with_line(b"POST  /v2/images HTTP/1.1"),
    "a tab": with_line(b"POST\t/v2/images HTTP/1.1"),
    "a form feed": with_line(b"POST /v2/images\x0cHTTP/1.1"),
    "a no-break space": with_line(b"POST\xa0/v2/images HTTP/1.1"),
    "a blank in the path": with_line(b"POST /v2/ima ges HTTP/1.1"),
    "a blank before the query": with_line(b"POST /v2/images ?a=b HTTP/1.1"),
    "two versions": with_line(b"POST /v2/images HTTP/1.1 HTTP/1.1"),
    "a tab in the query": with_line(b"POST /v2/images?a=b\tc HTTP/1.1"),
    "a blank after the version and a query": with_line(b"POST /v2/images?a=b HTTP/1.1 "),
    "a NUL in the target": with_line(b"POST /v2/images?a\x00 HTTP/1.1"),
    "a DEL in the target": with_line(b"POST /v2/images?a\x7f HTTP/1.1"),
    "a CR in the target": with_line(b"POST /v2/images?a\r HTTP/1.1"),
    "a fragment": with_line(b"POST /v2/images#a HTTP/1.1"),
    "a method in lower case": with_line(b"post /v2/images HTTP/1.1"),
    "a method in two cases": with_line(b"Post /v2/images HTTP/1.1"),
    "a method that is no token": with_line(b"PO(ST /v2/images HTTP/1.1"),
    "no method": with_line(b" /v2/images HTTP/1.1"),
    "a target without a slash": with_line(b"POST v2/images HTTP/1.1"),
    "a target of another scheme": with_line(b"POST ftp://a/v2/images HTTP/1.1"),
    "a target without a host": with_line(b"POST http:///v2/images HTTP/1.1"),
    "a target with a user": with_line(b"POST http://u:p@a/v2/images HTTP/1.1"),
    "a target with half an address": with_line(b"POST http://[::1/v2/images HTTP/1.1"),
    "a target that is all": with_line(b"POST * HTTP/1.1"),
    "a tunnel": with_line(b"CONNECT a:443 HTTP/1.1"),
    # The ends of lines.
    "CR CR LF after the request line": DELETE + b"\r\r\n" + FIELDS + b"\r\n",
    "CR CR LF after a field": DELETE + b"\r\nHost: a\r\r\nX-Auth-Token: t\r\n\r\n",
    "CR CR LF at the end": DELETE + b"\r\n" + FIELDS + b"\r\r\n\r\n",
    "LF alone": (DELETE + b"\r\n" + FIELDS + b"\r\n").replace(b"\r\n", b"\n"),
    "LF after the request line": DELETE + b"\n" + FIELDS + b"\r\n",
    "LF after a field": DELETE + b"\r\nHost: a\nX-Auth-Token: t\r\n\r\n",
    "LF at the end": DELETE + b"\r\n" + FIELDS + b"\n",
    "CR alone": (DELETE + b"\r\n" + FIELDS + b"\r\n").replace(b"\r\n", b"\r") + b"\r\n\r\n",
    "two empty lines before it": b"\r\n\r\n" + DELETE + b"\r\n" + FIELDS + b"\r\n",
    "an empty line with LF alone before it": b"\n" + DELETE + b"\r\n" + FIELDS + b"\r\n",
    # The header fields.
    "a CR in a value": with_field(b"X-Other: a\rContent-Length: 5"),
    "a CR before a value": with_field(b"X-Other:\r a"),
    "an LF in a value": with_field(b"X-Other: a\nX-More: b"),
    "a NUL in a value": with_field(b"X-Other: a\x00b"),
    "a vertical tab in a value": with_field(b"X-Other: a\x0bb"),
    "an escape in a value": with_field(b"X-Other: \x1b[0m"),
    "a DEL in a value": with_field(b"X-Other: \x7f"),
    "no name": with_field(b": a"),
    "no name and no value": with_field(b":"),
    "no colon": with_field(b"X-Other"),
    "a blank after the name": with_field(b"X-Other : a"),
    "a tab after the name": with_field(b"X-Other\t: a"),
    "a blank in the name": with_field(b"X Other: a"),
    "a blank before the name": with_field(b" X-Other: a"),
    "a name that is not ASCII": with_field("X-Öther: a".encode()),
    "a name in parentheses": with_field(b"(X-Other): a"),
    "a name with a NUL": with_field(b"X-Other\x00: a"),
    "a folded value": with_field(b"X-Other: a\r\n b"),
    "a folded first field": DELETE + b"\r\n Host: a\r\n" + FIELDS + b"\r\n",
    # The host.
    "no host": DELETE + b"\r\nX-Auth-Token: t\r\n\r\n",
    "two hosts": with_field(b"Host: a"),
    "two hosts in HTTP/1.0": head(b"Host: b", line=DELETE.replace(b"1.1", b"1.0")),
    "an empty host": with_host(b""),
    "a port alone": with_host(b":80"),
    "a host with an empty label": with_host(b"a..b"),
    "a host that begins with a dot": with_host(b".a"),
    "a dot for a host": with_host(b"."),
    "a host with a path": with_host(b"a/b"),
    "a host with a user": with_host(b"u@a"),
    "a host with a blank": with_host(b"a b"),
    "a host with a query": with_host(b"a?b"),
    "a host with a fragment": with_host(b"a#b"),
    "a host with a backslash": with_host(b"a\\b"),
    "a host with a quote": with_host(b'"a"'),
    "a host in angle brackets": with_host(b"<a>"),
    "a host that is not ASCII": with_host("ä".encode()),
    "a host that is a URL": with_host(b"http://a"),
    "a host with half an escape": with_host(b"a%4"),
    "a port that is no number": with_host(b"a:b"),
    "a port that is too large": with_host(b"a:65536"),
    "a port with a sign": with_host(b"a:+80"),
    "two ports": with_host(b"a:1:2"),
    "an address without brackets": with_host(b"::1"),
    "an address with half its brackets": with_host(b"[::1"),
    "an address that is none": with_host(b"[::g]"),
    "an address with too many parts": with_host(b"[1:2:3:4:5:6:7:8:9]"),
    "an IPv4 address in brackets": with_host(b"[127.0.0.1]"),
    "something after an address": with_host(b"[::1]a"),
    # The length of the body.
    "a vertical tab before the length": with_length(b" \x0b15"),
    "a no-break space before the length": with_length(b" \xa015"),
    "a next-line control before the length": with_length(b" \x8515"),
    "a form feed after the length": with_length(b" 15\x0c"),
    "a length with a sign": with_length(b" +15"),
    "a negative length": with_length(b" -15"),
    "an empty length": with_length(b""),
    "a length of blanks": with_length(b"  "),
    "a length in hexadecimal": with_length(b" 0xf"),
    "a length with an underscore": with_length(b" 1_5"),
    "a length with a blank": with_length(b" 1 5"),
    "a length with a point": with_length(b" 15.0"),
    "a length in other digits": with_length(" \u0661\u0665".encode()),
    "a length as a list": with_length(b" 15, 15"),
    "a length with a comma": with_length(b" 15,"),
    "a length with too many digits": with_length(b" " + b"0" * 20 + b"15"),
    "two lengths": head(b"Content-Length: 15", b"Content-Length: 16") + BODY,
    "one length twice": head(b"Content-Length: 15", b"Content-Length: 15") + BODY,
    "a length and chunks": head(b"Content-Length: 15", CHUNKED.strip()) + b"0\r\n\r\n",
    "chunks and a length": head(CHUNKED.strip(), b"Content-Length: 15") + b"0\r\n\r\n",
    # The transfer coding.
    "a vertical tab before the coding": with_coding(b" \x0bchunked"),
    "a no-break space before the coding": with_coding(b" \xa0chunked"),
    "a NUL after the coding": with_coding(b" chunked\x00"),
    "no coding": with_coding(b""),
    "a quoted coding": with_coding(b' "chunked"'),
    "a coding that is nearly chunked": with_coding(b" xchunked"),
    "chunked with a parameter": with_coding(b" chunked;a=b"),
    "chunked twice": with_coding(b" chunked, chunked"),
    "chunked on two lines": with_coding(b" chunked\r\nTransfer-Encoding: chunked"),
    "chunked and an empty member": with_coding(b" chunked,"),
    "an empty member and chunked": with_coding(b" , chunked"),
    "chunked before another": with_coding(b" chunked, gzip"),
    "identity": with_coding(b" identity"),
    "gzip alone": with_coding(b" gzip"),
    "chunks in HTTP/1.0": head(CHUNKED.strip(), line=POST.replace(b"1.1", b"1.0")) + b"0\r\n\r\n",
    # Chunks.
    "a vertical tab before a size": with_chunks(b"\x0bf\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a vertical tab after a size": with_chunks(b"f\x0b\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a blank before a size": with_chunks(b" f\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a blank after a size": with_chunks(b"f \r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a size with a sign": with_chunks(b"+f\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a size with a prefix": with_chunks(b"0xf\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a size with an underscore": with_chunks(b"0_f\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "no size": with_chunks(b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a size with too many digits": with_chunks(b"0" * 16 + b"f\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "an extension that is none": with_chunks(b"f;a b\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "an extension without a name": with_chunks(b"f;\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "an extension with a CR": with_chunks(b"f;a=b\rc\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "an extension with an open quote": with_chunks(b'f;a="b\r\n' + BODY + b"\r\n0\r\n\r\n"),
    "a size with LF alone": with_chunks(b"f\n" + BODY + b"\r\n0\r\n\r\n"),
    "a size with CR CR LF": with_chunks(b"f\r\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a chunk with LF alone": with_chunks(b"f\r\n" + BODY + b"\n0\r\n\r\n"),
    "a chunk with CR CR LF": with_chunks(b"f\r\n" + BODY + b"\r\r\n0\r\n\r\n"),
    "a chunk that is longer": with_chunks(b"e\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a last line with LF alone": with_chunks(b"f\r\n" + BODY + b"\r\n0\r\n\n"),
    "a last size with LF alone": with_chunks(b"f\r\n" + BODY + b"\r\n0\n\r\n"),
    "a trailer without a colon": with_chunks(b"f\r\n" + BODY + b"\r\n0\r\nX-Other\r\n\r\n"),
    "a trailer without a name": with_chunks(b"f\r\n" + BODY + b"\r\n0\r\n: a\r\n\r\n"),
    "a trailer with a CR": with_chunks(b"f\r\n" + BODY + b"\r\n0\r\nX-Other: a\rb\r\n\r\n"),
    "a folded trailer": with_chunks(b"f\r\n" + BODY + b"\r\n0\r\nX-Other: a\r\n b\r\n\r\n"),
    # What ends too early.
    "a head without its last line": DELETE + b"\r\n" + FIELDS,
    "a head without its last line end": DELETE + b"\r\n" + FIELDS[:-2],
    "a head without its last LF": DELETE + b"\r\n" + FIELDS + b"\r",
    "a request line alone": DELETE + b"\r\n",
    "half a request line": DELETE,
    "a body that ends early": head(b"Content-Length: 16") + BODY,
    "a deletion whose body ends early": head(b"Content-Length: 16", line=DELETE) + BODY,
    "chunks that end early": with_chunks(b"f\r\n" + BODY),
    "chunks without the last one": with_chunks(b"f\r\n" + BODY + b"\r\n"),
    "chunks without their last line": with_chunks(b"f\r\n" + BODY + b"\r\n0\r\n"),
    "a deletion whose chunks are broken": head(CHUNKED.strip(), line=DELETE) + b"x\r\n",
}


@pytest.mark.parametrize("sent", REJECTED.values(), ids=REJECTED)
def test_what_is_not_certain_is_rejected(mock: ImsMock, sent: bytes) -> None:
    """What RFC 9112 does not allow is one 400, which says why and closes the connection, and nothing is done."""
    statuses, headers, is_closed = exchange(mock, sent)
    assert (statuses, is_closed) == ([400], True)
    assert headers["X-IMS-Mock-Reason"]
    assert [image["name"] for image in mock.images.values()] == ["here"]
    assert [entry.status for entry in mock.journal] == [400]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (with_line(b"POST /v2/images HTTP/2.0"), 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (with_line(b"POST /v2/images HTTP/3.0"), 505),
        (with_coding(b" gzip, chunked"), 501),
        (with_coding(b" gzip\r\nTransfer-Encoding: chunked"), 501),
        (head(b"Expect: a-miracle", b"Content-Length: 15") + BODY, 417),
        (head(b"Expect: 100-continue, a-miracle", b"Content-Length: 15") + BODY, 417),
    ],
)
def test_what_is_not_known_is_rejected(mock: ImsMock, sent: bytes, status: int) -> None:
    """A version, a transfer coding and an expectation that are not known have statuses of their own (RFC 9110)."""
    statuses, _, is_closed = exchange(mock, sent)
    assert (statuses, is_closed) == ([status], True)
    assert [image["name"] for image in mock.images.values()] == ["here"]


TAKEN = {
    "a later version": with_line(b"POST /v2/images HTTP/1.2"),
    "an empty line before it": b"\r\n" + with_line(POST),
    "no white space before a value": with_length(b"15"),
    "white space around a value": with_length(b" \t 15 \t "),
    "a length with zeros": with_length(b" 0015"),
    "chunked in capitals": with_coding(b" CHUNKED"),
    "a size in capitals": with_chunks(b"F\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "extensions": with_chunks(b'f ; a = "b\\"; c" ;d\r\n' + BODY + b"\r\n0;e=f\r\n\r\n"),
    "trailers": with_chunks(b"f\r\n" + BODY + b"\r\n0\r\nX-Other: \xfc\r\nX-More:\r\n\r\n"),
    "a value that is not ASCII": head(b"X-Other: \xfc\xff", b"Content-Length: 15") + BODY,
    "an empty value": head(b"X-Other:", b"Content-Length: 15") + BODY,
    "a name of odd characters": head(b"X!#$%&'*+-.^_`|~9: a", b"Content-Length: 15") + BODY,
    "an upgrade": head(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 15") + BODY,
    "an upgrade to a WebSocket": head(b"Connection: keep-alive, Upgrade", b"Upgrade: WebSocket", b"Content-Length: 15")
    + BODY,
    "another upgrade": head(
        b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: websocket, h2c", b"HTTP2-Settings: AA", b"Content-Length: 15"
    )
    + BODY,
    "a target in absolute form": with_line(b"POST http://a:1/v2/images HTTP/1.1"),
    "a target in absolute form in capitals": with_line(b"POST HTTPS://A/v2/images HTTP/1.1"),
}


@pytest.mark.parametrize("sent", TAKEN.values(), ids=TAKEN)
def test_what_is_allowed_is_taken(mock: ImsMock, sent: bytes) -> None:
    """What RFC 9112 allows is served, and the connection stays open."""
    statuses, _, is_closed = exchange(mock, sent)
    assert (statuses, is_closed) == ([201], False)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (b"/v2/images?name=CentOS 7.4 64bit", ["CentOS 7.4 64bit"]),
        (b"/v2/images?name=CentOS 7.4 64bit&status=active", ["CentOS 7.4 64bit"]),
        (b"/v2/images?name=CentOS%207.4+64bit", ["CentOS 7.4 64bit"]),
        (b"/v2/images?name=CentOS 7.4 64bit ", []),
        (b"/v2/images?name=a HTTP/1.1", []),
        ("/v2/images?name=caf\u00e9 au lait".encode(), ["caf\u00e9 au lait"]),
        (b"http://a/v2/images?name=CentOS 7.4 64bit", ["CentOS 7.4 64bit"]),
    ],
)
def test_blanks_in_a_query(mock: ImsMock, target: bytes, names: list[str]) -> None:
    """All between the first blank and the last one is the target, and its blanks are those of the values."""
    for name in ("CentOS 7.4 64bit", "caf\u00e9 au lait"):
        mock.add_image(name=name, data=b"0")
    assert exchange(mock, head(line=b"GET " + target + b" HTTP/1.1"))[0] == [200]
    (entry,) = mock.journal
    assert [image["name"] for image in json.loads(entry.response_body)["images"]] == names
    assert " " not in entry.path


@pytest.mark.parametrize(
    "host",
    [b"a", b"A.b-c_d", b"a:80", b"a:", b"127.0.0.1:9292", b"[::1]", b"[::1]:9292", b"[fe80::1%25eth0]", b"a%20b"],
)
def test_hosts(mock: ImsMock, host: bytes) -> None:
    """A host is a name or an address, with a port or without (RFC 9110 section 7.2)."""
    assert exchange(mock, with_host(b" " + host))[0] == [204]


@pytest.mark.parametrize(
    ("fields", "version", "is_closed"),
    [
        ([b"Connection: close, TE", b"TE: trailers"], b"1.1", True),
        ([b"Connection: TE , Close"], b"1.1", True),
        ([b"Connection: TE", b"Connection: close"], b"1.1", True),
        ([b"Connection: keep-alive, close"], b"1.1", True),
        ([b"Connection: TE"], b"1.1", False),
        ([b"Connection: closed"], b"1.1", False),
        ([], b"1.0", True),
        ([b"Connection: TE, Keep-Alive"], b"1.0", False),
        ([b"Connection: keep-alive, close"], b"1.0", True),
    ],
)
def test_connection_is_a_list(mock: ImsMock, fields: list[bytes], version: bytes, is_closed: bool) -> None:
    """The members of Connection count, wherever they stand in it and in whichever case."""
    line = b"GET /v2/images HTTP/" + version
    sent = head(*fields, line=line)
    statuses, _, _ = exchange(mock, sent + sent)
    assert statuses == ([200] if is_closed else [200, 200])


@pytest.mark.parametrize("target", [b"http://a", b"http://a:1?x=y", b"HTTP://a/"])
def test_absolute_target_without_a_path(mock: ImsMock, target: bytes) -> None:
    """It is the root (RFC 9110 section 4.2.3)."""
    assert exchange(mock, head(line=b"GET " + target + b" HTTP/1.1"))[0] == [300]
    assert [entry.path.partition("?")[0] for entry in mock.journal] == ["/"]


@pytest.mark.parametrize("target", [b"//v2/images", b"///v2/images", b"/v2//images", b"http://a//v2/images", b"//"])
def test_empty_part_of_a_path(mock: ImsMock, target: bytes) -> None:
    """A path with an empty part is another one, and in the journal as it came."""
    statuses, headers, _ = exchange(mock, head(line=b"GET " + target + b" HTTP/1.1"))
    assert statuses == [404]
    path = target.decode().removeprefix("http://a")
    assert headers["X-IMS-Mock-Reason"].startswith(f"no route has the path {path};")
    assert [entry.path for entry in mock.journal] == [path]


@pytest.mark.parametrize("name", ["café", "à", "Ā", "日本"])
def test_raw_bytes_of_a_query(mock: ImsMock, name: str) -> None:
    """A query that is not percent-encoded is the one that is."""
    mock.images[IMAGE_ID]["name"] = name
    for query in (name.encode(), b"%" + name.encode().hex("%").encode()):
        exchange(mock, head(line=b"GET /v2/images?name=" + query + b" HTTP/1.1"))
    assert [f'"id":"{IMAGE_ID}"' in entry.response_body.decode() for entry in mock.journal] == [True, True]


@pytest.mark.parametrize("tag", ["ö", "à", "Ā", "日本"])
def test_raw_bytes_of_a_path(mock: ImsMock, tag: str) -> None:
    """A part of a path that is not percent-encoded is the one that is."""
    line = b"PUT /v2/images/%s/tags/%s HTTP/1.1" % (IMAGE_ID.encode(), tag.encode())
    assert exchange(mock, head(line=line))[0] == [204]
    assert mock.images[IMAGE_ID]["tags"] == [tag]


@pytest.mark.parametrize("tag", [b"\xf6", b"%f6", b"%C3", b"a\xa0", b"%ed%a0%80"])
def test_path_that_is_not_utf8(mock: ImsMock, tag: bytes) -> None:
    """A path that is not UTF-8 is rejected: no text stands for it."""
    line = b"PUT /v2/images/%s/tags/%s HTTP/1.1" % (IMAGE_ID.encode(), tag)
    assert exchange(mock, head(line=line))[0] == [400]
    assert mock.images[IMAGE_ID]["tags"] == []


def test_rejected_request_that_is_long(mock: ImsMock) -> None:
    """A client that is still sending when it is rejected can send all of it, and reads why."""
    sent = head(b"Content-Length: 3000000", line=b"put /v2/images/x/file HTTP/1.1") + bytes(3_000_000)
    assert exchange(mock, sent)[0] == [400]
