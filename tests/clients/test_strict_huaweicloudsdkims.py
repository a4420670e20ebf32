"""The official SDK, unmodified, against a mock that verifies every signature."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials, Credentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, SdkException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
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
    ImsAsyncClient,
    ImsClient,
    ListVersionsRequest,
    ShowVersionRequest,
)
from huaweicloudsdkims.v2.region.ims_region import ImsRegion

from ims_mock import ImsMock

pytestmark = [
    pytest.mark.ims_mock(auth="strict"),
    # Huawei has moved show, list and delete to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

DEMO = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"
ALT = "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"
ADMIN = "a1d3c5e7f90b4d2e8c6a4f2e0d1b3c5a"

UNAUTHORIZED = "Incorrect IAM authentication information: "
WRONG_SIGNATURE = UNAUTHORIZED + "verify aksk signature fail,canonicalRequest:"
LOCKED = UNAUTHORIZED + "AK access failed to reach the limit, forbidden"
NO_ROLE = "The role is invalid. You need to apply for the required permissions or pass the real-name authentication."

REQUESTS: dict[str, Callable[[str], Any]] = {
    "glance_create_image_metadata": lambda _: GlanceCreateImageMetadataRequest(
        GlanceCreateImageMetadataRequestBody(name="Grüße 1", tags=["日本"], min_disk=40)
    ),
    "glance_list_images": lambda _: GlanceListImagesRequest(limit=5, protected=False, sort_key="name", sort_dir="asc"),
    "glance_show_image": lambda image_id: GlanceShowImageRequest(image_id),
    "glance_update_image": lambda image_id: GlanceUpdateImageRequest(
        image_id, [GlanceUpdateImageRequestBody("replace", "/name", "Grüße 2")]
    ),
    "glance_delete_image": lambda image_id: GlanceDeleteImageRequest(
        image_id, GlanceDeleteImageRequestBody(delete_backup=True)
    ),
    "glance_create_tag": lambda image_id: GlanceCreateTagRequest(image_id, "y é"),
    "glance_delete_tag": lambda image_id: GlanceDeleteTagRequest(image_id, "x é"),
    "glance_add_image_member": lambda image_id: GlanceAddImageMemberRequest(
        image_id, GlanceAddImageMemberRequestBody(ADMIN)
    ),
    "glance_delete_image_member": lambda image_id: GlanceDeleteImageMemberRequest(image_id=image_id, member_id=ALT),
    "glance_list_image_members": lambda image_id: GlanceListImageMembersRequest(image_id),
    "glance_show_image_member": lambda image_id: GlanceShowImageMemberRequest(image_id=image_id, member_id=ALT),
    "glance_update_image_member": lambda image_id: GlanceUpdateImageMemberRequest(
        image_id=image_id, member_id=ALT, body=GlanceUpdateImageMemberRequestBody(status="accepted")
    ),
    "glance_list_image_member_schemas": lambda _: GlanceListImageMemberSchemasRequest(),
    "glance_list_image_schemas": lambda _: GlanceListImageSchemasRequest(),
    "glance_show_image_member_schemas": lambda _: GlanceShowImageMemberSchemasRequest(),
    "glance_show_image_schemas": lambda _: GlanceShowImageSchemasRequest(),
    "list_versions": lambda _: ListVersionsRequest(),
    "show_version": lambda _: ShowVersionRequest("v2.0"),
}
"""A request of each operation, of an image that demo has shared with alt and has given the tag "x é"."""

NEEDS_A_CREDENTIAL = [name for name in REQUESTS if name.startswith("glance_")]

SUCCESS = {
    "glance_create_image_metadata": 201,
    "glance_delete_image": 204,
    "glance_create_tag": 204,
    "glance_delete_tag": 204,
    "glance_delete_image_member": 204,
    "list_versions": 300,
    "show_version": 300,
}
"""The status of an operation that succeeds, where it is not 200."""

READER_MAY = [
    "glance_list_images",
    "glance_show_image",
    "glance_list_image_member_schemas",
    "glance_list_image_schemas",
    "glance_show_image_member_schemas",
    "glance_show_image_schemas",
]


def credentials(
    access: str = "demo-ak", secret: str = "demo-sk", project_id: str | None = None, security_token: str | None = None
) -> Any:
    """Credentials as the SDK has them: demo's, in the project that is the user's own, unless others are given."""
    return BasicCredentials(access, secret, project_id).with_security_token(security_token)


def connected(mock: ImsMock, *args: Any, **kwargs: Any) -> Any:
    """A client of the mock with some credentials."""
    return ImsClient.new_builder().with_credentials(credentials(*args, **kwargs)).with_endpoint(mock.url).build()


def in_region(mock: ImsMock, signer: Any, region: str = "cn-north-4") -> Any:
    """A client of the mock as of a region, which asks the identity service for the project."""
    return ImsClient.new_builder().with_credentials(signer).with_region(Region(region, mock.url)).build()


def temporary(issued: dict[str, Any]) -> Any:
    """Credentials of what the mock has given out for a while."""
    return credentials(issued["access"], issued["secret"], None, issued["security_token"])


def with_temporary(mock: ImsMock, issued: dict[str, Any]) -> Any:
    """A client of the mock with what it has given out for a while."""
    return ImsClient.new_builder().with_credentials(temporary(issued)).with_endpoint(mock.url).build()


def call(client: Any, operation: str, image_id: str = "") -> Any:
    """Call an operation."""
    return getattr(client, operation)(REQUESTS[operation](image_id))


def create(client: Any) -> Any:
    """Create image metadata."""
    return call(client, "glance_create_image_metadata")


def names(client: Any, **query: Any) -> list[str]:
    """Return the names of the images that a client lists."""
    return [image.name for image in client.glance_list_images(GlanceListImagesRequest(**query)).images]


def refusal(work: Callable[[], Any]) -> tuple[int, str, str]:
    """Return the status, the code and the text of the SDK's exception."""
    with pytest.raises(ClientRequestException) as caught:
        work()
    return caught.value.status_code, caught.value.error_code, caught.value.error_msg


