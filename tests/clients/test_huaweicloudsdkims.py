"""The official SDK, unmodified, against a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
from huaweicloudsdkims.v2 import (
    GlanceAddImageMemberRequest,
    GlanceAddImageMemberRequestBody,
    GlanceCreateImageMetadataRequest,
    GlanceCreateImageMetadataRequestBody,
    GlanceCreateTagRequest,
    GlanceDeleteImageMemberRequest,
    GlanceDeleteImageRequest,
    GlanceDeleteImageRequestBody,
    GlanceDeleteTagRequest,
    GlanceListImageMemberSchemasRequest,
    GlanceListImageMembersRequest,
    GlanceListImageSchemasRequest,
    GlanceListImagesRequest,
    GlanceShowImageMemberRequest,
    GlanceShowImageMemberSchemasRequest,
    GlanceShowImageRequest,
    GlanceShowImageSchemasRequest,
    GlanceUpdateImageMemberRequest,
    GlanceUpdateImageMemberRequestBody,
    GlanceUpdateImageRequest,
    GlanceUpdateImageRequestBody,
    ImsClient,
    ListVersionsRequest,
    ShowVersionRequest,
)

from ims_mock import Fail, ImsMock
from ims_mock.contract.operations import load_contract

pytestmark = [
    # Huawei has moved show, list and delete to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

PAGE = "2016-06-02T07:49:48Z"
PROJECT = "b912fb4a4c464b568ecfca1071b21b10"
CONSUMER = "edc89b490d7d4392898e19b2deb34797"
OTHER = "0ed5b5e3a1f04a5b8e0fa3d9b0a0f5b6"


def connected(mock: ImsMock, project_id: str) -> Any:
    """An IMS client of a project that signs with an AK/SK and is pointed at the mock."""
    credentials = BasicCredentials("ak", "sk", project_id)
    return ImsClient.new_builder().with_credentials(credentials).with_endpoint(mock.url).build()


@pytest.fixture
def client(ims_mock: ImsMock) -> Any:
    """An IMS client that signs with an AK/SK and is pointed at the mock."""
    return connected(ims_mock, PROJECT)


@pytest.fixture
def consumer(ims_mock: ImsMock) -> Any:
    """Another project's IMS client."""
    return connected(ims_mock, CONSUMER)


@pytest.fixture
def web(ims_mock: ImsMock) -> str:
    """The id of an active image of the project."""
    return str(ims_mock.add_image(name="web", team="a", tags=["x"], data=b"abc", owner=PROJECT)["id"])


@pytest.fixture
def shared(ims_mock: ImsMock) -> str:
    """The id of an active image that is shared with two projects, and neither has accepted or rejected it."""
    members = {CONSUMER: "pending", OTHER: "pending"}
    return str(ims_mock.add_image(name="shared", data=b"abc", owner=PROJECT, members=members)["id"])


def create(client: Any, **attributes: Any) -> Any:
    """Create image metadata."""
    body = GlanceCreateImageMetadataRequestBody(**attributes)
    return client.glance_create_image_metadata(GlanceCreateImageMetadataRequest(body=body))


def update(client: Any, image_id: str, op: str, path: str, value: Any = None) -> Any:
    """Make one change to an image."""
    changes = [GlanceUpdateImageRequestBody(op, path, value)]
    return client.glance_update_image(GlanceUpdateImageRequest(image_id, changes))


def add_member(client: Any, image_id: str, member_id: str) -> Any:
    """Share an image with a project."""
    body = GlanceAddImageMemberRequestBody(member_id)
    return client.glance_add_image_member(GlanceAddImageMemberRequest(image_id, body))


def decide(client: Any, image_id: str, status: str) -> Any:
    """Accept or reject an image as the consumer."""
    body = GlanceUpdateImageMemberRequestBody(status=status)
    request = GlanceUpdateImageMemberRequest(image_id=image_id, member_id=CONSUMER, body=body)
    return client.glance_update_image_member(request)


