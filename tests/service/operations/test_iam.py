"""The identity service, by its operations, without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock import Fail
from tests.conftest import Api

TOKENS = "/v3/auth/tokens"
DOMAIN = {"id": "4c7a90d1f3b24e58a6d9c05be7f8123d", "name": "Default"}
DEMO = {"id": "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c", "name": "demo", "domain": DOMAIN}
DEMO_USER = {
    "id": "c2f0a8e4d6b94c13a57e9d1f3b5c7e90",
    "name": "demo",
    "domain": DOMAIN,
    "password_expires_at": "",
}
BY_ID = {"id": "c2f0a8e4d6b94c13a57e9d1f3b5c7e90", "password": "secret"}
BY_NAME = {"name": "demo", "password": "secret", "domain": {"name": "Default"}}
TO_DEMO = {"project": {"name": "demo", "domain": {"name": "Default"}}}
TO_DOMAIN = {"domain": {"name": "Default"}}

SECRET = "hunter2-4a7c"
ANOTHERS = {"projects": [{"name": "web"}], "users": [{"name": "ci", "roles": {"web": ["reader"], "demo": ["member"]}}]}

MALFORMED = {
    "code": 400,
    "message": "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error.",
    "title": "Bad Request",
}
FORBIDDEN = {"code": 403, "message": "You are not authorized to perform the requested action.", "title": "Forbidden"}
WRONG = {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}
NOT_FOUND = {"code": 404, "message": "Could not find token.", "title": "Not Found"}


def by_password(user: Any = BY_NAME, scope: Any = None) -> dict[str, Any]:
    """Return the body of a login with a password, scoped to something or not."""
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
    return {"auth": auth if scope is None else {**auth, "scope": scope}}


def by_token(token: str, scope: Any = None) -> dict[str, Any]:
    """Return the body of a login with a token, scoped to something or not."""
    auth: dict[str, Any] = {"identity": {"methods": ["token"], "token": {"id": token}}}
    return {"auth": auth if scope is None else {**auth, "scope": scope}}


def issue(api: Api, body: Any, query: str = "") -> tuple[str, dict[str, Any]]:
    """Log in; return the token, and what it says."""
    response = api("POST", TOKENS + query, body, X_Auth_Token="")
    assert response.status_code == 201, response.headers
    return response.headers["X-Subject-Token"], response.get_json()["token"]


def validate(api: Api, token: str, query: str = "") -> TestResponse:
    """Ask what a token says."""
    return api("GET", TOKENS + query, X_Subject_Token=token)


def check_refusal(response: TestResponse, error: dict[str, Any], reason: str) -> None:
    """Check that a response is a refusal in the form of the identity service, and how its reason begins."""
    assert (response.status_code, response.get_json()) == (error["code"], {"error": error})
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)
    assert "X-Subject-Token" not in response.headers


def project_names(api: Api, url: str, user: str) -> list[str]:
    """Return the names of the projects that a user lists."""
    response = api("GET", url, X_Auth_Token=api.service.identity.new_token_for(user))
    return [project["name"] for project in response.get_json()["projects"]]


# keystone_show_version


@pytest.mark.parametrize("path", ["/v3", "/v3/"])
def test_version(api: Api, path: str) -> None:
    """The version needs no credential, with a slash at its end or without, and links to where the client asked."""
    response = api("GET", path, X_Auth_Token="", Host="iam.example:8443")
    assert response.status_code == 200
    assert response.get_json() == {
        "version": {
            "id": "v3.14",
            "status": "stable",
            "links": [{"rel": "self", "href": "http://iam.example:8443/v3/"}],
            "media-types": [
                {"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"},
            ],
        }
    }


def test_no_other_path_ends_in_a_slash(api: Api) -> None:
    """The path of a token has no slash at its end, and the gateway says so."""
    response = api("POST", "/v3/auth/tokens/", by_password())
    assert (response.status_code, response.get_json()["error_code"]) == (404, "APIGW.0101")
    assert (
        response.headers["X-IMS-Mock-Reason"]
        == "no route has the path /v3/auth/tokens/; the nearest is /v3/auth/tokens"
    )


# keystone_create_token


def test_token_of_a_project(api: Api) -> None:
    """A token is in a header; the body says whose it is, in which project, with which roles, and for how long."""
    response = api("POST", TOKENS, by_password(scope=TO_DEMO), X_Auth_Token="")
    assert response.status_code == 201
    assert len(response.headers["X-Subject-Token"]) == 64
    token = response.get_json()["token"]
    assert [service["type"] for service in token.pop("catalog")] == ["image", "imsv1", "imsv2", "identity"]
    assert response.get_json().keys() == {"token"}
    assert token == {
        "methods": ["password"],
        "issued_at": "2016-06-02T07:49:48.000000Z",
        "expires_at": "2016-06-03T07:49:48.000000Z",
        "user": DEMO_USER,
        "project": DEMO,
        "roles": [{"id": "member", "name": "member"}],
    }


def test_token_of_the_domain(api: Api) -> None:
    """A token for the domain names it, and no project; it has the catalogue, and no role."""
    _, token = issue(api, by_password(scope=TO_DOMAIN))
    assert token.keys() == {"methods", "issued_at", "expires_at", "user", "domain", "roles", "catalog"}
    assert (token["domain"], token["roles"]) == (DOMAIN, [])


@pytest.mark.parametrize("body", [by_password(), by_password(scope={}), by_password(scope="unscoped")])
def test_token_of_nothing(api: Api, body: dict[str, Any]) -> None:
    """Without a scope a token says who, and nothing of a project, of roles or of services."""
    _, token = issue(api, body)
    assert token.keys() == {"methods", "issued_at", "expires_at", "user"}


@pytest.mark.parametrize(
    "user",
    [
        BY_ID,
        BY_NAME,
        {"name": "demo", "password": "secret"},
        {**BY_NAME, "domain": {}},
        {**BY_NAME, "domain": {"id": DOMAIN["id"]}},
        {**BY_NAME, "domain": {"id": "default"}},
        {**BY_NAME, "domain": DOMAIN},
        {**BY_ID, "name": "nobody"},
        {**BY_NAME, "lock_password": True},
    ],
)
def test_user_by_name_or_id(api: Api, user: dict[str, Any]) -> None:
    """A user is found by id or, without one, by name, in the domain by name or id; other members mean nothing."""
    assert issue(api, by_password(user))[1]["user"] == DEMO_USER


@pytest.mark.parametrize(
    "project",
    [
        {"id": DEMO["id"]},
        {"name": "demo"},
        {"name": "demo", "domain": {"name": "Default"}},
        {"name": "demo", "domain": {"id": "default"}},
        {"name": "demo", "domain": DOMAIN},
        {"id": DEMO["id"], "name": "nothing", "parents": []},
        {"name": "cn-north-4"},
        {"name": "cn-north-4", "domain": {"name": "Default"}},
    ],
)
def test_project_by_name_or_id(api: Api, project: dict[str, Any]) -> None:
    """A project is found by id or by name; the region's name is another name of the user's own."""
    assert issue(api, by_password(scope={"project": project}))[1]["project"] == DEMO


@pytest.mark.parametrize(("region", "name"), [("cn-north-4", "alt"), ("eu-west-101", "alt")])
def test_name_of_the_region_is_each_users_own(region: str, name: str) -> None:
    """The region's name, which can be set, stands for the own project of whoever logs in."""
    body = by_password({"name": name, "password": "secret"}, {"project": {"name": region}})
    assert issue(Api(region=region), body)[1]["project"]["name"] == name


