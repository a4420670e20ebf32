"""Which requests are generated, and what becomes of a generated one before it is sent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ims_mock.conformance.connection import Connection
from ims_mock.conformance.generated import call_of, is_generated
from ims_mock.conformance.made import PREFIX
from ims_mock.contract.operations import load_contract

MADE: Any = SimpleNamespace(new_name=lambda word: f"{PREFIX}{word}")


def case(operation: str, **changed: Any) -> Any:
    """Return a generated case, as far as the suite reads one."""
    given = {"body": object(), "media_type": None, "path_parameters": {}, "query": {}, **changed}
    return SimpleNamespace(
        operation=SimpleNamespace(definition=SimpleNamespace(raw={"operationId": operation})), **given
    )


def test_no_generated_request_reaches_others() -> None:
    """No request is generated that begins a job, changes what is not the test's, or reaches another service."""
    out = [item for item in load_contract().operations.values() if not is_generated(item)]
    names = {item.id for item in out}
    assert all(item.id in names for item in load_contract().operations.values() if item.dialect or item.job_types)
    assert {"create_or_update_tags", "glance_delete_image", "glance_delete_image_v1"} <= names
    assert not {"list_images", "list_image_by_tags", "glance_update_image"} & names


def test_image_has_a_name_of_the_run() -> None:
    """Whatever name was generated for an image, the end of the run finds it."""
    sent = call_of(case("glance_create_image_metadata", body={"name": 7, "min_disk": 40}), "", MADE)
    assert sent.body == {"name": f"{PREFIX}fuzz", "min_disk": 40}
    assert sent.meant_wrong


def test_request_is_about_the_image_of_the_test() -> None:
    """A generated id of an image, or of a project, is not asked for."""
    path = {"image_id": "another", "project_id": "another", "key": 7}
    assert call_of(case("delete_image_tag", path_parameters=path), "mine", MADE).path == {
        "image_id": "mine",
        "key": "7",
    }


@pytest.mark.parametrize(("body", "sent"), [(b"\0", b"\0"), ("ä", "ä".encode()), ({}, b"")])
def test_file_is_bytes(body: Any, sent: bytes) -> None:
    """A generated file is sent as bytes."""
    octets = "application/octet-stream"
    call = call_of(case("glance_upload_image", body=body, media_type=octets), "mine", MADE)
    assert (call.body, call.headers) == (sent, {"Content-Type": octets})


def test_connection_keeps_the_base_path() -> None:
    """An endpoint may be below a path, as one of a gateway is."""
    connection = Connection("https://example.com/image/")
    assert (connection.base_path, connection.host) == ("/image", "example.com")