def fields(model: Any) -> dict[str, Any]:
    """Return the fields of a model that the response has set, by the names that they have in the SDK."""
    values = {name: getattr(model, name) for name in model.openapi_types}
    return {name: value for name, value in values.items() if value is not None}


def test_every_native_method_is_an_operation() -> None:
    """Every native method of the SDK is an operation of the contract, by its name."""
    methods = {name for name in vars(ImsClient) if name.startswith("glance_") and not name.endswith("_invoker")}
    assert len(methods) == 16
    assert methods | {"list_versions", "show_version"} <= load_contract().operations.keys()


@pytest.mark.ims_mock(start="2016-06-02T07:49:48Z")
def test_page_example(client: Any, page: dict[str, Any]) -> None:
    """The page's example comes back as the SDK's model, with the page's values."""
    request = dict(page["request"])
    image = create(client, os_version=request.pop("__os_version"), **request)
    assert image.status_code == 201
    assert (image.name, image.tags, image.min_disk, image.min_ram) == ("test", request["tags"], 100, 1024)
    assert (image.os_type, image.platform, image.os_bit, image.os_version) == (
        "Linux",
        "Ubuntu",
        "64",
        "Ubuntu 14.04 server 64bit",
    )
    assert (image.owner, image.created_at, image.isregistered) == (PROJECT, "2016-06-02T07:49:48Z", "true")
    assert image._self == f"/v2/images/{image.id}"


def test_show_list_delete(client: Any, ims_mock: ImsMock) -> None:
    """What was created is shown, listed and deleted."""
    image = create(client, name="a")
    assert client.glance_show_image(GlanceShowImageRequest(image.id)).name == "a"
    assert [item.id for item in client.glance_list_images(GlanceListImagesRequest(limit=5)).images] == [image.id]
    assert client.glance_delete_image(GlanceDeleteImageRequest(image.id)).status_code == 204
    assert ims_mock.images == {}


# Versions and schemas


def test_list_versions(client: Any, ims_mock: ImsMock) -> None:
    """Every version has a status and the URL of the mock."""
    versions = client.list_versions(ListVersionsRequest()).versions
    assert [(item.id, item.status) for item in versions] == [
        ("v2.2", "CURRENT"),
        ("v2.1", "SUPPORTED"),
        ("v2.0", "SUPPORTED"),
        ("v1.1", "DEPRECATED"),
        ("v1.0", "DEPRECATED"),
    ]
    assert [(link.rel, link.href) for link in versions[0].links] == [("self", f"{ims_mock.url}/v2/")]


@pytest.mark.parametrize(("asked", "status", "path"), [("v2.0", "SUPPORTED", "/v2/"), ("v1.1", "DEPRECATED", "/v1/")])
def test_show_version(client: Any, ims_mock: ImsMock, asked: str, status: str, path: str) -> None:
    """One version is shown alone."""
    (version,) = client.show_version(ShowVersionRequest(asked)).versions
    assert (version.id, version.status, version.links[0].href) == (asked, status, ims_mock.url + path)


def test_show_version_that_is_none(client: Any) -> None:
    """A version that the service has not is no API of it."""
    with pytest.raises(ClientRequestException) as caught:
        client.show_version(ShowVersionRequest("v4"))
    assert (caught.value.status_code, caught.value.error_code) == (404, "APIGW.0101")


def test_schema(client: Any) -> None:
    """The image schema is the SDK's model of it."""
    schema = client.glance_show_image_schemas(GlanceShowImageSchemasRequest())
    assert (schema.name, schema.additional_properties.type) == ("image", "string")
    assert [(link.href, link.rel) for link in schema.links] == [
        ("{self}", "self"),
        ("{file}", "enclosure"),
        ("{schema}", "describedby"),
    ]
    assert schema.properties["checksum"]["maxLength"] == 32


def test_list_schema(client: Any) -> None:
    """The schema of a list of images is the SDK's model of it."""
    schema = client.glance_list_image_schemas(GlanceListImageSchemasRequest())
    assert schema.name == "images"
    assert [link.rel for link in schema.links] == ["first", "next", "describedby"]
    assert list(schema.properties) == ["images", "schema", "next", "first"]


