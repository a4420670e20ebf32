"""What callers may do: the actions of operations, roles, denials, and what a run has needed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock import ImsMock
from ims_mock.contract.operations import load_contract
from ims_mock.service.catalogue import add_image
from tests.conftest import Api
from tests.examples import example_of

GET, LIST, UPDATE, UPLOAD = "ims:images:get", "ims:images:list", "ims:images:update", "ims:images:upload"
QUOTA = "ims:quotas:get"
CREATE, DELETE, SHARE = "ims:images:create", "ims:images:delete", "ims:images:share"
KEY = "bd66288c-9081-460a-8227-4cbd0c814cb4"
JSON_PATCH = "application/openstack-images-v2.1-json-patch"
OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Call:
    """How an operation is asked for about an image, and the actions that it needs."""

    method: str
    path: str
    actions: tuple[str, ...] = ()
    body: Any = None
    content_type: str = "application/json"


# The actions of IAM for each API as IMS documents them; downloads and version 1 have those of what they resemble.
CALLS = {
    "glance_list_images": Call("GET", "/v2/images", (LIST,)),
    "glance_show_image": Call("GET", "/v2/images/{id}", (GET,)),
    "glance_create_image_metadata": Call("POST", "/v2/images", (CREATE,), {}),
    "glance_update_image": Call(
        "PATCH", "/v2/images/{id}", (UPDATE,), [{"op": "replace", "path": "/name", "value": "b"}], JSON_PATCH
    ),
    "glance_delete_image": Call("DELETE", "/v2/images/{id}", (DELETE,)),
    "glance_upload_image": Call("PUT", "/v2/images/{id}/file", (GET, UPDATE, UPLOAD), b"x", OCTETS),
    "glance_download_image": Call("GET", "/v2/images/{id}/file", (GET,)),
    "glance_create_tag": Call("PUT", "/v2/images/{id}/tags/a", (GET, UPDATE)),
    "glance_delete_tag": Call("DELETE", "/v2/images/{id}/tags/tag", (GET, UPDATE)),
    "glance_add_image_member": Call("POST", "/v2/images/{id}/members", (GET, SHARE), {"member": "another"}),
    "glance_list_image_members": Call("GET", "/v2/images/{id}/members", (GET, SHARE)),
    "glance_show_image_member": Call("GET", "/v2/images/{id}/members/member", (GET, SHARE)),
    "glance_update_image_member": Call("PUT", "/v2/images/{id}/members/member", (GET, SHARE), {"status": "accepted"}),
    "glance_delete_image_member": Call("DELETE", "/v2/images/{id}/members/member", (GET, SHARE)),
    "glance_list_image_schemas": Call("GET", "/v2/schemas/images"),
    "glance_show_image_schemas": Call("GET", "/v2/schemas/image"),
    "glance_list_image_member_schemas": Call("GET", "/v2/schemas/members"),
    "glance_show_image_member_schemas": Call("GET", "/v2/schemas/member"),
    "list_versions": Call("GET", "/"),
    "show_version": Call("GET", "/v2"),
    "glance_list_versions": Call("GET", "/versions"),
    "glance_list_images_detail_v1": Call("GET", "/v1.1/images/detail", (LIST,)),
    "glance_show_image_metadata_v1": Call("HEAD", "/v1/images/{id}", (GET,)),
    "glance_delete_image_v1": Call("DELETE", "/v1.1/images/{id}", (DELETE,)),
    "copy_image_in_region": Call("POST", "/v1/cloudimages/{id}/copy", ("ims:images:copyInRegion",), {"name": "b"}),
    "list_images": Call("GET", "/v2/cloudimages", (LIST,)),
    "update_image": Call("PATCH", "/v2/cloudimages/{id}", (UPDATE,), [{"op": "add", "path": "/k", "value": "v"}]),
    "show_image_quota": Call("GET", "/v1/cloudimages/quota", (QUOTA,)),
    "list_os_versions": Call("GET", "/v1/cloudimages/os_version", (LIST,)),
    "list_tags": Call("GET", "/v1/cloudimages/tags", (LIST,)),
    "create_or_update_tags": Call("PUT", "/v1/cloudimages/tags", (GET, UPDATE), {"image_id": "{id}", "tag": "a"}),
    "list_images_tags": Call("GET", "/v2/{project}/images/tags", (LIST,)),
    "list_image_tags": Call("GET", "/v2/{project}/images/{id}/tags", (GET,)),
    "add_image_tag": Call("POST", "/v2/{project}/images/{id}/tags", (GET, UPDATE), {"tag": {"key": "a", "value": ""}}),
    "delete_image_tag": Call("DELETE", "/v2/{project}/images/{id}/tags/tag", (GET, UPDATE)),
    "batch_add_or_delete_tags": Call(
        "POST", "/v2/{project}/images/{id}/tags/action", (GET, UPDATE), {"action": "delete", "tags": [{"key": "tag"}]}
    ),
    "batch_delete_tags": Call(
        "DELETE", "/v1/{project}/cloudimages/{id}/tags/delete", (GET, UPDATE), {"tags": [{"key": "tag"}]}
    ),
    "list_image_by_tags": Call("POST", "/v2/{project}/images/resource_instances/action", (LIST,), {"action": "count"}),
    "batch_add_members": Call(
        "POST", "/v1/cloudimages/members", (GET, SHARE), {"images": ["{id}"], "projects": ["another"]}
    ),
    "batch_update_members": Call(
        "PUT", "/v1/cloudimages/members", (GET, SHARE), {"images": ["{id}"], "project_id": "x", "status": "accepted"}
    ),
    "batch_delete_members": Call(
        "DELETE", "/v1/cloudimages/members", (GET, SHARE), {"images": ["{id}"], "projects": ["member"]}
    ),
    "list_image_members": Call("GET", "/v1/{project}/cloudimages/{id}/members", (GET, SHARE)),
    "show_image_member": Call("GET", "/v1/{project}/cloudimages/{id}/members/member", (GET, SHARE)),
    "migrate_resource": Call(
        "POST",
        "/v1.0/enterprise-projects/0/resources-migrate",
        ("eps:resources:add",),
        {"resource_type": "images", "resource_id": "{id}"},
    ),
    "show_resource_bind_enterprise_project": Call(
        "POST",
        "/v1.0/enterprise-projects/0/resources/filter",
        ("eps:resources:list",),
        {"resource_types": ["images"]},
    ),
    "create_key": Call("POST", "/v1.0/{project}/kms/create-key", ("kms:cmk:create",), {"key_alias": "a"}),
    "list_key_detail": Call("POST", "/v1.0/{project}/kms/describe-key", ("kms:cmk:get",), {"key_id": KEY}),
    "delete_key": Call(
        "POST", "/v1.0/{project}/kms/schedule-key-deletion", ("kms:cmk:delete",), {"key_id": KEY, "pending_days": "7"}
    ),
    "show_backup": Call("GET", "/v3/{project}/backups/" + KEY, ("cbr:backups:get",)),
    "list_service_types": Call("GET", "/v2/products/service-types"),
    "show_job": Call("GET", "/v1/{project}/jobs/" + "0" * 32, (GET,)),
    "show_job_progress": Call("GET", f"/v1/cloudimages/job/{'0' * 32}", (GET,)),
}
# What has no row of its own is asked for as in its schema.
for operation in load_contract().operations.values():
    if operation.dialect != "iam" and operation.id not in CALLS:
        example = example_of(operation, image_id="{id}", project_id="{project}")
        CALLS[operation.id] = Call(example.method, example.path, operation.actions, example.body)
ABOUT_AN_IMAGE = [name for name, call in CALLS.items() if "{id}" in call.path]
NEEDS = [(name, action) for name, call in CALLS.items() for action in call.actions]


BY_GATEWAY = {"code": "APIGW.0302", "message": "The IAM user is not authorized to access the API."}
REFUSED = {
    "": {
        "code": "IMG.0026",
        "message": "The role is invalid. You need to apply for the required permissions or pass the real-name "
        "authentication.",
    },
    "eps": {"error_code": "EPS.0004", "error_msg": "Permission error."},
    "kms": BY_GATEWAY,
    "cbr": BY_GATEWAY,
}
"""The error of who lacks an action, by the service."""


def token(api: Api, user: str) -> str:
    """Return a token of a user, in the user's own project."""
    return api.service.identity.new_token_for(user)


