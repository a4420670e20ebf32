"""Whether a JSON value is valid by its schema, and what its problems are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ims_mock.contract.fast_path import new_fast_path
from ims_mock.contract.patterns import compiled
from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.problems import Keys, Problem
from ims_mock.contract.wording import Broken, sentence

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_BASE = "urn:ims_mock:contract"

_MOST = 1000
"""Most problems of one document that are looked for."""

_MOST_OF_ONE = 100
"""Most problems of one member, where there are too many."""

HIDDEN = "***"
"""The text that replaces a secret."""


Place = tuple["str | None", ...]
"""The names that lead to a place in a value; None is every item of a list."""


class Schema:
    """A JSON Schema 2020-12 inside the contract's document, compiled when it is first asked for.

    `pointer` is its place in `document`. With `writing`, as in a request's body, a readOnly property is a problem.
    """

    def __init__(self, document: Mapping[str, Any], pointer: str, *, writing: bool = False) -> None:
        self._document = document
        self._pointer = pointer
        self._writing = writing
        self.content = self._resolve(pointer)

    @cached_property
    def is_surely_valid(self) -> Callable[[Any], bool]:
        """The fast path: says of a value that it is valid, or that it may not be."""
        try:
            return new_fast_path(self.content, self._resolve, writing=self._writing)
        except RecursionError:  # The schema, one of a document that is not the project's own, refers to itself.
            return _unsure

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """What the schema says, where that is only a reference to another one."""
        content: Mapping[str, Any] = self.content
        while content.keys() == {"$ref"}:
            content = self._resolve(content["$ref"])
        return content

    def items_of(self, name: str) -> Schema | None:
        """Return the schema of the items of a member that is a list; None where the member's says more than that."""
        member = self.definition.get("properties", {}).get(name, {})
        says_more = member.keys() - {"type", "items", "description"} or "$ref" not in member.get("items", ())
        return None if says_more else Schema(self._document, member["items"]["$ref"])

    def find_problems(self, value: Any) -> list[Problem]:
        """Return everything that is wrong with `value`, in the order in which the document has it."""
        if self.is_surely_valid(value):
            return []
        if isinstance(value, list) and len(value) > self.content.get("maxItems", math.inf):
            # What is too long is not gone through: that would take seconds.
            return [_too_long(value, self.content)]
        hides = bool(self.content.get("writeOnly"))
        problems = _informative({_problem(error, hides=hides) for error in self._find_errors(value)})
        position = _Order(value).position
        return sorted(problems, key=lambda problem: (position(problem.path), problem.keyword, problem.text))

    def _find_errors(self, value: Any) -> list[ValidationError]:
        """Return at most _MOST of the problems that jsonschema finds, always with the first one of the document."""
        find = self._validator.iter_errors
        errors = list(islice(find(value), _MOST))
        if len(errors) == _MOST and isinstance(value, dict):
            # jsonschema follows the order of the schema, so one member with many problems can hide those before it.
            each = (islice(find({name: value[name]}), _MOST_OF_ONE) for name in value)
            # What the whole lacks is asked of the whole, without what its members have in them.
            lacking = [error for error in islice(find(dict.fromkeys(value)), _MOST) if _is_of_whole(error)]
            of_members = (error for found in each for error in found if not _is_of_whole(error))
            errors = list(islice(chain(lacking, of_members), _MOST))
        return errors

    def code_of(self, problem: Problem) -> str | None:
        """Return the service's code for a problem, as `x-code` gives it, by keyword or for all.

        Of the schemas on the way to the wrong value the innermost that has one counts, unless the schema of a missing
        member has an `x-missing`.
        """
        code: str | None = None
        schemas: list[Mapping[str, Any]] = list(self._parts(self.content))
        for key in (None, *problem.path):
            if key is not None:
                schemas = self._members(schemas, key)
            for given in (schema["x-code"] for schema in reversed(schemas) if "x-code" in schema):
                code = (given if isinstance(given, str) else given.get(problem.keyword)) or code
        lacking = [schema for name in problem.missing[:1] for schema in self._members(schemas, name)]
        return next((schema["x-missing"] for schema in lacking if "x-missing" in schema), code)

    def _members(self, schemas: list[Mapping[str, Any]], key: str | int) -> list[Mapping[str, Any]]:
        return [part for schema in schemas for part in self._parts(_member(schema, key))]

    def without_secrets(self, value: Any) -> Any:
        """Return a value with HIDDEN for each text that the schema does not have there, or has as writeOnly."""
        return _without_secrets(self.content, value)

    @cached_property
    def names_all(self) -> bool:
        """Whether the schema has a name or a rule for everything that a value can have."""
        return self._names_all(self.content)

    def _names_all(self, schema: Any) -> bool:
        parts = list(self._parts(schema)) if isinstance(schema, dict) else []
        if any("properties" in part for part in parts) and not any("additionalProperties" in part for part in parts):
            return False
        below = [item for part in parts for item in (*part.get("properties", {}).values(), part.get("items"))]
        return all(map(self._names_all, below))

    def unnamed(self, value: Any) -> list[str]:
        """Return pointers to what the schema does not have: members that it neither names nor has a rule for."""
        return [pointer_to(path) for path in self.unnamed_paths(value)]

    def unnamed_paths(self, value: Any) -> Iterator[Keys]:
        """Yield the paths of what the schema does not have."""
        return self._unnamed(self.content, value, ())

    def _unnamed(self, schema: Any, value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        parts = list(self._parts(schema)) if isinstance(schema, dict) else []
        if isinstance(value, list):
            items = next((part["items"] for part in parts if "items" in part), True)
            for index, item in enumerate(value):
                yield from self._unnamed(items, item, (*path, index))
        elif isinstance(value, dict) and any("properties" in part for part in parts):
            named = {name: item for part in parts for name, item in part.get("properties", {}).items()}
            has_rest = any("additionalProperties" in part for part in parts)
            for name, item in value.items():
                if name in named:
                    yield from self._unnamed(named[name], item, (*path, name))
                elif not has_rest:
                    yield (*path, name)

    def custom_paths(self, value: Any) -> Iterator[Keys]:
        """Yield the paths of members that the schema does not name, where it has a rule for all of those."""
        for place, names in self._open_places:
            for path, found in _at(value, place, ()):
                if isinstance(found, dict) and not found.keys() <= names:
                    yield from ((*path, name) for name in found if name not in names)

    @cached_property
    def _open_places(self) -> list[tuple[Place, frozenset[str]]]:
        """Where the schema has objects with a rule for other members than those that it names, with these."""
        return list(self._find_open(self.content, ()))

    def _find_open(self, schema: Any, place: Place) -> Iterator[tuple[Place, frozenset[str]]]:
        parts = list(self._parts(schema)) if isinstance(schema, dict) else []
        named = {name: item for part in reversed(parts) for name, item in part.get("properties", {}).items()}
        if named and any(isinstance(part.get("additionalProperties"), dict) for part in parts):
            yield place, frozenset(named)
        for name, item in named.items():
            yield from self._find_open(item, (*place, name))
        for part in parts:
            yield from self._find_open(part.get("items"), (*place, None))

    def named(self, value: Any) -> Any:
        """Return a value without the members that `unnamed` points to."""
        return _without_places(value, set(self._unnamed(self.content, value, ())))

    def names_of(self, path: Keys) -> set[str]:
        """Return the names that the schema has for the members of what stands at a place."""
        schema: Mapping[str, Any] = self.content
        for part in path:
            schema = self._below(schema, str(part))
        return {name for properties in self._properties(schema) for name in properties}

    def has_optional(self, path: Sequence[str]) -> bool:
        """Return whether the schema names a property at a place, and does not require it to be there."""
        schema: Mapping[str, Any] = self.content
        for part in path[:-1]:
            schema = self._below(schema, part)
        name = path[-1] if path else ""
        required = {item for part in self._parts(schema) for item in part.get("required", ())}
        return name not in required and any(name in properties for properties in self._properties(schema))

    def extension(self, name: str) -> Any:
        """Return what a keyword of the project's own says of the value; None where the schema does not have it."""
        return next((part[name] for part in self._parts(self.content) if name in part), None)

    def optional_pointers(self, value: Any) -> Iterator[str]:
        """Yield pointers to what a value has and need not have; of a list the first item stands for all."""
        for path in _places_of(value):
            if self.has_optional([str(key) for key in path]):
                yield pointer_to(path)

    def _below(self, schema: Mapping[str, Any], part: str) -> Mapping[str, Any]:
        """Return the schema of a member of what a schema describes; {} where it has no schema."""
        if part.isdecimal():
            return next((found["items"] for found in self._parts(schema) if "items" in found), {})
        return next((properties[part] for properties in self._properties(schema) if part in properties), {})

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield a schema and what it refers to."""
        yield schema
        if "$ref" in schema:
            yield from self._parts(self._resolve(schema["$ref"]))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a schema with what it refers to in it."""
        return {**self._resolve(schema["$ref"]), **schema} if "$ref" in schema else schema

    def _properties(self, schema: Mapping[str, Any]) -> Iterator[Mapping[Any, Any]]:
        """Yield the properties that a schema names, its own and those of what it refers to."""
        for part in self._parts(schema):
            yield part.get("properties", {})

    def _resolve(self, reference: str) -> Any:
        target: Any = self._document
        for part in reference.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            target = target[int(key) if isinstance(target, list) else key]
        return target

    @cached_property
    def _validator(self) -> Validator:
        # Imported here: most processes that have the mock never reject a request, and jsonschema takes 80 ms to import.
        from jsonschema import Draft202012Validator, ValidationError, validators
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        def read_only(
            _validator: object, value: object, _instance: object, _schema: object
        ) -> Iterator[ValidationError]:
            if value:
                yield ValidationError("is read-only")

        def pattern(_validator: object, wanted: str, instance: object, _schema: object) -> Iterator[ValidationError]:
            if isinstance(instance, str) and compiled(wanted).search(instance) is None:
                yield ValidationError(f"{instance!r} does not match {wanted!r}")

        extra: dict[str, Any] = {"pattern": pattern, **({"readOnly": read_only} if self._writing else {})}
        extend: Any = validators.extend  # jsonschema has no type for it
        registry: Registry[Any] = Registry().with_resource(_BASE, DRAFT202012.create_resource(self._document))
        validator: Validator = extend(Draft202012Validator, extra)({"$ref": _BASE + self._pointer}, registry=registry)
        return validator


def _at(value: Any, place: Place, path: Keys) -> Iterator[tuple[Keys, Any]]:
    """Yield what stands at a place in a value, with its path."""
    if not place:
        yield path, value
    elif place[0] is None:
        for index, item in enumerate(value) if isinstance(value, list) else ():
            yield from _at(item, place[1:], (*path, index))
    elif isinstance(value, dict) and place[0] in value:
        yield from _at(value[place[0]], place[1:], (*path, place[0]))


def _unsure(_value: Any) -> bool:
    return False


def _places_of(value: Any, path: Keys = ()) -> Iterator[Keys]:
    """Yield the path of every member of a value, and of those inside; of a list those of its first item."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name)
            yield from _places_of(item, (*path, name))
    elif isinstance(value, list) and value:
        yield from _places_of(value[0], (*path, 0))


def _without_places(value: Any, places: set[Keys], path: Keys = ()) -> Any:
    if isinstance(value, list):
        return [_without_places(item, places, (*path, index)) for index, item in enumerate(value)]
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if (*path, name) not in places}
        return {name: _without_places(item, places, (*path, name)) for name, item in kept.items()}
    return value


def _without_secrets(schema: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {
            name: HIDDEN if known.get(name, {}).get("writeOnly") else _without_secrets(known.get(name, {}), item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(schema.get("items", {}), item) for item in value]
    is_text = schema.get("type") == "string" and isinstance(value, str)
    return value if is_text and value in schema.get("enum", [value]) else HIDDEN


def _informative(problems: set[Problem]) -> set[Problem]:
    """Leave out problems that follow from another problem of the same value."""
    for masking in ("readOnly", "type", "const"):
        masked = {problem.path for problem in problems if problem.keyword == masking}
        problems = {problem for problem in problems if problem.path not in masked or problem.keyword == masking}
    return problems


class _Order:
    """The order of the parts of a document."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._keys: dict[int, dict[str, int]] = {}

    def position(self, path: tuple[str | int, ...]) -> tuple[int, ...]:
        """Return the key by which paths sort in the order of the document; a container comes before its parts."""
        position, value = [], self._document
        for part in path:
            position.append(part if isinstance(part, int) else self._index(value, part))
            value = value[part]
        return tuple(position)

    def _index(self, container: dict[str, Any], key: str) -> int:
        if id(container) not in self._keys:
            self._keys[id(container)] = {name: index for index, name in enumerate(container)}
        return self._keys[id(container)][key]


def _too_long(value: list[Any], schema: Mapping[str, Any]) -> Problem:
    return Problem((), "maxItems", sentence(Broken("maxItems", schema["maxItems"], value, schema), ""), value)


def _is_of_whole(error: ValidationError) -> bool:
    """Return whether an error is that the whole value lacks a member."""
    return error.validator == "required" and not error.absolute_path


def _problem(error: ValidationError, *, hides: bool) -> Problem:
    path = tuple(error.absolute_path)
    hides = hides or (isinstance(error.schema, dict) and bool(error.schema.get("writeOnly")))
    broken = Broken(str(error.validator), error.validator_value, error.instance, error.schema, hides)
    text, value = sentence(broken, error.message), HIDDEN if hides else error.instance
    if "propertyNames" in error.absolute_schema_path:
        return Problem((*path, str(error.instance)), "propertyNames", f"the key {text}", value)
    is_lacking = broken.keyword == "required"
    missing = tuple(name for name in broken.wanted if name not in broken.value) if is_lacking else ()
    unknown = tuple(name for name in broken.value if name not in _named_by(broken)) if _is_closed(broken) else ()
    return Problem(path, broken.keyword, text, value, missing=missing, unknown=unknown, wanted=broken.wanted)


def _is_closed(broken: Broken) -> bool:
    """Return whether a schema has no rule for members that it does not name, and so refuses them."""
    return broken.keyword == "additionalProperties" and broken.wanted is False


def _named_by(broken: Broken) -> Mapping[str, Any]:
    names: Mapping[str, Any] = broken.schema.get("properties", {})
    return names


def _member(schema: Mapping[str, Any], key: str | int) -> Mapping[str, Any]:
    """Return the schema of a member or an item of what a schema itself describes; {} where it has none."""
    found: Mapping[str, Any] = (
        schema.get("items", {}) if isinstance(key, int) else schema.get("properties", {}).get(key, {})
    )
    return found
