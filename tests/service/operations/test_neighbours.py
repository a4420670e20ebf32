"""What Terraform asks other services for.

migrate_resource, show_resource_bind_enterprise_project, create_key, list_key_detail, delete_key, show_backup,
list_service_types.
"""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock import BadJob, Fail, FailJob, StickJob
from ims_mock.faults.definition import Fault
from ims_mock.service import neighbours
from tests.conftest import Api
from tests.service.operations.test_creation import FILE, OF_SERVER, ONE, TWO, WHOLE, create, made
from tests.service.operations.test_iam import by_password, issue

PROJECT = "b1c1f9a5-6d6e-4a3a-9a39-6f3c3e7f3a10"
"""An enterprise project."""

DAY = 24 * 3600
DOMAIN = {"domain": {"name": "Default"}}


def migrate(api: Api, resource_id: str, target: str = PROJECT, type_: str = "images", **more: Any) -> TestResponse:
    """Move a resource into an enterprise project; what is in capitals is a header."""
    headers = {name: more.pop(name) for name in list(more) if name[0].isupper()}
    body = {"resource_type": type_, "resource_id": resource_id, "region_id": "cn-north-4", **more}
    return api("POST", f"/v1.0/enterprise-projects/{target}/resources-migrate", body, **headers)


def listed(api: Api, target: str = PROJECT, **body: Any) -> Any:
    """Return the page of an enterprise project's images."""
    path = f"/v1.0/enterprise-projects/{target}/resources/filter"
    response = api("POST", path, {"resource_types": ["images"], **body})
    assert response.status_code == 200, response.headers
    return response.get_json()


def kms(api: Api, action: str, body: Any, **headers: str) -> TestResponse:
    """Ask Key Management in the project of demo, or in that of a header."""
    project_id = headers.get("X_Project_Id", api.service.auth.project_id)
    return api("POST", f"/v1.0/{project_id}/kms/{action}", body, **headers)


def new_key(api: Api, **attributes: Any) -> str:
    """Create a key and return its id."""
    response = kms(api, "create-key", {"key_alias": "k", **attributes})
    assert response.status_code == 200, response.headers
    key_id: str = response.get_json()["key_info"]["key_id"]
    return key_id


def key_of(api: Api, key_id: str) -> Any:
    """Return what Key Management shows of a key."""
    return kms(api, "describe-key", {"key_id": key_id}).get_json()["key_info"]