def new_image(api: Api) -> str:
    """Add a queued image of the project demo with a tag and a member, and return its id."""
    image = add_image(api.service.store, api.service.auth.project_id, {"tags": ["tag"]}, members={"member": "pending"})
    return str(image["id"])


def send(api: Api, name: str, image_id: str, user: str) -> TestResponse:
    """Ask for an operation about an image, as a user."""
    call = CALLS[name]
    headers = {"X_Auth_Token": token(api, user), "Content_Type": call.content_type}
    project = api.service.accounts.projects[next(iter(api.service.accounts.users[user].roles))].id
    body = json.loads(json.dumps(call.body).replace("{id}", image_id)) if isinstance(call.body, dict) else call.body
    return api(call.method, call.path.replace("{id}", image_id).replace("{project}", project), body, **headers)


def lacking(response: TestResponse) -> str:
    """Return the reason of a refusal for want of an action; "" for any other response."""
    reason = response.headers.get("X-IMS-Mock-Reason", "")
    return reason if response.status_code == 403 and "the action" in reason else ""


def create(api: Api, user: str = "demo") -> int:
    """Create an image as a user, and return the status."""
    return api("POST", "/v2/images", {}, X_Auth_Token=token(api, user)).status_code


# What operations need


def test_actions_of_operations() -> None:
    """Every operation needs the actions that its service documents, and none of the identity service any."""
    operations = load_contract().operations.values()
    assert {item.id: item.actions for item in operations if item.dialect != "iam"} == {
        name: call.actions for name, call in CALLS.items()
    }
    assert {item.actions for item in operations if item.dialect == "iam"} == {()}


