"""The identity service, as far as a client of IMS needs it."""

from __future__ import annotations

import pytest

from ims_mock.conformance.client import Client, Reply
from ims_mock.conformance.credentials import Login
from ims_mock.conformance.plugin import Run

pytestmark = pytest.mark.iam


@pytest.fixture
def login(ims_run: Run) -> Login:
    """A user with a password."""
    if ims_run.caller.login is None:
        pytest.skip("needs OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME")
    return ims_run.caller.login


@pytest.fixture
def issued(ims: Client, login: Login) -> Reply:
    """The response to a login."""
    return ims("keystone_create_token", login.body())


def shown_by(issued: Reply) -> dict[str, str]:
    """Return the headers that show a token."""
    token = issued.header("X-Subject-Token") or ""
    return {"X-Auth-Token": token, "X-Subject-Token": token}


def test_versions_are_listed_without_a_credential(ims: Client) -> None:
    """Clients find the version before they log in."""
    assert ims("keystone_show_version").json["version"]["id"].startswith("v3")


def test_login_brings_a_token(issued: Reply, login: Login) -> None:
    """A token comes in a header, and what it is for in the body."""
    assert issued.header("X-Subject-Token")
    assert issued.json["token"]["user"]["name"] == login.name


def test_wrong_password_is_unauthorized(ims: Client, login: Login) -> None:
    """A wrong password is 401."""
    ims("keystone_create_token", login.body(password="ims-verify-wrong"), status=401)  # noqa: S106


def test_token_is_validated(ims: Client, issued: Reply) -> None:
    """A token shows the project that it is for."""
    shown = ims("keystone_validate_token", headers=shown_by(issued)).json["token"]
    assert shown["project"]["id"] == issued.json["token"]["project"]["id"]


def test_projects_are_listed(ims: Client, issued: Reply) -> None:
    """A token's project is among those that its user can ask for."""
    project = issued.json["token"]["project"]
    project_id = project["id"]
    for operation in ("keystone_list_projects", "keystone_list_auth_projects"):
        listed = ims(operation, headers=shown_by(issued)).json["projects"]
        assert project_id in [project["id"] for project in listed], operation
    shown = ims("keystone_show_project", headers=shown_by(issued), project_id=project_id).json["project"]
    assert (shown["id"], shown["name"]) == (project_id, project["name"])


def test_caller_is_listed(ims: Client, issued: Reply, login: Login) -> None:
    """Who has logged in is among the users."""
    listed = ims("keystone_list_users", query={"name": login.name}, headers=shown_by(issued)).json["users"]
    assert [user["name"] for user in listed] == [login.name]


def test_catalogue_names_services(ims: Client, issued: Reply) -> None:
    """The catalogue has the service of images; the domains of the user are listed."""
    catalogue = ims("keystone_show_catalog", headers=shown_by(issued)).json["catalog"]
    assert "image" in {service["type"] for service in catalogue}
    assert ims("keystone_list_auth_domains", headers=shown_by(issued)).json["domains"]


@pytest.mark.writes
def test_revoked_token_is_unauthorized(ims: Client, issued: Reply) -> None:
    """A token that was revoked is 401 from then on."""
    ims("keystone_revoke_token", headers=shown_by(issued))
    ims("glance_list_images", headers=shown_by(issued), status=401)
