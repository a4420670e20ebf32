"""What is wrong with a value, as data, and the text that is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import Fail, Sequence, Stale
from ims_mock.contract import json_text
from ims_mock.contract.errors import ImsError, image_id_taken
from ims_mock.contract.operations import load_contract
from ims_mock.contract.problems import InvalidError, Problem, invalid, wrong_setting, wrong_settings
from ims_mock.faults.rule_text import RuleTextError, parse_rule
from ims_mock.faults.rules import Rule, check_rules, rule_from_json
from ims_mock.identity.accounts import DEFAULT_PROJECT_ID, new_accounts

LOW = Problem(("min_disk",), "minimum", "must be at least 40, got 1")
WHOLE = Problem((), "type", "must be of type object, got []")


def problems_of(make: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the places and keywords of what an InvalidError carries."""
    with pytest.raises(InvalidError) as caught:
        make()
    return [(problem.path, problem.keyword) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InvalidError(LOW), "/min_disk: must be at least 40, got 1"),
        (InvalidError(WHOLE), "body: must be of type object, got []"),
        (InvalidError(LOW, WHOLE), f"{LOW.described()}; {WHOLE.described()}"),
        (InvalidError(LOW, source="models/x.json"), "/min_disk: must be at least 40, got 1 [schemas/models/x.json]"),
        (InvalidError(Problem(("a/b", 0), "type", "is odd")), "/a~1b/0: is odd"),
        (wrong_setting("times", "minimum", "must be at least 1"), "times must be at least 1"),
        (wrong_settings("oneOf", "must have either reads or seconds"), "must have either reads or seconds"),
    ],
)
def test_text_of_an_error(error: InvalidError, text: str) -> None:
    """A document's problems are shown by JSON pointers, and settings in Python by their names."""
    assert str(error) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InvalidError(LOW, WHOLE), f"/images/0/min_disk: {LOW.text}; /images/0: {WHOLE.text}"),
        (InvalidError(LOW, source="models/x.json"), f"/images/0/min_disk: {LOW.text} [schemas/models/x.json]"),
        (wrong_setting("times", "minimum", "must be at least 1"), "images/0/times must be at least 1"),
        (wrong_settings("oneOf", "must have either reads or seconds"), "images/0: must have either reads or seconds"),
    ],
)
def test_error_under_a_place(error: InvalidError, text: str) -> None:
    """A value that stands in another has every problem under its own place there, and none is lost."""
    assert str(error.under("images", 0)) == text


def test_settings_of_a_document() -> None:
    """Settings that came in a document are shown by JSON pointers too."""
    assert str(wrong_setting("times", "minimum", "must be at least 1").of_document()) == "/times must be at least 1"
    assert str(wrong_settings("oneOf", "needs one").of_document()) == "body: needs one"


def test_any_other_error() -> None:
    """What an error without problems says is said of the whole."""
    assert str(invalid(ValueError("never"))) == "never"
    assert str(invalid(ValueError("never")).under("clock").of_document()) == "/clock: never"
    error = InvalidError(LOW)
    assert invalid(error) is error


def test_error_is_a_value_error_that_shows_no_value() -> None:
    """Code that catches ValueError catches it; the wrong value, which may be a secret, is in no repr."""
    error = InvalidError(Problem(("password",), "type", "must be of type string", ["hunter2"]))
    assert isinstance(error, ValueError)
    assert error.problems[0].value == ["hunter2"]
    assert "hunter2" not in repr(error) + str(error)


# Who raises it, with which places.


@pytest.mark.parametrize(
    ("make", "problems"),
    [
        (lambda: Fail(600, retry_after=-1), [(("status",), "maximum"), (("retry_after",), "minimum")]),
        (lambda: Fail(400, "IMG.9999"), [(("code",), "enum")]),
        (lambda: Fail(400, message="\ud800"), [(("message",), "json")]),
        (lambda: Stale(), [((), "oneOf")]),
        (lambda: Sequence([None]), [(("faults",), "contains")]),
        (lambda: Rule(Fail(503), "glance_creat_image"), [(("operation",), "operation")]),
        (lambda: Rule(Fail(503), json={"/a": float("nan")}), [(("json", "/a"), "json")]),
        (lambda: Rule(Fail(503), between=(5, 1)), [(("between",), "order")]),
        (lambda: rule_from_json({"fault": {"kind": "fail", "status": 9}}), [(("fault", "status"), "minimum")]),
        (
            lambda: rule_from_json({"fault": {"kind": "sequence", "faults": [{"kind": "fail", "status": 9}]}}),
            [(("fault", "faults", 0, "status"), "minimum")],
        ),
        (
            lambda: check_rules([{"fault": {"kind": "reset"}, "times": 0, "skip": -1}]),
            [((0, "times"), "minimum"), ((0, "skip"), "minimum")],
        ),
        (lambda: parse_rule("503 x0"), [(("times",), "minimum")]),
        (lambda: parse_rule("503 nonsense"), [((), "syntax")]),
        (
            lambda: new_accounts(DEFAULT_PROJECT_ID, "r").add({"users": [{}]}),
            [(("users", 0), "required")],
        ),
        (
            lambda: new_accounts(DEFAULT_PROJECT_ID, "r").add({"projects": [{"name": "p"}, {"name": "p"}]}),
            [(("projects",), "accounts")],
        ),
    ],
)
def test_who_raises_it(make: Any, problems: list[tuple[tuple[str | int, ...], str]]) -> None:
    """Faults, rules, rules in text and accounts say as data what is wrong with them."""
    assert problems_of(make) == problems


def test_schema_keeps_the_wrong_value() -> None:
    """A problem has the value that broke the rule."""
    with pytest.raises(InvalidError) as caught:
        Fail(200)
    assert caught.value.problems[0].value == 200


def test_secret_value_is_not_kept() -> None:
    """Where a schema hides what it describes, a problem does not have the value."""
    with pytest.raises(InvalidError) as caught:
        new_accounts(DEFAULT_PROJECT_ID, "r").add({"users": [{"name": "x", "password": ["hunter2"]}]})
    assert {problem.value for problem in caught.value.problems} == {"***"}


def test_refusal_has_its_problems() -> None:
    """What the service refuses because of a body has the problems too, and the text is made of them."""
    with pytest.raises(ImsError) as caught:
        load_contract().operations["glance_create_image_metadata"].check_request_body({"min_disk": 1})
    assert [problem.path for problem in caught.value.problems] == [("min_disk",)]
    assert caught.value.reason.startswith("/min_disk: must be at least 40, got 1 [schemas/")


def test_refusal_of_what_a_test_gives() -> None:
    """Where a client would be refused, a test gets an InvalidError of the same text and problems."""
    refusal = image_id_taken("x")
    assert str(refusal.as_invalid()) == refusal.reason
    assert refusal.as_invalid().problems == refusal.problems
    assert str(ImsError(409, reason="is busy").as_invalid()) == "is busy"


def test_json_that_is_none_has_a_place() -> None:
    """A text that is no JSON is refused with the place in it."""
    with pytest.raises(ImsError) as caught:
        json_text.parse(b'{"a": [1, NaN]}')
    assert [problem.path for problem in caught.value.problems] == [("a", 1)]


def test_rule_text_error_under_a_place() -> None:
    """The error for a rule in text names its place in the list, and shows the text and a caret."""
    with pytest.raises(RuleTextError) as caught:
        parse_rule("503 x0")
    error = caught.value.under("faults", 0)
    assert [problem.path for problem in error.problems] == [("faults", 0, "times")]
