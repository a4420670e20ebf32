"""Whether responses are of the types that the official SDK declares. It casts what is not, and says nothing."""

from __future__ import annotations

from typing import Any

from huaweicloudsdkims import v2

from ims_mock import ImsMock

PLAIN: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "bool": (bool,), "float": (int, float)}


def wrong_responses(mock: ImsMock) -> list[str]:
    """Return where any successful response of a mock is not of the types declared for the method of its operation."""
    return [
        f"{entry.operation}: {wrong}"
        for entry in mock.journal.calls()
        if entry.status < 400 and entry.response_body
        for wrong in wrong_response(entry.operation or "", entry.response_json)
    ]


def wrong_response(method: str, value: Any) -> list[str]:
    """Return where the JSON of a response is not of the types declared; the SDK reads an array as the member "body"."""
    model = getattr(v2, f"{method.title().replace('_', '')}Response")
    return wrong_members(model, {"body": value} if isinstance(value, list) else value, "")


def wrong_members(model: Any, value: Any, path: str) -> list[str]:
    """Return where a JSON object is not of the types that a model declares."""
    if not isinstance(value, dict):
        return [f"{path}: {model.__name__}, got {value!r}"]
    names = {json_name: name for name, json_name in model.attribute_map.items()}
    return [
        wrong
        for json_name, member in value.items()
        if json_name in names and member is not None
        for wrong in wrong_type(model.openapi_types[names[json_name]], member, f"{path}/{json_name}")
    ]


def wrong_type(declared: str, value: Any, path: str) -> list[str]:
    """Return where a JSON value is not of a declared type, such as "int", "list[str]" or the name of a model."""
    if declared == "object":
        return []
    if declared.startswith("list[") and isinstance(value, list):
        return [wrong for item in value for wrong in wrong_type(declared[5:-1], item, path)]
    if hasattr(v2, declared):
        return wrong_members(getattr(v2, declared), value, path)
    return [] if type(value) in PLAIN.get(declared, ()) else [f"{path}: {declared}, got {value!r}"]
