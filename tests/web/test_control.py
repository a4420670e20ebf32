"""The mock's own API under /_ims_mock."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ims_mock import __version__
from ims_mock.contract.operations import load_contract, load_control
from ims_mock.service.control import FUNCTIONS
from tests.conftest import PAGE, Api

RULE = {"operation": "glance_create_image_metadata", "times": 1, "fault": {"kind": "fail", "status": 503}}


def test_health(api: Api) -> None:
    """Health needs no credential, and shows version, seed and time."""
    response = api("GET", "/_ims_mock/health", X_Auth_Token="")
    where = {"world": "default", "region": "cn-north-4"}
    assert response.get_json() == {"status": "ok", "version": __version__, **where, "seed": 0, "now": PAGE}


def test_defect_of_the_mock_is_500(api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An unforeseen failure gets a response all the same, in JSON."""
    monkeypatch.delattr("ims_mock.service.control.__version__")
    response = api("GET", "/_ims_mock/health")
    assert (response.status_code, response.get_json()["error"]["code"]) == (500, "defect")
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [NameError]


def test_openapi(api: Api) -> None:
    """The OpenAPI document is the contract's."""
    assert api("GET", "/_ims_mock/openapi.json").get_json() == load_contract().document


def test_faults_over_http(api: Api) -> None:
    """A rule is added, fires, is listed with its hits, and is deleted."""
    added = api("POST", "/_ims_mock/faults", RULE)
    assert added.status_code == 201
    assert added.get_json() == {
        "id": "1",
        "operation": "glance_create_image_metadata",
        "times": 1,
        "hits": 0,
        "fault": {"kind": "fail", "status": 503},
    }
    assert [api("POST", "/v2/images", {}).status_code for _ in range(2)] == [503, 201]
    assert [rule["hits"] for rule in api("GET", "/_ims_mock/faults").get_json()["faults"]] == [1]
    assert api("DELETE", "/_ims_mock/faults/1").status_code == 204
    assert api("GET", "/_ims_mock/faults").get_json() == {"faults": []}


def test_delete_all_faults(api: Api) -> None:
    """Deleting the collection disarms every rule."""
    for _ in range(2):
        api("POST", "/_ims_mock/faults", RULE)
    assert api("DELETE", "/_ims_mock/faults").status_code == 204
    assert len(api.service.faults) == 0


def test_deleting_an_unknown_fault_is_404(api: Api) -> None:
    """The response names the rules that there are."""
    api("POST", "/_ims_mock/faults", RULE)
    response = api("DELETE", "/_ims_mock/faults/7")
    assert response.status_code == 404
    assert response.get_json()["error"]["message"] == 'no rule has the id "7"; the known ones are 1'
    assert response.headers["X-IMS-Mock-Reason"] == 'no rule has the id "7"; the known ones are 1'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "body: is empty"),
        (b"{", "body: is not JSON"),
        (b"[]", "body: must be a rule, as an object or a line of text, got []"),
        ({"fault": {"kind": "fail", "status": 99}}, "/fault/status must be at least 400, got 99"),
        (
            {**RULE, "operation": "glance_creat_image_metadata"},
            '/operation must match an operation, got "glance_creat_image_metadata"; did',
        ),
        ({**RULE, "times": -1}, "/times: must be at least 1, got -1"),
    ],
)
def test_wrong_fault_is_400(api: Api, body: Any, message: str) -> None:
    """A wrong rule is refused, saying what is wrong, and none is added."""
    response = api("POST", "/_ims_mock/faults", body)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)
    assert len(api.service.faults) == 0


def test_reset(api: Api) -> None:
    """Reset clears images, faults and journal, and makes the same ids again."""
    first = api.create()["id"]
    api("POST", "/_ims_mock/faults", RULE)
    assert api("POST", "/_ims_mock/reset").status_code == 204
    assert (len(api.images), len(api.service.faults), len(api.service.journal)) == (0, 0, 0)
    assert api.create()["id"] == first