def test_name_of_another_region_is_no_project(api: Api) -> None:
    """A region that the mock is not in has no project."""
    response = api("POST", TOKENS, by_password(scope={"project": {"name": "eu-west-101"}}))
    check_refusal(response, WRONG, "/auth/scope/project: demo has no role in this project, only in demo")


@pytest.mark.parametrize("domain", [{"name": "Default"}, {"id": "default"}, {"id": DOMAIN["id"]}, DOMAIN])
def test_domain_by_name_or_id(api: Api, domain: dict[str, Any]) -> None:
    """The domain is found by id or by name."""
    assert issue(api, by_password(scope={"domain": domain}))[1]["domain"] == DOMAIN


def test_roles_are_those_of_the_project(api: Api) -> None:
    """A user has in each project the roles that it was given there."""
    api.service.accounts.add(ANOTHERS)
    user = {"name": "ci", "password": "secret"}
    roles = [issue(api, by_password(user, {"project": {"name": name}}))[1]["roles"] for name in ("web", "demo")]
    assert roles == [[{"id": "reader", "name": "reader"}], [{"id": "member", "name": "member"}]]


def test_token_for_a_token(api: Api) -> None:
    """A token is good for another one, of another scope, and stays good itself."""
    first, _ = issue(api, by_password())
    second, said = issue(api, by_token(first, TO_DEMO))
    assert second != first
    assert (said["user"], said["project"]) == (DEMO_USER, DEMO)
    assert validate(api, first).status_code == 200


def test_token_for_a_token_lives_no_longer(api: Api) -> None:
    """A token that was got for another one expires with it, as with Keystone."""
    first, _ = issue(api, by_password())
    api.clock.advance(3600)
    assert issue(api, by_token(first))[1]["expires_at"] == "2016-06-03T07:49:48.000000Z"


def test_two_methods_of_one_user(api: Api) -> None:
    """A password and a token together will do when both are of one user."""
    token, _ = issue(api, by_password())
    identity = {"methods": ["password", "token"], "password": {"user": BY_NAME}, "token": {"id": token}}
    assert issue(api, {"auth": {"identity": identity}})[1]["methods"] == ["password", "token"]


def test_two_methods_of_two_users_are_401(api: Api) -> None:
    """A password of one user and a token of another are of nobody."""
    token = api.service.identity.new_token_for("alt")
    identity = {"methods": ["password", "token"], "password": {"user": BY_NAME}, "token": {"id": token}}
    check_refusal(
        api("POST", TOKENS, {"auth": {"identity": identity}}), WRONG, "/auth/identity: all methods must be of"
    )


@pytest.mark.parametrize("query", ["?nocatalog", "?nocatalog=", "?nocatalog=true", "?nocatalog=false"])
@pytest.mark.parametrize("scope", [TO_DEMO, TO_DOMAIN])
def test_catalogue_can_be_left_out(api: Api, query: str, scope: dict[str, Any]) -> None:
    """With nocatalog, whatever its value, there is no catalogue, and all the rest."""
    whole = issue(api, by_password(scope=scope))[1]
    assert whole.pop("catalog")
    assert issue(api, by_password(scope=scope), query)[1] == whole


def test_tokens_differ(api: Api) -> None:
    """Each login gives another token."""
    assert issue(api, by_password())[0] != issue(api, by_password())[0]


def test_tokens_are_the_seeds() -> None:
    """The same seed gives the same tokens, another one others."""
    tokens = [issue(Api(seed=seed), by_password())[0] for seed in (1, 1, 2)]
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize("level", ["off", "lenient", "strict"])
def test_login_needs_no_credential(level: str) -> None:
    """Whoever logs in has no token yet, and one that is none does not hinder."""
    api = Api(auth=level)
    responses = [api("POST", TOKENS, by_password(scope=TO_DEMO), X_Auth_Token=token) for token in ("", "nonsense")]
    assert [response.status_code for response in responses] == [201, 201]