def reason(mock: ImsMock) -> str:
    """Return the mock's own reason for its last response."""
    return mock.journal.calls()[-1].reason


@pytest.fixture
def client(ims_mock: ImsMock) -> Any:
    """demo's client, which knows no project id."""
    return connected(ims_mock)


@pytest.fixture
def image_id(ims_mock: ImsMock) -> str:
    """The id of an active image that demo has shared with alt, who has neither accepted nor rejected it."""
    image = ims_mock.add_image(name="web", tags=["x é"], data=b"abc", owner=DEMO, members={ALT: "pending"})
    return str(image["id"])


@pytest.fixture
def no_project_cached() -> Iterator[None]:
    """Has the SDK ask for the project of a region, which it otherwise does once for a process."""
    Credentials._CACHE.clear()
    yield
    Credentials._CACHE.clear()


# What is signed right


def test_every_operation_is_called_here() -> None:
    """The SDK has no native operation but those of this file."""
    methods = {name for name in vars(ImsClient) if name.startswith("glance_") and not name.endswith("_invoker")}
    assert methods | {"list_versions", "show_version"} == REQUESTS.keys()


def caller_of(operation: str) -> str:
    """Return who calls an operation: the owner, except where a member accepts or rejects."""
    return "alt" if operation == "glance_update_image_member" else "demo"


@pytest.mark.parametrize("operation", REQUESTS)
def test_signature(ims_mock: ImsMock, image_id: str, operation: str) -> None:
    """Every operation is honoured with the signature of an AK/SK."""
    user = caller_of(operation)
    client = connected(ims_mock, f"{user}-ak", f"{user}-sk")
    assert call(client, operation, image_id).status_code == SUCCESS.get(operation, 200)
    assert [entry.operation for entry in ims_mock.journal] == [operation]


@pytest.mark.parametrize("operation", REQUESTS)
def test_signature_with_temporary_credentials(ims_mock: ImsMock, image_id: str, operation: str) -> None:
    """Every operation is honoured with a temporary AK/SK and its security token."""
    client = with_temporary(ims_mock, ims_mock.new_temporary_credentials(caller_of(operation)))
    assert call(client, operation, image_id).status_code == SUCCESS.get(operation, 200)


