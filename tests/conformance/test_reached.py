"""What a run has reached, and what is known to differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ims_mock.conformance.differences import differences_of
from ims_mock.conformance.reached import Reached, lines
from ims_mock.contract.findings import Finding

UNKNOWN = Finding(
    "response.unknown_attribute", "drift", "glance_show_image", "response", "/new", "rule", "new", "is new"
)
BREAK = Finding(
    "response.type", "break", "glance_show_image", "response", "/size", "integer", None, "must be an integer"
)


def test_exchanges_are_counted() -> None:
    """The report has each operation with the statuses that were reached, that were not, and that nobody documents."""
    reached = Reached()
    for status, code in ((200, ""), (200, ""), (404, "IMG.0027"), (418, "")):
        reached.add("glance_show_image", status, code, [])
    report = reached.report("huawei")
    shown = report["operations"]["glance_show_image"]
    assert shown["reached"] == {"200": 2, "404": 1, "418": 1}
    assert shown["undocumented"] == [418]
    assert 403 in shown["not_reached"]
    assert 404 not in shown["not_reached"]
    assert (report["codes"], report["service_codes_reached"]) == ({"IMG.0027": 1}, 1)
    assert "glance_list_images" in report["not_reached"]


def test_finding_is_listed_once() -> None:
    """What every response of an operation has is one line."""
    reached = Reached()
    for _ in range(2):
        reached.add("glance_show_image", 200, "", [UNKNOWN, BREAK])
    text = lines({**reached.report("glance"), "known_differences": {"a: b": "why"}})
    assert [line for line in text if line.startswith("undocumented")] == [
        "undocumented: glance_show_image: response /new: is new [response.unknown_attribute]"
    ]
    assert "break: glance_show_image: response /size: must be an integer [response.type]" in text
    assert "known difference: why (a)" in text


def test_items_of_a_list_are_one_finding() -> None:
    """What each of a hundred images has is one line, that of the first."""
    reached = Reached()
    for index in range(3):
        reached.add("list_images", 200, "", [replace(UNKNOWN, operation="list_images", pointer=f"/images/{index}/new")])
    assert [finding["pointer"] for finding in reached.findings] == ["/images/0/new"]


def test_processes_are_put_together() -> None:
    """What another process has reached is added, its findings once."""
    one, other = Reached(), Reached()
    one.add("glance_show_image", 200, "", [UNKNOWN])
    other.add("glance_show_image", 200, "", [UNKNOWN, BREAK])
    other.add("list_images", 400, "IMG.0024", [])
    one.add_json(other.as_json())
    assert one.as_json() == {
        "statuses": {"glance_show_image": {"200": 2}, "list_images": {"400": 1}},
        "codes": {"IMG.0024": 1},
        "findings": [dict(UNKNOWN.as_json()), dict(BREAK.as_json())],
    }


def test_difference_of_a_glance_has_a_reason() -> None:
    """What a Glance does otherwise is known by what it is of, and remembered when it is met."""
    known = differences_of("glance")
    assert known.has(BREAK)
    assert not known.has(UNKNOWN)
    assert known.of_status("show_version", 300, 401)
    assert known.of_status("show_version", 300, 500) is None
    assert known.of_value("glance_create_image_metadata", "visibility", "shared")
    assert list(known.met) == [
        "glance_show_image: response.type /size",
        "show_version: 300 is 401",
        "glance_create_image_metadata: value visibility",
    ]


@pytest.mark.parametrize("finding", [BREAK, UNKNOWN])
def test_ims_has_no_known_differences(finding: Finding) -> None:
    """The contract describes IMS, so nothing that it does otherwise is passed over."""
    assert not differences_of("huawei").has(finding)