def test_reset_takes_settings(api: Api) -> None:
    """Reset takes settings, until the next one."""
    assert api("POST", "/_ims_mock/reset", {"seed": 7, "start": 0}).status_code == 204
    health = api("GET", "/_ims_mock/health").get_json()
    assert (health["seed"], health["now"]) == (7, "1970-01-01T00:00:00Z")
    api("POST", "/_ims_mock/reset", b"")
    assert api("GET", "/_ims_mock/health").get_json()["seed"] == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "body: must be of type object, got []"),
        ({"sed": 1}, 'body: has an unknown member "sed"; the known members are seed, start,'),
        ({"seed": None}, "/seed: must be of type integer or string, got null"),
        ({"start": "yesterday"}, "start must be seconds since 1970 or text like"),
        ({"auth": "none"}, '/auth: must be "off" or "lenient" or "strict"'),
        ({"self": 1}, 'body: has an unknown member "self"'),
        ({"token": 5}, "/token: must be of type string ["),
        ({"project_id": 5}, "/project_id: must be of type string, got 5"),
        ({"start": 1e300}, "/start: must be at most 253402300799"),
    ],
)
def test_wrong_reset_changes_nothing(api: Api, body: Any, message: str) -> None:
    """Settings that cannot be are refused, and the state stays."""
    image = api.create()
    response = api("POST", "/_ims_mock/reset", body)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)
    assert api.images == {image["id"]: image}


def test_add_image(api: Api) -> None:
    """An image is added as a test wants it, by any language."""
    response = api("POST", "/_ims_mock/images", {"name": "a", "status": "active", "members": {"other": "accepted"}})
    image = response.get_json()
    assert (response.status_code, image["status"], image["visibility"]) == (201, "active", "shared")
    assert api.images[image["id"]] == image
    listed = api("GET", "/v2/images", X_Project_Id="other").get_json()["images"]
    assert [shared["id"] for shared in listed] == [image["id"]]


def test_add_image_with_a_file(api: Api) -> None:
    """An image's file comes in base64."""
    image = api("POST", "/_ims_mock/images", {"data": "MDEyMzQ1Njc4OQ=="}).get_json()
    assert (image["status"], image["size"]) == ("active", 10)
    assert api("GET", image["file"]).data == b"0123456789"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "body: must be of type object, got []"),
        ({"members": ["p"]}, '/members: must be of type object, got ["p"]'),
        ({"members": {"p": 5}}, "/members/p: must be of type string, got 5"),
        ({"data": "?"}, '/data: must be the file in base64 (RFC 4648), got "?"'),
        ({"data": 5}, "/data: must be of type string, got 5"),
        ({"min_disk": "x"}, '/min_disk: must be of type integer, got "x"'),
        (b"", "body: is empty"),
    ],
)
def test_wrong_image_is_400(api: Api, body: Any, message: str) -> None:
    """An image that could not be is refused, saying what is wrong, and none is added."""
    response = api("POST", "/_ims_mock/images", body)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)
    assert len(api.images) == 0


def test_add_accounts(api: Api) -> None:
    """Projects and users are added by any language, until the next reset."""
    body = {"projects": [{"name": "web"}], "users": [{"name": "ci", "roles": {"web": ["reader"]}}]}
    assert api("POST", "/_ims_mock/accounts", body).status_code == 204
    assert api.service.accounts.users["ci"].access == "ci-ak"
    api("POST", "/_ims_mock/reset")
    assert "ci" not in api.service.accounts.users


def test_wrong_accounts_are_refused(api: Api) -> None:
    """Accounts that cannot be are refused, and none is added."""
    response = api("POST", "/_ims_mock/accounts", {"users": [{"name": "ci", "roles": {"nowhere": ["reader"]}}]})
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "invalid")
    assert "ci has roles in nowhere, which is no project" in response.get_json()["error"]["message"]
    assert "ci" not in api.service.accounts.users