@pytest.mark.parametrize("operation", NEEDS_A_CREDENTIAL)
def test_wrong_secret(ims_mock: ImsMock, image_id: str, operation: str) -> None:
    """No operation is honoured with a wrong secret, and the response shows what should have been signed."""
    before = dict(ims_mock.images[image_id])
    client = connected(ims_mock, "demo-ak", "wrong")
    status, code, text = refusal(lambda: call(client, operation, image_id))
    assert (status, code) == (401, "APIGW.0301")
    assert text.startswith(WRONG_SIGNATURE)
    assert ims_mock.images == {image_id: before}


@pytest.mark.parametrize("operation", ["list_versions", "show_version"])
def test_versions_need_no_credential(ims_mock: ImsMock, operation: str) -> None:
    """Anyone may list the versions, also with a wrong signature."""
    assert call(connected(ims_mock, "nobody", "wrong"), operation).status_code == 300


def test_signature_is_shown_as_the_gateway_has_it(ims_mock: ImsMock) -> None:
    """The text of a wrong signature is the canonical request, with | for its line breaks."""
    client = connected(ims_mock, "demo-ak", "wrong", DEMO)
    _, _, text = refusal(lambda: call(client, "glance_show_image", "a"))
    lines = text.removeprefix(WRONG_SIGNATURE).split("|")
    assert lines[:5] == [
        "GET",
        "/v2/images/a/",
        "",
        "content-type:application/json",
        f"host:{ims_mock.url.removeprefix('http://')}",
    ]
    assert lines[6] == f"x-project-id:{DEMO}"
    assert lines[8:] == [
        "",
        "content-type;host;user-agent;x-project-id;x-sdk-date",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ]


@pytest.mark.parametrize("tag", ["a b", "é ü", "日本", "50%", "a+b", "~x", "a?b#c", "a;b&c", "%41", "x" * 255])
def test_tag(client: Any, ims_mock: ImsMock, image_id: str, tag: str) -> None:
    """A tag of any characters is signed as it is, whatever its path looks like."""
    client.glance_create_tag(GlanceCreateTagRequest(image_id, tag))
    assert ims_mock.images[image_id]["tags"] == ["x é", tag]
    client.glance_delete_tag(GlanceDeleteTagRequest(image_id, tag))
    assert ims_mock.images[image_id]["tags"] == ["x é"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "Grüße 日本"}, ["Grüße 日本"]),
        ({"name": "a.b-c_d 1"}, ["a.b-c_d 1"]),
        ({"tag": "k=v"}, ["a.b-c_d 1"]),
        ({"tag": "é 50%&+~?#"}, ["Grüße 日本"]),
        ({"name": "a&b=c/d+e%20f~g*h'i\"j?k#l"}, []),
        ({"name": ""}, []),
        ({"protected": True}, []),
        ({"protected": False, "sort_key": "name", "sort_dir": "asc", "limit": 1}, ["Grüße 日本"]),
        ({"created_at": "gte:2016-06-02T07:49:48Z", "sort_key": "name", "limit": 1}, ["a.b-c_d 1"]),
    ],
)
def test_query(client: Any, ims_mock: ImsMock, query: dict[str, Any], found: list[str]) -> None:
    """A query of any characters is signed as it is."""
    ims_mock.add_image(name="Grüße 日本", tags=["é 50%&+~?#"])
    ims_mock.add_image(name="a.b-c_d 1", tags=["k.v"])
    assert names(client, **query) == found


def test_empty_bodies(client: Any, ims_mock: ImsMock) -> None:
    """A body without attributes and one that is not there are signed too; the latter is no create all the same."""
    empty = GlanceCreateImageMetadataRequestBody()
    assert client.glance_create_image_metadata(GlanceCreateImageMetadataRequest(empty)).status_code == 201
    missing = GlanceCreateImageMetadataRequest()
    assert refusal(lambda: client.glance_create_image_metadata(missing))[:2] == (400, "IMG.0007")


