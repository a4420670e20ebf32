"""The schemas that a Glance client reads, by their operations, without a socket."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.conftest import Api

UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
ALL = pytest.mark.parametrize("name", ["image", "images", "member", "members"])


def schema_of(api: Api, name: str) -> dict[str, Any]:
    """Return a schema as it is served."""
    schema: dict[str, Any] = api("GET", f"/v2/schemas/{name}").get_json()
    return schema


# glance_show_image_schemas


def test_image_schema_is_the_documented_one(api: Api) -> None:
    """The body has the documented name, links and additional properties."""
    schema = schema_of(api, "image")
    assert schema["name"] == "image"
    assert schema["links"] == [
        {"href": "{self}", "rel": "self"},
        {"href": "{file}", "rel": "enclosure"},
        {"href": "{schema}", "rel": "describedby"},
    ]
    assert schema["additionalProperties"] == {"type": "string"}


def test_image_schema_has_the_documented_properties(api: Api) -> None:
    """The properties are those of the page, no more and no fewer."""
    names = (
        "status tags kernel_id container_format min_ram ramdisk_id locations visibility updated_at owner file min_disk "
        "virtual_size id size instance_uuid os_distro name checksum created_at disk_format os_version protected "
        "architecture direct_url self schema"
    )
    assert list(schema_of(api, "image")["properties"]) == names.split()


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("status", {"enum": ["queued", "saving", "active", "killed", "deleted", "pending_delete"]}),
        # The page has no shared, without which a client would refuse to update an image that is.
        ("visibility", {"enum": ["public", "private", "shared"]}),
        ("container_format", {"enum": ["ami", "ari", "aki", "bare", "ovf", "ova"]}),
        # The page has neither zvhd nor zvhd2, without which a client would refuse the service's own default.
        (
            "disk_format",
            {"enum": ["ami", "ari", "aki", "vhd", "vmdk", "raw", "qcow2", "vdi", "iso", "zvhd", "zvhd2"]},
        ),
        ("name", {"type": "string", "maxLength": 255}),
        ("owner", {"type": "string", "maxLength": 255}),
        ("checksum", {"type": "string", "maxLength": 32}),
        ("tags", {"type": "array", "items": {"type": "string", "maxLength": 255}}),
        ("size", {"type": "integer"}),
        ("virtual_size", {"type": "integer"}),
        ("min_ram", {"type": "integer"}),
        ("min_disk", {"type": "integer"}),
        ("protected", {"type": "boolean"}),
        ("id", {"type": "string", "pattern": UUID}),
        ("kernel_id", {"type": "string", "pattern": UUID, "is_base": False}),
        ("ramdisk_id", {"type": "string", "pattern": UUID, "is_base": False}),
        ("architecture", {"type": "string", "is_base": False}),
    ],
)
def test_image_schema_has_the_documented_rules(api: Api, name: str, rule: dict[str, Any]) -> None:
    """A property has the rules that the page gives it, and what of the service's own values the page lacks."""
    assert rule.items() <= schema_of(api, "image")["properties"][name].items()


def test_image_schema_has_every_format_that_a_create_takes(api: Api) -> None:
    """A Glance client that validates by the schema can create what the service can."""
    formats = schema_of(api, "image")["properties"]["disk_format"]["enum"]
    for disk_format in ("zvhd2", "vhd", "raw", "iso", "qcow2"):
        assert api.create(disk_format=disk_format)["disk_format"] in formats


def test_created_image_keeps_the_image_schema(api: Api) -> None:
    """A Glance client, which validates what a create returns, finds nothing wrong."""
    jsonschema.validate(api.create(name="n", tags=["a=b"], min_disk=40, custom="x"), schema_of(api, "image"))


def test_shared_image_keeps_the_image_schema(api: Api) -> None:
    """A Glance client that updates a shared image finds nothing wrong with it."""
    path = api.create(name="n")["self"]
    api("POST", f"{path}/members", {"member": "m"})
    jsonschema.validate(api("GET", path).get_json(), schema_of(api, "image"))