@pytest.mark.parametrize("level", ["off", "lenient", "strict"])
def test_password_is_verified_at_every_level(level: str) -> None:
    """A wrong password is wrong, however lenient the mock is with tokens."""
    response = Api(auth=level)("POST", TOKENS, by_password({**BY_NAME, "password": "wrong"}))
    check_refusal(
        response, WRONG, "/auth/identity/password/user: no user has this name and password; the users are demo, alt"
    )


def test_issued_token_works_in_its_project() -> None:
    """An image that is created with a token is its project's."""
    api = Api(auth="strict")
    token, _ = issue(api, by_password({"name": "alt", "password": "secret"}, {"project": {"name": "alt"}}))
    image = api("POST", "/v2/images", {}, X_Auth_Token=token).get_json()
    assert image["owner"] == "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_login_is_json_whatever_its_type(api: Api, content_type: str) -> None:
    """The body is read as JSON whatever it is said to be."""
    assert api("POST", TOKENS, by_password(), Content_Type=content_type).status_code == 201


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (by_password({**BY_NAME, "password": ""}), "/auth/identity/password/user: no user has this name and password"),
        (by_password({**BY_NAME, "password": "Secret"}), "/auth/identity/password/user: no user has this name"),
        (by_password({**BY_NAME, "password": "s\u00e9cret"}), "/auth/identity/password/user: no user has this name"),
        (by_password({**BY_NAME, "name": "nobody"}), "/auth/identity/password/user: no user has this name"),
        (by_password({**BY_ID, "id": "0" * 32}), "/auth/identity/password/user: no user has this name"),
        (by_password({**BY_NAME, "id": ""}), "/auth/identity/password/user: no user has this name"),
        (by_password({"password": "secret"}), "/auth/identity/password/user: no user has this name"),
        (by_password({**BY_NAME, "domain": {"name": "default"}}), "/auth/identity/password/user/domain: no domain has"),
        (by_password({**BY_NAME, "domain": {"id": "x"}}), "/auth/identity/password/user/domain: no domain has this"),
        (by_token("nonsense"), "/auth/identity/token: this token was not issued here, has expired, or was revoked"),
        (by_password(scope={"project": {"name": "alt"}}), "/auth/scope/project: demo has no role in this project"),
        (
            by_password(scope={"project": {"id": "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"}}),
            "/auth/scope/project: demo has no",
        ),
        (by_password(scope={"project": {"name": "nowhere"}}), "/auth/scope/project: demo has no role in this"),
        (by_password(scope={"project": {}}), "/auth/scope/project: demo has no role in this project, only in demo"),
        (by_password(scope={"project": {"name": "demo", "domain": {"name": "x"}}}), "/auth/scope/project: demo has no"),
        (by_password(scope={"domain": {"name": "x"}}), "/auth/scope: must have a project, or the domain"),
        (by_password(scope={"system": {"all": True}}), "/auth/scope: must have a project, or the domain"),
    ],
)
def test_wrong_login_is_401(api: Api, body: dict[str, Any], reason: str) -> None:
    """Who is not a user with that password, or has no role there, gets no token; only the reason says which it is."""
    check_refusal(api("POST", TOKENS, body), WRONG, reason)
    assert list(api.service.store.tokens) == [api.service.auth.token]


@pytest.mark.parametrize(
    ("body", "error", "reason"),
    [
        (b"", MALFORMED, "body: is empty; send JSON"),
        (b"{", MALFORMED, "body: is not JSON: "),
        (b"\xff", MALFORMED, "body: is not UTF-8: byte 0 is 0xff"),
        ([], MALFORMED, "body: must be of type object"),
        ({}, MALFORMED, 'body: must have "auth"'),
        ({"auth": {}}, MALFORMED, '/auth: must have "identity"'),
        ({"auth": None}, MALFORMED, "/auth: must be of type object"),
        ({"auth": {"identity": {}}}, MALFORMED, '/auth/identity: must have "methods"'),
        ({"auth": {"identity": {"methods": "password"}}}, MALFORMED, "/auth/identity/methods: must be of type array"),
        ({"auth": {"identity": {"methods": []}}}, MALFORMED, "/auth/identity/methods: "),
        (
            {"auth": {"identity": {"methods": ["totp"]}}},
            MALFORMED,
            '/auth/identity/methods/0: must be "password" or "token"',
        ),
        (
            {"auth": {"identity": {"methods": ["password"]}}},
            MALFORMED,
            "/auth/identity/password: is needed, as methods has 'password'",
        ),
        (
            {"auth": {"identity": {"methods": ["token"], "password": {"user": BY_NAME}}}},
            MALFORMED,
            "/auth/identity/token: is needed, as methods has 'token'",
        ),
        (by_password({"name": "demo"}), MALFORMED, '/auth/identity/password/user: must have "password"'),
        (by_password({**BY_NAME, "name": 5}), MALFORMED, "/auth/identity/password/user/name: must be of type string"),
        (by_password(scope=5), MALFORMED, "/auth/scope: must be of type object or string"),
        (by_password(scope={"project": "demo"}), MALFORMED, "/auth/scope/project: must be of type object"),
    ],
)
def test_malformed_login_is_400(api: Api, body: Any, error: dict[str, Any], reason: str) -> None:
    """A body of another form is refused, and the reason says where and why."""
    check_refusal(api("POST", TOKENS, body), error, reason)


