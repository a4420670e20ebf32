"""What a sweep finds out about the attributes that a client needs."""

from __future__ import annotations

import pytest

from ims_mock.evidence.consumers import ConsumerContract
from ims_mock.sweep.report import SweepReport
from ims_mock.sweep.rows import Row
from ims_mock.sweep.runs import Run
from tests.sweep.reports import NOTHING, failed, plan_of, report_of


def mutated(pointer: str, mode: str, error: Exception | None = None) -> Row:
    """Return the row of a plan with one attribute that is dropped, null or retyped."""
    plan = plan_of(f"mutate({pointer}, {mode})", operation="glance_list_images")
    return failed(plan, error) if error else Row(plan, Run(state=NOTHING))


def test_attribute_that_cannot_be_dropped_is_needed(report: SweepReport) -> None:
    """The size of the shown image is what the client cannot do without."""
    assert report.needs() == {"glance_show_image": ["/size"]}


def test_items_of_a_list_are_any(report: SweepReport) -> None:
    """A pointer into the first item stands for each."""
    rows = [mutated("/images/0/size", "drop", KeyError("size")), mutated("/images/0/checksum", "drop")]
    assert report_of(*rows).needs() == {"glance_list_images": ["/images/*/size"]}


def test_contract_has_requests_and_needs(report: SweepReport) -> None:
    """The contract of a client has what it sent in the good run, and what the sweep found out."""
    contract = report.consumer_contract("backup")
    assert list(contract.operations) == [
        *("glance_create_image_metadata", "glance_show_image", "glance_upload_image"),
    ]
    attributes = contract.operations["glance_show_image"]["responses"]["200"]
    assert attributes["/size"]["use"] == "needed"
    assert attributes["/size"]["type"] == ["integer"]
    assert attributes["/name"]["use"] == "seen"


@pytest.mark.parametrize(
    ("modes", "attribute"),
    [
        ({"drop": True, "null": True, "retype": True}, {"use": "seen"}),
        ({"drop": True, "null": False, "retype": False}, {"use": "read", "type": ["integer"]}),
        ({"drop": False, "null": True, "retype": False}, {"use": "needed", "type": ["integer", "null"]}),
        ({"drop": False, "null": False, "retype": True}, {"use": "needed"}),
    ],
)
def test_use_and_type_are_those_that_were_survived(
    report: SweepReport, modes: dict[str, bool], attribute: dict[str, object]
) -> None:
    """What can be dropped and not be null is read; null and other types are taken where they were survived."""
    rows = [
        Row(plan_of(f"mutate(/size, {mode})", operation="glance_show_image"), survived if good else crashed)
        for mode, good in modes.items()
        for survived, crashed in [(report.baseline, Run(error=KeyError("size"), state=report.baseline.state))]
    ]
    found = SweepReport(report.baseline, report.before, rows=rows).consumer_contract("backup")
    assert found.operations["glance_show_image"]["responses"]["200"]["/size"] == attribute
    assert ConsumerContract.from_json(found.document) == found
