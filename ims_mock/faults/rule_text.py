"""Rules in a line of text, as the command line, the environment and a header have them.

    [OPERATION:] FAULT [MODIFIER ...]
    FAULT        STATUS, KIND, STATUS(ARGUMENT, ...), KIND(ARGUMENT, ...) or sequence(FAULT or pass, ...)
    ARGUMENT     VALUE or NAME=VALUE
    MODIFIER     xTIMES, skip N, every N, probability P, between FROM TO, method M, path GLOB, project GLOB,
                 header NAME=GLOB, json POINTER=VALUE, name TEXT, optional

A VALUE is JSON, or a word that stands for itself. Every modifier is given at most once, except `header` and `json`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError
from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.problems import InvalidError, Keys, Problem, listed
from ims_mock.contract.wording import cut, nearest, shown
from ims_mock.faults import kinds
from ims_mock.faults.definition import Fault, schema_of
from ims_mock.faults.kinds import fault_from_json
from ims_mock.faults.rules import Rule, rule_from_json

_OPERATION = re.compile(r"\s*(?P<operation>[^\s:(),\"]+)\s*:(?!/)")
_TOKEN = re.compile(r"\s*(?P<word>[(),]|(?:[^\s(),\"]|\"(?:[^\"\\]|\\.)*\")+|\"|$)")
_BEFORE, _BEHIND = 200, 200
"""Most characters of a text that an error shows before and behind the place of what is wrong."""

_PAIR = re.compile(r"(?P<name>\"(?:[^\"\\]|\\.)*\"|[^=]*)=(?P<value>.*)", re.DOTALL)


class RuleTextError(InvalidError):
    """What is wrong with a rule in text, in one line (`what`), with the text itself and a caret under the place.

    Its problems have the paths of the settings that the text stands for; a problem of the text alone has no path.
    """

    def __init__(self, text: str, position: int, what: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(*problems or (Problem((), "syntax", what, text),), in_document=False)
        self.text = text
        self.position = position
        self.what = what

    def __str__(self) -> str:
        # White space of any kind is one column wide here, so that the caret is in the right column.
        text, at = re.sub(r"\s", " ", self.text), self.position
        if at > _BEFORE:
            text, at = f"...{text[at - _BEFORE :]}", _BEFORE + 3
        if len(text) > at + _BEHIND:
            text = f"{text[: at + _BEHIND]}..."
        return f"{self.what}\n    {text}\n    {' ' * at}^"


def parse_rule(text: str) -> Rule:
    """Return the rule that a line of text describes; raise RuleTextError with the place of what is wrong."""
    return _Parser(text).rule()


def new_rule(given: Rule | Fault | Mapping[str, Any] | str) -> Rule:
    """Return a rule that is not armed yet: a copy of another, of a fault alone, or of a rule in text or in JSON.

    Raise InvalidError for anything else.
    """
    if isinstance(given, Rule):
        return dataclasses.replace(given)
    if isinstance(given, str):
        return parse_rule(given)
    return rule_from_json(dict(given)) if isinstance(given, Mapping) else Rule(given)


def parse_fault(text: str) -> Fault:
    """Return the fault that a text such as "503(retry_after=5)" describes; raise RuleTextError."""
    parser = _Parser(text)
    fault = parser.fault()
    parser.end()
    return fault


def text_of(rule: Rule) -> str:
    """Return the text of a rule, which `parse_rule` reads as the same one; conditions on requests are left out."""
    text = text_at(rule.fault, rule.operation, rule.times, rule.skip)
    return f"{text} optional" if rule.optional else text


def text_at(fault: Fault, operation: str, times: int | None, skip: int) -> str:
    """Return the text of a rule with a fault at an operation, so many times, after so many requests."""
    where = "" if operation == "*" else f"{operation}: "
    return where + fault_text(fault) + (f" x{times}" if times is not None else "") + (f" skip {skip}" if skip else "")


def fault_text(fault: Fault) -> str:
    """Return the text of a fault that is no sequence, such as "503" or "garble(html_200)"."""
    settings = fault.settings()
    kind = next((word for word in map(str, settings.values()) if fault.settings_of(word)), fault.kind())
    arguments = [
        f"{name}={_word(value)}" for name, value in settings.items() if _short_form(kind)[1].get(name) != value
    ]
    return f"{kind}({', '.join(arguments)})" if arguments else kind


def _word(value: Any) -> str:
    """Return the word that stands for a value; a text that would be another value has quotes."""
    is_plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z_/][\w/.-]*", value) and _value(value) == value
    return value if is_plain else json.dumps(value)


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rule(self) -> Rule:
        """Read the whole text as a rule."""
        settings: dict[str, Any] = {}
        match = _OPERATION.match(self._text)
        if match:
            settings["operation"] = match["operation"]
            self._at = match.end()
        fault_at = self._start()
        fault = self.fault()
        positions: dict[Keys, int] = {("operation",): match.start("operation") if match else fault_at}
        while self._peek():
            positions |= self._modifier(settings)
        try:
            return rule_from_json({"fault": fault.to_json(), **settings})
        except InvalidError as error:
            what = listed(error.problems, in_document=False)
            raise self._error(_place_of(error, positions, fault_at), what, error.problems) from None

    def fault(self) -> Fault:
        """Read a status or a kind, with its arguments in parentheses."""
        at, word = self._start(), self._next()
        kind, given = _short_form(word)
        if kind not in kinds.KINDS:
            known = [*kinds.KINDS]
            raise self._error(at, f"must be a status such as 503, or one of {', '.join(known)}{nearest(word, known)}")
        positions: dict[Keys, int] = {}
        if kinds.KINDS[kind].nested and self._peek() == "(":
            given[kinds.KINDS[kind].nested] = self._faults()
        elif self._peek() == "(":
            names = [item.name for item in dataclasses.fields(kinds.KINDS[kind])]
            positions = self._arguments(given, names, schema_of(kind).content["properties"])
        try:
            fault = fault_from_json({"kind": kind, **given})
        except InvalidError as error:
            raise self._error(_place_of(error, positions, at), f"{kind}: {error}", error.problems) from None
        assert fault is not None
        return fault

    def _faults(self) -> list[Any]:
        """Read the faults of a sequence, in parentheses; `pass` is no fault."""
        faults: list[Any] = []
        while self._next() != ")":
            if self._peek() == "pass":
                self._next()
                faults.append(None)
            elif self._peek() in kinds.KINDS and kinds.KINDS[self._peek()].is_lasting:
                raise self._error(
                    self._start(), f"{self._peek()} needs several requests, so it cannot be in a sequence"
                )
            else:
                faults.append(self.fault().to_json())
            if self._peek() not in (",", ")"):
                raise self._error(self._start(), "must be a comma or ')'")
        return faults

    def _arguments(self, given: dict[str, Any], names: list[str], schemas: Mapping[str, Any]) -> dict[Keys, int]:
        """Read the arguments of a fault, those without a name in the order of the names; return their places."""
        unnamed = iter([name for name in names if name not in given])
        positions: dict[Keys, int] = {}
        self._next()
        while self._peek() != ")":
            at, word = self._start(), self.word()
            name, equals, value = word.partition("=")
            if not equals or not re.fullmatch("[a-z_]+", name):
                name, value = next(unnamed, ""), word
            if name not in names or name in given:
                raise self._error(at, f"must be another one of {', '.join(names)}, each once, got {shown(word)}")
            is_text = schemas[name].get("type") == "string"
            given[name] = _text(value) if is_text else _value(value)
            positions[name,] = at
            if self._peek() == ",":
                self._next()
            elif self._peek() != ")":
                raise self._error(self._start(), "must be a comma or ')'")
        self._next()
        return positions

    def _modifier(self, settings: dict[str, Any]) -> dict[Keys, int]:
        """Read one modifier into the settings; return the place of the value of its setting."""
        at, word = self._start(), self._next()
        value_at = at
        parts: tuple[str, ...] = ("times",)
        if re.fullmatch("x[0-9]+", word):
            value = _value(word[1:].lstrip("0") or "0")
        elif word in _MODIFIERS:
            value_at = self._start()
            parts, value = _MODIFIERS[word](self)
        else:
            known = ["xTIMES", *_MODIFIERS]
            raise self._error(at, f"must be one of {', '.join(known)}{nearest(word, known)}")
        holder = settings if len(parts) == 1 else settings.setdefault(parts[0], {})
        if parts[-1] in holder:
            raise self._error(at, f"{cut(pointer_to(parts)[1:])} is given twice")
        holder[parts[-1]] = value
        return {parts: value_at}

    def word(self) -> str:
        """Read a word that stands for a value."""
        at, word = self._start(), self._next()
        if word in ("", "(", ")", ","):
            raise self._error(at, "must be a value")
        return word

    def value(self) -> Any:
        """Read a value."""
        return _value(self.word())

    def text(self) -> str:
        """Read a value as text, whatever it looks like."""
        return _text(self.word())

    def pair(self) -> tuple[str, str]:
        """Read NAME=VALUE, either of which may have quotes around it."""
        at = self._start()
        match = _PAIR.fullmatch(self.word())
        if match is None:
            raise self._error(at, "must be of the form NAME=VALUE")
        return _text(match["name"]), match["value"]

    def end(self) -> None:
        """Raise RuleTextError unless everything has been read."""
        if self._peek():
            raise self._error(self._start(), "must be the end")

    def _match(self) -> re.Match[str]:
        match = _TOKEN.match(self._text, self._at)
        assert match is not None, "the last branch matches at every quote, and the others everywhere else"
        return match

    def _start(self) -> int:
        return self._match().start("word")

    def _peek(self) -> str:
        return self._match()["word"]

    def _next(self) -> str:
        match = self._match()
        if match["word"] == '"':
            raise self._error(match.start("word"), "begins a text; end it with another quote")
        self._at = match.end()
        return match["word"]

    def _error(self, position: int, what: str, problems: tuple[Problem, ...] = ()) -> RuleTextError:
        return RuleTextError(self._text, position, what, problems)


def _short_form(word: str) -> tuple[str, dict[str, Any]]:
    """Return the kind of fault for which a word stands, and its settings: a word that is no short form is the kind."""
    found = ((name, kind.settings_of(word)) for name, kind in kinds.KINDS.items())
    return next(((name, settings) for name, settings in found if settings is not None), (word, {}))


def _header(parser: _Parser) -> tuple[tuple[str, ...], Any]:
    name, value = parser.pair()
    return ("headers", name), _text(value)


def _json(parser: _Parser) -> tuple[tuple[str, ...], Any]:
    pointer, value = parser.pair()
    return ("json", pointer), _value(value)


# What each modifier reads: the place in the JSON of the rule, and the value.
_MODIFIERS: dict[str, Callable[[_Parser], tuple[tuple[str, ...], Any]]] = {
    "skip": lambda parser: (("skip",), parser.value()),
    "every": lambda parser: (("every",), parser.value()),
    "probability": lambda parser: (("probability",), parser.value()),
    "between": lambda parser: (("between",), [parser.value(), parser.value()]),
    "method": lambda parser: (("method",), parser.text()),
    "path": lambda parser: (("path",), parser.text()),
    "project": lambda parser: (("project",), parser.text()),
    "header": _header,
    "json": _json,
    "name": lambda parser: (("name",), parser.text()),
    "optional": lambda parser: (("optional",), True),
}


def _place_of(error: InvalidError, positions: Mapping[Keys, int], otherwise: int) -> int:
    """Return the place of the setting that has the first problem of an error."""
    path = error.problems[0].path
    named = (positions[path[:length]] for length in range(len(path), 0, -1) if path[:length] in positions)
    return next(named, otherwise)


def _value(word: str) -> Any:
    """Return the JSON value that a word is, or the word itself."""
    try:
        return json_text.parse(word.encode())
    except (ImsError, UnicodeEncodeError):
        return word


def _text(word: str) -> str:
    """Return the text that a word is, without its quotes where it has them."""
    value = _value(word)
    return value if isinstance(value, str) else word
