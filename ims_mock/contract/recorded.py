"""One exchange as somebody has recorded it, which says less than the wire did.

Of each fact a recording says one of three things: it is recorded, it is not recorded, or it is recorded in a damaged
form. A judge reads the first alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ims_mock.contract.problems import Keys


class Absence(Enum):
    """Why a recording does not have a fact."""

    NOT_RECORDED = "not recorded"
    DAMAGED = "not recorded faithfully"


NOT_RECORDED = Absence.NOT_RECORDED
DAMAGED = Absence.DAMAGED

RecordedHeaders = Sequence["tuple[str, str]"]
"""Names and values, a repeated header as often as it came."""


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A body that a recording keeps as a value of JSON, and not as bytes.

    `examples` are the places (keys and indexes from the root) whose value only stands for its type, as where a Pact
    file has a matching rule: the type is judged, and the value is not.
    """

    value: Any
    examples: frozenset[Keys] = frozenset()


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request. `url` is absolute, or a path with its query.

    With `is_partial` it is what a stub shall match: what it lacks says nothing of what a client sends. Without
    `has_all_headers` a header that is missing says nothing either. A request that is `meant_wrong` was made to be
    refused, as a fuzzer makes them, and is not judged. `caller` is the name of who sent it, and `project` the
    id of the caller's project, where the recording has them.
    """

    method: str
    url: str
    headers: RecordedHeaders | Absence = NOT_RECORDED
    body: bytes | JsonBody | Absence = NOT_RECORDED
    has_all_headers: bool = False
    is_partial: bool = False
    meant_wrong: bool = False
    caller: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """A response. Without `has_all_headers` a header that is missing says nothing.

    With `is_partial` its body has what a client relies on, as in a Pact file: what it lacks says nothing.
    """

    status: int
    headers: RecordedHeaders | Absence = NOT_RECORDED
    body: bytes | JsonBody | Absence = NOT_RECORDED
    has_all_headers: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """A request and its response; None where none came or none is recorded.

    `entry` says where in the recording it stands, as a person would look for it: "entry 3", "interaction 'an image'".
    """

    request: RecordedRequest
    response: RecordedResponse | None
    entry: str = ""
