"""Why a client meets what a sweep tries."""

from __future__ import annotations

import pytest

from ims_mock.contract.operations import documented_meaning, documented_statuses, load_contract, page_of
from ims_mock.faults.definition import Fault
from ims_mock.faults.kinds import KINDS
from ims_mock.faults.rule_text import parse_fault

UPLOAD = load_contract().operations["glance_upload_image"]
TRIED = [kind for kind in KINDS.values() if kind.family]


@pytest.mark.parametrize("kind", TRIED, ids=lambda kind: kind.kind())
def test_every_family_has_a_cause(kind: type[Fault]) -> None:
    """Each kind of fault that a sweep tries says why, by itself or for an operation."""
    assert kind.cause or kind.cause_on is not Fault.cause_on


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("409", "409: The image is not queued."),
        ("400", "400: Request error."),
        ("502", "502: not on the page of the operation; a gateway in front of it sends this"),
        ("mutate(/size, drop)", "the documents say that /size of the response is optional"),
        ("reset", "the network can break or slow a connection at any byte"),
    ],
)
def test_cause_is_what_the_documents_say(fault: str, cause: str) -> None:
    """A status has the description of the operation's page; what no page has is of the gateway or the network."""
    assert parse_fault(fault).cause_on(UPLOAD) == cause


def test_every_documented_status_has_a_meaning() -> None:
    """The meaning of a status is found where it is described, also by reference, and None where it is not."""
    for operation in load_contract().operations.values():
        assert all(documented_meaning(operation, status) for status in documented_statuses(operation))
    assert documented_meaning(UPLOAD, 502) is None


def test_page_is_that_of_the_operation() -> None:
    """The page is the official one, or none."""
    assert page_of(UPLOAD).endswith("/uploading_an_image_native_openstack_api.html")
    assert page_of(load_contract().operations["glance_delete_image"]) == ""