def test_passwords_are_not_shown(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """The error for a bad password does not show it, and a request is logged without its body."""
    caplog.set_level("INFO")
    for user in (
        {"name": "ci", "password": ["hunter2"]},
        {"name": "ci", "password": "hunter2", "roles": {"demo": ["boss"]}},
    ):
        response = api("POST", "/_ims_mock/accounts", {"users": [user]})
        assert response.status_code == 400
        assert "hunter2" not in response.get_data(as_text=True) + str(response.headers) + caplog.text


def test_add_token(api: Api) -> None:
    """A token of any user is issued without its password."""
    token = api("POST", "/_ims_mock/tokens", {"user": "alt"}).get_json()["token"]
    owner = api("POST", "/v2/images", {}, X_Auth_Token=token).get_json()["owner"]
    assert owner == api.service.accounts.projects["alt"].id
    assert api("POST", "/_ims_mock/tokens", {}).status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("tokens", {"user": "nobody"}, 'no user has the name "nobody"; the users are demo, alt, demo_reader, admin'),
        ("tokens", {"user": "alt", "project": "demo"}, 'alt has no role in project "demo"; it has in alt'),
        ("tokens", {"name": "alt"}, 'body: has an unknown member "name"; the known members are user, project'),
        (
            "denials",
            {"action": "ims:images:creat"},
            'action must be one that an operation needs, got "ims:images:creat"; did you mean',
        ),
        ("denials", {}, 'body: must have "action", got {}'),
        ("denials", {"action": 5}, "/action: must be of type string, got 5"),
        ("denials", {"action": "ims:*", "user": "nobody"}, 'no user has the name "nobody"'),
    ],
)
def test_wrong_tokens_and_denials(api: Api, path: str, body: Any, message: str) -> None:
    """What cannot be asked for is refused by its name."""
    response = api("POST", f"/_ims_mock/{path}", body)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)


def test_denials_and_policy(api: Api) -> None:
    """Actions are denied and allowed again, and what requests have needed makes a policy."""
    assert api("POST", "/_ims_mock/denials", {"action": "ims:images:create"}).status_code == 204
    assert api("POST", "/v2/images", {}).status_code == 403
    assert api("DELETE", "/_ims_mock/denials").status_code == 204
    assert api("POST", "/v2/images", {}).status_code == 201
    assert api("GET", "/_ims_mock/policy").get_json() == {
        "Version": "1.1",
        "Statement": [{"Effect": "Allow", "Action": ["ims:images:create"]}],
    }


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("tokens", {"user": []}, "/user: must be of type string or null, got []"),
        ("tokens", {"user": {}}, "/user: must be of type string or null, got {}"),
        ("tokens", {"user": "demo", "project": []}, "/project: must be of type string or null, got []"),
        ("denials", {"action": "ims:images:create", "user": []}, "/user: must be of type string or null, got []"),
        ("denials", {"action": []}, "/action: must be of type string, got []"),
        ("accounts", {"users": None}, "/users: must be of type array"),
    ],
)
def test_wrong_type_is_400(api: Api, path: str, body: Any, message: str) -> None:
    """The error for what is no name says so."""
    response = api("POST", f"/_ims_mock/{path}", body)
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(message)


def test_token_of_the_default_user(api: Api) -> None:
    """Without a user a token is the first one's."""
    token = api("POST", "/_ims_mock/tokens", {}).get_json()["token"]
    record = api.service.identity.find_token(token)
    assert record is not None
    assert (record["user"], record["project"]) == ("demo", "demo")


@pytest.mark.parametrize("rule", ["glance_list_images: 503 x1", {"fault": {"kind": "fail", "status": 503}, "times": 1}])
def test_rule_as_text_or_as_an_object(api: Api, rule: Any) -> None:
    """A rule is taken in either form."""
    assert api("POST", "/_ims_mock/faults", rule).status_code == 201
    assert [api("GET", "/v2/images").status_code for _ in range(2)] == [503, 200]


def test_audit_settles_first(api: Api) -> None:
    """What is due has happened before the client is judged."""
    api.service.reset(start=0.0, delays={"queued": 5})
    image = api.create()
    api("PUT", image["file"], b"x", Content_Type="application/octet-stream")
    assert api.images[image["id"]]["status"] == "queued"
    api.clock.advance(5)
    found = api("GET", "/_ims_mock/audit").get_json()["findings"]
    assert "image_left_queued" not in [finding["rule"] for finding in found]