def test_asynchronous_client(ims_mock: ImsMock) -> None:
    """The SDK's other client, which returns futures, signs in the same way."""
    builder = ImsAsyncClient.new_builder().with_credentials(credentials())
    client = builder.with_endpoint(ims_mock.url).build()
    request = REQUESTS["glance_create_image_metadata"]("")
    assert client.glance_create_image_metadata_async(request).result().owner == DEMO


@pytest.mark.parametrize("value", ["é 日本", "à", "a  b", "a,b;c=d", ""])
def test_header_of_ones_own(client: Any, value: str) -> None:
    """A header that the caller adds is signed, of whatever characters it is."""
    invoker = client.glance_list_images_invoker(GlanceListImagesRequest())
    invoker.add_header("X-Note", value)
    assert invoker.invoke().status_code == 200


# Projects


@pytest.mark.parametrize(
    ("user", "project_id"), [("demo", DEMO), ("alt", ALT), ("admin", ADMIN)], ids=["demo", "alt", "admin"]
)
def test_own_project(ims_mock: ImsMock, user: str, project_id: str) -> None:
    """Without a project id, an AK works in the project of its user."""
    assert create(connected(ims_mock, f"{user}-ak", f"{user}-sk")).owner == project_id


def test_wrong_project(ims_mock: ImsMock) -> None:
    """A project in which the user has no role is 403, by the gateway."""
    assert refusal(lambda: create(connected(ims_mock, "demo-ak", "demo-sk", ALT))) == (
        403,
        "APIGW.0302",
        "The IAM user is not authorized to access the API.",
    )
    assert reason(ims_mock) == f"X-Project-Id: demo has no role in {ALT}, only in {DEMO}"
    assert ims_mock.images == {}


def test_user_of_two_projects(ims_mock: ImsMock) -> None:
    """A user with a role in each of two projects may in each what that role lets it."""
    ims_mock.add_accounts(users=[{"name": "ci", "roles": {"demo": ["member"], "alt": ["reader"]}}])
    assert create(connected(ims_mock, "ci-ak", "ci-sk", DEMO)).owner == DEMO
    assert names(connected(ims_mock, "ci-ak", "ci-sk", ALT)) == []
    assert refusal(lambda: create(connected(ims_mock, "ci-ak", "ci-sk", ALT))) == (403, "IMG.0026", NO_ROLE)


def test_isolation(ims_mock: ImsMock) -> None:
    """A private image is neither listed nor shown to a user of another project."""
    private = create(connected(ims_mock)).id
    alt = connected(ims_mock, "alt-ak", "alt-sk")
    assert names(alt) == []
    assert refusal(lambda: call(alt, "glance_show_image", private)) == (
        404,
        "IMG.0144",
        "The image does not exist.",
    )


# Regions, whose project the identity service knows


@pytest.mark.parametrize(
    ("user", "project_id"), [("demo", DEMO), ("alt", ALT), ("demo_reader", DEMO)], ids=["demo", "alt", "demo_reader"]
)
@pytest.mark.usefixtures("ims_mock_env", "no_project_cached")
def test_region(ims_mock: ImsMock, user: str, project_id: str) -> None:
    """For a region the SDK asks, signed, for the project that has its name, and works in that."""
    client = in_region(ims_mock, credentials(f"{user}-ak", f"{user}-sk"))
    assert names(client) == []
    assert [entry.operation for entry in ims_mock.journal] == ["keystone_list_projects", "glance_list_images"]
    assert ims_mock.journal.calls()[-1].project_id == project_id


@pytest.mark.usefixtures("ims_mock_env", "no_project_cached")
def test_region_with_temporary_credentials(ims_mock: ImsMock) -> None:
    """Temporary credentials are honoured by the identity service too."""
    assert create(in_region(ims_mock, temporary(ims_mock.new_temporary_credentials("alt")))).owner == ALT


@pytest.mark.usefixtures("ims_mock_env", "no_project_cached")
def test_region_that_is_another(ims_mock: ImsMock) -> None:
    """A region of another name has no project, and the SDK says so when the client is made."""
    with pytest.raises(SdkException, match="Failed to get project id of region 'cn-north-1'"):
        in_region(ims_mock, credentials(), "cn-north-1")