def test_member_schema(client: Any) -> None:
    """The schema of a member is the SDK's model of it."""
    schema = client.glance_show_image_member_schemas(GlanceShowImageMemberSchemasRequest())
    assert schema.name == "member"
    assert schema.properties["status"]["enum"] == ["pending", "accepted", "rejected"]


def test_member_list_schema(client: Any) -> None:
    """The schema of a list of members is the SDK's model of it."""
    schema = client.glance_list_image_member_schemas(GlanceListImageMemberSchemasRequest())
    assert schema.name == "members"
    assert [(link.href, link.rel) for link in schema.links] == [("{schema}", "describedby")]
    assert list(schema.properties) == ["members", "schema"]


# Show, list, update and delete


@pytest.mark.ims_mock(start=PAGE)
def test_show(client: Any, web: str) -> None:
    """An image with a file is the SDK's model of it, whose fields lack the underscores of the attributes."""
    assert fields(client.glance_show_image(GlanceShowImageRequest(web))) == {
        "id": web,
        "name": "web",
        "status": "active",
        "owner": PROJECT,
        "visibility": "private",
        "protected": False,
        "tags": ["x"],
        "container_format": "bare",
        "disk_format": "zvhd2",
        "min_disk": 0,
        "min_ram": 0,
        "size": 3,
        "checksum": "900150983cd24fb0d6963f7d28e17f72",
        "created_at": PAGE,
        "updated_at": PAGE,
        "active_at": PAGE,
        "_self": f"/v2/images/{web}",
        "file": f"/v2/images/{web}/file",
        "schema": "/v2/schemas/image",
        "virtual_env_type": "FusionCompute",
        "image_size": "3",
        "image_source_type": "uds",
        "imagetype": "private",
        "isregistered": "true",
        "os_bit": "64",
        "os_type": "Linux",
        "os_version": "Other Linux(64 bit)",
        "platform": "Other",
        "root_origin": "file",
    }


@pytest.mark.ims_mock(start=PAGE)
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["gold", "db", "web"]),
        ({"imagetype": "gold", "visibility": "public", "protected": True}, ["gold"]),
        ({"isregistered": True}, ["gold", "db", "web"]),
        ({"os_type": "Windows"}, ["db"]),
        ({"os_bit": "64", "platform": "Windows"}, ["db"]),
        ({"support_kvm": "true"}, ["gold"]),
        ({"support_kvm_gpu_type": "P2_cloud"}, ["web"]),
        ({"container_format": "bare", "disk_format": "vhd"}, ["db"]),
        ({"min_disk": 100}, ["db"]),
        ({"min_ram": 1024}, ["web"]),
        ({"name": "web"}, ["web"]),
        ({"owner": PROJECT}, ["db", "web"]),
        ({"status": "queued"}, ["db", "web"]),
        ({"tag": "x"}, ["web"]),
        ({"tag": "k=v"}, ["db"]),
        ({"created_at": "gt:2016-06-02T07:49:48Z"}, ["gold"]),
        ({"updated_at": "lte:2016-06-02 07:49:48"}, ["db", "web"]),
        ({"sort_key": "name", "sort_dir": "asc"}, ["db", "gold", "web"]),
        ({"sort_key": "created_at", "sort_dir": "asc"}, ["web", "db", "gold"]),
    ],
)
def test_list_filters(client: Any, ims_mock: ImsMock, query: dict[str, Any], names: list[str]) -> None:
    """The SDK's filters, which lack the underscores of the attributes, choose and sort."""
    ims_mock.add_image(name="web", owner=PROJECT, tags=["x", "y"], min_ram=1024, __support_kvm_gpu_type="P2_cloud")
    windows = "Windows Server 2016 Standard 64bit"
    ims_mock.add_image(name="db", owner=PROJECT, tags=["k.v"], disk_format="vhd", min_disk=100, __os_version=windows)
    ims_mock.clock.advance(1)
    ims_mock.add_image(name="gold", visibility="public", status="active", protected=True, __support_kvm="true")
    images = client.glance_list_images(GlanceListImagesRequest(**query)).images
    assert [image.name for image in images] == names


