"""What can be set of a mock: a document that keeps schemas/settings.json."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from ims_mock.contract import json_text, schema_files
from ims_mock.contract.errors import ImsError
from ims_mock.contract.problems import InvalidError, Problem, invalid, wrong_setting, wrong_settings
from ims_mock.contract.validation import Schema
from ims_mock.contract.wording import nearest, shown
from ims_mock.faults.definition import Fault, checked
from ims_mock.faults.rule_text import RuleTextError, new_rule
from ims_mock.faults.rules import Rule
from ims_mock.identity.accounts import Accounts, new_accounts
from ims_mock.service.world_names import DEFAULT
from ims_mock.state.jobs import job_types
from ims_mock.state.times import parse_time

DOCUMENT: Mapping[str, Any] = schema_files.read("settings.json")

SETTINGS: Mapping[str, Mapping[str, Any]] = DOCUMENT["properties"]
"""The schema of each setting, by its name."""

_DEFAULTS = {name: schema["default"] for name, schema in SETTINGS.items()}

_LARGEST = 64 * 1024 * 1024
"""Most bytes of a file with the value of a setting: what is no file, such as a device, may have no end."""

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


OF_CLOUD = ("start", "speed", "auth", "project_id", "token", "token_lifetime", "regions", "region", "accounts")
"""The settings that a further region of a cloud has from its first one; no other value can be given for it alone."""


class Settings:
    """What is set of a mock, for its whole life or until a reset; each setting is an attribute.

    schemas/settings.json says which there are, with types, bounds, defaults and what each means. Beyond JSON, `faults`
    may have a Rule or a Fault in it. Raises InvalidError for a value that cannot be.
    """

    first_accounts: Accounts
    """The projects and users that these settings ask for, to be read."""

    def __init__(self, /, **given: Any) -> None:
        for name in given:
            if name not in SETTINGS:
                known = list(SETTINGS)
                text = f"ims_mock has no setting {name!r}; the settings are {', '.join(known)}{nearest(name, known)}"
                raise wrong_settings("additionalProperties", text)
        values = {**_DEFAULTS, **given}
        if given.get("regions") and "region" not in given and isinstance(given["regions"], (list, tuple)):
            values["region"] = given["regions"][0]
        self.__dict__.update(checked(_schema(), {**values, "faults": _without_objects(values["faults"])}))
        self.__dict__["faults"] = values["faults"]
        self._check_region()
        self.__dict__["first_accounts"] = self._new_accounts()
        self.new_rules()
        self.start_seconds()
        _check_job_types(self.jobs)

    # The schema says what there is, and no static type.
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"ims_mock has no setting {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings do not change; changed({{{name!r}: ...}}) returns others")

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.to_json().items())})"

    def _check_region(self) -> None:
        """Raise InvalidError where the region is not the first of the regions, or has the name of the default world."""
        if len(self.regions) > 1 and DEFAULT in self.regions:
            text = f"must not have {DEFAULT!r}, which is the name of the default world; give the region another name"
            raise wrong_setting("regions", "not", text, self.regions)
        if self.regions and self.region != self.regions[0]:
            text = f"must be the first of the regions, {self.regions[0]}, or left out; got {shown(self.region)}"
            raise wrong_setting("region", "conflict", text, self.region)

    def check_of_region(self, own: Settings) -> None:
        """Raise InvalidError where a setting of the whole cloud differs from what a further region has for its own."""
        for name in OF_CLOUD:
            if getattr(self, name) != getattr(own, name):
                raise wrong_setting(name, "conflict", "is a setting of the whole cloud; reset its first region with it")

    def new_rules(self) -> list[Rule]:
        """Return the rules that are there from the start, not armed yet."""
        return [_rule(number, given) for number, given in enumerate(self.faults)]

    def _new_accounts(self) -> Accounts:
        accounts = new_accounts(self.project_id, self.region)
        if self.accounts:
            try:
                accounts.add(self.accounts)
            except InvalidError as error:
                raise _in_python(error.under("accounts")) from None
        accounts.add_projects_of(self.regions[1:])
        return accounts

    def start_seconds(self) -> float | None:
        """Return `start` in seconds since 1970-01-01T00:00:00Z, or None."""
        if self.start is None:
            return None
        try:
            return parse_time(self.start) if isinstance(self.start, str) else float(self.start)
        except (ValueError, OverflowError):
            text = f"must be seconds since 1970 or text like '2016-06-02T07:49:48Z', got {shown(self.start)}"
            raise wrong_setting("start", "format", text, self.start) from None

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """Return these settings with some changed; raise InvalidError for one that does not exist."""
        if not values:
            return self
        own = {name: getattr(self, name) for name in SETTINGS}
        if values.get("regions"):
            # The region follows from the new ones.
            del own["region"]
        return Settings(**{**own, **values})

    def with_token(self, token: str) -> Settings:
        """Return these settings with another token, without checking them all again."""
        other = object.__new__(Settings)
        other.__dict__.update(self.__dict__, token=token)
        return other

    def saved(self) -> dict[str, Any]:
        """Return the settings that a saved state has: a test keeps its rules and its journal, and accounts change."""
        return {name: deepcopy(getattr(self, name)) for name in SETTINGS if is_saved(name)}

    def kept(self) -> dict[str, Any]:
        """Return the settings that a mock keeps when it goes back to a state; the state has accounts of its own."""
        return {name: getattr(self, name) for name in SETTINGS if not is_saved(name) and name != "accounts"}

    def to_json(self) -> dict[str, Any]:
        """Return the settings as the control API shows them: without secrets, also in rules."""
        shown = {name: getattr(self, name) for name, schema in SETTINGS.items() if not schema.get("writeOnly")}
        return {**shown, "faults": [rule.redacted() for rule in self.new_rules()]}


def _check_job_types(durations: Mapping[str, Any]) -> None:
    """Raise InvalidError for a duration of a job whose type does not exist."""
    known = list(job_types())
    for name in durations:
        if name != "*" and name not in known:
            text = f"has no type {shown(name)}; the types are *, {', '.join(known)}{nearest(name, known)}"
            raise wrong_setting("jobs", "enum", text, name)


@cache
def _schema() -> Schema:
    return Schema(DOCUMENT, "#")


def _rule(number: int, given: Any) -> Rule:
    """Return a rule of the setting; raise InvalidError naming also which it is."""
    try:
        return new_rule(given)
    except RuleTextError as error:
        problem = Problem(("faults", number), "syntax", str(error), given)
        raise InvalidError(problem, in_document=False) from None
    except InvalidError as error:
        raise _in_python(error.under("faults", number)) from None


def _in_python(error: InvalidError) -> InvalidError:
    """Return an error with the names of settings in place of pointers into a document."""
    return InvalidError(*error.problems, source=error.source, in_document=False)


def is_saved(name: str) -> bool:
    """Return whether a setting is a part of a saved state."""
    return bool(SETTINGS.get(name, {}).get("x-saved", True))


def _without_objects(rules: Any) -> Any:
    """Return rules as JSON can have them; what an object of Python holds has been checked already."""
    if isinstance(rules, str) or not isinstance(rules, Sequence):
        return rules
    return [{} if isinstance(rule, (Rule, Fault)) else rule for rule in rules]


def read_text(schema: Mapping[str, Any], text: str, folder: Path = Path()) -> Any:
    """Return the value of a setting or an option that a text stands for, as a command line or an ini file has it.

    The name of a file of JSON is seen from `folder`. Raises ValueError for a value that breaks the schema.
    """
    if schema.get("x-text") == "file":
        return read_json(folder / text)
    kinds = [kind for kind in _types(schema) if kind != "null"]
    value = _value_of(schema, kinds, text)
    check_value(schema, value)
    return value


def check_value(schema: Mapping[str, Any], value: Any) -> None:
    """Raise InvalidError for a value of a setting or an option that breaks the schema, or that is null."""
    kinds = [kind for kind in _types(schema) if kind != "null"]
    problems = Schema({**schema, "type": kinds[0] if len(kinds) == 1 else kinds}, "#").find_problems(value)
    if problems:
        of_settings = (replace(problem, is_setting=bool(problem.path)) for problem in problems)
        raise InvalidError(*of_settings, in_document=False)


def read_lines(given: Mapping[str, Any], folder: Path = Path()) -> dict[str, Any]:
    """Return the settings that texts stand for, one a setting, or a list of them where the setting is a list.

    Raises InvalidError naming the one that stands for nothing.
    """
    values = {}
    for name, text in given.items():
        schema = SETTINGS[name]
        try:
            is_list = isinstance(text, list)
            values[name] = (
                [read_text(schema["items"], line) for line in text] if is_list else read_text(schema, text, folder)
            )
        except ValueError as error:
            raise invalid(error).under(name) from None
    return values


def _types(schema: Mapping[str, Any]) -> list[str]:
    given = schema["type"]
    return [given] if isinstance(given, str) else given


def _value_of(schema: Mapping[str, Any], kinds: list[str], text: str) -> Any:
    if kinds == ["object"]:
        if text.lstrip().startswith("{"):
            return _json_of(text)
        pairs = [part.partition("=") for part in text.split(",")]
        if not all(sign for _, sign, _ in pairs):
            raise ValueError(f"must be {schema['x-metavar']} or a JSON object, got {shown(text)}")
        return {name.strip(): _value_of(schema, ["number"], value.strip()) for name, _, value in pairs}
    if "boolean" in kinds:
        return read_flag(text)
    # A seed can be text as well: digits of any length that are no common number.
    if "integer" in kinds and re.fullmatch("-?[0-9]{1,18}" if "string" in kinds else "-?[0-9]{1,300}", text):
        return int(text)
    if "number" in kinds and re.fullmatch(r"-?[0-9]{1,300}(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", text):
        return float(text)
    return text


def _json_of(text: str) -> Any:
    try:
        return json_text.parse(text.encode())
    except ImsError as error:
        raise InvalidError(*error.problems, in_document=False) from None


def read_flag(text: str) -> bool:
    """Return what a word such as "yes" or "0" stands for; raise ValueError for any other."""
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError(f"must be one of {', '.join(_TRUE + _FALSE)}, got {text!r}")
    return text.lower() in _TRUE


def read_json(path: Path) -> Any:
    """Return the value of a file of JSON; raise ValueError, naming it, when it has none."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError(f"{path} is larger than {_LARGEST // 1024**2} MiB; name a smaller file")
        if not content.strip():
            raise ValueError(f"{path}: is empty; write JSON into it, or name another file")
        return json_text.parse(content)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from None
    except ImsError as error:
        raise ValueError(InvalidError(*error.problems).in_file(str(path))) from None
