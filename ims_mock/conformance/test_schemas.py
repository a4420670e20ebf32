"""The schemas that the service has of its own."""

from __future__ import annotations

import pytest

from ims_mock.conformance.client import Client

pytestmark = pytest.mark.native


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("glance_show_image_schemas", "image"),
        ("glance_list_image_schemas", "images"),
        ("glance_show_image_member_schemas", "member"),
        ("glance_list_image_member_schemas", "members"),
    ],
)
def test_schema_is_shown(ims: Client, operation: str, name: str) -> None:
    """A schema has its name, and says which properties there are."""
    schema = ims(operation).json
    assert schema["name"] == name
    assert schema["properties"]
