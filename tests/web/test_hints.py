"""What the reason of an unknown route says: what the path is elsewhere, or which route is nearest."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest

from ims_mock.contract import schema_files
from ims_mock.contract.operations import load_contract
from ims_mock.web.hints import LONGEST, elsewhere, hint_for, methods_of

IMAGE = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"
PROJECT = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v2/image", "/v2/images"),
        ("/v2/images/", "/v2/images"),
        ("/images", "/v2/images"),
        (f"/v2/{PROJECT}/images", "/v2/images"),
        ("/v2/schemas/imgae", "/v2/schemas/image"),
        ("/v1/cloudimages/job/", "/v1/cloudimages/job/{job_id}"),
        ("/v1/cloudimages/job", "/v1/cloudimages/job/{job_id}"),
        ("/v3/tokens", "/v3/auth/tokens"),
        ("/v3/auth/tokens/", "/v3/auth/tokens"),
        ("/_ims_mock/helth", "/_ims_mock/health"),
        ("/_ims_mok/health", "/_ims_mock/health"),
        ("/_ims_mock/fault/7", "/_ims_mock/faults/{id}"),
        ("/_ims_mock/snapshot/before/restore", "/_ims_mock/snapshots/{name}/restore"),
        (f"/v2/image/{IMAGE}", "/v2/images/{image_id}"),
        (f"/v2/images/{IMAGE}/fiel", "/v2/images/{image_id}/file"),
        ("/v2/images/my image/tag/hunter2", "/v2/images/{image_id}/tags/{tag}"),
        ("/v1/jobs", "/v1/{project_id}/jobs/{job_id}"),
        ("/v1/job/abc", "/v1/cloudimages/job/{job_id}"),
        ("/v2/tag", "/v2/{project_id}/images/tags"),
        ("/v2/tags", "/v2/{project_id}/images/tags"),
        ("/v1/tags", "/v1/cloudimages/tags"),
        ("/v2/cloudimages/tags", "/v1/cloudimages/tags"),
        ("/v1/members", "/v1/cloudimages/members"),
        ("/v1/quotas", "/v1/cloudimages/quota"),
        ("/v2/quota", "/v1/cloudimages/quota"),
        ("/v1/cloudimages/", "/v2/cloudimages"),
        ("/v1/cloudimages/abc", "/v2/cloudimages/{image_id}"),
        ("/v2/os-versions", "/v1/cloudimages/os_version"),
        ("/versons", "/versions"),
        ("/_ims_mok", "/_ims_mock/"),
        ("/_ims_mok/", "/_ims_mock/"),
        (f"/v2/images/{IMAGE}/member/{PROJECT}", "/v2/images/{image_id}/members/{member_id}"),
    ],
)
def test_nearest_route(path: str, near: str) -> None:
    """The nearest route has the names of its parameters, and nothing of the path in their place."""
    assert hint_for("GET", path) == f"; the nearest is {near}"


@pytest.mark.parametrize(
    "path",
    [
        "/x",
        "/nope",
        "/favicon.ico",
        "/v2/servers",
        "/v2/volumes",
        "/v2/flavors/x",
        "/wp-login.php",
        "/v2/images/a/b/c/d/e/f/g",
    ],
)
def test_nothing_is_near(path: str) -> None:
    """A path that is like no route gets no hint."""
    assert hint_for("GET", path) == ""


@pytest.mark.parametrize("path", ["/_ims_mock", "/_ims_mock/", "/_ims_mock/xyz"])
def test_nothing_of_the_control_api_is_near(path: str) -> None:
    """A path of the mock's own API that is like none of its routes is shown where they are listed."""
    assert hint_for("GET", path) == "; GET /_ims_mock/control.json shows them all"


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("POST", f"/v2/images/{IMAGE}/actions/deactivate", "POST /v2/images/{image_id}/actions/deactivate is"),
        ("GET", "/v2/tasks", 'GET /v2/tasks is "list tasks", an operation of Glance that IMS does not have'),
        (
            "GET",
            "/v3/users/x/projects",
            'GET /v3/users/{user_id}/projects is "list the projects of a user", an operation',
        ),
        ("GET", "/v2/info/stores/detail", "GET /v2/info/stores/detail is"),
    ],
)
def test_operation_of_elsewhere(method: str, path: str, hint: str) -> None:
    """A path that Glance or the identity service has elsewhere is named, by its own method where it has that."""
    assert hint_for(method, path).startswith(f"; {hint}")


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        (f"/v2/v2/images/{IMAGE}", "/v2", "/v2"),
        ("/v2/v2/images", "/v2", "/v2"),
        ("/v2.0/v2/images", "/v2.0", "/v2"),
        ("/v3/v3/auth/tokens", "/v3", "/v3"),
        ("/v2/v2/cloudimages", "/v2", "/v2"),
        ("/v2/v3/auth/tokens", "/v2", "/v3"),
        ("/v2/v2/nope", "/v2", "/v2"),
        ("/v2/v2/cloudimage", "/v2", "/v2"),
        ("/v1/v2/nope/nope", "/v1", "/v2"),
    ],
)
def test_doubled_prefix(path: str, first: str, second: str) -> None:
    """A version twice is what comes of an endpoint with a version, and a client that adds it."""
    text = f"; it begins with a version twice, {first} and {second}; leave out the first"
    cause = f"the endpoint of the client ends in {first}, and the client adds {second} itself"
    assert hint_for("GET", path) == f"{text}: {cause}"