def test_list_by_id(client: Any, ims_mock: ImsMock, web: str) -> None:
    """A list of one id is that image, with the fields that it is shown with."""
    ims_mock.add_image(name="db", owner=PROJECT)
    (listed,) = client.glance_list_images(GlanceListImagesRequest(id=web)).images
    assert fields(listed) == fields(client.glance_show_image(GlanceShowImageRequest(web)))


def test_list_pages(client: Any, ims_mock: ImsMock) -> None:
    """A page says where it and the first one are, and the next one begins behind its last image."""
    first, second = (ims_mock.add_image(name=name, owner=PROJECT)["id"] for name in ("a", "b"))
    page = client.glance_list_images(GlanceListImagesRequest(limit=1, os_type="Linux"))
    assert [image.id for image in page.images] == [second]
    assert (page.schema, page.first) == ("/v2/schemas/images", "/v2/images?__os_type=Linux&limit=1")
    assert page.next == f"/v2/images?__os_type=Linux&limit=1&marker={second}"
    page = client.glance_list_images(GlanceListImagesRequest(limit=1, os_type="Linux", marker=second))
    assert [image.id for image in page.images] == [first]
    assert page.next is None


@pytest.mark.ims_mock(start=PAGE)
def test_update_name(client: Any, ims_mock: ImsMock, web: str) -> None:
    """The name is replaced, and the image says when."""
    ims_mock.clock.advance(60)
    image = update(client, web, "replace", "/name", "db")
    assert (image.id, image.name, image.tags, image.size) == (web, "db", ["x"], 3)
    assert (image.created_at, image.updated_at) == (PAGE, "2016-06-02T07:50:48Z")


def test_update_description(client: Any, web: str) -> None:
    """The description is added, and has a field of its own."""
    assert update(client, web, "add", "/__description", "Web server").description == "Web server"


def test_update_custom_attribute(client: Any, ims_mock: ImsMock, web: str) -> None:
    """A custom attribute is added, replaced and removed."""
    update(client, web, "add", "/stage", "test")
    update(client, web, "replace", "/team", "b")
    assert (ims_mock.images[web]["stage"], ims_mock.images[web]["team"]) == ("test", "b")
    update(client, web, "remove", "/team")
    assert "team" not in ims_mock.images[web]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (("replace", "/missing", "a"), 409, "IMG.0035"),
        (("replace", "/status", "queued"), 403, "IMG.0161"),
        (("remove", "/name"), 403, "IMG.0161"),
    ],
)
def test_update_that_is_refused(client: Any, web: str, change: tuple[str, ...], status: int, code: str) -> None:
    """What cannot be changed so is the SDK's exception, with the service's code."""
    with pytest.raises(ClientRequestException) as caught:
        update(client, web, *change)
    assert (caught.value.status_code, caught.value.error_code) == (status, code)


def test_delete_with_backups(client: Any, ims_mock: ImsMock, web: str) -> None:
    """An image is deleted with the body that asks for its backups to be deleted too."""
    body = GlanceDeleteImageRequestBody(delete_backup=True)
    assert client.glance_delete_image(GlanceDeleteImageRequest(web, body)).status_code == 204
    assert ims_mock.images == {}


@pytest.mark.parametrize(
    ("attributes", "status", "code"),
    [
        ({"protected": True, "owner": PROJECT}, 403, "IMG.0091"),
        ({"visibility": "public", "status": "active"}, 403, "IMG.0094"),
        ({"owner": CONSUMER}, 404, "IMG.0144"),
    ],
)
def test_delete_that_is_refused(
    client: Any, ims_mock: ImsMock, attributes: dict[str, Any], status: int, code: str
) -> None:
    """A protected image, a public one and another project's are not deleted, each with its own code."""
    image_id = ims_mock.add_image(**attributes)["id"]
    with pytest.raises(ClientRequestException) as caught:
        client.glance_delete_image(GlanceDeleteImageRequest(image_id))
    assert (caught.value.status_code, caught.value.error_code) == (status, code)
    assert list(ims_mock.images) == [image_id]