def test_calls_are_of_their_operations(api: Api) -> None:
    """Each call of the table above reaches the operation that it stands for."""
    for name in CALLS:
        send(api, name, new_image(api), "demo")
    assert [entry.operation for entry in api.service.journal] == list(CALLS)


@pytest.mark.parametrize(("name", "action"), NEEDS)
def test_operation_needs_each_of_its_actions(api: Api, name: str, action: str) -> None:
    """Without any one of its actions an operation is refused, in the words of its service, and does nothing."""
    image_id = new_image(api)
    before = dict(api.images)
    api.service.deny(action)
    response = send(api, name, image_id, "demo")
    assert lacking(response) == f"the action {action} is denied by a test"
    if CALLS[name].method != "HEAD":
        body = response.get_json()
        wanted = REFUSED[load_contract().operations[name].dialect]
        assert body.get("error", {"code": body.get("error_code"), "message": body.get("error_msg")}) == wanted
    assert dict(api.images) == before


@pytest.mark.parametrize("name", CALLS)
def test_operation_needs_no_other_action(api: Api, name: str) -> None:
    """An operation is not refused for want of an action that it does not need."""
    for action in {CREATE, DELETE, GET, LIST, SHARE, UPDATE, UPLOAD} - set(CALLS[name].actions):
        api.service.deny(action)
    assert lacking(send(api, name, new_image(api), "demo")) == ""


# Roles


@pytest.mark.parametrize("name", CALLS)
def test_member_may_do_everything(api: Api, name: str) -> None:
    """A member of the project lacks no action."""
    assert lacking(send(api, name, new_image(api), "demo")) == ""


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("glance_create_image_metadata", CREATE),
        ("glance_update_image", UPDATE),
        ("glance_delete_image", DELETE),
        ("glance_delete_image_v1", DELETE),
        ("glance_upload_image", UPDATE),
        ("glance_create_tag", UPDATE),
        ("glance_delete_tag", UPDATE),
        ("glance_add_image_member", SHARE),
        ("glance_list_image_members", SHARE),
        ("glance_show_image_member", SHARE),
        ("glance_update_image_member", SHARE),
        ("glance_delete_image_member", SHARE),
    ],
)
def test_reader_may_not_write_or_share(api: Api, name: str, action: str) -> None:
    """A reader is refused whatever is more than to get and to list, and the reason says which action it lacks."""
    image_id = new_image(api)
    response = send(api, name, image_id, "demo_reader")
    assert lacking(response) == f"no role of demo_reader in this project allows the action {action}"
    assert response.get_json()["error"]["code"] == "IMG.0026"
    assert list(api.images) == [image_id]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("glance_list_images", 200),
        ("glance_show_image", 200),
        ("glance_download_image", 204),
        ("glance_list_images_detail_v1", 200),
        ("glance_show_image_metadata_v1", 200),
        ("glance_list_image_schemas", 200),
        ("glance_show_image_schemas", 200),
        ("glance_list_image_member_schemas", 200),
        ("glance_show_image_member_schemas", 200),
        ("list_versions", 300),
        ("show_version", 300),
        ("glance_list_versions", 200),
    ],
)
def test_reader_may_read(api: Api, name: str, status: int) -> None:
    """A reader gets and lists what its project sees."""
    assert send(api, name, new_image(api), "demo_reader").status_code == status


