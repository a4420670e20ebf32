"""The versions of the API, by their operations, without a socket."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Api

ANONYMOUS = {"X_Auth_Token": ""}


def version(version_id: str, status: str, path: str, root: str = "http://localhost") -> dict[str, Any]:
    """Return a version as it is listed."""
    return {"status": status, "id": version_id, "links": [{"href": f"{root}{path}", "rel": "self"}]}


V2 = [version("v2.2", "CURRENT", "/v2/"), version("v2.1", "SUPPORTED", "/v2/"), version("v2.0", "SUPPORTED", "/v2/")]
V1 = [version("v1.1", "DEPRECATED", "/v1/"), version("v1.0", "DEPRECATED", "/v1/")]


# list_versions, glance_list_versions


@pytest.mark.parametrize(("path", "status"), [("/", 300), ("/versions", 200)])
def test_versions_are_the_documented_ones(api: Api, path: str, status: int) -> None:
    """Every version is listed, newest first; as IMS does with a status 300, as Glance does with 200."""
    response = api("GET", path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    assert response.get_json() == {"versions": [*V2, *V1]}


# show_version


@pytest.mark.parametrize("expected", [*V2, *V1], ids=lambda expected: expected["id"])
def test_one_version(api: Api, expected: dict[str, Any]) -> None:
    """A whole version is shown alone, with a status 300."""
    response = api("GET", f"/{expected['id']}")
    assert response.status_code == 300
    assert response.get_json() == {"versions": [expected]}


@pytest.mark.parametrize(("path", "versions"), [("/v2", V2), ("/v1", V1)])
def test_major_version(api: Api, path: str, versions: list[dict[str, Any]]) -> None:
    """A major version is shown as all of its minor ones."""
    response = api("GET", path)
    assert response.status_code == 300
    assert response.get_json() == {"versions": versions}


@pytest.mark.parametrize("path", ["/v4", "/v2.3", "/v2.", "/v", "/v22", "/V2", "/2", "/v1.1.0", "/version", "/v2%20"])
def test_unknown_version_is_404(api: Api, path: str) -> None:
    """What is no version is no route either."""
    response = api("GET", path)
    assert (response.status_code, response.get_json()["error_code"]) == (404, "APIGW.0101")


@pytest.mark.parametrize("name", ["v2", "v1", "v2.2", "v2.1", "v2.0", "v1.1", "v1.0"])
def test_slash_behind_a_version(api: Api, name: str) -> None:
    """A version is shown with a slash behind it too, and no redirection leads away from it."""
    bare, slashed = api("GET", f"/{name}"), api("GET", f"/{name}/", **ANONYMOUS)
    assert (slashed.status_code, slashed.get_json()) == (300, bare.get_json())
    assert "Location" not in slashed.headers


def test_links_lead_to_versions(api: Api) -> None:
    """A link leads to where its own version is shown among those of its major one."""
    for item in api("GET", "/").get_json()["versions"]:
        assert item in api("GET", item["links"][0]["href"]).get_json()["versions"]


@pytest.mark.parametrize("path", ["/versions/", "/v4/", "/v2//", "/v2.0/x"])
def test_other_slash_is_404(api: Api, path: str) -> None:
    """Behind anything else a slash makes another route, which is not there."""
    response = api("GET", path)
    assert (response.status_code, response.get_json()["error_code"]) == (404, "APIGW.0101")


# All three


ALL = pytest.mark.parametrize("path", ["/", "/versions", "/v2.0", "/v2", "/v2/"])


@ALL
@pytest.mark.parametrize("token", ["", "wrong"])
def test_versions_are_anonymous(path: str, token: str) -> None:
    """Versions need no credential, however strict the mock is."""
    assert Api(auth="strict")("GET", path, X_Auth_Token=token).status_code < 400


@pytest.mark.parametrize("root", ["https://ims.example.com", "http://127.0.0.1:9292", "http://[::1]:9292"])
@ALL
def test_links_lead_to_where_the_client_is(api: Api, path: str, root: str) -> None:
    """Links have the scheme and the Host of the request itself."""
    links = [link["href"] for item in api("GET", root + path).get_json()["versions"] for link in item["links"]]
    assert set(links) <= {f"{root}/v2/", f"{root}/v1/"}
    assert f"{root}/v2/" in links


def test_links_are_of_the_request_alone(api: Api) -> None:
    """What one client sent as its Host is not in the links of the next."""
    first = api("GET", "/v2.0", Host="first.example.com:8080").get_json()
    second = api("GET", "/v2.0", Host="second.example.com").get_json()
    assert first == {"versions": [version("v2.0", "SUPPORTED", "/v2/", "http://first.example.com:8080")]}
    assert second == {"versions": [version("v2.0", "SUPPORTED", "/v2/", "http://second.example.com")]}


@ALL
def test_query_of_versions_is_not_looked_at(api: Api, path: str) -> None:
    """A query changes nothing."""
    assert api("GET", f"{path}?limit=1").get_json() == api("GET", path).get_json()


@ALL
def test_head(api: Api, path: str) -> None:
    """HEAD returns what GET does, without the body."""
    head, get = api("HEAD", path, **ANONYMOUS), api("GET", path, **ANONYMOUS)
    assert (head.status_code, head.data) == (get.status_code, b"")
    assert head.headers["Content-Length"] == str(len(get.data))
    assert head.headers["Content-Type"] == "application/json"


@ALL
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_versions_are_only_read(api: Api, path: str, method: str) -> None:
    """Any other method is refused, naming those that are served."""
    response = api(method, path, **ANONYMOUS)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