def code_of(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of an error whose service puts it below `error`."""
    return response.status_code, response.get_json()["error"]["error_code"]


# Enterprise projects


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_image_that_moves(api: Api, spelling: Any) -> None:
    """It is 204 exactly, without a body; the image has the enterprise project, by which both lists find it."""
    image_id = api.create(name="a")["id"]
    response = migrate(api, spelling(image_id), project_id=api.service.auth.project_id)
    assert (response.status_code, response.data) == (204, b"")
    found = api("GET", f"/v2/cloudimages?enterprise_project_id={PROJECT}").get_json()["images"]
    assert [image["enterprise_project_id"] for image in found] == [PROJECT]
    assert [resource["resource_id"] for resource in listed(api)["resources"]] == [image_id]
    assert listed(api, "0")["resources"] == []
    assert migrate(api, image_id, "0").status_code == 204
    assert listed(api)["total_count"] == 0


def test_pages_of_an_enterprise_project(api: Api) -> None:
    """The offset counts, so that the last page is empty; an image that never moved is of the default project."""
    ids = [api.create(name=name)["id"] for name in ("web", "db", "web too")]
    pages = [[item["resource_id"] for item in listed(api, "0", limit=2, offset=n)["resources"]] for n in (0, 2, 4)]
    assert pages == [ids[:2], ids[2:], []]
    assert listed(api, "0", limit=1)["total_count"] == 3
    by_name = listed(api, "0", matches=[{"key": "resource_name", "value": "WEB"}])["resources"]
    assert [item["resource_name"] for item in by_name] == ["web", "web too"]
    assert listed(api, "0", resource_types=["ecs"])["resources"] == []


def test_resource_says_what_the_provider_reads(api: Api) -> None:
    """Its members are the documented ones."""
    image = api.create(name="a")
    assert listed(api, "0") == {
        "resources": [
            {
                "enterprise_project_id": "0",
                "project_id": api.service.auth.project_id,
                "project_name": "demo",
                "resource_detail": {},
                "resource_id": image["id"],
                "resource_name": "a",
                "resource_type": "images",
            }
        ],
        "errors": [],
        "total_count": 1,
    }


def test_key_that_moves(api: Api) -> None:
    """A key is a resource too."""
    key_id = new_key(api)
    assert migrate(api, key_id, type_="kms").status_code == 204
    assert key_of(api, key_id)["sys_enterprise_project_id"] == PROJECT
    (found,) = listed(api, resource_types=["kms"])["resources"]
    assert (found["resource_id"], found["resource_name"]) == (key_id, "k")


def test_image_of_another_project(api: Api) -> None:
    """It is 404 as a resource of one's own project, and 403 by the name of the other project."""
    alt = {"X_Auth_Token": api.service.identity.new_token_for("alt")}
    own, image_id = api.service.auth.project_id, api.create()["id"]
    assert code_of(migrate(api, image_id, **alt)) == (404, "EPS.0005")
    refused = migrate(api, image_id, project_id=own, **alt)
    assert code_of(refused) == (403, "EPS.0004")
    assert refused.headers["X-IMS-Mock-Reason"].startswith("/project_id: the caller may not do this (eps:reso")
    path = "/v1.0/enterprise-projects/0/resources/filter"
    body = {"resource_types": ["images"], "projects": [own]}
    assert code_of(api("POST", path, body, **alt)) == (403, "EPS.0004")
    assert api("POST", path, {**body, "projects": []}, **alt).get_json()["resources"] == []
    assert api.images[image_id].get("enterprise_project_id", "0") == "0"


def test_token_of_the_domain_moves_an_image() -> None:
    """The service is not of a region, so the provider sends it a token of the domain."""
    api = Api(auth="strict")
    own = api.service.auth.project_id
    of_project = {"X_Auth_Token": api.service.identity.new_token_for("demo")}
    image_id = api("POST", "/v2/images", {}, **of_project).get_json()["id"]
    token = issue(api, by_password(scope=DOMAIN))[0]
    assert migrate(api, image_id, project_id=own, X_Auth_Token=token).status_code == 204
    assert api.images[image_id]["enterprise_project_id"] == PROJECT
    path, body = f"/v1.0/enterprise-projects/{PROJECT}/resources/filter", {"resource_types": ["images"]}
    assert api("POST", path, body, X_Auth_Token=token).get_json()["total_count"] == 1
    lacking = migrate(api, image_id, X_Auth_Token=token)
    assert code_of(lacking) == (400, "EPS.0002")
    assert "/project_id: is needed, as the credential has no project" in lacking.headers["X-IMS-Mock-Reason"]
    assert kms(api, "create-key", {"key_alias": "k"}, X_Auth_Token=token).status_code == 401


def test_reader_moves_nothing(api: Api) -> None:
    """A role without the action is 403 in the service's form, with a token of the domain too."""
    image_id = api.create()["id"]
    tokens = [
        api.service.identity.new_token_for("demo_reader"),
        issue(api, by_password({"name": "demo_reader", "password": "secret", **DOMAIN}, DOMAIN))[0],
    ]
    for token in tokens:
        response = migrate(api, image_id, project_id=api.service.auth.project_id, X_Auth_Token=token)
        assert code_of(response) == (403, "EPS.0004")
    assert "enterprise_project_id" not in api.images[image_id]


def test_role_that_counts_is_that_of_the_images_project(api: Api) -> None:
    """Who may move images in one project moves none of another where it may only read."""
    roles = {"alt": ["member"], "demo": ["reader"]}
    api.service.accounts.add({"users": [{"name": "both", "roles": roles}]})
    token = api.service.identity.new_token_for("both", "alt")
    response = migrate(api, api.create()["id"], project_id=api.service.auth.project_id, X_Auth_Token=token)
    assert code_of(response) == (403, "EPS.0004")
    assert "may not do this (eps:resources:add) in '0f6d2b1e" in response.headers["X-IMS-Mock-Reason"]


@pytest.mark.parametrize("name", ["migrate", "filter"])
def test_enterprise_project_that_is_not_listed(name: str) -> None:
    """With neighbours="listed" it is 404, unless it is the default one; an image of it is IMG.0155."""
    api = Api(neighbours="listed")
    image_id = api.create()["id"]

    def ask(target: str) -> TestResponse:
        if name == "migrate":
            return migrate(api, image_id, target)
        return api("POST", f"/v1.0/enterprise-projects/{target}/resources/filter", {"resource_types": ["images"]})

    assert code_of(ask(PROJECT)) == (404, "EPS.0005")
    assert ask("0").status_code < 300
    neighbours.add(api.service.store, {"enterprise_projects": [{"id": PROJECT.upper(), "name": "web"}]})
    assert ask(PROJECT).status_code < 300


def test_image_of_an_enterprise_project_that_is_not_listed() -> None:
    """A request that makes an image is 400 IMG.0155, and not once it is added."""
    api = Api(neighbours="listed")
    neighbours.add(api.service.store, {"objects": [{"name": FILE["image_url"]}]})
    wanted = {**FILE, "enterprise_project_id": PROJECT}
    assert create(api, wanted).get_json()["error"]["code"] == "IMG.0155"
    assert create(api, {**FILE, "enterprise_project_id": "0"}).status_code == 200
    neighbours.add(api.service.store, {"enterprise_projects": [{"id": PROJECT}]})
    assert create(api, wanted).status_code == 200


@pytest.mark.parametrize(
    ("target", "body", "code", "reason"),
    [
        (PROJECT, {"resource_type": "ecs"}, "EPS.0002", '/resource_type: must be "images" or "kms"'),
        (PROJECT, {"resource_id": ""}, "EPS.0002", "/resource_id: "),
        ("nope", {}, "EPS.0002", "/enterprise_project_id: "),
    ],
)
def test_migration_that_cannot_be(api: Api, target: str, body: dict[str, Any], code: str, reason: str) -> None:
    """It is 400 in the service's own form."""
    given = {"resource_type": "images", "resource_id": "x", **body}
    response = api("POST", f"/v1.0/enterprise-projects/{target}/resources-migrate", given)
    assert code_of(response) == (400, code)
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)