@pytest.mark.parametrize(
    ("method", "url", "headers", "reason"),
    [
        ("POST", f"{TOKENS}?catalog", {}, "/catalog: keystone_create_token has no such query parameter"),
        ("GET", f"{TOKENS}?x=1", {"X_Subject_Token": "t"}, "/x: keystone_validate_token has no such query"),
        ("GET", "/v3/projects?page=0", {}, "/page: must be at least 1, got 0"),
        ("GET", "/v3/projects?per_page=5001", {}, "/per_page: must be at most 5000, got 5001"),
        ("GET", "/v3/projects?enabled=maybe", {}, '/enabled: must be of type boolean, got "maybe"'),
        ("GET", "/v3/projects?nam=demo", {}, "/nam: keystone_list_projects has no such query parameter"),
        ("GET", "/v3/projects?name=a&name=b", {}, "/name: the query parameter is given twice; give it once"),
        ("GET", TOKENS, {}, "/X-Subject-Token: the header is required"),
        ("DELETE", TOKENS, {}, "/X-Subject-Token: the header is required"),
    ],
)
def test_malformed_request_is_400(api: Api, method: str, url: str, headers: dict[str, str], reason: str) -> None:
    """A query or a header that the operation does not take so is refused in the service's form."""
    body = by_password() if method == "POST" else None
    check_refusal(api(method, url, body, **headers), MALFORMED, reason)


# keystone_validate_token


@pytest.mark.parametrize("scope", [None, TO_DEMO, TO_DOMAIN])
def test_validated_token_says_what_it_said(api: Api, scope: Any) -> None:
    """A token says the same whenever it is asked, and is in the header again."""
    token, said = issue(api, by_password(scope=scope))
    api.clock.advance(3600)
    response = validate(api, token)
    assert (response.status_code, response.headers["X-Subject-Token"]) == (200, token)
    assert response.get_json() == {"token": said}


@pytest.mark.parametrize("query", ["?nocatalog", "?nocatalog=true"])
def test_validated_token_without_the_catalogue(api: Api, query: str) -> None:
    """The catalogue can be left out here too."""
    token, _ = issue(api, by_password(scope=TO_DEMO))
    assert "catalog" not in validate(api, token, query).get_json()["token"]


def test_head_of_a_token(api: Api) -> None:
    """HEAD shows whether a token is good, without a body."""
    token, _ = issue(api, by_password(scope=TO_DEMO))
    good = api("HEAD", TOKENS, X_Subject_Token=token)
    bad = api("HEAD", TOKENS, X_Subject_Token="nonsense")
    assert [(response.status_code, response.data) for response in (good, bad)] == [(200, b""), (404, b"")]
    assert good.headers["X-Subject-Token"] == token
    assert bad.headers["X-IMS-Mock-Reason"] == "/X-Subject-Token: no such token is valid here"


def test_token_can_ask_about_itself() -> None:
    """A token is credential and subject at once."""
    api = Api(auth="strict")
    token, _ = issue(api, by_password())
    assert api("GET", TOKENS, X_Auth_Token=token, X_Subject_Token=token).status_code == 200


def test_token_of_another_user(api: Api) -> None:
    """Another user's token is an admin's to ask about and to revoke, and nobody else's."""
    token, _ = issue(api, by_password())
    theirs, admins = (api.service.identity.new_token_for(user) for user in ("alt", "admin"))
    for method in ("GET", "DELETE"):
        refused = api(method, TOKENS, X_Auth_Token=theirs, X_Subject_Token=token)
        check_refusal(refused, FORBIDDEN, "/X-Subject-Token: is not alt's own, and alt is no admin")
    response = api("GET", TOKENS, X_Auth_Token=admins, X_Subject_Token=token)
    assert response.get_json()["token"]["user"] == DEMO_USER
    assert api("DELETE", TOKENS, X_Auth_Token=admins, X_Subject_Token=token).status_code == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_token_is_404(api: Api, method: str) -> None:
    """Nothing is said of a token that was not issued here, and there is nothing to revoke."""
    response = api(method, TOKENS, X_Subject_Token="nonsense")
    check_refusal(response, NOT_FOUND, "/X-Subject-Token: no such token is valid here")


def test_token_expires_by_the_mocks_clock(api: Api) -> None:
    """A token is good for 24 hours of the mock's clock, and not a second longer."""
    token, _ = issue(api, by_password())
    api.clock.advance(24 * 3600 - 1)
    assert validate(api, token).status_code == 200
    api.clock.advance(1)
    check_refusal(validate(api, token), NOT_FOUND, "/X-Subject-Token: no such token is valid here")
    check_refusal(api("POST", TOKENS, by_token(token)), WRONG, "/auth/identity/token: this token was not issued here")


def test_lifetime_can_be_set() -> None:
    """A token is good for as many seconds as the setting says."""
    api = Api(token_lifetime=90)
    token, said = issue(api, by_password())
    assert said["expires_at"] == "2016-06-02T07:51:18.000000Z"
    api.clock.advance(89)
    assert validate(api, token).status_code == 200
    api.clock.advance(1)
    assert validate(api, token).status_code == 404


def test_token_of_a_user_that_is_gone(api: Api) -> None:
    """A token dies with its user."""
    token, _ = issue(api, by_password({"name": "alt", "password": "secret"}))
    api.service.accounts.remove_user("alt")
    check_refusal(validate(api, token), NOT_FOUND, "/X-Subject-Token: no such token is valid here")


def test_reset_clears_tokens(api: Api) -> None:
    """No token outlives a reset."""
    token, _ = issue(api, by_password())
    api.service.reset()
    assert validate(api, token).status_code == 404


# keystone_revoke_token


def test_revoked_token_is_honoured_no_more(api: Api) -> None:
    """A revoked token is neither credential, nor subject, nor good for another one, and cannot be revoked again."""
    token, _ = issue(api, by_password(scope=TO_DEMO))
    revoked = api("DELETE", TOKENS, X_Subject_Token=token)
    assert (revoked.status_code, revoked.data) == (204, b"")
    for method in ("GET", "DELETE"):
        check_refusal(api(method, TOKENS, X_Subject_Token=token), NOT_FOUND, "/X-Subject-Token: no such token")
    check_refusal(api("POST", TOKENS, by_token(token)), WRONG, "/auth/identity/token: this token was not issued here")
    assert api("GET", "/v2/images", X_Auth_Token=token).status_code == 401


