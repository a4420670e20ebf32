"""Contracts of consumers as files, put together, and held against each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ConsumerContract
from ims_mock.contract import schema_files
from ims_mock.evidence import consumers
from ims_mock.evidence.consumers.judging import judge_consumer

SHOW = "glance_show_image"


def contract(operation: dict[str, Any] | None = None, name: str = "web", **more: Any) -> ConsumerContract:
    """Return a contract with one operation."""
    operations = {SHOW: operation or {}}
    return ConsumerContract.from_json({"version": 1, "consumer": name, "operations": operations, **more})


def responses(**attributes: Any) -> dict[str, Any]:
    """Return an operation whose response has some attributes."""
    return {"responses": {"200": {f"/{name}": attribute for name, attribute in attributes.items()}}}


SEEN = {"use": "seen", "type": ["string"]}
READ = {"use": "read", "type": ["string"]}


def test_file(tmp_path: Path) -> None:
    """What was saved is loaded again, and has the same bytes when it is saved again."""
    (example,) = schema_files.read("consumer.json")["examples"]
    one = ConsumerContract.from_json(example)
    one.save(tmp_path / "one.json")
    two = ConsumerContract.load(tmp_path / "one.json")
    two.save(tmp_path / "two.json")
    assert one == two
    assert json.loads((tmp_path / "one.json").read_text()) == one.to_json() == example
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_short_lines_of_file() -> None:
    """What is short has one line of the file, so that a change of an attribute is a change of one line."""
    lines = contract(responses(id=READ)).to_text().splitlines()
    assert (
        '  "operations": {"glance_show_image": {"responses": {"200": {"/id": {"use": "read", "type": ["string"]}}}}}'
        in lines
    )


def test_order_of_file() -> None:
    """A file has one order, whatever that of the document was."""
    one = {"requests": [{"status": 200, "query": {"b": "1", "a": "2"}}, {"status": 200}], "accepts": [204, 200]}
    other = {"accepts": [200, 204], "requests": [{"status": 200}, {"query": {"a": "2", "b": "1"}, "status": 200}]}
    assert contract(one).to_text() == contract(other).to_text()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"version": 2}, "/version: must be 1, got 2 [schemas/consumer.json]"),
        (
            {"operations": {"glance_show_imag": {}}},
            "/operations/glance_show_imag: IMS has no operation glance_show_imag",
        ),
        ({"operations": {SHOW: {"needs": []}}}, f"/operations/{SHOW}: has an unknown member"),
        ({"operations": {SHOW: responses(id={"use": "must"})}}, f"/operations/{SHOW}/responses/200/~1id/use: must be"),
        (
            {"operations": {SHOW: responses(id={"use": "read", "pattern": "("})}},
            f"/operations/{SHOW}/responses/200/~1id/pattern: must be a regular expression",
        ),
        ({"operations": {SHOW: {"responses": {"2": {}}}}}, "a status such as 200, or 4XX"),
        ({"operations": {SHOW: {"responses": {"200": {"id": READ}}}}}, "a JSON pointer"),
    ],
)
def test_wrong_file(tmp_path: Path, wrong: dict[str, Any], reason: str) -> None:
    """What is wrong with a file is named, with the file and the place."""
    path = tmp_path / "web.json"
    path.write_text(json.dumps({"version": 1, "consumer": "web", "operations": {}} | wrong))
    with pytest.raises(ValueError, match=r"web\.json: ") as caught:
        ConsumerContract.load(path)
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_no_contract(tmp_path: Path, text: str) -> None:
    """A file that is none is rejected by name."""
    path = tmp_path / "web.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"web\.json: "):
        ConsumerContract.load(path)


def test_merge() -> None:
    """A merged contract has the requests, values, statuses and attributes of both, each once."""
    one = contract({"requests": [{"status": 200}], "values": {"/a": ["x"]}, "accepts": [200], **responses(id=SEEN)})
    two = contract(
        {"requests": [{"status": 200}, {"status": 404}], "values": {"/a": ["y"]}, "accepts": [204], **responses(a=SEEN)}
    )
    assert one.merge(two).operations == {
        SHOW: {
            "requests": [{"status": 200}, {"status": 404}],
            "values": {"/a": ["x", "y"]},
            "accepts": [200, 204],
            "responses": {"200": {"/a": SEEN, "/id": SEEN}},
        }
    }
    assert one.merge(two) == two.merge(one)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (SEEN, {"use": "seen", "type": ["null"]}, {"use": "seen", "type": ["null", "string"]}),
        (SEEN, READ, READ),
        ({"use": "seen", "type": ["null"]}, READ, READ),
        (READ, {"use": "needed"}, {"use": "needed"}),
        ({**READ, "enum": ["a"]}, {**READ, "enum": ["b"]}, {**READ, "enum": ["a", "b"]}),
        ({**READ, "enum": ["a"]}, READ, READ),
        ({**READ, "pattern": "a"}, {**READ, "pattern": "a"}, {**READ, "pattern": "a"}),
        ({**READ, "pattern": "a"}, {**READ, "pattern": "b"}, READ),
        (SEEN, {"use": "needed"}, {"use": "needed", "type": ["string"]}),
    ],
)
def test_merged_attribute(one: dict[str, Any], other: dict[str, Any], both: dict[str, Any]) -> None:
    """Of an attribute the strongest use counts, and what is known counts more than what was seen."""
    first, second = contract(responses(id=one)), contract(responses(id=other))
    assert first.merge(second) == second.merge(first) == contract(responses(id=both))


def test_merge_with_itself() -> None:
    """A contract merged with itself is the same."""
    (example,) = schema_files.read("consumer.json")["examples"]
    one = ConsumerContract.from_json(example)
    assert one.merge(one, one) == one


def test_merge_of_different_consumers() -> None:
    """Contracts of different names need one."""
    one, two = contract(name="a"), contract(name="b")
    with pytest.raises(ValueError, match=r"different consumers \(a, b\) need a name"):
        one.merge(two)
    assert one.merge(two, name="both").consumer == "both"


def test_changes() -> None:
    """Two contracts differ in operations, requests, values, statuses and attributes."""
    one = contract({"requests": [{"status": 200}], "values": {"?a": ["x"]}, **responses(id=SEEN, old=SEEN)})
    two = ConsumerContract.from_json(
        {
            "version": 1,
            "consumer": "web",
            "operations": {
                SHOW: {
                    "requests": [{"status": 200, "query": {"a": "x"}}],
                    "values": {"?a": ["x", "y"]},
                    "accepts": [200],
                    **responses(id=READ, new=SEEN),
                },
                "glance_list_images": {},
            },
        }
    )
    assert sorted(map(str, one.changes(two))) == [
        "glance_list_images: operation added",
        'glance_show_image: attribute 200 /id changed: {"use": "seen", "type": ["string"]}'
        ' -> {"use": "read", "type": ["string"]}',
        'glance_show_image: attribute 200 /new added: {"use": "seen", "type": ["string"]}',
        "glance_show_image: attribute 200 /old removed",
        'glance_show_image: request ?a -> 200 added: {"status": 200, "query": {"a": "x"}}',
        "glance_show_image: request alone -> 200 removed",
        "glance_show_image: status accepted added: [200]",
        'glance_show_image: value ?a changed: ["x"] -> ["x", "y"]',
    ]
    assert one.changes(one) == []
    removed = next(change for change in two.changes(one) if change.what == "operation")
    assert (removed.kind, removed.operation, str(removed)) == (
        *("removed", "glance_list_images", "glance_list_images: operation removed"),
    )


def test_needs() -> None:
    """What a client needs is said by operation and pointers; a number in a pointer is any item."""
    needing = contract(responses(id=SEEN)).needs(SHOW, ["/id", "/tags/0"])
    assert needing.operations[SHOW]["responses"]["200"] == {
        "/id": {"use": "needed", "type": ["string"]},
        "/tags/*": {"use": "needed"},
    }


def test_needs_of_status() -> None:
    """What is needed of an error is said with its status."""
    needing = contract(responses(id=SEEN)).needs(SHOW, ["/error/code"], status=404)
    assert needing.operations[SHOW]["responses"]["404"] == {"/error/code": {"use": "needed"}}
    assert needing.operations[SHOW]["responses"]["200"] == {"/id": SEEN}


def test_needs_of_documented_status() -> None:
    """Where no response was seen, what is needed is of the documented success."""
    assert contract().needs(SHOW, ["/id"]) == contract(responses(id={"use": "needed"}))


def test_accepts() -> None:
    """Which statuses a client takes for a success is said by operation."""
    assert contract().accepts(SHOW, [204, 200]).operations[SHOW] == {"accepts": [200, 204]}


def test_wrong_needs() -> None:
    """An operation that the client does not call, and what is no pointer, are rejected."""
    with pytest.raises(
        ValueError, match="web calls no list_images; the operations of its contract are: glance_show_image"
    ):
        contract().needs("list_images", ["/images"])
    with pytest.raises(ValueError, match="a JSON pointer is empty or begins with a slash, got 'id'"):
        contract().needs(SHOW, "id")


def test_nothing_is_shared() -> None:
    """What to_json returns can be changed."""
    one = contract(responses(id=SEEN))
    one.to_json()["operations"].clear()
    assert SHOW in one.operations


def test_public_names() -> None:
    """The public names are those of the modules, and another one is an error."""
    assert consumers.judge_consumer is judge_consumer
    assert all(getattr(consumers, name) for name in consumers.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'judge'"):
        _ = consumers.judge