# Tags


def test_create_tag(client: Any, ims_mock: ImsMock, web: str) -> None:
    """A tag, which the SDK percent-encodes, is added to those that the image has."""
    assert client.glance_create_tag(GlanceCreateTagRequest(web, "y é")).status_code == 204
    assert ims_mock.images[web]["tags"] == ["x", "y é"]


def test_create_tag_with_a_value_is_refused(client: Any, web: str) -> None:
    """A tag that is more than a key is the SDK's exception, with the service's code."""
    with pytest.raises(ClientRequestException) as caught:
        client.glance_create_tag(GlanceCreateTagRequest(web, "k=v"))
    assert (caught.value.status_code, caught.value.error_code) == (400, "IMG.0115")


def test_delete_tag(client: Any, ims_mock: ImsMock, web: str) -> None:
    """A tag is deleted."""
    assert client.glance_delete_tag(GlanceDeleteTagRequest(web, "x")).status_code == 204
    assert ims_mock.images[web]["tags"] == []


def test_delete_tag_that_is_not_there(client: Any, web: str) -> None:
    """A tag that the image has not is not found."""
    with pytest.raises(ClientRequestException) as caught:
        client.glance_delete_tag(GlanceDeleteTagRequest(web, "y"))
    assert caught.value.status_code == 404


# Members


@pytest.mark.ims_mock(start=PAGE)
def test_add_member(client: Any, ims_mock: ImsMock, web: str) -> None:
    """An image is shared with a project, which has neither accepted nor rejected it yet."""
    assert fields(add_member(client, web, CONSUMER)) == {
        "image_id": web,
        "member_id": CONSUMER,
        "status": "pending",
        "created_at": PAGE,
        "updated_at": PAGE,
        "schema": "/v2/schemas/member",
    }
    assert ims_mock.images[web]["__imagetype"] == "shared"


@pytest.mark.parametrize(("member_id", "status", "code"), [(CONSUMER, 409, "IMG.0112"), (PROJECT, 400, "IMG.0076")])
def test_add_member_that_is_refused(client: Any, shared: str, member_id: str, status: int, code: str) -> None:
    """A project that is a member, and the owner, are not added, each with its own code."""
    with pytest.raises(ClientRequestException) as caught:
        add_member(client, shared, member_id)
    assert (caught.value.status_code, caught.value.error_code) == (status, code)


def test_list_members(client: Any, shared: str) -> None:
    """Every member is listed."""
    response = client.glance_list_image_members(GlanceListImageMembersRequest(shared))
    assert [(member.member_id, member.status) for member in response.members] == [
        (CONSUMER, "pending"),
        (OTHER, "pending"),
    ]
    assert (response.schema, response.page_info) == ("/v2/schemas/members", None)


def test_list_members_by_pages(client: Any, shared: str) -> None:
    """A page of members says how many it has, and where the next one begins."""
    page = client.glance_list_image_members(GlanceListImageMembersRequest(shared, limit=1))
    assert [member.member_id for member in page.members] == [CONSUMER]
    assert (page.page_info.current_count, page.page_info.next_marker) == (1, CONSUMER)
    page = client.glance_list_image_members(GlanceListImageMembersRequest(shared, limit=1, marker=CONSUMER))
    assert [member.member_id for member in page.members] == [OTHER]
    assert (page.page_info.current_count, page.page_info.next_marker) == (1, None)