@pytest.mark.ims_mock(region="eu-west-101")
@pytest.mark.usefixtures("ims_mock_env", "no_project_cached")
def test_region_that_is_set(ims_mock: ImsMock) -> None:
    """The mock is of the region that a test sets."""
    assert create(in_region(ims_mock, credentials(), "eu-west-101")).owner == DEMO


@pytest.mark.usefixtures("ims_mock_env", "no_project_cached")
def test_region_with_a_wrong_secret(ims_mock: ImsMock) -> None:
    """The identity service refuses a wrong secret as the image service does, and the SDK shows its response."""
    with pytest.raises(SdkException, match=r"status_code:401.*error_code:APIGW\.0301.*verify aksk signature fail"):
        in_region(ims_mock, credentials("demo-ak", "wrong"))


@pytest.mark.usefixtures("ims_mock_env")
def test_environment_alone(ims_mock: ImsMock) -> None:
    """With the variables of the environment, a program that names nothing but its region reaches the mock."""
    client = ImsClient.new_builder().with_region(ImsRegion.value_of("cn-north-4")).build()
    assert create(client).owner == DEMO
    assert [entry.operation for entry in ims_mock.journal] == ["glance_create_image_metadata"]


# Wrong keys


def test_unknown_access_key(ims_mock: ImsMock) -> None:
    """An AK that nobody has is 401, and named."""
    assert refusal(lambda: create(connected(ims_mock, "nobody-ak", "demo-sk"))) == (
        401,
        "APIGW.0301",
        UNAUTHORIZED + "ak nobody-ak not exist",
    )


def test_no_signature(client: Any) -> None:
    """An Authorization of another kind, with which the SDK does not sign, is 401."""
    invoker = client.glance_list_images_invoker(GlanceListImagesRequest())
    invoker.add_header("Authorization", "Bearer abc")
    assert refusal(invoker.invoke) == (401, "APIGW.0301", UNAUTHORIZED + "Unauthorized")


def test_token_counts_before_a_signature(client: Any, ims_mock: ImsMock) -> None:
    """A request with a token beside its signature is judged by the token."""
    invoker = client.glance_create_image_metadata_invoker(REQUESTS["glance_create_image_metadata"](""))
    invoker.add_header("X-Auth-Token", ims_mock.new_token("alt"))
    assert invoker.invoke().owner == ALT
    invoker.add_header("X-Auth-Token", "forged")
    assert refusal(invoker.invoke) == (401, "APIGW.0301", UNAUTHORIZED + "decrypt token fail")


# Requests that were changed on their way


def signed(
    mock: ImsMock, method: str, path: str, content_type: str, body: str = "", query: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """A request with the headers of the SDK's signer, as requests takes it."""
    headers = {"Content-Type": content_type, "User-Agent": "test", "X-Project-Id": DEMO}
    host = mock.url.removeprefix("http://")
    Signer(credentials()).sign(SdkRequest(method, "http", host, path, None, list(query), headers, body))
    return {
        "method": method,
        "url": mock.url + path,
        "params": list(query),
        "headers": headers,
        "data": body,
        "timeout": 10,
    }


def signed_delete(mock: ImsMock, image_id: str) -> dict[str, Any]:
    """A delete with a body, signed."""
    return signed(mock, "DELETE", f"/v2/images/{image_id}", "application/json", '{"delete_backup": true}')


def test_unchanged(ims_mock: ImsMock, image_id: str) -> None:
    """A request that arrives as it was signed is honoured, and so is a header that nobody has signed."""
    request = signed_delete(ims_mock, image_id)
    request["headers"]["Accept-Language"] = "en"
    assert requests.request(**request).status_code == 204


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"url": "/v2/images/0f000000-0000-4000-8000-000000000001"},
        {"query": "?delete_backup=true"},
        {"data": '{"delete_backup": false}'},
        {"data": '{"delete_backup":true}'},
        {"data": ""},
        {"headers": {"Content-Type": "application/json;charset=utf-8"}},
        {"headers": {"User-Agent": "changed"}},
        {"headers": {"X-Project-Id": ALT}},
        {"headers": {"Host": "ims.cn-north-4.myhuaweicloud.com"}},
        {"headers": {"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}},
    ],
    ids=lambda change: "-".join(map(str, next(iter(change.items())))),
)
def test_changed(ims_mock: ImsMock, image_id: str, change: dict[str, Any]) -> None:
    """A request that differs in one thing from what was signed is 401, and does nothing."""
    request = signed_delete(ims_mock, image_id)
    request["headers"] |= change.get("headers", {})
    request["url"] = (ims_mock.url + change["url"] if "url" in change else request["url"]) + change.get("query", "")
    request |= {name: change[name] for name in ("method", "data") if name in change}
    response = requests.request(**request)
    assert (response.status_code, response.json()["error_code"]) == (401, "APIGW.0301")
    assert response.json()["error_msg"].startswith(WRONG_SIGNATURE)
    assert list(ims_mock.images) == [image_id]