@pytest.mark.parametrize(("body", "code"), [({"limit": 0}, "EPS.0017"), ({"offset": -1}, "EPS.0018")])
def test_page_that_cannot_be(api: Api, body: dict[str, Any], code: str) -> None:
    """Limit and offset have codes of their own."""
    response = api("POST", "/v1.0/enterprise-projects/0/resources/filter", {"resource_types": ["images"], **body})
    assert code_of(response) == (400, code)


# Keys


def test_new_key(api: Api) -> None:
    """It is enabled at once, and shown as it was asked for, all of it in text."""
    key_id = new_key(api, key_description="d", enterprise_project_id=PROJECT, key_spec="")
    key = key_of(api, key_id.upper())
    assert {type(value) for value in key.values()} == {str}
    shown = {name: key[name] for name in ("key_id", "key_alias", "key_description", "key_spec", "key_state")}
    assert shown == {
        "key_id": key_id,
        "key_alias": "k",
        "key_description": "d",
        "key_spec": "AES_256",
        "key_state": "2",
    }
    assert (key["sys_enterprise_project_id"], key["creation_date"]) == (PROJECT, "1464853788000")


def test_key_that_a_test_has_added(api: Api) -> None:
    """It is shown with what the test has said, and its id for a name."""
    neighbours.add(api.service.store, {"keys": [{"id": ONE, "status": "disabled"}]})
    key = key_of(api, ONE)
    assert (key["key_state"], key["key_alias"], key["creation_date"]) == ("3", ONE, "1464853788000")


def test_image_with_a_new_key() -> None:
    """A key that was created exists with neighbours="listed", for its own project alone."""
    api = Api(neighbours="listed")
    neighbours.add(api.service.store, {"objects": [{"name": FILE["image_url"]}]})
    key_id = new_key(api)
    assert made(api, {**FILE, "cmk_id": key_id})["__system__cmkid"] == key_id
    token = api.service.identity.new_token_for("alt")
    refused = api("POST", "/v2/cloudimages/action", {**FILE, "cmk_id": key_id}, X_Auth_Token=token)
    assert refused.get_json()["error"]["code"] == "IMG.0095"


def test_deletion_of_a_key(api: Api) -> None:
    """It is pending for its days, in which it encrypts nothing, and gone after them."""
    key_id = new_key(api)
    response = kms(api, "schedule-key-deletion", {"key_id": key_id, "pending_days": "7"})
    assert response.get_json() == {"key_id": key_id, "key_state": "4"}
    key = key_of(api, key_id)
    assert (key["key_state"], key["scheduled_deletion_date"]) == ("4", str(1464853788000 + 7 * DAY * 1000))
    wanted = {**FILE, "cmk_id": key_id}
    assert create(api, wanted).get_json()["error"]["code"] == "IMG.0097"
    assert code_of(kms(api, "schedule-key-deletion", {"key_id": key_id, "pending_days": "7"})) == (400, "KMS.0210")
    api.clock.advance(7 * DAY)
    assert code_of(kms(api, "describe-key", {"key_id": key_id})) == (400, "KMS.0205")
    assert create(api, wanted).get_json()["error"]["code"] == "IMG.0095"
    assert listed(api, "0", resource_types=["kms"])["resources"] == []