def test_want_of_an_action_is_reported_before_anything_else(api: Api) -> None:
    """A caller who may not learns neither whether the image is there, nor what is wrong with the body."""
    reader = token(api, "demo_reader")
    assert lacking(api("DELETE", "/v2/images/nothing", X_Auth_Token=reader))
    assert lacking(api("POST", "/v2/images", b"nonsense", X_Auth_Token=reader))


def test_signer_has_the_roles_of_its_user(api: Api) -> None:
    """A client that signs with a known access key may do what its user may."""
    signature = f"SDK-HMAC-SHA256 Access=demo_reader-ak, SignedHeaders=host, Signature={'0' * 64}"
    response = api("POST", "/v2/images", {}, X_Auth_Token="", Authorization=signature)
    assert lacking(response) == f"no role of demo_reader in this project allows the action {CREATE}"


@pytest.mark.parametrize("level", ["off", "lenient"])
def test_nobody_in_particular_may_do_everything(level: str) -> None:
    """A credential that is nobody's has every action."""
    api = Api(auth=level)
    responses = [api("POST", "/v2/images", {}, X_Auth_Token=sent) for sent in ("any", api.service.auth.token)]
    assert [response.status_code for response in responses] == [201, 201]


def test_role_in_one_project_is_none_in_another(api: Api) -> None:
    """A user who may read in one project and write in another is asked for its role where it works."""
    api.service.accounts.add({"users": [{"name": "ci", "roles": {"demo": ["reader"], "alt": ["member"]}}]})
    tokens = [api.service.identity.new_token_for("ci", project) for project in ("demo", "alt")]
    assert [api("POST", "/v2/images", {}, X_Auth_Token=sent).status_code for sent in tokens] == [403, 201]


# Denials


@pytest.mark.parametrize(
    ("pattern", "denied"),
    [
        ("ims:images:create", True),
        ("ims:images:*", True),
        ("ims:*:create", True),
        ("*", True),
        ("*:create", True),
        ("ims:images:c??ate", True),
        ("ims:images:[a-c]*", True),
        ("ims:images:delete", False),
        ("ims:*:g*", False),
        ("*:up*", False),
    ],
)
def test_denied_by_a_glob(api: Api, pattern: str, denied: bool) -> None:
    """A glob denies every action that it matches, and no other."""
    api.service.deny(pattern)
    assert create(api) == (403 if denied else 201)


def test_denied_to_everybody(api: Api) -> None:
    """A denial applies to every user, also to administrators and to callers who are no user in particular."""
    api.service.deny(CREATE)
    assert [create(api, user) for user in ("demo", "alt", "admin")] == [403, 403, 403]
    assert api("POST", "/v2/images", {}).status_code == 403


def test_denied_to_one_user(api: Api) -> None:
    """A denial to a user applies to it whatever its credential, and to nobody else."""
    api.service.deny(CREATE, "demo")
    signature = f"SDK-HMAC-SHA256 Access=demo-ak, SignedHeaders=host, Signature={'0' * 64}"
    assert api("POST", "/v2/images", {}, X_Auth_Token="", Authorization=signature).status_code == 403
    assert [create(api, user) for user in ("demo", "alt", "admin")] == [403, 201, 201]
    assert api("POST", "/v2/images", {}).status_code == 201