def test_header_that_was_taken_away(ims_mock: ImsMock, image_id: str) -> None:
    """A signed header that does not arrive is 401."""
    request = signed_delete(ims_mock, image_id)
    del request["headers"]["X-Project-Id"]
    response = requests.request(**request)
    assert (response.status_code, response.json()["error_msg"]) == (401, UNAUTHORIZED + "verify aksk signature fail")
    assert (
        response.headers["X-IMS-Mock-Reason"]
        == "SignedHeaders: must name headers of the request, and it has no x-project-id"
    )


def test_time_that_was_changed(ims_mock: ImsMock, image_id: str) -> None:
    """A signature is good for its own second alone."""
    request = signed_delete(ims_mock, image_id)
    signed_at = request["headers"]["X-Sdk-Date"]
    request["headers"]["X-Sdk-Date"] = signed_at[:-2] + ("1Z" if signed_at[-2] == "0" else "0Z")
    assert requests.request(**request).json()["error_msg"].startswith(WRONG_SIGNATURE)


def test_body_of_another_media_type_is_not_signed(ims_mock: ImsMock, image_id: str) -> None:
    """The SDK signs no body but JSON's, so that one of a PATCH can be changed on its way."""
    media_type = "application/openstack-images-v2.1-json-patch"
    request = signed(ims_mock, "PATCH", f"/v2/images/{image_id}", media_type, "[]")
    assert request["headers"]["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    request["data"] = json.dumps([{"op": "replace", "path": "/name", "value": "db"}])
    assert requests.request(**request).json()["name"] == "db"


def test_missing_body_of_another_media_type_is_signed(ims_mock: ImsMock, image_id: str) -> None:
    """That there is no body is signed, whatever the media type: 400 for the update that is missing, and not 401."""
    media_type = "application/openstack-images-v2.1-json-patch"
    request = signed(ims_mock, "PATCH", f"/v2/images/{image_id}", media_type)
    assert request["headers"]["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    assert requests.request(**request).status_code == 400
    request["data"] = "[]"
    assert requests.request(**request).status_code == 401


def test_order_of_a_query_is_not_signed(ims_mock: ImsMock, image_id: str) -> None:
    """A query is signed in the order of its names and values, and may be sent in another."""
    query = [("tag", "x é"), ("name", "web"), ("limit", "5")]
    response = requests.request(**signed(ims_mock, "GET", "/v2/images", "application/json", query=query))
    assert ims_mock.journal.calls()[-1].path == "/v2/images?tag=x+%C3%A9&name=web&limit=5"
    assert [image["id"] for image in response.json()["images"]] == [image_id]


def test_upload(ims_mock: ImsMock) -> None:
    """A file, which the SDK itself does not send, is taken with its signature."""
    image = ims_mock.add_image(name="web")
    request = signed(ims_mock, "PUT", f"{image['self']}/file", "application/octet-stream", "abc")
    assert requests.request(**request).status_code == 204
    assert ims_mock.images[image["id"]]["checksum"] == "900150983cd24fb0d6963f7d28e17f72"


# Clocks


@pytest.mark.parametrize("minutes", [0, 14])
def test_clocks_that_differ_a_little(client: Any, ims_mock: ImsMock, minutes: int) -> None:
    """A signature that is a few minutes old by the mock's clock is honoured."""
    ims_mock.clock.advance(minutes * 60)
    assert create(client).status_code == 201


def test_clocks_that_differ(client: Any, ims_mock: ImsMock) -> None:
    """A signature that is 16 minutes old by the mock's clock is 401, and the reason says what the clocks are."""
    ims_mock.clock.advance(16 * 60)
    assert refusal(lambda: create(client)) == (401, "APIGW.0301", UNAUTHORIZED + "verify aksk signature fail")
    assert "is more than 15 minutes from the mock's clock" in reason(ims_mock)


def list_signed_at(client: Any, signed_at: str) -> Any:
    """List images with a signature of another time than the real one."""
    invoker = client.glance_list_images_invoker(GlanceListImagesRequest())
    invoker.add_header("X-Sdk-Date", signed_at)
    return invoker.invoke()


@pytest.mark.ims_mock(start="2016-06-02T08:00:00Z")
@pytest.mark.parametrize("signed_at", ["20160602T074500Z", "20160602T080000Z", "20160602T081500Z"])
def test_most_by_which_clocks_differ(client: Any, signed_at: str) -> None:
    """A signature may be 15 minutes old by the mock's clock, or that early."""
    assert list_signed_at(client, signed_at).status_code == 200


@pytest.mark.ims_mock(start="2016-06-02T08:00:00Z")
@pytest.mark.parametrize("signed_at", ["20160602T074459Z", "20160602T081501Z"])
def test_more_than_clocks_may_differ(client: Any, signed_at: str) -> None:
    """A second more than 15 minutes is 401, whether it is late or early."""
    wrong = (401, "APIGW.0301", UNAUTHORIZED + "verify aksk signature fail")
    assert refusal(lambda: list_signed_at(client, signed_at)) == wrong


# Temporary credentials


def test_temporary_credentials_expire(ims_mock: ImsMock) -> None:
    """Temporary credentials are good until their time is over by the mock's clock."""
    client = with_temporary(ims_mock, ims_mock.new_temporary_credentials(lifetime=600))
    ims_mock.clock.advance(599)
    assert create(client).owner == DEMO
    ims_mock.clock.advance(1)
    assert refusal(lambda: create(client)) == (401, "APIGW.0301", UNAUTHORIZED + "Get secretKey failed")
    assert reason(ims_mock) == "X-Security-Token: the temporary credentials have expired by the mock's clock"


@pytest.mark.parametrize("security_token", [None, "another"])
def test_temporary_credentials_need_their_token(ims_mock: ImsMock, security_token: str | None) -> None:
    """A temporary AK/SK is nothing without the security token that came with it."""
    issued = ims_mock.new_temporary_credentials()
    client = connected(ims_mock, issued["access"], issued["secret"], None, security_token)
    assert refusal(lambda: create(client)) == (401, "APIGW.0301", UNAUTHORIZED + "Get secretKey failed")


def test_security_token_of_others(ims_mock: ImsMock) -> None:
    """Temporary credentials do not work with the security token of others, be they the same user's."""
    one, other = (ims_mock.new_temporary_credentials() for _ in range(2))
    client = connected(ims_mock, one["access"], one["secret"], None, other["security_token"])
    assert refusal(lambda: create(client))[2] == UNAUTHORIZED + "Get secretKey failed"


def test_security_token_is_not_shown(ims_mock: ImsMock) -> None:
    """The response to a wrong signature does not repeat the security token."""
    issued = ims_mock.new_temporary_credentials()
    client = connected(ims_mock, issued["access"], "wrong", None, issued["security_token"])
    _, _, text = refusal(lambda: create(client))
    assert "|x-security-token:***|" in text
    assert issued["security_token"] not in text + reason(ims_mock)


def test_temporary_credentials_in_a_wrong_project(ims_mock: ImsMock) -> None:
    """Temporary credentials open no project that their user has no role in."""
    issued = ims_mock.new_temporary_credentials("demo")
    client = connected(ims_mock, issued["access"], issued["secret"], ALT, issued["security_token"])
    assert refusal(lambda: create(client))[:2] == (403, "APIGW.0302")


# Keys that are locked


def fail(mock: ImsMock, times: int) -> list[str]:
    """Send some requests in a row with demo's AK and a wrong SK, and return the texts of the responses."""
    wrong = connected(mock, "demo-ak", "wrong")
    return [refusal(lambda: create(wrong))[2] for _ in range(times)]


def test_lock(client: Any, ims_mock: ImsMock) -> None:
    """After more than 5 wrong signatures in a row an AK is locked, for right ones too, and no other AK is."""
    assert all(text.startswith(WRONG_SIGNATURE) for text in fail(ims_mock, 6))
    assert fail(ims_mock, 1) == [LOCKED]
    assert refusal(lambda: create(client)) == (401, "APIGW.0301", LOCKED)
    assert create(connected(ims_mock, "alt-ak", "alt-sk")).status_code == 201


def test_lock_ends(client: Any, ims_mock: ImsMock) -> None:
    """A locked AK is free 5 minutes after the last wrong signature, by the mock's clock."""
    fail(ims_mock, 6)
    ims_mock.clock.advance(299)
    assert refusal(lambda: create(client))[2] == LOCKED
    ims_mock.clock.advance(1)
    assert create(client).status_code == 201


def test_right_signature_between_wrong_ones(client: Any, ims_mock: ImsMock) -> None:
    """5 wrong signatures do not lock an AK, and a right one is the end of the row."""
    for _ in range(3):
        fail(ims_mock, 5)
        assert create(client).status_code == 201


# Permissions


@pytest.mark.parametrize("operation", READER_MAY)
def test_reader_may(ims_mock: ImsMock, image_id: str, operation: str) -> None:
    """A reader may list and show."""
    reader = connected(ims_mock, "demo_reader-ak", "demo_reader-sk")
    assert call(reader, operation, image_id).status_code == 200


@pytest.mark.parametrize("operation", [name for name in NEEDS_A_CREDENTIAL if name not in READER_MAY])
def test_reader_may_not(ims_mock: ImsMock, image_id: str, operation: str) -> None:
    """A reader may do nothing else: 403, and nothing has happened."""
    before = dict(ims_mock.images[image_id])
    reader = connected(ims_mock, "demo_reader-ak", "demo_reader-sk")
    assert refusal(lambda: call(reader, operation, image_id)) == (403, "IMG.0026", NO_ROLE)
    assert ims_mock.images == {image_id: before}


@pytest.mark.parametrize("action", ["ims:images:create", "ims:images:*", "ims:*:create"])
def test_deny(client: Any, ims_mock: ImsMock, action: str) -> None:
    """An action that a test denies, by itself or with others, is 403 until it is allowed again."""
    with ims_mock.deny(action):
        assert refusal(lambda: create(client)) == (403, "IMG.0026", NO_ROLE)
        assert reason(ims_mock) == "the action ims:images:create is denied by a test"
    assert create(client).status_code == 201


def test_deny_one_user(client: Any, ims_mock: ImsMock) -> None:
    """An action is denied to one user, whatever the credentials, and to no other."""
    ims_mock.deny("ims:images:list", user="demo")
    assert refusal(lambda: names(client))[:2] == (403, "IMG.0026")
    client = with_temporary(ims_mock, ims_mock.new_temporary_credentials("demo"))
    assert refusal(lambda: names(client))[:2] == (403, "IMG.0026")
    assert names(connected(ims_mock, "demo_reader-ak", "demo_reader-sk")) == []


def test_policy(client: Any, ims_mock: ImsMock, image_id: str) -> None:
    """The policy names the actions of all that was asked for, and no others."""
    names(client)
    call(client, "glance_create_tag", image_id)
    assert ims_mock.policy()["Statement"][0]["Action"] == ["ims:images:get", "ims:images:list", "ims:images:update"]