def test_key_of_another_project(api: Api) -> None:
    """It does not exist for others: neither shown, nor deleted, nor moved."""
    key_id, other = new_key(api), api.service.accounts.projects["alt"].id
    alt = {"X_Auth_Token": api.service.identity.new_token_for("alt"), "X_Project_Id": other}
    assert code_of(kms(api, "describe-key", {"key_id": key_id}, **alt)) == (400, "KMS.0205")
    body = {"key_id": key_id, "pending_days": "7"}
    assert code_of(kms(api, "schedule-key-deletion", body, **alt)) == (400, "KMS.0205")
    assert code_of(migrate(api, key_id, type_="kms", **alt)) == (404, "EPS.0005")
    assert key_of(api, key_id)["key_state"] == "2"
    own = api.service.auth.project_id
    refused = api("POST", f"/v1.0/{own}/kms/describe-key", {"key_id": key_id}, **alt)
    assert code_of(refused) == (400, "KMS.0308")


def test_key_that_was_not_created() -> None:
    """Any UUID is a key, unless only those exist that were added or created."""
    assert key_of(Api(), ONE)["key_state"] == "2"
    api = Api(neighbours="listed")
    assert code_of(kms(api, "describe-key", {"key_id": ONE})) == (400, "KMS.0205")


def test_key_in_a_saved_state() -> None:
    """A key, and the enterprise project of an image, go with the state into another mock, and end with a reset."""
    api, other = Api(neighbours="listed"), Api(seed=7)
    neighbours.add(api.service.store, {"enterprise_projects": [{"id": PROJECT}]})
    key_id, image_id = new_key(api), api.create()["id"]
    assert migrate(api, image_id).status_code == 204
    assert other("PUT", "/_ims_mock/state", api("GET", "/_ims_mock/state").data).status_code == 204
    assert key_of(other, key_id)["key_alias"] == "k"
    assert [item["resource_id"] for item in listed(other)["resources"]] == [image_id]
    assert new_key(other) == new_key(api) != key_id
    api("POST", "/_ims_mock/reset")
    assert code_of(kms(api, "describe-key", {"key_id": key_id})) == (400, "KMS.0205")


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("create-key", {}, "KMS.0204"),
        ("create-key", {"key_alias": ""}, "KMS.1101"),
        ("create-key", {"key_alias": "k", "key_spec": 5}, "KMS.0308"),
        ("describe-key", {}, "KMS.0204"),
        ("describe-key", {"key_id": "x"}, "KMS.0205"),
        ("describe-key", {"key_id": ONE, "sequence": 5}, "KMS.0206"),
        ("schedule-key-deletion", {"key_id": ONE}, "KMS.0204"),
        ("schedule-key-deletion", {"key_id": ONE, "pending_days": "6"}, "KMS.0308"),
        ("schedule-key-deletion", {"key_id": ONE, "pending_days": "1097"}, "KMS.0308"),
        ("schedule-key-deletion", {"key_id": ONE, "pending_days": 7}, "KMS.0308"),
    ],
)
def test_request_that_key_management_rejects(api: Api, action: str, body: Any, code: str) -> None:
    """It has the documented code of what is wrong."""
    response = kms(api, action, body)
    assert code_of(response) == (400, code)
    assert response.headers["X-IMS-Mock-Reason"]


# Backups


def test_backup_of_a_full_ecs_image(api: Api) -> None:
    """A full-ECS image of a server adds its backup, which names the server, the vault and the image."""
    image = made(api, OF_SERVER, WHOLE)
    path = f"/v3/{api.service.auth.project_id}/backups/{image['__backup_id'].upper()}"
    backup = api("GET", path).get_json()["backup"]
    assert (backup["id"], backup["resource_id"], backup["vault_id"]) == (image["__backup_id"], ONE, TWO)
    assert (backup["status"], backup["os_images_data"]) == ("available", [{"image_id": image["id"]}])
    other = api.service.accounts.projects["alt"].id
    alt = {"X_Auth_Token": api.service.identity.new_token_for("alt")}
    refused = api("GET", path.replace(api.service.auth.project_id, other), **alt)
    assert (refused.status_code, refused.get_json()["error_code"]) == (404, "APIGW.0201")
    assert "the project has no backup" in refused.headers["X-IMS-Mock-Reason"]


