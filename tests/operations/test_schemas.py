"""The schemas that a Glance client reads: glance_show_image_schemas."""

from __future__ import annotations

from tests.conftest import Api


def test_image_schema_is_the_documented_one(api: Api) -> None:
    """The body has the documented names, links and properties."""
    schema = api("GET", "/v2/schemas/image").get_json()
    assert schema["name"] == "image"
    assert [link["rel"] for link in schema["links"]] == ["self", "enclosure", "describedby"]
    assert schema["additionalProperties"] == {"type": "string"}
    assert schema["properties"]["name"] == {
        "type": "string",
        "description": "Descriptive name for the image",
        "maxLength": 255,
    }


def test_image_schema_has_every_format_that_a_create_takes(api: Api) -> None:
    """A Glance client that validates by the schema can create what the service can."""
    formats = api("GET", "/v2/schemas/image").get_json()["properties"]["disk_format"]["enum"]
    for disk_format in ("zvhd2", "vhd", "raw", "iso", "qcow2"):
        assert api.create(disk_format=disk_format)["disk_format"] in formats