def test_denied_in_between(api: Api) -> None:
    """As a context manager a denial ends with the block."""
    statuses = [create(api)]
    with api.service.deny(CREATE):
        statuses.append(create(api))
    statuses.append(create(api))
    assert statuses == [201, 403, 201]


def test_block_that_raises_ends_the_denial(api: Api) -> None:
    """A denial ends with its block, however that ends, and hides no error."""
    with pytest.raises(KeyError), api.service.deny(CREATE):
        raise KeyError
    assert create(api) == 201


def test_denials_end_one_by_one(api: Api) -> None:
    """Of two equal denials one ends, and the other goes on."""
    api.service.deny(CREATE)
    with api.service.deny(CREATE):
        pass
    assert create(api) == 403


def test_denied_until_reset(api: Api) -> None:
    """A denial lasts until it is reset, and one whose block ends after that is no error."""
    with api.service.deny(CREATE):
        api.service.reset()
        assert create(api) == 201
    assert create(api) == 201


def test_all_is_allowed_again(api: Api) -> None:
    """Every denial can be taken back at once."""
    api.service.deny(CREATE)
    api.service.deny(LIST)
    api.service.permissions.allow_all()
    assert create(api) == 201


def test_denial_is_the_mocks_own() -> None:
    """Two mocks deny each for itself."""
    one, two = Api(), Api()
    one.service.deny(CREATE)
    assert (create(one), create(two)) == (403, 201)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            "ims:image:create",
            'action must be one that an operation needs, got "ims:image:create"; did you mean "ims:images:create"?',
        ),
        (
            "ims:images:creat",
            'action must be one that an operation needs, got "ims:images:creat"; did you mean "ims:images:create"?',
        ),
        ("ims:images:CREATE", 'action must be one that an operation needs, got "ims:images:CREATE"'),
        ("ims:*:destroy", 'action must be one that an operation needs, got "ims:*:destroy"'),
        (
            "glance_create_image_metadata",
            'action must be one that an operation needs, got "glance_create_image_metadata"',
        ),
        (
            "x",
            'action must be one that an operation needs, got "x"; the actions are cbr:backups:get, '
            "eps:resources:add, eps:resources:list, "
            "ims:dataImages:create, ims:images:copyCrossRegion, ims:images:copyInRegion, "
            "ims:images:create, ims:images:delete, ims:images:export, ims:images:get, ims:images:list, "
            "ims:images:share, ims:images:update, ims:images:upload",
        ),
        ("", 'action must be one that an operation needs, got ""; the actions are cbr:backups:get'),
        (None, "action must be a string such as 'ims:images:create', got null"),
    ],
)
def test_unknown_action_is_refused(api: Api, action: Any, message: str) -> None:
    """An action that no operation needs would deny nothing; the message has the nearest, or all of them."""
    with pytest.raises(ValueError, match=r"^action") as caught:
        api.service.deny(action)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("user", ["dem", "", "Demo", 5])
def test_unknown_user_is_refused(api: Api, user: Any) -> None:
    """A user who does not exist would be denied nothing; the message names those who do."""
    with pytest.raises(ValueError, match=r"^no user has the name") as caught:
        api.service.deny(CREATE, user)
    assert str(caught.value) == f"no user has the name {json.dumps(user)}; the users are demo, alt, demo_reader, admin"


# What a run has needed


def policy(*actions: str) -> dict[str, Any]:
    """Return a policy that allows some actions."""
    return {"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": list(actions)}]}


def test_policy_of_no_request(api: Api) -> None:
    """Before the first request nothing is needed."""
    assert api.service.permissions.policy() == policy()


def test_policy_has_what_was_needed_once(api: Api) -> None:
    """The policy has each action that requests have needed, once and in order."""
    for name in ("glance_list_images", "glance_create_tag", "list_versions", "glance_list_images"):
        send(api, name, new_image(api), "demo")
    assert api.service.permissions.policy() == policy(GET, LIST, UPDATE)


@pytest.mark.parametrize("name", CALLS)
def test_policy_of_one_operation(api: Api, name: str) -> None:
    """The smallest policy for one request has that operation's actions."""
    send(api, name, new_image(api), "demo")
    assert api.service.permissions.policy() == policy(*sorted(CALLS[name].actions))


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if len(call.actions) > 1])
def test_policy_of_a_refused_request(api: Api, name: str) -> None:
    """What is refused for want of one action needs all of the operation's to be allowed."""
    send(api, name, new_image(api), "demo_reader")
    assert api.service.permissions.policy() == policy(*sorted(CALLS[name].actions))