@pytest.mark.parametrize("which", ["listed", "any"])
@pytest.mark.parametrize(
    ("body", "status"), [({"delete_backup": True}, 404), ({"delete_backup": False}, 200), (None, 200)]
)
def test_backup_after_its_image(body: Any, status: int, which: str) -> None:
    """It goes with the image where the request says so, and is left behind otherwise."""
    api = Api(neighbours=which)
    neighbours.add(api.service.store, {"servers": [{"id": ONE}], "vaults": [{"id": TWO}]})
    image = made(api, OF_SERVER, WHOLE)
    assert api("DELETE", f"/v2/images/{image['id']}", body).status_code == 204
    path = f"/v3/{api.service.auth.project_id}/backups/{image['__backup_id']}"
    assert api("GET", path).status_code == status


def test_deleted_backup_makes_no_image(api: Api) -> None:
    """A backup that went with its image is none, also where any may be, until a test adds it again."""
    image = made(api, OF_SERVER, WHOLE)
    backup_id = image["__backup_id"]
    again = {"name": "again", "backup_id": backup_id, "whole_image_type": "CBR"}
    assert api("DELETE", f"/v2/images/{image['id']}", {"delete_backup": True}).status_code == 204
    refused = create(api, again, WHOLE)
    assert refused.get_json()["error"]["code"] == "IMG.0198"
    assert refused.headers["X-IMS-Mock-Reason"] == f"/backup_id: '{backup_id}' was deleted with its image"
    neighbours.add(api.service.store, {"backups": [{"id": backup_id}]})
    assert made(api, again, WHOLE)["__backup_id"] == backup_id


@pytest.mark.parametrize(("fault", "count"), [(None, 1), (FailJob(), 0), (BadJob("no_image"), 0), (StickJob(), 0)])
def test_backup_comes_with_the_end_of_the_job(fault: Fault | None, count: int) -> None:
    """A job that has not succeeded, and a request that is rejected, add no backup."""
    api = Api(jobs={"*": 60})
    if fault is not None:
        api.service.faults.add(fault)
    assert create(api, OF_SERVER, WHOLE).status_code == 200
    assert not neighbours.documents(api.service.store)["backups"]
    api.clock.advance(60)
    assert len(neighbours.documents(api.service.store)["backups"]) == count


# Types of services, and users


@pytest.mark.parametrize(
    ("query", "names"), [("", "IMS ECS OBS"), ("?limit=1", "IMS"), ("?offset=1&limit=5", "ECS OBS")]
)
def test_service_types(api: Api, query: str, names: str) -> None:
    """A page of them."""
    page = api("GET", f"/v2/products/service-types{query}").get_json()
    assert page["total_count"] == 3
    assert " ".join(item["abbreviation"] for item in page["service_types"]) == names


def test_service_type_of_a_wrong_limit(api: Api) -> None:
    """The business support system has its code at the top of the body."""
    response = api("GET", "/v2/products/service-types?limit=0")
    assert response.status_code == 400
    assert response.get_json() == {"error_code": "CBC.0100", "error_msg": "Parameter error."}


# Errors of every service


CALLS = [
    ("/v1.0/enterprise-projects/0/resources/filter", {"resource_types": ["images"]}, {"500": "EPS.0001"}),
    ("/v1.0/{project}/kms/create-key", {"key_alias": "k"}, {}),
]


@pytest.mark.parametrize(("path", "body", "codes"), CALLS)
@pytest.mark.parametrize("status", [401, 429, 500, 503, 504])
def test_fault(api: Api, path: str, body: Any, codes: dict[str, str], status: int) -> None:
    """A fault has the service's own code where its page has one, and is the gateway's otherwise."""
    api.service.faults.add(Fail(status))
    response = api("POST", path.format(project=api.service.auth.project_id), body)
    error = response.get_json()
    assert response.status_code == status
    if str(status) in codes:
        assert error["error"]["error_code"] == codes[str(status)]
    else:
        assert error["error_code"].startswith("APIGW.")


def test_fault_with_a_code_of_the_service(api: Api) -> None:
    """A rule may name a documented code of another service, and has its text."""
    api.service.faults.add(Fail(400, code="KMS.0210"), operation="list_key_detail")
    response = kms(api, "describe-key", {"key_id": ONE})
    text = "The key is in Scheduled deletion state and cannot be used."
    assert response.get_json() == {"error": {"error_code": "KMS.0210", "error_msg": text}}
