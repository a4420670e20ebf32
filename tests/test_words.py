"""The words of the project: those that are not to come back, and what stands in their place."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

INSTEAD = {
    "answer": "response, or a verb: respond, return",
    "answers": "responses, responds, returns",
    "answered": "responded, returned",
    "answering": "responding",
    "strike": "apply, fire",
    "strikes": "applies, fires, hits",
    "struck": "fired",
    "striking": "firing",
    "spoil": "bad, corrupt",
    "spoilt": "bad, corrupt",
    "spoils": "makes bad, corrupts",
    "spoiling": "damage, corruption",
    "acceptor": "fast path",
    "acceptors": "fast paths",
    "room": "module",
    "rooms": "modules",
    "floors": "layers",
    "house": "package",
    "secretive": "redacted",
    "story": "report, describe",
    "told": "reported, said, shown",
    "tells": "reports, says, shows",
    "tell": "report, say, show; return whether",
    "adopt": "apply",
    "adopts": "applies",
    "forget": "clear, drop",
    "forgets": "clears, drops",
    "forgotten": "cleared, dropped",
    "anew": "again",
    "really": "in real time",
    "retire": "delete, close",
}
"""A word that does not come back, and what to write instead."""

PHRASES = {
    "be it": "also",
    "come about": "become",
    "comes about": "becomes",
    "came about": "became",
    "begin afresh": "begin again",
    "refused and said why": "rejected, because",
    "those that there are": "the known ones, the others",
    "is none but": "the only ... is",
    "so-manieth": "every nth",
}
"""Words that do not come back in a row, and what to write instead."""

FOR_READERS = {
    "any more": "no longer",
    "there are none": "name what does not exist",
    "whoever": "name the client, the user or the thread",
    "where there is none": "if there is none",
    "where there are none": "if there are none",
    "that is none": "that is not a ..., which does not exist",
    "that there is": "the known ..., every",
    "that there are": "the known ones, all",
    "what stands": "what is, the text",
    "is said by": "subject first: ... says",
    "is taken for": "counts as",
    "held against": "checked against, compared with",
    "in place of": "instead of",
    "without end": "for ever",
    "none of which": "... not any of them",
    "of which none": "... not any of them",
    "by hand or by a tool": "who does it",
    "is as new": "is reset",
    "as such": "leave it out",
    "be had": "get",
    "so are": "a sentence of its own",
    "so is none": "a sentence of its own",
}
"""Words in a row that a reader whose first language is another has to read twice, and what to write instead.

They are looked for in what users read: every page, the changes, the examples and the texts of the schemas.
"""

FOLDERS = ("ims_mock", "docs", "examples", "benchmarks", "findings", "schemas", "tests")

QUOTED = (
    *("schemas/error_codes.json", "schemas/public_images.json", "schemas/models/os_version.json"),
    *("tests/data/glance.jsonl", "tests/data/har-1.2.schema.json", "tests/test_words.py"),
)
"""Files whose texts are others' own, and this one."""

FILES = [
    path
    for path in sorted([*ROOT.glob("*.md"), *(file for folder in FOLDERS for file in ROOT.glob(f"{folder}/**/*.*"))])
    if path.suffix in (".py", ".md", ".json", ".sh") and path.relative_to(ROOT).as_posix() not in QUOTED
]


_NOT_FOR_USERS = {"generated"}
PAGES = [
    *(path for path in FILES if path.suffix == ".json" and path.is_relative_to(ROOT / "schemas")),
    *(path for path in FILES if path.suffix == ".md" and _NOT_FOR_USERS.isdisjoint(path.parts)),
]
"""What users read. The build makes the generated pages from these files."""


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text or a name, in lower case."""
    for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text):
        yield word.lower()


def phrases_of(text: str, known: Iterable[str] = PHRASES) -> list[str]:
    """Return the phrases of a text that are not to come back, also where a line ends inside."""
    flat = " ".join(text.lower().split())
    return [phrase for phrase in known if re.search(rf"\b{phrase}\b", flat)]


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file with their lines: of a module its comments, its strings and the names in it."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.NAME, tokenize.STRING):
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


def may_have_some(text: str) -> bool:
    """Return whether a closer look at a text is due: whether it has such words, wherever in it, or such phrases."""
    without_quotes = " ".join(re.findall("[a-z-]+", re.sub(r"""\bf?["']""", " ", text.lower())))
    return not INSTEAD.keys().isdisjoint(words_of(text)) or bool(phrases_of(without_quotes))


def words_in(path: Path) -> set[str]:
    """Return where a file has words that are not to come back, and what to write."""
    if not may_have_some(path.read_text("utf-8")):
        return set()
    found = {
        f"{path.relative_to(ROOT)}, line {line}: {word!r}; write {INSTEAD[word]}"
        for line, text in prose_of(path)
        for word in words_of(text)
        if word in INSTEAD
    }
    return found | {
        f"{path.relative_to(ROOT)}, line {line}: {phrase!r}; write {PHRASES[phrase]}"
        for line, text in prose_of(path)
        for phrase in phrases_of(text)
    }


def test_words_that_are_not_to_come_back() -> None:
    """Names, comments, messages and documents use the words of the glossary alone."""
    found = set().union(*map(words_in, FILES))
    assert not found, "\n".join(sorted(found))


def test_phrases_that_one_reads_twice() -> None:
    """What users read has no phrase that is hard to understand at once."""
    found = [
        f"{path.relative_to(ROOT)}: {phrase!r}: write {FOR_READERS[phrase]}"
        for path in PAGES
        for phrase in phrases_of(re.sub("```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL), FOR_READERS)
    ]
    assert not found, "\n".join(found)


def test_words_are_found() -> None:
    """A word is found in a name and in a text, and not inside of another word."""
    assert list(words_of("test_wasStruck by HTTPAnswer.mathfloor")) == [
        *("test", "was", "struck", "by", "http", "answer", "mathfloor"),
    ]


def test_phrases_are_found() -> None:
    """A phrase is found across the end of a line, and not inside of other words."""
    assert phrases_of("Be\n    it so, and maybe items come about") == ["be it", "come about"]
    assert phrases_of("For\nwhoever asks, in places of interest", FOR_READERS) == ["whoever"]


@pytest.mark.parametrize("text", ["wasStruck", "Be\n    it", 'x = "be "\n    f"it"', "# come\n# about"])
def test_text_with_such_words_is_looked_at(text: str) -> None:
    """A word in a name, and a phrase in parts, are cause for a closer look; other words are not."""
    assert may_have_some(text)
    assert not may_have_some("wasFired, maybe items, come in about an hour")