def test_token_can_revoke_itself() -> None:
    """Whoever logs out does so with the token that ends."""
    api = Api(auth="strict")
    token, _ = issue(api, by_password())
    assert api("DELETE", TOKENS, X_Auth_Token=token, X_Subject_Token=token).status_code == 204
    assert api("DELETE", TOKENS, X_Auth_Token=token, X_Subject_Token=token).status_code == 401


def test_other_tokens_outlive_a_revoked_one(api: Api) -> None:
    """Another token of the user stays good."""
    first, second = (issue(api, by_password())[0] for _ in range(2))
    api("DELETE", TOKENS, X_Subject_Token=first)
    assert validate(api, second).status_code == 200


def test_body_of_a_revocation_is_400(api: Api) -> None:
    """A revocation takes no body, and the token stays good."""
    token, _ = issue(api, by_password())
    response = api("DELETE", TOKENS, {"a": 1}, X_Subject_Token=token)
    check_refusal(response, MALFORMED, "body: keystone_revoke_token takes none; leave it out")
    assert validate(api, token).status_code == 200


# keystone_list_versions


@pytest.mark.parametrize("path", ["/identity", "/identity/"])
def test_root_of_the_identity_service(api: Api, path: str) -> None:
    """The root lists the one version in Keystone's form, without a credential, where the client asked."""
    response = api("GET", path, X_Auth_Token="", Host="iam.example:8443")
    (version,) = response.get_json()["versions"]["values"]
    assert response.status_code == 300
    assert version == api("GET", "/v3", Host="iam.example:8443").get_json()["version"]
    assert version["links"] == [{"rel": "self", "href": "http://iam.example:8443/v3/"}]


def test_api_below_the_root(api: Api) -> None:
    """Every operation of the identity service is also served below its root."""
    token = api("POST", f"/identity{TOKENS}", by_password(scope=TO_DEMO)).headers["X-Subject-Token"]
    for path in ("/v3", "/v3/", "/v3/projects", f"/v3/projects/{DEMO['id']}", "/v3/auth/catalog"):
        below, beside = (api("GET", root + path, X_Auth_Token=token) for root in ("/identity", ""))
        assert (below.status_code, below.get_json()) == (beside.status_code, beside.get_json())


# keystone_list_projects


def test_projects(api: Api) -> None:
    """A project is returned with its domain, and with links to the address that the client used."""
    token = api.service.identity.new_token_for("demo")
    response = api("GET", "/v3/projects", X_Auth_Token=token, Host="iam.example:8443")
    assert response.status_code == 200
    assert response.get_json() == {
        "projects": [
            {
                "id": DEMO["id"],
                "name": "demo",
                "domain_id": DOMAIN["id"],
                "parent_id": DOMAIN["id"],
                "is_domain": False,
                "enabled": True,
                "description": "",
                "links": {"self": f"http://iam.example:8443/v3/projects/{DEMO['id']}"},
            }
        ],
        "links": {"self": "http://iam.example:8443/v3/projects", "next": None, "previous": None},
    }


@pytest.mark.parametrize("url", ["/v3/projects", "/v3/auth/projects"])
@pytest.mark.parametrize(
    ("user", "names"), [("demo", ["demo"]), ("alt", ["alt"]), ("demo_reader", ["demo"]), ("ci", ["web", "demo"])]
)
def test_each_sees_its_own_projects(api: Api, url: str, user: str, names: list[str]) -> None:
    """A user lists the projects in which it has a role, its own first, and no other's."""
    api.service.accounts.add(ANOTHERS)
    assert project_names(api, url, user) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=web", ["web"]),
        ("name=demo", ["demo"]),
        ("name=", []),
        ("name=cn-north-4", ["cn-north-4"]),
        ("name=cn-north-1", []),
        (f"domain_id={DOMAIN['id']}", ["web", "demo"]),
        ("domain_id=x", []),
        (f"parent_id={DOMAIN['id']}", ["web", "demo"]),
        ("parent_id=x", []),
        ("enabled=true", ["web", "demo"]),
        ("enabled=false", []),
        ("is_domain=false", ["web", "demo"]),
        ("is_domain=true", []),
        ("per_page=1", ["web"]),
        ("per_page=1&page=2", ["demo"]),
        ("per_page=1&page=3", []),
        ("per_page=5000", ["web", "demo"]),
        ("page=1", ["web", "demo"]),
        ("page=2", []),
        (f"name=demo&enabled=true&domain_id={DOMAIN['id']}", ["demo"]),
    ],
)
def test_filters(api: Api, query: str, names: list[str]) -> None:
    """Every filter counts; of pages there are some only when their length is given."""
    api.service.accounts.add(ANOTHERS)
    assert project_names(api, f"/v3/projects?{query}", "ci") == names


@pytest.mark.parametrize(("user", "project"), [("demo", "demo"), ("alt", "alt"), ("ci", "web")])
def test_project_of_the_region_is_one(api: Api, user: str, project: str) -> None:
    """Of the region's name there is one project, the caller's own, as the official SDK needs it."""
    api.service.accounts.add(ANOTHERS)
    token = api.service.identity.new_token_for(user)
    (found,) = api("GET", "/v3/projects?name=cn-north-4", X_Auth_Token=token).get_json()["projects"]
    assert found["id"] == api.service.accounts.projects[project].id


def test_projects_of_nobody_are_the_default_users(api: Api) -> None:
    """A credential that is nobody's lists what the first user would."""
    assert [project["id"] for project in api("GET", "/v3/projects").get_json()["projects"]] == [DEMO["id"]]