@pytest.mark.parametrize(
    ("path", "left_out", "served"),
    [
        ("/image/v2/images", "/image", "/v2/images"),
        ("/identity/v3", "/identity", "/v3"),
        (f"/v2/images/v2/images/{IMAGE}", "/v2/images", f"/v2/images/{IMAGE}"),
    ],
)
def test_something_before_a_route(path: str, left_out: str, served: str) -> None:
    """A route behind something else is said to be one."""
    assert hint_for("GET", path) == f"; leave out {left_out}, the mock serves {served}"


@pytest.mark.parametrize("path", ["//v2/images", "/v2//images", f"/v2/images//{IMAGE}"])
def test_empty_part(path: str) -> None:
    """Two slashes in a row are another path."""
    assert hint_for("GET", path) == "; it has an empty part; leave out one of the slashes"


@pytest.mark.parametrize(
    "path", ["/v2/image" + "/x" * 30_000, "/v2/" + "x" * 60_000, "/" * 60_000, "/v2/image" + "s" * 300]
)
def test_long_path(path: str) -> None:
    """A path that is longer than any route is not compared."""
    assert len(path) > LONGEST
    assert hint_for("GET", path) == elsewhere("GET", path) == ""


def test_nothing_of_elsewhere_is_served() -> None:
    """An operation that the mock serves is never said to be elsewhere, also where the list has it."""
    for operation in load_contract().operations.values():
        assert f"{operation.method} {operation.path} is" not in elsewhere(operation.method, operation.path)
    apis = schema_files.read("elsewhere.json")["apis"]
    listed = [(item["method"], item["path"]) for api in apis for item in api["operations"]]
    assert len(listed) == len(set(listed))
    assert [api["api"] for api in apis] == ["Glance", "IAM", "other services"]


@pytest.mark.slow
def test_every_operation_of_the_sdk_is_known() -> None:
    """Each request that the installed SDK can make is served, or its reason names it as one that is not served here."""
    source = inspect.getsource(import_module("huaweicloudsdkims.v2.ims_client"))
    requests = re.findall(r'"method": "(\w+)",\s*"resource_path": "([^"]+)"', source)
    assert len(requests) > 50
    for method, template in requests:
        path = re.sub(r"\{\w+\}", PROJECT, template)
        assert method in methods_of(path) or elsewhere(method, path), f"{method} {template}"


def test_operation_of_another_service() -> None:
    """A call to another service that Terraform can do without is named, and not taken for a route of IMS."""
    hint = '; GET /v1.0/{project_id}/kms/{key_id}/tags is "list the tags of a key", '
    text = "an operation of another service that the mock does not serve"
    assert hint_for("GET", f"/v1.0/{'0' * 32}/kms/{IMAGE}/tags") == hint + text