@pytest.mark.ims_mock(start=PAGE)
def test_show_member(consumer: Any, shared: str) -> None:
    """A member sees itself, and no other."""
    member = consumer.glance_show_image_member(GlanceShowImageMemberRequest(image_id=shared, member_id=CONSUMER))
    assert (member.image_id, member.member_id, member.status) == (shared, CONSUMER, "pending")
    assert (member.created_at, member.updated_at, member.schema) == (PAGE, PAGE, "/v2/schemas/member")
    with pytest.raises(ClientRequestException) as caught:
        consumer.glance_show_image_member(GlanceShowImageMemberRequest(image_id=shared, member_id=OTHER))
    assert (caught.value.status_code, caught.value.error_code) == (404, "IMG.0114")


@pytest.mark.ims_mock(start=PAGE)
def test_accept(consumer: Any, ims_mock: ImsMock, shared: str) -> None:
    """An image that its member accepts is in the member's list, as the documents' recipe asks for it."""
    ims_mock.clock.advance(60)
    member = decide(consumer, shared, "accepted")
    assert (member.image_id, member.member_id, member.status) == (shared, CONSUMER, "accepted")
    assert (member.created_at, member.updated_at) == (PAGE, "2016-06-02T07:50:48Z")
    recipe = GlanceListImagesRequest(member_status="accepted", visibility="shared", imagetype="shared")
    assert [image.id for image in consumer.glance_list_images(recipe).images] == [shared]


def test_reject(consumer: Any, shared: str) -> None:
    """An image that its member rejects is in the member's list of those alone."""
    assert decide(consumer, shared, "rejected").status == "rejected"
    assert consumer.glance_list_images(GlanceListImagesRequest()).images == []
    recipe = GlanceListImagesRequest(member_status="rejected", visibility="shared", imagetype="shared")
    assert [image.id for image in consumer.glance_list_images(recipe).images] == [shared]


def test_owner_does_not_decide_for_its_member(client: Any, shared: str) -> None:
    """A project cannot accept for another."""
    with pytest.raises(ClientRequestException) as caught:
        decide(client, shared, "accepted")
    assert caught.value.status_code == 403


def test_delete_member(client: Any, consumer: Any, shared: str) -> None:
    """A project that is no member any more does not see the image."""
    request = GlanceDeleteImageMemberRequest(image_id=shared, member_id=CONSUMER)
    assert client.glance_delete_image_member(request).status_code == 204
    with pytest.raises(ClientRequestException) as caught:
        consumer.glance_show_image(GlanceShowImageRequest(shared))
    assert (caught.value.status_code, caught.value.error_code) == (404, "IMG.0144")


# Refusals and faults


def test_refusal_is_the_sdks_exception(client: Any, ims_mock: ImsMock) -> None:
    """A refusal has the service's code and text, and the request's id."""
    with pytest.raises(ClientRequestException) as caught:
        create(client, min_disk=39)
    assert (caught.value.status_code, caught.value.error_code) == (400, "IMG.0055")
    assert caught.value.error_msg == "The memory or disk size is invalid."
    assert caught.value.request_id == ims_mock.journal.calls()[0].request_id


def test_missing_body_is_refused(client: Any) -> None:
    """The SDK sends no body when it is given none, which is no create."""
    with pytest.raises(ClientRequestException) as caught:
        client.glance_create_image_metadata(GlanceCreateImageMetadataRequest())
    assert caught.value.error_code == "IMG.0007"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "IMG.0001", ClientRequestException),
        (401, "APIGW.0301", ClientRequestException),
        (403, "IMG.0026", ClientRequestException),
        (404, "IMG.0144", ClientRequestException),
        (500, "IMG.0061", ServerResponseException),
        (503, "APIGW.0613", ServerResponseException),
    ],
)
def test_faults(client: Any, ims_mock: ImsMock, status: int, code: str, error: type[Exception]) -> None:
    """A fault is the SDK's exception for its status, with the documented code."""
    ims_mock.faults.add(Fail(status), operation="glance_create_image_metadata", times=1)
    with pytest.raises(error) as caught:
        create(client, name="a")
    assert (caught.value.status_code, caught.value.error_code) == (status, code)  # type: ignore[attr-defined]
    assert create(client, name="a").status_code == 201