@pytest.mark.parametrize(
    ("user", "project"), [("demo", "demo"), ("alt", "alt"), ("ci", "web"), ("ci", "demo"), ("admin", "alt")]
)
def test_project(api: Api, user: str, project: str) -> None:
    """`keystone_show_project` shows a project as the list does, to its users and to an admin."""
    api.service.accounts.add(ANOTHERS)
    token, project_id = api.service.identity.new_token_for(user), api.service.accounts.projects[project].id
    shown = api("GET", f"/v3/projects/{project_id}", X_Auth_Token=token).get_json()["project"]
    (listed,) = api("GET", f"/v3/projects?name={project}", X_Auth_Token=token).get_json()["projects"]
    assert shown == listed
    assert shown["id"] == project_id


@pytest.mark.parametrize("user", ["demo", "alt", "demo_reader", "ci", None])
def test_nobody_sees_more_by_id_than_in_the_list(api: Api, user: str | None) -> None:
    """Each project is either listed and shown, or neither; without a user, as for the default one."""
    api.service.accounts.add(ANOTHERS)
    token = api.service.identity.new_token_for(user) if user else "unknown"
    listed = {project["id"] for project in api("GET", "/v3/projects", X_Auth_Token=token).get_json()["projects"]}
    for project in api.service.accounts.projects.values():
        status = api("GET", f"/v3/projects/{project.id}", X_Auth_Token=token).status_code
        assert status == (200 if project.id in listed else 403)


@pytest.mark.parametrize("target", ["/v3/projects/{id}", "/v3/projects?name={id}", "/v3/projects?name={name}"])
def test_project_of_another_user(api: Api, target: str) -> None:
    """Another user's project is 403, by its id and by its name, as Keystone has it for whoever is no admin."""
    alt = api.service.accounts.projects["alt"]
    error = {"code": 403, "message": "You are not authorized to perform the requested action.", "title": "Forbidden"}
    response = api("GET", target.format(id=alt.id, name=alt.name))
    assert (response.status_code, response.get_json()) == (403, {"error": error})
    assert "is another user's project" in response.headers["X-IMS-Mock-Reason"]


def test_admin_lists_every_project(api: Api) -> None:
    """An admin lists its own project first, and then all others."""
    assert project_names(api, "/v3/projects", "admin") == ["admin", "demo", "alt"]


def test_admin_logs_in_to_its_own_projects(api: Api) -> None:
    """The projects to which an admin can scope a token are its own."""
    assert project_names(api, "/v3/auth/projects", "admin") == ["admin"]


def test_project_that_is_none(api: Api) -> None:
    """The project of an unknown id is 404."""
    error = {"code": 404, "message": "Could not find project: nope.", "title": "Not Found"}
    check_refusal(api("GET", "/v3/projects/nope"), error, "/project_id: no project is 'nope'")


def test_projects_of_a_signer(api: Api) -> None:
    """Whoever signs with a known access key lists the projects of its user."""
    signature = f"SDK-HMAC-SHA256 Access=alt-ak, SignedHeaders=host, Signature={'0' * 64}"
    response = api("GET", "/v3/projects", X_Auth_Token="", Authorization=signature)
    assert [project["name"] for project in response.get_json()["projects"]] == ["alt"]


# keystone_list_auth_projects, keystone_list_auth_domains


def test_auth_projects_are_projects(api: Api) -> None:
    """The projects to log in to are described as the listed ones are."""
    response = api("GET", "/v3/auth/projects").get_json()
    assert response["projects"] == api("GET", "/v3/projects").get_json()["projects"]
    assert response["links"] == {"self": "http://localhost/v3/auth/projects", "next": None, "previous": None}


def test_domains(api: Api) -> None:
    """There is one domain, whoever asks."""
    for user in ("demo", "alt"):
        response = api("GET", "/v3/auth/domains", X_Auth_Token=api.service.identity.new_token_for(user))
        assert response.get_json() == {
            "domains": [{**DOMAIN, "enabled": True, "description": "", "links": {}}],
            "links": {"self": "http://localhost/v3/auth/domains", "next": None, "previous": None},
        }


# keystone_list_users


@pytest.mark.parametrize(
    ("user", "query", "names"),
    [
        ("demo", "", ["demo"]),
        ("demo", "?name=demo", ["demo"]),
        ("demo", "?name=alt", []),
        ("demo", "?enabled=false", []),
        ("admin", "", ["demo", "alt", "demo_reader", "admin"]),
        ("admin", "?name=alt", ["alt"]),
        ("admin", "?domain_id=x", []),
    ],
)
def test_users(api: Api, user: str, query: str, names: list[str]) -> None:
    """A user lists itself, and an admin everybody, with the ids and the domain."""
    token = api.service.identity.new_token_for(user)
    response = api("GET", f"/v3/users{query}", X_Auth_Token=token).get_json()
    assert [found["name"] for found in response["users"]] == names
    for found in response["users"]:
        assert found["id"] == api.service.accounts.users[found["name"]].id
        assert (found["domain_id"], found["enabled"]) == (DOMAIN["id"], True)
    assert response["links"] == {"self": "http://localhost/v3/users", "next": None, "previous": None}


# keystone_show_catalog