# What can be set, and the document.


def test_settings_are_shown(api: Api) -> None:
    """What is set is shown as a reset takes it, without the token and the accounts."""
    api("POST", "/_ims_mock/reset", {"seed": 7, "token": "hunter2", "faults": ["glance_list_images: 503 x1"]})
    shown = api("GET", "/_ims_mock/settings").get_json()
    assert (shown["seed"], shown["auth"]) == (7, "lenient")
    assert shown["faults"] == [
        {"fault": {"kind": "fail", "status": 503}, "operation": "glance_list_images", "times": 1}
    ]
    assert "hunter2" not in str(shown)
    assert api("POST", "/_ims_mock/reset", shown).status_code == 204
    assert api("GET", "/_ims_mock/settings").get_json() == shown


def test_accounts_are_listed_without_secrets(api: Api) -> None:
    """Who there is can be seen, with access keys and roles, and no password or secret key."""
    response = api("GET", "/_ims_mock/accounts")
    assert [project["name"] for project in response.get_json()["projects"]] == ["demo", "alt", "admin"]
    assert response.get_json()["users"][1] == {
        "id": "e8d4b6a2c0f14e35b79d1c3f5a7e9b02",
        "name": "alt",
        "access": "alt-ak",
        "roles": {"alt": ["member"]},
    }
    assert "alt-sk" not in response.get_data(as_text=True)


def test_denials_are_listed(api: Api) -> None:
    """What is denied, and to whom, can be seen."""
    assert api("GET", "/_ims_mock/denials").get_json() == {"denials": []}
    api("POST", "/_ims_mock/denials", {"action": "ims:images:create"})
    api("POST", "/_ims_mock/denials", {"action": "ims:*:get", "user": "alt"})
    assert api("GET", "/_ims_mock/denials").get_json() == {
        "denials": [{"action": "ims:images:create", "user": None}, {"action": "ims:*:get", "user": "alt"}]
    }


def test_control_document(api: Api) -> None:
    """The control API has a document of its own, and is not in that of the service."""
    assert api("GET", "/_ims_mock/control.json").get_json() == load_control().document
    assert all(path.startswith("/_ims_mock/") for path in load_control().document["paths"])
    assert not any(path.startswith("/_ims_mock") for path in load_contract().document["paths"])


