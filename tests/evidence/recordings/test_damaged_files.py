"""A file that is damaged, odd or hostile is read or refused with the entry, whatever is wrong with it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ims_mock.contract import judge
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import FORMATS, read_recording
from tests.evidence.recordings.conftest import OCTETS

SENT: dict[str, Any] = {"method": "POST", "uri": "/v2/images", "headers": {"Accept": ["*/*"]}, "body": {"name": "a"}}
GOT: dict[str, Any] = {
    "status": {"code": 201, "message": "Created"},
    "headers": {"Content-Type": ["application/json"]},
    "body": {"string": "{}"},
}
PACKED = {"encoding": None, "base64_string": "e30="}
LISTED = {
    "method": "POST",
    "url": "/v2/images",
    "headers": [{"name": "Content-Length", "value": "2"}],
    "postData": {"text": "{}", "mimeType": "application/json", "params": []},
}
SHOWN = {"status": 201, "headers": [], "content": {"text": "{}", "size": 2, "mimeType": "application/json"}}
LIST_RULES = {
    "$.body.images": {"match": "type"},
    "body": {"$": {"matchers": [{"match": "type"}]}, "$['images'][*].id": {"matchers": [{"match": "equality"}]}},
}
SAMPLES: dict[str, Any] = {
    "Pact file": {
        "consumer": {},
        "provider": {},
        "metadata": {"pactSpecification": {"version": "4.0"}},
        "interactions": [
            {
                "description": "it",
                "type": "Synchronous/HTTP",
                "request": {"method": "GET", "path": "/v2/images", "query": {"limit": ["2"]}, "headers": {"a": ["b"]}},
                "response": {
                    "status": 200,
                    "body": {"content": {"images": [{"id": "x"}]}, "contentType": "a", "encoded": False},
                    "matchingRules": LIST_RULES,
                    "generators": {"body": {"$.images": {}}},
                },
            },
        ],
    },
    "VCR cassette": {
        "interactions": [
            {"request": SENT, "response": GOT},
            {"request": SENT, "response": {"status_code": 201, "headers": {}, "content": "{}"}},
        ],
    },
    "betamax cassette or VCR report of Schemathesis": {
        "http_interactions": [
            {
                "request": {**SENT, "body": PACKED},
                "response": {**GOT, "status": {"code": "201"}, "truncated_from": 7},
                "generation": {"mode": "positive"},
            },
            {"request": {**SENT, "body": "{}"}, "response": {**GOT, "body": PACKED}},
        ],
    },
    "recording of responses": {
        "responses": [
            {"response": {"method": "GET", "url": "/v2/images", "status": 200, "content_type": OCTETS, "body": "x"}},
        ],
    },
    "HTTP archive (HAR, also in a .zip)": {
        "log": {
            "creator": {"name": "mitmproxy"},
            "entries": [
                {"_resourceType": "fetch", "request": {**LISTED, "bodySize": 2}, "response": SHOWN},
                {"request": LISTED, "response": {**SHOWN, "content": {"text": "e30=", "encoding": "base64"}}},
                {"request": LISTED, "response": {"status": 0, "_error": "hangup", "content": {"_file": "7.json"}}},
            ],
        },
    },
    "journal or log of ims_mock": {
        "received": 2,
        "entries": [
            {
                "request_id": "7",
                "method": "GET",
                "path": "/v2/images",
                "base_url": "",
                "status": 200,
                "delivery": "whole",
                "request_headers": {"A": ["b"]},
                "request_body": "",
                "response_headers": {"Content-Length": "2"},
                "response_body": "{}",
            },
            {"request_id": "7", "method": "GET", "path": "/v2/images", "status": 200, "delivery": "whole"},
        ],
    },
    "stub mappings of WireMock, also a folder": {
        "mappings": [
            {
                "name": "it",
                "request": {
                    "method": "GET",
                    "urlPathTemplate": "/v2/images/{id}",
                    "pathParameters": {"id": {"equalTo": "7"}},
                    "queryParameters": {"limit": {"hasExactly": [{"equalTo": "2"}]}},
                    "bodyPatterns": [{"equalToJson": "{}"}],
                },
                "response": {"status": 200, "jsonBody": {"images": ["{{x}}"]}, "transformers": ["a"]},
            },
            {"request": {"url": "/v2/images", "bodyPatterns": [{"equalTo": "{}"}]}, "response": {"body": "{}"}},
            {"request": {"urlPattern": "/v2/[^/]+", "method": "GET"}, "response": {"base64Body": "e30="}},
        ],
    },
    "imposters of mountebank": {
        "imposters": [
            {
                "protocol": "http",
                "defaultResponse": {"statusCode": 200},
                "stubs": [
                    {
                        "predicates": [
                            {"and": [{"equals": {"method": "GET", "path": "/v2/images", "headers": {"A": "b"}}}]},
                            {"deepEquals": {"query": {"limit": ["2"]}, "body": "{}"}},
                        ],
                        "responses": [
                            {"is": {"statusCode": 200, "body": {"images": [1]}}, "behaviors": [{"wait": 1}]},
                            {"is": {"statusCode": "200", "body": "e30=", "_mode": "binary"}},
                        ],
                    },
                ],
            },
        ],
    },
    "JSON report of newman": {
        "run": {
            "executions": [
                {
                    "item": {"name": "it"},
                    "request": {
                        "method": "GET",
                        "url": {
                            "protocol": "http",
                            "host": ["h"],
                            "port": "80",
                            "path": ["v2", ":x"],
                            "query": [{"key": "limit", "value": "2"}],
                            "variable": [{"key": "x", "value": "images"}],
                        },
                        "header": [{"key": "A", "value": "b"}],
                        "body": {"mode": "raw", "raw": "{}"},
                    },
                    "response": {"code": 200, "header": [], "stream": {"type": "Buffer", "data": [123, 125]}},
                },
            ],
        },
    },
}
"""A document of each format, by its name."""

ODD: list[Any] = [
    None,
    7,
    -1.5,
    1e400,
    True,
    "",
    "x",
    "9" * 5000,
    "\ud800",
    b"\xff",
    [],
    [None],
    {},
    {"x": 1},
    {1: {}},
    date(2026, 1, 1),
]
"""What may stand anywhere in YAML."""


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a document."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places_in(child, (*path, key))


def test_every_format_has_a_sample() -> None:
    """A new format is given its sample here."""
    assert list(SAMPLES) == [kind.name for kind in FORMATS]


@pytest.mark.parametrize("name", SAMPLES)
def test_anything_anywhere(name: str) -> None:
    """Whatever stands in place of a part of a document, it is judged, or refused with the entry and the reason."""
    kind = next(kind for kind in FORMATS if kind.name == name)
    assert kind.is_one(SAMPLES[name])
    usual = list(kind.read(SAMPLES[name]))
    assert usual
    for *path, last in places_in(SAMPLES[name]):
        for odd in ODD:
            document = copy.deepcopy(SAMPLES[name])
            part = document
            for key in path:
                part = part[key]
            part[last] = odd
            if kind.is_one(document):
                with suppress(RecordingError):
                    if kind.attach:
                        kind.attach(document, lambda _: None)
                    for exchange in kind.read(document):
                        if exchange not in usual:
                            judge(exchange)


def test_is_one_takes_anything() -> None:
    """No format fails over a document of whatever type."""
    assert not [kind.name for kind in FORMATS for document in ODD if kind.is_one(document)]


REFERENCES = "a: &a [1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 99)}]\n" for before, name in ("ab", "bc", "cd")
)

MANY_DIGITS = {"request": SENT, "response": {"status": {"code": "9" * 5000}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{REFERENCES}interactions: [*d, *d, *d, *d, *d, *d]", "has more than 10,000,000 values"),
        ("interactions: &a [*a]", "has more than 10,000,000 values"),
        ("interactions: &a [{request: *a}]", "has more than 10,000,000 values"),
        ("a: \x01", "characters are not allowed, at line 1"),
        ("a: 1\nb: \x00", "characters are not allowed, at line 2"),
        ("a: 1\nb: !!bool x", "the value under bool has another type than its tag, at line 2"),
        ("a: !!int ''", "the value under int has another type than its tag, at line 1"),
        ("a: !!timestamp x", "the value under timestamp has another type than its tag, at line 1"),
        ("a: !!binary x", "failed to decode base64 data.*at line 1"),
        ("a: !own x", "could not determine a constructor for the tag '!own', at line 1"),
        (f"a: {'[' * 5000}", "exceeded maximum nesting depth, at line 1|nested too deep"),
        (f'{{"a": {"9" * 5000}}}', "has a number of too many digits"),
        (f'{{"a": 1}}\n{{"a": {"9" * 5000}}}', "line 2: has a number of too many digits"),
        ('{"a": 1}\n{"a": 1', "line 2: is not JSON: Expecting ',' delimiter, at column 8"),
        ("interactions: [{request: {headers: {1: [x]}}}]", "request.headers has a name that is no text: 1"),
        ("interactions: [{request: {headers: {a: {}}}}]", "request.headers.a must be a text or a list of them"),
        ("interactions: [{request: {method: {2026-01-01: 1}, headers: {}}}]", "request.method must be a text"),
        (json.dumps({"http_interactions": [MANY_DIGITS]}), "1: response.status.code must be a whole number"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    """What is too large, or cannot be, is refused with its place."""
    path = tmp_path / "recording"
    path.write_text(text)
    with pytest.raises(RecordingError, match=message):
        list(read_recording(path))


def test_nested(tmp_path: Path) -> None:
    """However deep something is nested, it is read or refused: each reader has its own bound."""
    path = tmp_path / "recording"
    for depth in range(900, 1010):
        sent = {"method": "POST", "uri": "/v2/images", "body": "NESTED"}
        text = json.dumps({"interactions": [{"request": sent, "response": {}}]})
        path.write_text(text.replace('"NESTED"', "[" * depth + "]" * depth))
        with pytest.raises(RecordingError, match=r"nested too deep|response.status must be an object"):
            list(read_recording(path))


def test_lines_end_as_in_json(tmp_path: Path) -> None:
    """A text in a line of JSON may have characters that end a line elsewhere."""
    path = tmp_path / "recording"
    path.write_text('{"a": "\u2028\x85"}\n{"b": 1}\n')
    with pytest.raises(RecordingError, match="is not a recording that can be read"):
        list(read_recording(path))