def endpoints(type_: str, url: str, region: str) -> list[dict[str, str]]:
    """Return the endpoints of a service at a URL."""
    return [
        {"id": f"{type_}-{interface}", "interface": interface, "region": region, "region_id": region, "url": url}
        for interface in ("public", "internal", "admin")
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9292", "ims.example:8443", "[::1]:9292"])
@pytest.mark.parametrize("region", ["cn-north-4", "eu-west-101"])
def test_catalogue(host: str, region: str) -> None:
    """Each service is where the client asked: two at their roots with OpenStack's names, IMS's own API by versions."""
    api = Api(region=region)
    response = api("GET", "/v3/auth/catalog", Host=host)
    services = (
        ("image", "glance", ""),
        ("imsv1", "ims", "/v1"),
        ("imsv2", "ims", "/v2"),
        ("identity", "keystone", "/identity"),
    )
    catalog = [
        {"id": type_, "type": type_, "name": name, "endpoints": endpoints(type_, f"http://{host}{path}", region)}
        for type_, name, path in services
    ]
    assert response.get_json() == {"catalog": catalog, "links": {"self": f"http://{host}/v3/auth/catalog"}}
    login = api("POST", TOKENS, by_password(scope=TO_DEMO), Host=host)
    assert login.get_json()["token"]["catalog"] == catalog


# All that need a credential


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", TOKENS),
        ("DELETE", TOKENS),
        ("GET", "/v3/projects"),
        ("GET", "/v3/auth/projects"),
        ("GET", "/v3/auth/domains"),
        ("GET", "/v3/auth/catalog"),
    ],
)
def test_without_a_credential_is_401(api: Api, method: str, path: str) -> None:
    """Whoever has not logged in is refused, and the subject stays good."""
    subject, _ = issue(api, by_password())
    response = api(method, path, X_Auth_Token="", X_Subject_Token=subject)
    assert response.status_code == 401
    assert response.headers["X-IMS-Mock-Reason"].startswith("no credential: send X-Auth-Token")
    assert validate(api, subject).status_code == 200


@pytest.mark.parametrize("scope", [None, TO_DOMAIN])
@pytest.mark.parametrize("path", ["/v3/projects", "/v3/auth/projects", "/v3/auth/domains", "/v3/auth/catalog"])
def test_token_of_no_project_will_do(scope: Any, path: str) -> None:
    """A token that is scoped to no project finds out what there is to scope to."""
    api = Api(auth="strict")
    token, _ = issue(api, by_password(scope=scope))
    assert api("GET", path, X_Auth_Token=token).status_code == 200


def test_reader_may_use_the_identity_service(api: Api) -> None:
    """The identity service asks for no action, and no denial hinders it."""
    api.service.deny("*")
    token = api.service.identity.new_token_for("demo_reader")
    for path in ("/v3/projects", "/v3/auth/projects", "/v3/auth/domains", "/v3/auth/catalog"):
        assert api("GET", path, X_Auth_Token=token).status_code == 200


# Secrets

GOOD: Any = by_password({"name": "demo", "password": SECRET, "domain": {"name": "Default"}}, TO_DEMO)
HOLDERS = [
    "",
    "auth",
    "auth/identity",
    "auth/identity/password",
    "auth/identity/password/user",
    "auth/identity/password/user/password",
    "auth/identity/token",
    "auth/identity/token/id",
]
"""Where a password or a token stands, or what it stands in."""

NEIGHBOURS = [
    "auth/identity/methods",
    "auth/identity/methods/0",
    "auth/identity/password/user/id",
    "auth/identity/password/user/name",
    "auth/identity/password/user/domain",
    "auth/identity/password/user/domain/name",
    "auth/scope",
    "auth/scope/project",
    "auth/scope/project/name",
    "auth/scope/domain",
]
"""Where else a user's object, with the password in it, may get by mistake."""


def misplaced(path: str, value: Any) -> Any:
    """Return the body of a login with another value at one place."""
    body = json.loads(json.dumps(GOOD))
    body["auth"]["identity"]["token"] = {"id": SECRET}
    if not path:
        return value
    *parents, last = path.split("/")
    holder = body
    for name in parents:
        holder = holder.setdefault(name, {})
    holder[0 if isinstance(holder, list) else last] = value
    return body


MISPLACED = {
    f"{path}={json.dumps(value)}": misplaced(path, value)
    for path, values in (
        *((path, (SECRET, [SECRET], {"value": SECRET})) for path in HOLDERS),
        *((path, ({"password": SECRET},)) for path in NEIGHBOURS),
    )
    for value in values
}

NUMBERS = {
    f"{path}={number}": json.dumps(misplaced(path, "NUMBER")).replace('"NUMBER"', number).encode()
    for path in ("auth/identity/password/user/password", "auth/identity/token/id")
    for number in ("31415926", "-31415926", "31415926.5", "31415926e5", "31415926e9999")
}
"""A password that is sent as a number, as some template makes it."""

OTHER_FORMS = {
    "cut short": json.dumps(GOOD).encode()[:-1],
    "cut in the password": json.dumps(GOOD).encode().partition(b'", "domain"')[0],
    "not UTF-8": json.dumps(GOOD).encode().replace(b'"password": "', b'"password": "\xff'),
    "half of a pair": json.dumps(GOOD).encode().replace(b'"password": "', b'"password": "\\ud800'),
    "quote in the password": json.dumps(GOOD).encode().replace(b'"password": "', b'"password": "\\"'),
    "escaped key": json.dumps(GOOD).encode().replace(b'"password": "', b'"p\\u0061ssword": "'),
    "white space": json.dumps(GOOD).encode().replace(b'"password": "', b'"password"\n\t:\r "'),
    "indented": json.dumps(GOOD, indent=2).encode(),
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "Python": repr(GOOD).encode(),
    "form": f"name=demo&password={SECRET}".encode(),
    "XML": f"<user name='demo' password='{SECRET}'/>".encode(),
    "open string": f'"{SECRET}'.encode(),
    "bare": SECRET.encode(),
}


def refused(api: Api, body: Any) -> tuple[str, str]:
    """Log in with something that is refused; return what was reported about it, and what was kept of its body."""
    response = api("POST", TOKENS, body)
    assert response.status_code in (400, 401)
    (entry,) = api.service.journal
    kept = entry.request_body.replace(b"\0", b"").decode("latin-1")
    return f"{response.headers} {response.text} {entry} {entry.path} {entry.response_body!r}", kept


