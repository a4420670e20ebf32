"""The contract as data: `schemas/` becomes operations with their validators."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import parse_qsl

from ims_mock.contract import other_services, schema_files
from ims_mock.contract.errors import ImsError, page_message
from ims_mock.contract.headers import Headers, header_name
from ims_mock.contract.openapi import compose, resolved, resource_of
from ims_mock.contract.parameters import Parameter, Parameters, parameter_of, wrong_parameter
from ims_mock.contract.problems import InvalidError, Keys, listed
from ims_mock.contract.published import published
from ims_mock.contract.validation import HIDDEN, Schema

JSON = "application/json"

_MOST_QUERIES = 256
"""Most queries of an operation that are kept with what they say."""

IDENTITY_ROOT = "/identity"
"""The root of the identity service: paths of its API are served below it too."""


@dataclass(frozen=True)
class Model:
    """A JSON Schema of the contract; `source` is the file that a rejection names."""

    schema: Schema
    source: str

    def check(self, value: Any, name_at: Keys | None = None, value_at: Keys = ()) -> None:
        """Raise the rejection for the first problem of a value; the reason lists them all.

        `name_at` and `value_at` are where in the request the name and the value of its one member stand, when they do
        not stand there by themselves.
        """
        problems = [] if self.schema.is_surely_valid(value) else self.schema.find_problems(value)
        if not problems:
            return
        first = problems[0]
        status = 403 if first.keyword == "readOnly" else 400
        code = "IMG.0161" if status == 403 else self.schema.code_of(first)
        if name_at is not None:
            problems = [problem.moved(name_at, value_at) for problem in problems]
        raise ImsError(status, code, reason=InvalidError(*problems, source=self.source))


@dataclass(frozen=True)
class Operation:
    """One operation of the API. `id` is the official SDK's method name; `source` is the file that describes it.

    `ends_in_slash_too` is whether a request's path may. `others` is the name under which query parameters of any other
    name are gathered, or "" where there are none; `refused` are names that are none of them, with the reason. With
    `drops_empty` a query parameter without a value counts as not given. `actions` are those of IAM that a caller needs.
    `dialect` is "iam" where errors have the form of the identity service, "eps" and the like where they have that of
    one of schemas/other_services.json, and `errors` are the statuses from 400 that
    the file describes. `bodies` are the media types that a request may have, with what is in them: a model of JSON, or
    None for bytes; `job_types` are those of the jobs that it begins. `most_bytes` is for a body that may be longer than
    others, and with `has_own_check` the function itself checks the body, in better words than the schema has.
    """

    id: str
    method: str
    path: str
    ends_in_slash_too: bool
    resource: str
    source: str
    success: int
    is_anonymous: bool
    dialect: str
    actions: tuple[str, ...]
    path_parameters: tuple[Parameter, ...]
    query: Mapping[str, Parameter]
    others: str
    refused: Mapping[str, str]
    drops_empty: bool
    headers: tuple[Parameter, ...]
    bodies: Mapping[str, Model | None]
    body_required: bool
    response_body: Schema | None
    errors: Mapping[str, Mapping[str, Any]]
    job_types: tuple[str, ...] = ()
    most_bytes: int | None = None
    has_own_check: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths at which the operation is served."""
        is_below_root = self.dialect == "iam" and self.path != IDENTITY_ROOT
        return (self.path, IDENTITY_ROOT + self.path) if is_below_root else (self.path,)

    @cached_property
    def is_of_project(self) -> bool:
        """Whether the service is one of a region, so that a caller needs a project, and the path names no other."""
        return self.dialect != "iam" and not other_services.is_global(self.dialect)

    @cached_property
    def takes_bytes(self) -> bool:
        """Whether the request's body is a file, and not JSON."""
        return None in self.bodies.values()

    @cached_property
    def reads_body(self) -> bool:
        """Whether the request's body is read at once.

        A file is received piece by piece, and the body of a GET means nothing (RFC 9110 section 9.3.1).
        """
        return not self.takes_bytes and self.method not in ("GET", "HEAD")

    @cached_property
    def listed(self) -> Schema | None:
        """The schema of an image in the response's list of `images`; None where that is not all it says of them."""
        return self.response_body.items_of("images") if self.response_body is not None else None

    def usual_error(self, status: int) -> tuple[str | None, str | None]:
        """Return the code and the message of a status where nothing more is known; None is the code's or the usual one.

        The message is what the page of the operation says of the status. The identity service has words of its own.
        """
        if self.dialect:
            return None, None
        own = self.errors.get(str(status), {})
        return own.get("x-code"), own.get("x-message", page_message(status))

    def coerce_path(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the parts of the path that are parameters; raise 400 for one that breaks the parameter's schema."""
        if not self.path_parameters:
            return values
        return {**values, **{item.name: item.values_of(values[item.name])[0] for item in self.path_parameters}}

    def coerce(self, path: Mapping[str, str], query_text: str, headers: Headers) -> Parameters:
        """Return the parameters of a request, each of its type; raise the rejection of the first that is not valid."""
        path = self.coerce_path(path)
        query = self.coerce_query(query_text) if self.query else {}
        media_type = self.media_type(headers)
        return Parameters(path, query, self.coerce_headers(headers) if self.headers else {}, media_type)

    def coerce_query(self, query_text: str) -> dict[str, Any]:
        """Return the query parameters by name, each of its type, with defaults.

        Raise 400 for a query that is not UTF-8, and for a parameter that is malformed, wrongly given twice or, where
        the operation has any, unknown.
        """
        if not self.query:
            return {}
        known = self._coerced.get(query_text)
        if known is None:
            if len(self._coerced) >= _MOST_QUERIES:
                self._coerced.clear()
            known = self._coerced[query_text] = self._coerce_query(query_text)
        return dict(known)

    @cached_property
    def _coerced(self) -> dict[str, Mapping[str, Any]]:
        """What some queries are, which follows from their text alone: many clients ask the same again and again."""
        return {}

    def _coerce_query(self, query_text: str) -> Mapping[str, Any]:
        try:
            pairs = parse_qsl(query_text, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            # What is wrong may be a credential, and is not shown.
            raise ImsError(400, reason="query: is not UTF-8; percent-encode it as UTF-8") from None
        values: dict[str, Any] = {
            name: parameter.schema.content["default"]
            for name, parameter in self.query.items()
            if "default" in parameter.schema.content
        }
        others: dict[str, str] = {}
        given = set()
        for name, text in pairs:
            if not text and self.drops_empty:
                continue
            parameter = self.query.get(name)
            if parameter is None and not self.others:
                known = ", ".join(self.query)
                raise wrong_parameter(name, "known", f"{self.id} has no such query parameter; it has {known}")
            if name in given and not (parameter and parameter.repeated):
                raise wrong_parameter(name, "unique", "the query parameter is given twice; give it once")
            given.add(name)
            if name in self.refused:
                raise wrong_parameter(name, "known", self.refused[name])
            if parameter is None:
                others[name] = text
            elif parameter.repeated:
                values[name] = values.get(name, []) + parameter.values_of(text)
            else:
                (values[name],) = parameter.values_of(text)
        return {**values, self.others: others} if self.others else values

    def coerce_headers(self, headers: Headers) -> dict[str, Any]:
        """Return the operation's header parameters that are given, by name.

        Raise 400 for one that is malformed, or needed and missing.
        """
        values = {}
        for parameter in self.headers:
            text = headers.get(header_name(parameter.name))
            if text is not None:
                (values[parameter.name],) = parameter.values_of(text)
            elif parameter.is_needed:
                raise wrong_parameter(parameter.name, "required", "the header is required")
        return values

    def media_type(self, headers: Headers) -> str:
        """Return which of the media types a request has; raise 415 for another one.

        JSON is read whatever its type is said to be, as with Glance.
        """
        if not self.bodies or JSON in self.bodies:
            return JSON
        given = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if given not in self.bodies:
            known = " or ".join(self.bodies)
            accepted = {"Accept-Patch": ", ".join(self.bodies)} if self.method == "PATCH" else {}
            raise ImsError(415, reason=f"Content-Type: must be {known}, got {given or 'none'}", headers=accepted)
        return given

    def check_request_body(self, body: Any, media_type: str = JSON) -> None:
        """Raise the rejection for the first problem of a body; the reason lists them all."""
        model = self.bodies.get(media_type)
        if model:
            model.check(body)

    def find_ignored(self, query_text: str, body: Any, media_type: str = JSON) -> list[str]:
        """Return what nothing reads in a valid request: parameters of the query, and JSON pointers into the body."""
        unread = parse_qsl(query_text, keep_blank_values=True) if query_text and not self.query else ()
        model = self.bodies.get(media_type)
        unnamed = model.schema.unnamed(body) if model and not model.schema.names_all else []
        return [*(f"?{name}" for name, _ in unread), *unnamed] if unread else unnamed

    def without_secrets(self, raw: bytes) -> bytes:
        """Return a body in which everything that may be a secret is hidden: what its schema does not have, or hides."""
        model = self.bodies.get(JSON)
        try:
            document = json.loads(raw)
            return json.dumps(model.schema.without_secrets(document) if model else HIDDEN).encode()
        except (ValueError, RecursionError):
            return HIDDEN.encode() if raw else b""

    def check_response_body(self, body: Any) -> None:
        """Raise 500 when a response breaks the operation's own schema, because a test has changed what is stored."""
        if self.response_body is None or self.response_body.is_surely_valid(body):
            return
        problems = self.response_body.find_problems(body)
        if problems:
            what = f"{_record_at(body, problems[0].path)} breaks schemas/{self.source}: {listed(problems)}"
            advice = "put back what a test has changed or removed; if no test has, it is an error of the mock"
            raise ImsError(500, reason=f"{what}; {advice}")


def _record_at(body: Any, path: Keys) -> str:
    """Return the innermost object with an id around a place in a response, in words."""
    values = [body]
    for key in path:
        values.append(values[-1][key])
    ids = [value["id"] for value in values if isinstance(value, dict) and isinstance(value.get("id"), str)]
    return f"what is stored of {ids[-1]!r}" if ids else "what is stored"


@dataclass(frozen=True)
class Contract:
    """The operations of an API by their ids, and the document that `compose` makes of their files."""

    operations: Mapping[str, Operation]
    composed: Mapping[str, Any]

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The OpenAPI 3.1 document of the API, as tools read it."""
        return published(self.composed)


@cache
def load_contract() -> Contract:
    """Read the API of the service once; the result is never changed."""
    return _load(compose("openapi.json", "operations", schema_files.names("models")), "operations")


def documented_statuses(operation: Operation) -> list[int]:
    """Return the statuses from 400 that the documents have of an operation of the service."""
    responses = load_contract().composed["paths"][operation.path][operation.method.lower()]["responses"]
    return sorted(status for status in map(int, responses) if status >= 400)


def documented_meaning(operation: Operation, status: int) -> str | None:
    """Return what the documents say of a status of an operation of the service; None where they do not have it."""
    composed = load_contract().composed
    responses = composed["paths"][operation.path][operation.method.lower()]["responses"]
    if str(status) not in responses:
        return None
    response, _ = resolved(composed, responses[str(status)], "")
    return str(response["description"])


def page_of(operation: Operation) -> str:
    """Return the URL of the official page of an operation of the service; "" where it has none."""
    documented = load_contract().composed["paths"][operation.path][operation.method.lower()]
    return str(documented.get("externalDocs", {}).get("url", ""))


@cache
def load_control() -> Contract:
    """Read the mock's own API once; the result is never changed."""
    return _load(compose("control.json", "control"), "control")


def _load(document: Mapping[str, Any], folder: str) -> Contract:
    files = [(name, schema_files.read(name)) for name in schema_files.names(folder)]
    return Contract({raw["operationId"]: _operation(name, raw, document) for name, raw in files}, document)


@cache
def load_model(name: str, *, writing: bool = False) -> Model:
    """Return one of `schemas/models/`; with `writing`, what only the service sets is a problem."""
    schema = Schema(load_contract().composed, f"#/components/schemas/{name}", writing=writing)
    return Model(schema, f"models/{name}.json")


def _operation(name: str, raw: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    success, response = next((int(status), item) for status, item in raw["responses"].items() if int(status) < 400)
    base = f"#/paths/{_escaped(raw['path'])}/{raw['method'].lower()}"
    operation = document["paths"][raw["path"]][raw["method"].lower()]
    placed = [
        resolved(document, item, f"{base}/parameters/{index}")
        for index, item in enumerate(operation.get("parameters", ()))
    ]
    parameters = [(item["in"], parameter_of(item, document, f"{pointer}/schema")) for item, pointer in placed]
    query = {parameter.name: parameter for place, parameter in parameters if place == "query"}
    others = next((name for name, parameter in query.items() if parameter.schema.content["type"] == "object"), "")
    refused = query.pop(others).schema.content.get("x-refused", {}) if others else {}
    return Operation(
        id=raw["operationId"],
        method=raw["method"],
        path=raw["path"],
        ends_in_slash_too=raw.get("x-trailing-slash", False),
        resource=resource_of(name),
        source=name,
        success=success,
        is_anonymous=raw.get("security") == [],
        dialect=raw.get("x-dialect", ""),
        actions=tuple(raw.get("x-actions", ())),
        # A parameter that may be any text needs no check.
        path_parameters=tuple(item for place, item in parameters if place == "path" and len(item.schema.content) > 1),
        query=query,
        others=others,
        refused=refused,
        drops_empty=raw.get("x-drops-empty", False),
        headers=tuple(parameter for place, parameter in parameters if place == "header"),
        bodies=_bodies(name, raw, document, base),
        body_required=raw.get("requestBody", {}).get("required", False),
        job_types=tuple(raw.get("x-jobs", ())),
        most_bytes=raw.get("x-most-bytes"),
        has_own_check=raw.get("x-own-check", False),
        errors={status: item for status, item in raw["responses"].items() if int(status) >= 400},
        response_body=Schema(document, f"{base}/responses/{success}/content/{_escaped(JSON)}/schema")
        if JSON in response.get("content", ())
        else None,
    )


def _bodies(name: str, raw: Mapping[str, Any], document: Mapping[str, Any], base: str) -> dict[str, Model | None]:
    """Return what a request's body may be, by media type: a model of JSON, or None for bytes."""
    bodies: dict[str, Model | None] = {}
    for media_type in raw.get("requestBody", {}).get("content", ()):
        pointer = f"{base}/requestBody/content/{_escaped(media_type)}/schema"
        is_json = media_type.endswith(("json", "json-patch"))
        bodies[media_type] = Model(Schema(document, pointer, writing=True), name) if is_json else None
    return bodies


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def operations_table() -> Iterator[str]:
    """Yield the lines of Markdown tables of every operation, one a resource, for the manual."""
    contract = load_contract()
    for index, tag in enumerate(contract.document["tags"]):
        yield from (*("",) * bool(index), f"## {tag.get('description', tag['name'])}", "")
        yield from ("| Operation | Request | Success |", "|---|---|---|")
        for operation in contract.operations.values():
            if operation.resource == tag["name"]:
                yield f"| `{operation.id}` | `{operation.method} {operation.path}` | {operation.success} |"


def control_table() -> Iterator[str]:
    """Yield the lines of a Markdown table of the control API, for the manual."""
    yield "| request | status | what it does |"
    yield "|---|---|---|"
    for operation in sorted(load_control().operations.values(), key=lambda operation: operation.path):
        summary = load_control().document["paths"][operation.path][operation.method.lower()]["summary"]
        yield f"| `{operation.method} {operation.path}` | {operation.success} | {summary} |"
