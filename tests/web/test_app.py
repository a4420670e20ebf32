"""What Flask routes, and what it does not."""

from __future__ import annotations

import http.client

import pytest

from ims_mock import ImsMock
from ims_mock.web.app import create_app
from tests.conftest import Api


def test_apps_share_their_routes_alone() -> None:
    """Each app serves its own service, under the routes that all of them have."""
    first, second = Api(seed=1), Api(seed=2)
    assert create_app(first.service).url_map is create_app(second.service).url_map
    path = f"/v2/images/{first.create()['id']}"
    assert [api("GET", path).status_code for api in (first, second)] == [200, 404]
    assert [api("GET", "/_ims_mock/health").get_json()["seed"] for api in (first, second)] == [1, 2]


def test_unknown_route(api: Api) -> None:
    """An unknown route is the gateway's 404, and the reason has the nearest one."""
    response = api("GET", "/v2/image")
    assert response.status_code == 404
    assert response.get_json() == {
        "error_code": "APIGW.0101",
        "error_msg": "The API does not exist or has not been published in the environment.",
        "request_id": response.headers["X-Request-Id"],
    }
    assert response.headers["X-IMS-Mock-Reason"] == "no route has the path /v2/image; the nearest is /v2/images"


def test_unknown_route_that_is_long(api: Api) -> None:
    """A path of 60 kB is cut in the reason, and is not compared with routes."""
    response = api("GET", "/v2/images/" + "x/" * 30_000)
    assert response.status_code == 404
    assert response.headers["X-IMS-Mock-Reason"] == f"no route has the path /v2/images/{'x/' * 144}x..."


def test_method_of_another_api(api: Api) -> None:
    """A method that a path has elsewhere alone is said to be of there."""
    response = api("PATCH", "/v3/projects/x")
    assert response.status_code == 405
    assert response.headers["X-IMS-Mock-Reason"] == (
        "PATCH is not served on /v3/projects/x; use GET, HEAD, OPTIONS; PATCH /v3/projects/{project_id} is "
        '"update a project", an operation of the identity service that the mock does not serve'
    )


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v2/images", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/v2/images/x", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("FOO", "/v2/schemas/image", "GET, HEAD, OPTIONS"),
        ("POST", "/v2/images/x/file", "GET, HEAD, OPTIONS, PUT"),
    ],
)
def test_wrong_method(api: Api, method: str, path: str, allow: str) -> None:
    """A method that the route does not have is 405, with those that it has."""
    response = api(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allow)
    assert response.get_json()["error_code"] == "APIGW.0201"
    assert response.headers["X-IMS-Mock-Reason"] == f"{method} is not served on {path}; use {allow}"


@pytest.mark.parametrize("path", ["/", "/v2/images", "/v2/images/x/file"])
def test_options(api: Api, path: str) -> None:
    """OPTIONS says which methods a path has, to anybody, and has an entry in the journal."""
    response = api("OPTIONS", path, X_Auth_Token="")
    allow = {"/": "GET, HEAD, OPTIONS", "/v2/images": "GET, HEAD, OPTIONS, POST"}
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Allow"] == allow.get(path, "GET, HEAD, OPTIONS, PUT")
    assert [entry.status for entry in api.service.journal] == [200]


def test_options_of_a_path_that_another_route_matches_too(api: Api) -> None:
    """The methods are those of the route that is the path itself."""
    assert api("OPTIONS", "/v1.1/images/detail").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert api("OPTIONS", "/v1.1/images/x").headers["Allow"] == "DELETE, OPTIONS"


def test_options_of_the_server(ims_mock: ImsMock) -> None:
    """`OPTIONS *` asks for what is served anywhere (RFC 9110 section 9.3.7)."""
    connection = http.client.HTTPConnection(ims_mock.url.removeprefix("http://"), timeout=10)
    connection.request("OPTIONS", "*")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    connection.close()


def test_options_of_an_unknown_route(api: Api) -> None:
    """OPTIONS of what is not there is 404."""
    assert api("OPTIONS", "/v2/nope").status_code == 404


def test_head_has_the_headers_of_get(api: Api) -> None:
    """HEAD returns what GET would, without the body."""
    path = f"/v2/images/{api.create()['id']}"
    head, get = api("HEAD", path), api("GET", path)
    assert head.data == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.data))


@pytest.mark.parametrize("host", ["a b", "x\u00e9", "evil.example/path?"])
def test_odd_host_does_not_reach_location(api: Api, host: str) -> None:
    """A Host that is no host name is not repeated."""
    response = api("POST", "/v2/images", {}, Host=host)
    assert response.headers["Location"].startswith("http://localhost:80/v2/images/")


def test_every_response_has_a_request_id_and_the_mocks_date(api: Api) -> None:
    """X-Request-Id is 32 hexadecimal digits and new each time; Date is the mock's time."""
    responses = [api("GET", "/v2/images"), api("GET", "/nope"), api("PUT", "/v2/images"), api("GET", "/v2/images/x")]
    ids = {response.headers["X-Request-Id"] for response in responses}
    assert len(ids) == 4
    assert all(len(request_id) == 32 and int(request_id, 16) >= 0 for request_id in ids)
    assert {response.headers["Date"] for response in responses} == {"Thu, 02 Jun 2016 07:49:48 GMT"}


@pytest.mark.parametrize(("path", "place"), [("/v2/images/{id}", "body"), ("/v2/images", "/images/0")])
def test_attribute_that_a_test_has_removed(api: Api, path: str, place: str) -> None:
    """The reason names the image, what it lacks, and what to do."""
    image_id = api.create()["id"]
    del api.images[image_id]["status"]
    response = api("GET", path.format(id=image_id))
    reason = response.headers["X-IMS-Mock-Reason"]
    assert response.status_code == 500
    assert reason.startswith(f"what is stored of '{image_id}' breaks schemas/operations/images/")
    assert f'{place}: must have "status", got' in reason
    assert "; put back what a test has changed or removed; if no test has, it is an error of the mock" in reason


def test_defect_of_the_mock_is_500(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """A record that breaks the contract is reported as such, by its pointer; a broken one is reported too."""
    image = api.create()
    path = f"/v2/images/{image['id']}"
    image_of_test = api.images[image["id"]]
    image_of_test["status"] = "melted"
    response = api("GET", path)
    assert (response.status_code, response.get_json()["error"]["code"]) == (500, "IMG.0061")
    assert "breaks schemas/operations/images/glance_show_image.json: /status" in response.headers["X-IMS-Mock-Reason"]
    image_of_test["tags"] = None
    response = api("PUT", f"{path}/tags/a")
    assert response.status_code == 500
    assert "unexpected TypeError in the mock: " in response.headers["X-IMS-Mock-Reason"]
    assert "Traceback" in caplog.text


def test_query_that_is_not_encoded(api: Api) -> None:
    """Bytes that should have been percent-encoded are read as if they were."""
    api.create(name="\u00e9")
    environ = {"REQUEST_METHOD": "GET", "QUERY_STRING": "name=\xc3\xa9", "HTTP_X_AUTH_TOKEN": "t"}
    response = api._client.open("/v2/images", environ_overrides=environ)
    assert [image["name"] for image in response.get_json()["images"]] == ["\u00e9"]
