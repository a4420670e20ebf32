"""What is wrong with a value, as data: where, which rule, which value. Text is made from it, and never parsed back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ims_mock.contract.pointers import pointer_to

Keys = tuple["str | int", ...]
"""The keys and indexes that lead to a place in a value; () is the whole."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a value breaks a rule: where, and in words.

    `keyword` names the rule: a keyword of JSON Schema or, where none fits, another word. `is_setting` is whether the
    path is the subject of the sentence: "times must be ...", and not "times: must be ...". `missing` are the names of
    members that the value lacks, `unknown` those that it may not have, and `wanted` is what the keyword says.
    """

    path: Keys
    keyword: str
    text: str
    value: Any = field(default=None, compare=False, repr=False)
    is_setting: bool = False
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    wanted: Any = field(default=None, compare=False, repr=False)

    @property
    def pointer(self) -> str:
        """The JSON pointer (RFC 6901) of the value that is wrong; "" is the whole document."""
        return pointer_to(self.path)

    def under(self, *path: str | int) -> Problem:
        """Return the same problem with a path in a larger value."""
        return replace(self, path=(*path, *self.path))

    def moved(self, name_at: Keys, value_at: Keys) -> Problem:
        """Return the same problem of a member whose name and value stand elsewhere, with the name in the text."""
        at = name_at if self.keyword == "propertyNames" else value_at
        return replace(self, path=(*at, *self.path[1:]), text=f"{self.path[0]} {self.text}")

    def described(self, *, in_document: bool = True) -> str:
        """Return the problem with its place: a JSON pointer in a document, the name of the setting in Python."""
        place = (self.pointer or "body") if in_document else self.pointer[1:]
        if not place:
            return self.text
        return f"{place}{' ' if self.is_setting else ': '}{self.text}"


def listed(problems: Iterable[Problem], *, in_document: bool = True) -> str:
    """Return problems in one line."""
    return "; ".join(problem.described(in_document=in_document) for problem in problems)


class InvalidError(ValueError):
    """A value that breaks rules: its problems, at least one, and the file below `schemas/` that has the rules, if any.

    Problems of a document are shown with JSON pointers, problems of settings in Python with names.
    """

    def __init__(self, *problems: Problem, source: str = "", in_document: bool = True) -> None:
        self.problems = problems
        self.source = source
        self.in_document = in_document
        super().__init__(*problems)

    def __str__(self) -> str:
        return listed(self.problems, in_document=self.in_document) + self._rules

    def in_file(self, name: str) -> str:
        """Return the text for a document that stands in a file: the file's name, and pointers into the document."""
        places = (f"{problem.pointer}: " if problem.path else "" for problem in self.problems)
        problems = "; ".join(place + problem.text for place, problem in zip(places, self.problems, strict=True))
        return f"{name}: {problems}{self._rules}"

    @property
    def _rules(self) -> str:
        return f" [schemas/{self.source}]" if self.source else ""

    def under(self, *path: str | int) -> InvalidError:
        """Return the same error with paths in a larger value."""
        problems = (problem.under(*path) for problem in self.problems)
        return InvalidError(*problems, source=self.source, in_document=self.in_document)

    def of_document(self) -> InvalidError:
        """Return the same error of settings that came in a document."""
        return InvalidError(*self.problems, source=self.source)


def wrong_at(path: Keys, keyword: str, text: str, value: Any = None) -> InvalidError:
    """Return the error of one place in a document: "/times: must be at least 1" is the path and the text."""
    return InvalidError(Problem(path, keyword, text, value))


def wrong_setting(name: str, keyword: str, text: str, value: Any = None) -> InvalidError:
    """Return the error of one setting in Python: "times must be at least 1" is the name and the text."""
    return InvalidError(Problem((name,), keyword, text, value, is_setting=True), in_document=False)


def wrong_settings(keyword: str, text: str) -> InvalidError:
    """Return the error of settings in Python that cannot be combined."""
    return InvalidError(Problem((), keyword, text), in_document=False)


def invalid(error: ValueError) -> InvalidError:
    """Return an error as one that carries problems; the text of any other error is a problem of the whole value."""
    return error if isinstance(error, InvalidError) else wrong_settings("value", str(error))
