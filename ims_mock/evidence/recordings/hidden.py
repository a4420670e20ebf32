"""What users of recorders put in the place of a value that nobody shall see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.json_text import parse
from ims_mock.contract.problems import Keys
from ims_mock.contract.recorded import Absence, JsonBody, RecordedExchange

_HIDDEN = re.compile(r"<[A-Za-z][A-Za-z0-9_ -]*>|\*{3,}|(?i:\b(?:filtered|masked|redacted|scrubbed)\b)")


def without_hidden(exchange: RecordedExchange) -> RecordedExchange:
    """Return an exchange in whose JSON a text that stands for a hidden one, such as "<PROJECT>", is but an example."""
    request, response = exchange.request, exchange.response
    sent = _without_hidden(request.body)
    if sent is not request.body:
        exchange = replace(exchange, request=replace(request, body=sent))
    if response is not None:
        got = _without_hidden(response.body)
        if got is not response.body:
            exchange = replace(exchange, response=replace(response, body=got))
    return exchange


def _without_hidden(body: bytes | JsonBody | Absence) -> bytes | JsonBody | Absence:
    if isinstance(body, Absence) or (isinstance(body, bytes) and not _HIDDEN.search(body.decode("latin-1"))):
        return body
    try:
        value = body.value if isinstance(body, JsonBody) else parse(body)
    except ImsError:
        return body
    hidden = frozenset(_hidden_in(value, ()))
    known = body.examples if isinstance(body, JsonBody) else frozenset()
    return body if hidden <= known else JsonBody(value, known | hidden)


def _hidden_in(value: Any, path: Keys) -> Iterator[Keys]:
    """Yield where in a value a text stands for a hidden one."""
    if isinstance(value, str) and _HIDDEN.search(value):
        yield path
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _hidden_in(item, (*path, key))
