"""Rules in a line of text: the grammar, and where the caret stands under what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock import (
    BadJob,
    BadUpload,
    Delay,
    Drip,
    Fail,
    FailJob,
    Garble,
    Hangup,
    LognormalDelay,
    LoopingMarker,
    LoseResponse,
    Mutate,
    Redirect,
    Reset,
    Sequence,
    Stale,
    Stall,
    StickJob,
    Throttle,
    Truncate,
)
from ims_mock.faults.definition import Fault
from ims_mock.faults.kinds import KINDS
from ims_mock.faults.rule_text import RuleTextError, new_rule, parse_fault, parse_rule
from ims_mock.faults.rules import Rule, rule_from_json
from tests.examples import KINDS_IN_TABLES

FAULTS: list[tuple[str, Fault]] = [
    ("503", Fail(503)),
    ("503()", Fail(503)),
    ("503(IMG.0061)", Fail(503, "IMG.0061")),
    ("503(retry_after=5)", Fail(503, retry_after=5)),
    ('503(IMG.0061, "try again, later")', Fail(503, "IMG.0061", "try again, later")),
    ('503(message="a=b (c)")', Fail(503, message="a=b (c)")),
    ('503(message="5")', Fail(503, message="5")),
    ('503(message="say \\"no\\"")', Fail(503, message='say "no"')),
    ("503(message=caf\u00e9)", Fail(503, message="caf\u00e9")),
    ("fail(503, retry_after=5)", Fail(503, retry_after=5)),
    ("fail(status=503)", Fail(503)),
    ("throttle(10, 60)", Throttle(10, 60)),
    ("throttle(per=60, limit=10)", Throttle(10, 60)),
    ("delay(1.5)", Delay(1.5)),
    ("delay(1e1)", Delay(10)),
    ("delay( 2 ,jitter=1 , real_time=true )", Delay(2, 1, real_time=True)),
    ("delay(2,1,true,)", Delay(2, 1, real_time=True)),
    ("lognormal_delay(0.1, 0.5)", LognormalDelay(0.1, 0.5)),
    ("lose_response", LoseResponse()),
    ("lose_response(timeout)", LoseResponse("timeout")),
    ("lose_response(mode=504)", LoseResponse(504)),
    ("reset", Reset()),
    ("reset()", Reset()),
    ("hangup", Hangup()),
    ("truncate(10)", Truncate(10)),
    ("drip(100)", Drip(100)),
    ("stall(30)", Stall(30)),
    ("garble(html_502)", Garble("html_502")),
    ("mutate(/checksum, drop)", Mutate("/checksum", "drop")),
    ("mutate(/checksum, null)", Mutate("/checksum", "null")),
    ("503(message=5)", Fail(503, message="5")),
    ('mutate(/checksum, value, "")', Mutate("/checksum", "value", "")),
    ("mutate(/checksum, value, 7)", Mutate("/checksum", "value", 7)),
    ("mutate(/checksum, value, [1])", Mutate("/checksum", "value", [1])),
    ("stale(3)", Stale(reads=3)),
    ("stale(seconds=30)", Stale(seconds=30)),
    ("looping_marker", LoopingMarker()),
    ("redirect", Redirect()),
    ("redirect(http://other.example:9/?a=b, 307)", Redirect("http://other.example:9/?a=b", 307)),
    ("redirect(/v2/images)", Redirect("/v2/images")),
    ("bad_upload(killed)", BadUpload("killed")),
    ("fail_job(IMG.0014, at=0.4)", FailJob("IMG.0014", at=0.4)),
    ("stick_job", StickJob()),
    ("bad_job(no_image_id)", BadJob("no_image_id")),
    ("sequence(503)", Sequence((Fail(503),))),
    ("sequence( 503(retry_after=1) ,pass, reset)", Sequence((Fail(503, retry_after=1), None, Reset()))),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS, ids=[text for text, _ in FAULTS])
def test_fault(text: str, fault: Fault) -> None:
    """A fault is a status or a kind, with arguments by position or by name."""
    assert parse_fault(text) == fault


def test_every_kind_has_a_text() -> None:
    """The grammar reaches every kind of fault."""
    assert {fault.kind() for _, fault in FAULTS} == KINDS_IN_TABLES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("503", {}),
        ("glance_list_images: 503", {"operation": "glance_list_images"}),
        (" glance_list_images :503 x3 ", {"operation": "glance_list_images", "times": 3}),
        ("glance_*:503", {"operation": "glance_*"}),
        ("503 x2", {"times": 2}),
        ("503 x02", {"times": 2}),
        ("503 skip 2", {"skip": 2}),
        ("503 every 3", {"every": 3}),
        ("503 probability 0.25", {"probability": 0.25}),
        ("503 between 10 60.5", {"between": [10, 60.5]}),
        (
            "503 between 2016-06-02T07:49:48Z 2016-06-02T08:00:00Z",
            {"between": ["2016-06-02T07:49:48Z", "2016-06-02T08:00:00Z"]},
        ),
        ("503 between 0 2016-06-02T08:00:00Z", {"between": [0, "2016-06-02T08:00:00Z"]}),
        ("503 method POST", {"method": "POST"}),
        ("503 path /v2/images/*", {"path": "/v2/images/*"}),
        ("503 project 0f6d*", {"project": "0f6d*"}),
        ("503 project 12345678901234567890123456789e12", {"project": "12345678901234567890123456789e12"}),
        ("503 header X-Note=a*", {"headers": {"X-Note": "a*"}}),
        ('503 header X-Note="a b"', {"headers": {"X-Note": "a b"}}),
        ("503 header X-Note=7", {"headers": {"X-Note": "7"}}),
        ("503 header X-Note=a=b header X-Other=", {"headers": {"X-Note": "a=b", "X-Other": ""}}),
        ("503 json /name=web", {"json": {"/name": "web"}}),
        ('503 json /name="7"', {"json": {"/name": "7"}}),
        ("503 json /min_disk=7 json /protected=true", {"json": {"/min_disk": 7, "/protected": True}}),
        ('503 json "/a = b"="c d"', {"json": {"/a = b": "c d"}}),
        ("503 name outage", {"name": "outage"}),
        ('503 name "the big outage"', {"name": "the big outage"}),
        ("503 name 1e5", {"name": "1e5"}),
        ("503 name true", {"name": "true"}),
        ("503 optional", {"optional": True}),
        (
            "*: 503 optional name a skip 10 x2 every 2",
            {"optional": True, "name": "a", "skip": 10, "times": 2, "every": 2},
        ),
    ],
)
def test_rule(text: str, expected: dict[str, Any]) -> None:
    """A rule is a fault, with an operation before it and modifiers in any order behind it."""
    assert parse_rule(text).settings() == {"fault": {"kind": "fail", "status": 503}, **expected}


def test_sequence_applies_each_fault_once() -> None:
    """A sequence in text has as many times as faults, unless it says otherwise."""
    assert [parse_rule(text).times for text in ("sequence(503, pass)", "sequence(503, pass) x7")] == [2, 7]


@pytest.mark.parametrize(
    ("text", "caret", "what"),
    [
        ("", "^", "must be a status such as 503, or one of fail, throttle,"),
        ("   ", "   ^", "must be a status"),
        ("x2", "^", "must be a status"),
        ("glance_*", "^", "must be a status"),
        ("glance_*:", "         ^", "must be a status"),
        ("5033", "^", "must be a status"),
        ("delya(5)", "^", 'did you mean "delay"?'),
        ("Fail(503)", "^", 'did you mean "fail"?'),
        ("200", "^", "fail: status must be at least 400, got 200"),
        ("fail", "^", 'fail: must have "status"'),
        ("fail(200)", "     ^", "fail: status must be at least 400, got 200"),
        ("503(status=500)", "    ^", "must be another one of status, code, message, retry_after, each once"),
        ("503(a=1)", "    ^", 'must be another one of status, code, message, retry_after, each once, got "a=1"'),
        ("503(retry_after=1, retry_after=2)", "                   ^", 'each once, got "retry_after=2"'),
        ("reset(1)", "      ^", "must be another one of"),
        ("503(IMG.9999)", "    ^", "fail: code 'IMG.9999' is not documented"),
        ("delay(-1)", "      ^", "delay: seconds must be at least 0, got -1"),
        ("delay(1, -1)", "         ^", "delay: jitter must be at least 0, got -1"),
        ("delay(1, jitter=-1)", "         ^", "delay: jitter must be at least 0, got -1"),
        ("delay(NaN)", "      ^", 'delay: seconds must be of type number, got "NaN"'),
        ("delay(1e999)", "      ^", 'delay: seconds must be of type number, got "1e999"'),
        ("delay(,5)", "      ^", "must be a value"),
        ("delay((5))", "      ^", "must be a value"),
        ("delay(5 6)", "        ^", "must be a comma or ')'"),
        ("delay(5", "       ^", "must be a comma or ')'"),
        ("delay(", "      ^", "must be a value"),
        ("stale", "^", "stale: must have either reads or seconds"),
        ("stale(1, 2)", "^", "stale: must have either reads or seconds"),
        ("garble(html)", "       ^", 'garble: mode must be "html_200" or'),
        ("mutate(checksum, drop)", "       ^", "mutate: pointer must be a JSON pointer such as /checksum"),
        ("mutate(/id, drop)", "^", "its pointer must lead to an optional attribute of the response"),
        ("redirect(http://[)", "         ^", "redirect: location must be a URL or a path"),
        ("sequence", "^", 'sequence: must have "faults"'),
        ("sequence()", "         ^", "must be a status"),
        ("sequence(503, )", "              ^", "must be a status"),
        ("sequence(503", "            ^", "must be a comma or ')'"),
        ("sequence(503 reset)", "             ^", "must be a comma or ')'"),
        ("sequence(503, 200)", "              ^", "fail: status must be at least 400"),
        ("sequence(503, delay(-1))", "                    ^", "delay: seconds must be at least 0"),
        ("sequence(stale(1))", "         ^", "stale needs several requests, so it cannot be in a sequence"),
        ("sequence(throttle(1, 1))", "         ^", "throttle needs several requests, so it cannot be in a sequence"),
        ("sequence(" * 5000, "         ^", "sequence needs several requests, so it cannot be in a sequence"),
        ("glance_creat_image: 503", "^", 'operation must match an operation, got "glance_creat_image"; did you mean'),
        (" nothing : 503", " ^", 'operation must match an operation, got "nothing"; the operations are list_images,'),
        ("glance_show_image: looping_marker", "                   ^", "applies only to glance_list_images"),
        ("503,500", "   ^", "must be one of xTIMES, skip, every, probability, between, method, path, project,"),
        ("503 x", "    ^", "must be one of xTIMES, skip,"),
        ("503 x-1", "    ^", "must be one of xTIMES, skip,"),
        ("503 probabilty 0.5", "    ^", 'did you mean "probability"?'),
        ("503 x0", "    ^", "times: must be at least 1, got 0"),
        ("503 x" + "9" * 5000, "    ^", "times: must be of type integer"),
        ("503 x1 x2", "       ^", "times is given twice"),
        ("503 skip 1 skip 2", "           ^", "skip is given twice"),
        ("503 optional optional", "             ^", "optional is given twice"),
        ("503 json /a=1 json /a=2", "              ^", "json/~1a is given twice"),
        ("503 header X=1 header X=2", "               ^", "headers/X is given twice"),
        ("503 skip", "        ^", "must be a value"),
        ("503 skip a", "         ^", 'skip: must be of type integer, got "a"'),
        ("503 skip -1", "         ^", "skip: must be at least 0, got -1"),
        ("503 skip 1.5", "         ^", "skip: must be of type integer, got 1.5"),
        ("503 every 0", "          ^", "every: must be at least 1, got 0"),
        ("503 probability 0", "                ^", "probability: must be more than 0, got 0"),
        ("503 probability 2", "                ^", "probability: must be at most 1, got 2"),
        ("503 between 5", "             ^", "must be a value"),
        ("503 between 5 5", "            ^", "between must be from an earlier to a later moment, got [5, 5]"),
        ("503 between 0 noon", "            ^", "between must be seconds, or times such as 2016-06-02T07:49:48Z"),
        ("503 method get", "           ^", 'method: must be "DELETE" or "GET" or'),
        ("503 method (", "           ^", "must be a value"),
        ('503 path ""', "         ^", "path: must have at least 1 character"),
        ("503 header X", "           ^", "must be of the form NAME=VALUE"),
        ("503 header =a", "           ^", 'headers/: the key must be the name of a header, got ""'),
        ("503 header", "          ^", "must be a value"),
        ("503 json name=a", "         ^", 'json/name: the key must be a JSON pointer such as /name, got "name"'),
        ("503 json name=a json /b=c", "         ^", "json/name: the key must be a JSON pointer"),
        ("503 json /b=c json name=a", "                   ^", "json/name: the key must be a JSON pointer"),
        ("503 json =1 json ~=a", "                 ^", "json/~0: the key must be a JSON pointer"),
        ("503(message=\ud800)", "    ^", "fail: message has half of a surrogate pair"),
        ("503 name \ud800", "         ^", "name has half of a surrogate pair"),
        (f"503 name {'a' * 65}", "         ^", "name: must have at most 64 characters, got 65"),
        ('503 name "a', "         ^", "begins a text; end it with another quote"),
        ('503 name a"b', "          ^", "begins a text; end it with another quote"),
        ("503\tx0", "    ^", "times: must be at least 1"),
        ("503\n\nx0", "     ^", "times: must be at least 1"),
    ],
)
def test_caret_under_what_is_wrong(text: str, caret: str, what: str) -> None:
    """The error for a mistake says what is wrong, with the text and a caret under the place."""
    with pytest.raises(RuleTextError) as caught:
        parse_rule(text)
    message, shown, mark = str(caught.value).split("\n")
    assert what in message
    line = text.replace("\t", " ").replace("\n", " ")
    assert (shown[4:].removesuffix("..."), mark) == (line[: len(caret) + 199], f"    {caret}")
    assert caught.value.position == len(caret) - 1


def test_place_in_a_long_text() -> None:
    """Of a long text an error shows what stands around the place, with the caret under it."""
    with pytest.raises(RuleTextError) as caught:
        parse_rule(f"503 name {'a' * 60} path /{'b' * 1000} x0 project {'c' * 1000}")
    message, shown, mark = str(caught.value).split("\n")
    assert message == "times: must be at least 1, got 0"
    assert shown == f"    ...{'b' * 199} x0 project {'c' * 189}..."
    assert mark == f"{' ' * 207}^"


@pytest.mark.parametrize(
    ("text", "position"), [("503 x2", 4), ("glance_list_images: 503", 0), ("503)", 3), ("reset() reset", 8)]
)
def test_fault_alone(text: str, position: int) -> None:
    """Where only a fault is wanted there is nothing before it or behind it."""
    with pytest.raises(RuleTextError) as caught:
        parse_fault(text)
    assert caught.value.position == position


PIECES = st.sampled_from(
    [
        *(
            '"',
            "\\",
            "(",
            ")",
            ",",
            "=",
            ":",
            " ",
            "\t",
            "\n",
            "[",
            "{",
            "x2",
            "x",
            "503",
            "-1",
            "1e9",
            "NaN",
            "/a",
            "\ud800",
        ),
        *(
            "sequence(",
            "pass",
            "skip",
            "every",
            "probability",
            "between",
            "method",
            "path",
            "project",
            "header",
            "json",
        ),
        *("name", "optional", "GET", "X=1", "/a=1", "glance_*:", "2016-06-02T07:49:48Z", "seconds=", "null", "true"),
        *KINDS,
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join), st.lists(PIECES, max_size=12).map(" ".join))


@pytest.mark.slow
@settings(max_examples=500, deadline=None, derandomize=True)
@given(TEXTS)
def test_any_text_is_a_rule_or_a_rule_text_error(text: str) -> None:
    """Whatever the text, it is a rule, or refused with a place inside it."""
    try:
        rule = parse_rule(text)
    except RuleTextError as error:
        position = error.position
    else:
        position = 0
        assert rule_from_json(rule.settings()).settings() == rule.settings()
    assert 0 <= position <= len(text)


@pytest.mark.parametrize("opening", ["[", '{"a":', "(", '"\\'])
def test_deep_text_is_refused(opening: str) -> None:
    """A text that is nested without end is refused like any other that is wrong."""
    with pytest.raises(RuleTextError):
        parse_rule(f"delay({opening * 100_000})")


@pytest.mark.parametrize(
    "given",
    [
        Fail(503),
        Rule(Fail(503), "glance_*", times=2),
        "glance_*: 503 x2",
        {"operation": "glance_*", "times": 2, "fault": {"kind": "fail", "status": 503}},
    ],
    ids=["fault", "rule", "text", "JSON"],
)
def test_new_rule(given: Any) -> None:
    """A rule is made of a fault, another rule, a text or JSON."""
    expected = Rule(Fail(503)) if isinstance(given, Fail) else Rule(Fail(503), "glance_*", times=2)
    assert new_rule(given).settings() == expected.settings()


def test_new_rule_is_a_copy() -> None:
    """A rule that is given is not used itself, so that it can be given twice."""
    given = Rule(Fail(503), times=2)
    given.hits = 7
    made = new_rule(given)
    assert made is not given
    assert made.hits == 0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (503, "fault must be a fault such as Fail(503), got 503"),
        (None, "fault must be a fault such as Fail(503), got None"),
        ([], "fault must be a fault such as Fail(503), got []"),
        (Fail, "fault must be a fault such as Fail(503), got <class"),
        ({}, 'body: must have "fault", got {}'),
        ("", "must be a status such as 503"),
    ],
)
def test_new_rule_of_nothing(given: Any, reason: str) -> None:
    """What is no rule is refused, saying what would be one."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        new_rule(given)
    assert str(caught.value).startswith(reason)