# glance_list_image_schemas


def test_image_list_schema_is_the_documented_one(api: Api) -> None:
    """The body has the documented name, links and properties."""
    schema = schema_of(api, "images")
    assert schema.keys() == {"name", "links", "properties"}
    assert schema["name"] == "images"
    assert schema["links"] == [
        {"href": "{first}", "rel": "first"},
        {"href": "{next}", "rel": "next"},
        {"href": "{schema}", "rel": "describedby"},
    ]
    assert {name: rule["type"] for name, rule in schema["properties"].items()} == {
        "images": "array",
        "schema": "string",
        "next": "string",
        "first": "string",
    }


def test_list_of_images_keeps_its_schema(api: Api) -> None:
    """A page of a list of images, with a next one, is what the schema says."""
    for _ in range(2):
        api.create(name="n")
    jsonschema.validate(api("GET", "/v2/images?limit=1").get_json(), schema_of(api, "images"))


# glance_show_image_member_schemas


def test_member_schema_is_the_documented_one(api: Api) -> None:
    """The body is that of the page, which has no links."""
    assert schema_of(api, "member") == {
        "name": "member",
        "properties": {
            "status": {
                "enum": ["pending", "accepted", "rejected"],
                "type": "string",
                "description": "The status of this image member",
            },
            "created_at": {"type": "string", "description": "Date and time of image member creation"},
            "updated_at": {"type": "string", "description": "Date and time of last modification of image member"},
            "image_id": {"pattern": UUID, "type": "string", "description": "An identifier for the image"},
            "member_id": {"type": "string", "description": "An identifier for the image member (tenantId)"},
            "schema": {"readOnly": True, "type": "string"},
        },
    }


# glance_list_image_member_schemas


def test_member_list_schema_is_the_documented_one(api: Api) -> None:
    """The body has the documented name, links and properties."""
    schema = schema_of(api, "members")
    assert schema.keys() == {"name", "links", "properties"}
    assert schema["name"] == "members"
    assert schema["links"] == [{"href": "{schema}", "rel": "describedby"}]
    assert {name: rule["type"] for name, rule in schema["properties"].items()} == {
        "members": "array",
        "schema": "string",
    }


def test_members_keep_their_schemas(api: Api) -> None:
    """A member, and a list of members, is what the schemas say."""
    path = api.create()["self"]
    jsonschema.validate(api("POST", f"{path}/members", {"member": "m"}).get_json(), schema_of(api, "member"))
    jsonschema.validate(api("GET", f"{path}/members").get_json(), schema_of(api, "members"))


# All four


@ALL
def test_schema_is_json_schema(api: Api, name: str) -> None:
    """What is served is a JSON Schema of the newest draft, though the page's image list is none."""
    response = api("GET", f"/v2/schemas/{name}")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    jsonschema.Draft202012Validator.check_schema(response.get_json())


@pytest.mark.parametrize(("name", "item"), [("images", "image"), ("members", "member")])
def test_list_schema_has_that_of_its_items(api: Api, name: str, item: str) -> None:
    """The items of a list have the schema that is served for one of them."""
    assert schema_of(api, name)["properties"][name]["items"] == schema_of(api, item)


@ALL
def test_schema_needs_a_credential(api: Api, name: str) -> None:
    """Without a credential the gateway refuses."""
    assert api("GET", f"/v2/schemas/{name}", X_Auth_Token="").status_code == 401


@ALL
def test_schema_is_only_read(api: Api, name: str) -> None:
    """Any other method is refused, naming those that are served."""
    response = api("POST", f"/v2/schemas/{name}", {})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("path", ["", "/", "/nope", "/task", "/image/", "/image/name"])
def test_unknown_schema_is_404(api: Api, path: str) -> None:
    """What has no schema has no route."""
    response = api("GET", f"/v2/schemas{path}")
    assert (response.status_code, response.get_json()["error_code"]) == (404, "APIGW.0101")