SERIES: list[tuple[str, str, Any]] = [
    ("GET", "/health", None),
    ("GET", "/openapi.json", None),
    ("GET", "/control.json", None),
    ("GET", "/settings", None),
    ("POST", "/worlds", {"name": "ci-42", "settings": {"auth": "strict"}, "locked": True}),
    ("GET", "/worlds", None),
    ("GET", "/worlds/ci-42", None),
    ("DELETE", "/worlds/ci-42", None),
    ("GET", "/requests?limit=1", None),
    ("GET", "/requests/1", None),
    ("POST", "/reset", {"seed": 5}),
    ("POST", "/images", {"name": "a", "data": "MDEy"}),
    ("POST", "/accounts", {"projects": [{"name": "web"}]}),
    ("GET", "/accounts", None),
    ("POST", "/neighbours", {"keys": [{"id": "key"}]}),
    ("GET", "/neighbours", None),
    ("GET", "/jobs", None),
    ("GET", "/changes?wait=0", None),
    ("GET", "/images?limit=1", None),
    ("GET", "/images/53bb389f-f0a1-41df-948f-4affaf9d15da?bytes=2", None),
    ("DELETE", "/neighbours", None),
    ("POST", "/neighbours/servers", {"id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}),
    ("PUT", "/worlds", {"most": 100, "idle": 3600}),
    ("GET", "/connection", None),
    ("GET", "/records/users", None),
    ("GET", "/records/users/demo", None),
    ("PUT", "/records/images/a", {"record": {"id": "a", "name": "a", "status": "active"}}),
    ("DELETE", "/records/images/a", None),
    ("DELETE", "/records/jobs", None),
    ("POST", "/temporary_credentials", {"lifetime": 900}),
    ("POST", "/public_images", {"wanted": {"__platform": "CentOS"}}),
    ("POST", "/tokens", {}),
    ("POST", "/denials", {"action": "ims:*:list"}),
    ("GET", "/denials", None),
    ("DELETE", "/denials", None),
    ("GET", "/policy", None),
    ("POST", "/faults", "503 x1 optional"),
    ("GET", "/faults?removed=true", None),
    ("DELETE", "/faults/1?drop=true", None),
    ("DELETE", "/faults", None),
    ("POST", "/clock", {"advance": 1}),
    ("GET", "/clock", None),
    ("GET", "/audit", None),
    ("GET", "/consumer_contract?name=a", None),
    ("GET", "/journal?form=whole", None),
    ("GET", "/journal.har", None),
    ("GET", "/bundle", None),
    ("DELETE", "/journal", None),
    ("POST", "/snapshots", {"name": "a"}),
    ("GET", "/snapshots", None),
    ("GET", "/snapshots/a/differences", None),
    ("POST", "/snapshots/a/restore", None),
    ("DELETE", "/snapshots/a", None),
    ("GET", "/state", None),
    ("POST", "/provider_states", {"state": "an image"}),
]


def test_every_response_keeps_its_schema(api: Api) -> None:
    """Each operation responds with the status and the document that its file describes."""
    operations = sorted(load_control().operations.values(), key=lambda operation: operation.path.count("{"))
    api.create()
    asked = set()
    for method, path, body in SERIES:
        response = api(method, "/_ims_mock" + path, body)
        path = "/_ims_mock" + path.partition("?")[0]
        operation = next(
            operation
            for operation in operations
            if operation.method == method and re.fullmatch(re.sub("{.*?}", "[^/]+", operation.path), path)
        )
        assert response.status_code == operation.success, response.data
        if operation.response_body:
            operation.check_response_body(response.get_json())
        else:
            assert response.data == b""
        asked.add(operation.id)
    state = api("GET", "/_ims_mock/state").get_json()
    assert api("PUT", "/_ims_mock/state", state).status_code == 204
    assert asked | {"load_state", "end_job"} == set(load_control().operations)


def test_every_operation_has_its_function() -> None:
    """An operation's id is the name of its file and of its function."""
    for operation in load_control().operations.values():
        assert operation.source == f"control/{operation.id}.json"
        assert FUNCTIONS[operation.id].__doc__


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "message"),
    [
        ("GET", "/helth", 404, "not_found", "no route has the path /_ims_mock/helth; the nearest is /_ims_mock/health"),
        (
            "POST",
            "/q",
            404,
            "not_found",
            "no route has the path /_ims_mock/q; GET /_ims_mock/control.json shows them all",
        ),
        ("POST", "", 405, "no_method", "POST is not served on /_ims_mock; use GET, HEAD, OPTIONS"),
        ("GET", "/reset", 405, "no_method", "GET is not served on /_ims_mock/reset; use OPTIONS, POST"),
        ("PUT", "/faults/7", 405, "no_method", "PUT is not served on /_ims_mock/faults/7; use DELETE, OPTIONS"),
    ],
)
def test_unknown_request(api: Api, method: str, path: str, status: int, code: str, message: str) -> None:
    """What the API does not serve is rejected in the form of all its errors, logged, and in no journal."""
    response = api(method, f"/_ims_mock{path}")
    assert (response.status_code, response.get_json()) == (status, {"error": {"code": code, "message": message}})
    assert response.headers["X-IMS-Mock-Reason"] == message
    assert response.headers.get("Allow") == (message.rpartition("use ")[2] if status == 405 else None)
    assert len(api.service.journal) == 0


def test_unknown_request_is_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """A line of the log has it, once."""
    caplog.set_level("INFO", "ims_mock")
    api("GET", "/_ims_mock/helth")
    assert [record.getMessage() for record in caplog.records] == [
        f"{PAGE} GET /_ims_mock/helth -> 404 control: no route has the path /_ims_mock/helth; "
        "the nearest is /_ims_mock/health"
    ]