@pytest.mark.parametrize("body", MISPLACED.values(), ids=MISPLACED)
def test_misplaced_secret_is_not_shown(api: Api, body: Any) -> None:
    """No reason shows a value in which a password or a token may be, whatever is wrong with it."""
    assert SECRET not in refused(api, body)[0]


@pytest.mark.parametrize("body", MISPLACED.values(), ids=MISPLACED)
def test_misplaced_secret_is_not_kept(api: Api, body: Any) -> None:
    """The journal does not keep a password or a token that stands in place of something else."""
    assert SECRET not in refused(api, body)[1]


@pytest.mark.parametrize("body", NUMBERS.values(), ids=NUMBERS)
def test_number_as_a_secret_is_not_shown(api: Api, body: bytes) -> None:
    """No reason shows a password that is a number."""
    assert "31415926" not in refused(api, body)[0]


@pytest.mark.parametrize("body", NUMBERS.values(), ids=NUMBERS)
def test_number_as_a_secret_is_not_kept(api: Api, body: bytes) -> None:
    """The journal does not keep a password that is a number."""
    assert "31415926" not in refused(api, body)[1]


@pytest.mark.parametrize("body", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_secret_in_another_form_is_not_shown(api: Api, body: bytes) -> None:
    """No reason shows a password out of a body that is no JSON, or is not written as usual."""
    assert SECRET not in refused(api, body)[0]


@pytest.mark.parametrize("body", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_secret_in_another_form_is_not_kept(api: Api, body: bytes) -> None:
    """The journal does not keep a password out of a body that is no JSON, or is not written as usual."""
    assert SECRET not in refused(api, body)[1]


def test_right_secrets_are_not_kept(api: Api) -> None:
    """A login that succeeds leaves neither its password nor its tokens in the journal."""
    api.service.accounts.add({"users": [{"name": "ci", "password": SECRET, "roles": {"demo": ["member"]}}]})
    first, _ = issue(api, by_password({"name": "ci", "password": SECRET}, TO_DEMO))
    second, _ = issue(api, by_token(first))
    api("GET", TOKENS, X_Auth_Token=first, X_Subject_Token=second)
    api("DELETE", TOKENS, X_Auth_Token=first, X_Subject_Token=second)
    kept = repr(list(api.service.journal))
    assert len(api.service.journal) == 4
    assert [secret for secret in (SECRET, first, second) if secret in kept] == []


def test_rest_of_a_login_is_kept(api: Api) -> None:
    """The journal has who logged in, and how."""
    api("POST", TOKENS, by_password(scope=TO_DEMO))
    (entry,) = api.service.journal.calls("keystone_create_token")
    kept = json.loads(entry.request_body)["auth"]
    assert kept["identity"]["methods"] == ["password"]
    assert kept["identity"]["password"]["user"]["name"] == "demo"
    assert kept["scope"] == TO_DEMO


@pytest.mark.parametrize("path", ["/v3/auth/token", "/v3/auth/tokens/", "/v3"])
def test_secret_on_the_wrong_path_is_not_kept(api: Api, path: str) -> None:
    """A login that goes astray is not kept at all."""
    assert api("POST", path, GOOD).status_code in (404, 405)
    (entry,) = api.service.journal
    assert entry.request_body == b""


def test_secret_in_a_revocation_is_not_kept(api: Api) -> None:
    """A body that a revocation should not have is kept without its secrets."""
    token, _ = issue(api, by_password())
    api("DELETE", TOKENS, by_token(SECRET), X_Subject_Token=token)
    assert SECRET not in repr(list(api.service.journal))


@pytest.mark.parametrize("depth", [480, 600, 900, 2000])
def test_deep_login_is_400(api: Api, depth: int) -> None:
    """However deep a body goes, it is refused, and nothing of it is in the journal."""
    response = api("POST", TOKENS, b"[" * depth + b'"secret"' + b"]" * depth)
    assert response.status_code == 400
    assert b"secret" not in api.service.journal.calls()[-1].request_body


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, MALFORMED["message"]),
        (403, "You are not authorized to perform the requested action."),
        (404, "The resource could not be found."),
        (409, "Conflict"),
        (500, "An unexpected error prevented the server from fulfilling your request."),
    ],
)
def test_fault_has_the_words_of_the_identity_service(api: Api, status: int, message: str) -> None:
    """A fault without a text of its own has the text of Keystone."""
    api.service.faults.add(Fail(status), times=1)
    error = api("POST", TOKENS, by_password()).get_json()["error"]
    assert (error["code"], error["message"]) == (status, message)
    api.service.faults.add(Fail(status, message="mine"), times=1)
    assert api("POST", TOKENS, by_password()).get_json()["error"]["message"] == "mine"


def test_admin_of_another_project_is_none_here(api: Api) -> None:
    """Whoever is admin elsewhere may not revoke others' tokens from a project in which it reads."""
    roles = {"demo": ["reader"], "alt": ["admin"]}
    api.service.accounts.add({"users": [{"name": "two", "roles": roles}]})
    identity = api.service.identity
    others = identity.new_token_for("demo")
    here, there = (identity.new_token_for("two", name) for name in ("demo", "alt"))
    statuses = [
        api("DELETE", TOKENS, X_Auth_Token=token, X_Subject_Token=others).status_code for token in (here, there)
    ]
    assert statuses == [403, 204]


def test_fault_of_a_status_that_has_no_name(api: Api) -> None:
    """A status that no document names is returned all the same."""
    api.service.faults.add(Fail(420, "IMG.0001"))
    response = api("POST", TOKENS, by_password())
    assert (response.status_code, response.get_json()["error"]["title"]) == (420, "Error")