def test_policy_of_a_denied_request(api: Api) -> None:
    """What a test denies is needed all the same."""
    api.service.deny(GET)
    send(api, "glance_upload_image", new_image(api), "demo")
    assert api.service.permissions.policy() == policy(GET, UPDATE, UPLOAD)


def test_policy_of_nobody(api: Api) -> None:
    """A request with a credential that is nobody's needs what anybody's does."""
    api("GET", "/v2/images")
    assert api.service.permissions.policy() == policy(LIST)


def test_policy_of_the_identity_service(api: Api) -> None:
    """Requests to the identity service need no action."""
    api("GET", "/v3/projects")
    assert api.service.permissions.policy() == policy()


def test_reset_clears_the_record(api: Api) -> None:
    """After a reset nothing has been needed."""
    create(api)
    api.service.reset()
    assert api.service.permissions.policy() == policy()


def test_from_a_test() -> None:
    """A mock denies, and shows its policy."""
    mock = ImsMock()
    headers = {"X-Auth-Token": mock.new_token("demo")}
    with mock.deny("ims:*:list", user="demo") as denial:
        assert (denial.action, denial.user) == ("ims:*:list", "demo")
        assert mock.app.test_client().get("/v2/images", headers=headers).status_code == 403
    assert mock.app.test_client().get("/v2/images", headers=headers).status_code == 200
    assert mock.policy() == policy(LIST)


# Projects among themselves


@pytest.mark.parametrize("name", ABOUT_AN_IMAGE)
@pytest.mark.parametrize("user", ["alt", "admin"])
def test_image_of_another_project_is_not_there(api: Api, name: str, user: str) -> None:
    """Another project's private image does not exist for any operation, an administrator's too, and stays as it is."""
    image_id = new_image(api)
    before = dict(api.images)
    response = send(api, name, image_id, user)
    # The page of register_image says 404.
    is_native = name.startswith("glance_") or name == "register_image"
    assert response.status_code == (404 if is_native else 400)
    assert response.headers["X-IMS-Mock-Reason"].startswith(f"/image_id: no image '{image_id}' is visible")
    if CALLS[name].method != "HEAD":
        assert response.get_json()["error"]["code"] == ("IMG.0144" if is_native else "IMG.0027")
    assert dict(api.images) == before
    assert api.service.store.files == {}


@pytest.mark.parametrize("name", ["glance_list_images", "glance_list_images_detail_v1"])
@pytest.mark.parametrize(("user", "seen"), [("demo", 1), ("demo_reader", 1), ("alt", 0), ("admin", 0)])
def test_list_has_the_own_projects_images(api: Api, name: str, user: str, seen: int) -> None:
    """An image is in the lists of its own project alone."""
    new_image(api)
    assert len(send(api, name, "", user).get_json()["images"]) == seen


def test_created_image_is_of_the_callers_project(api: Api) -> None:
    """Each user creates in its own project."""
    owners = [
        api("POST", "/v2/images", {}, X_Auth_Token=token(api, user)).get_json()["owner"]
        for user in ("demo", "alt", "admin")
    ]
    assert owners == [
        "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c",
        "7be1d20c94f34a0d8e5c6b3a2f1e0d9c",
        "a1d3c5e7f90b4d2e8c6a4f2e0d1b3c5a",
    ]


def test_shared_image_is_there_for_its_member(api: Api) -> None:
    """An image that is shared with a project is seen by its users, readers too, and by no other's."""
    alt = api.service.accounts.projects["alt"].id
    api.service.accounts.add({"users": [{"name": "alt_reader", "roles": {"alt": ["reader"]}}]})
    owner = api.service.auth.project_id
    image_id = str(add_image(api.service.store, owner, {}, members={alt: "accepted"})["id"])
    statuses = [send(api, "glance_show_image", image_id, user).status_code for user in ("alt", "alt_reader", "admin")]
    assert statuses == [200, 200, 404]
