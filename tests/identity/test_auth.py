"""Who is calling, at each level."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.exchange.messages import Request
from ims_mock.identity.signing import Authorization, canonical_request, signature
from tests.conftest import PAGE, Api
from tests.identity.test_signing import Headers as SentHeaders

SIGNATURE = f"SDK-HMAC-SHA256 Access=nobody, SignedHeaders=host;x-sdk-date, Signature={'0' * 64}"
DATE = PAGE.replace("-", "").replace(":", "")
UNAUTHORIZED = "Incorrect IAM authentication information: "


def refusal(response: TestResponse) -> tuple[int, str, str]:
    """Return status, code and message of a refusal by the gateway."""
    body = response.get_json()
    return response.status_code, body["error_code"], body["error_msg"]


def owner(api: Api, **headers: str) -> str:
    """Create an image, and return the project that it is in."""
    response = api("POST", "/v2/images", {}, **headers)
    assert response.status_code == 201, response.headers
    return str(response.get_json()["owner"])


def project(api: Api, name: str) -> str:
    """Return a project's id."""
    return api.service.accounts.projects[name].id


def sign(
    method: str = "GET",
    target: str = "/v2/images",
    body: bytes = b"",
    *,
    access: str = "demo-ak",
    secret: str = "demo-sk",
    **headers: str,
) -> dict[str, str]:
    """Return the headers of a request that is signed at the page's time, as Api takes them."""
    sent = {"host": "localhost", "x-sdk-date": DATE}
    sent |= {name.lower().replace("_", "-"): value for name, value in headers.items()}
    names = sorted(sent)
    seen = SentHeaders(sent)
    authorization = Authorization(access, tuple(names), "")
    canonical = canonical_request(Request(method, target, "", seen), authorization, body)
    value = signature(secret, sent["x-sdk-date"], canonical)
    header = f"SDK-HMAC-SHA256 Access={access}, SignedHeaders={';'.join(names)}, Signature={value}"
    shown = {name.replace("-", "_"): text for name, text in sent.items() if name != "host"}
    return {**shown, "Authorization": header, "X_Auth_Token": ""}


@pytest.fixture
def strict() -> Api:
    """A service that verifies every credential."""
    return Api(auth="strict")


# At any level


ODD_CREDENTIALS = [
    *("Bearer x", "Basic YTpi", "SDK-HMAC-SHA256 Access=ak", SIGNATURE[:-1], SIGNATURE + "0"),
    SIGNATURE.replace("SignedHeaders=", "SignedHeaders=;;"),
]


@pytest.mark.parametrize("level", ["lenient", "strict"])
def test_no_credential_is_401(level: str) -> None:
    """Neither a token nor a header Authorization is no credential."""
    response = Api(auth=level)("GET", "/v2/images", X_Auth_Token="", Authorization="")
    assert refusal(response) == (401, "APIGW.0301", UNAUTHORIZED + "Unauthorized")


@pytest.mark.parametrize("authorization", ODD_CREDENTIALS)
def test_credential_of_another_form_is_401_in_strict(authorization: str) -> None:
    """What is no well-formed signature is no credential where each is verified."""
    response = Api(auth="strict")("GET", "/v2/images", X_Auth_Token="", Authorization=authorization)
    assert refusal(response) == (401, "APIGW.0301", UNAUTHORIZED + "Unauthorized")


@pytest.mark.parametrize("level", ["off", "lenient"])
@pytest.mark.parametrize("authorization", ODD_CREDENTIALS)
def test_credential_of_another_form_is_nobodys(level: str, authorization: str) -> None:
    """Where credentials are not verified, one of any form works in the default project."""
    api = Api(auth=level)
    assert owner(api, X_Auth_Token="", Authorization=authorization) == api.service.auth.project_id


def test_401_comes_before_the_body_is_judged(api: Api) -> None:
    """Without a credential nothing is said of the body."""
    assert api("POST", "/v2/images", b"nonsense", X_Auth_Token="").status_code == 401


@pytest.mark.parametrize("level", ["off", "lenient", "strict"])
def test_issued_token_is_its_users(level: str) -> None:
    """A token that was issued works in the project to which it is scoped."""
    api = Api(auth=level)
    assert owner(api, X_Auth_Token=api.service.identity.new_token_for("alt")) == project(api, "alt")


@pytest.mark.parametrize("level", ["off", "lenient", "strict"])
@pytest.mark.parametrize("end", ["expired", "revoked"])
def test_token_that_is_not_good_any_more(level: str, end: str) -> None:
    """A token that has expired by the mock's clock, or was revoked, is 401 at any level."""
    api = Api(auth=level)
    token = api.service.identity.new_token_for("demo")
    if end == "expired":
        api.clock.advance(24 * 3600 - 1)
        assert owner(api, X_Auth_Token=token)
        api.clock.advance(1)
        detail = "token expires, expires_at: 2016-06-03T07:49:48Z"
    else:
        api.service.identity.revoke_token(token)
        detail = "decrypt token fail"
    assert refusal(api("GET", "/v2/images", X_Auth_Token=token)) == (401, "APIGW.0301", UNAUTHORIZED + detail)


def test_token_of_a_project_does_not_work_in_another(api: Api) -> None:
    """X-Project-Id that is not the token's project is 403, and the reason has both."""
    alt, demo = project(api, "alt"), project(api, "demo")
    response = api("GET", "/v2/images", X_Auth_Token=api.service.identity.new_token_for("alt"), X_Project_Id=demo)
    assert refusal(response) == (403, "APIGW.0302", "The IAM user is not authorized to access the API.")
    assert response.headers["X-IMS-Mock-Reason"] == f"X-Project-Id: the token is scoped to {alt}, and not to {demo}"


def test_token_without_a_project_is_401_for_images(api: Api) -> None:
    """A token that is scoped to nothing names no project in which images could be."""
    identity = api.service.identity
    token = identity.new_token(identity.accounts.users["demo"], None, methods=["password"])
    response = api("GET", "/v2/images", X_Auth_Token=token)
    assert refusal(response)[0] == 401
    assert (
        response.headers["X-IMS-Mock-Reason"] == "X-Auth-Token: the token is not scoped to a project; get one that is"
    )


def test_token_lifetime_can_be_set() -> None:
    """A token is good for as long as the setting says."""
    api = Api(token_lifetime=60)
    token = api.service.identity.new_token_for("demo")
    api.clock.advance(60)
    assert api("GET", "/v2/images", X_Auth_Token=token).status_code == 401


# off and lenient


@pytest.mark.parametrize(
    ("level", "headers"),
    [
        ("off", {"X_Auth_Token": ""}),
        ("off", {"X_Auth_Token": "anything"}),
        ("lenient", {"X_Auth_Token": "anything"}),
        ("lenient", {"X_Auth_Token": "", "Authorization": SIGNATURE}),
    ],
)
def test_credential_that_is_nobodys(level: str, headers: dict[str, str]) -> None:
    """It works in the default project, or in whichever X-Project-Id names."""
    api = Api(auth=level)
    assert owner(api, **headers) == project(api, "demo")
    assert owner(api, X_Project_Id="b912fb4a", **headers) == "b912fb4a"


@pytest.mark.parametrize("level", ["off", "lenient"])
def test_known_access_key_is_its_users(level: str) -> None:
    """An AK that is known works in a project of its user, whatever the signature."""
    api = Api(auth=level)
    authorization = SIGNATURE.replace("nobody", "alt-ak")
    assert owner(api, X_Auth_Token="", Authorization=authorization) == project(api, "alt")
    headers = {"X_Auth_Token": "", "Authorization": authorization, "X_Project_Id": project(api, "demo")}
    assert api("GET", "/v2/images", **headers).status_code == 403


def test_mocks_own_token_works_anywhere_when_lenient(api: Api) -> None:
    """The token that a test has from the beginning is nobody's, and does not expire."""
    api.clock.advance(10 * 24 * 3600)
    assert owner(api, X_Auth_Token=api.service.auth.token, X_Project_Id="anywhere") == "anywhere"


@pytest.mark.parametrize("project_id", ["a b", "x" * 256, "\u00fc", "a/b"])
def test_malformed_project_is_400(api: Api, project_id: str) -> None:
    """A project id that none can be is refused with the service's code."""
    response = api("GET", "/v2/images", X_Project_Id=project_id)
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0067")


# strict


def test_strict_honours_the_mocks_own_token() -> None:
    """It is the default user's, in the default project alone."""
    api = Api(auth="strict", token="right")
    assert owner(api, X_Auth_Token="right") == project(api, "demo")
    refused = api("GET", "/v2/images", X_Auth_Token="right", X_Project_Id=project(api, "alt"))
    assert refusal(refused)[:2] == (403, "APIGW.0302")


def test_strict_refuses_an_unknown_token(strict: Api) -> None:
    """A token that was not issued here cannot be read."""
    response = strict("GET", "/v2/images", X_Auth_Token="anything")
    assert refusal(response) == (401, "APIGW.0301", UNAUTHORIZED + "decrypt token fail")


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/v2/images", b""),
        ("GET", "/v2/images?name=a%20b&limit=2&tag=x&tag=%C3%BC", b""),
        ("POST", "/v2/images", b'{"name": "a"}'),
    ],
)
def test_right_signature(strict: Api, method: str, target: str, body: bytes) -> None:
    """A request that is signed as the gateway computes it is its user's."""
    response = strict(method, target, body or None, **sign(method, target, body))
    assert response.status_code < 300, response.headers
    assert strict.service.journal.calls()[-1].project_id == project(strict, "demo")


def test_signed_header_of_any_name_and_script(strict: Api) -> None:
    """A header beside the usual ones is signed too; its value is UTF-8."""
    headers = sign(X_Project_Id=project(strict, "demo"), X_Note="n\u00fc".encode().decode("latin-1"))
    assert strict("GET", "/v2/images", **headers).status_code == 200


@pytest.mark.parametrize("skew", [-15 * 60, 15 * 60])
def test_clock_may_differ_by_15_minutes(strict: Api, skew: int) -> None:
    """A signature made up to 15 minutes before or after the mock's time is good."""
    strict.service.reset(start=1464853788 + skew, auth="strict")
    assert strict("GET", "/v2/images", **sign()).status_code == 200


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"access": "nobody"}, "ak nobody not exist", "Authorization: no user has the access key nobody"),
    ({"x_sdk_date": "20160602T073447Z"}, "verify aksk signature fail", "X-Sdk-Date: 20160602T073447Z is more than 15"),
    ({"x_sdk_date": "20160602T080449Z"}, "verify aksk signature fail", "X-Sdk-Date: 20160602T080449Z is more than 15"),
    ({"x_sdk_date": "today"}, "verify aksk signature fail", "X-Sdk-Date: must be of the form YYYYMMDDTHHMMSSZ"),
]


@pytest.mark.parametrize(("changes", "detail", "reason"), WRONG)
def test_wrong_signature(strict: Api, changes: dict[str, Any], detail: str, reason: str) -> None:
    """An unknown key, and a time that is too far away or none, each have the documented message."""
    response = strict("GET", "/v2/images", **sign(**changes))
    assert refusal(response) == (401, "APIGW.0301", UNAUTHORIZED + detail)
    assert response.headers["X-IMS-Mock-Reason"].startswith(reason)


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        ({"secret": "wrong"}, {}),
        ({}, {"target": "/v2/images?limit=1"}),
        ({}, {"method": "HEAD"}),
        ({"method": "POST", "body": b"{}"}, {"method": "POST", "body": b'{"a": ""}'}),
        ({"x_note": "a"}, {"x_note": "b"}),
    ],
)
def test_request_that_is_not_the_signed_one(strict: Api, signed: dict[str, Any], sent: dict[str, Any]) -> None:
    """The error for a wrong secret, or another query, method, body or header, has the mock's canonical request."""
    headers = sign(**signed)
    if "x_note" in sent:
        headers["x_note"] = sent["x_note"]
    method = sent.get("method", signed.get("method", "GET"))
    response = strict(method, sent.get("target", "/v2/images"), sent.get("body"), **headers)
    assert response.status_code == 401
    reason = response.headers["X-IMS-Mock-Reason"]
    assert f"the mock's canonical request, with | for line breaks, is {method}|/v2/images/|" in reason
    if method != "HEAD":
        assert refusal(response)[2].startswith(
            f"{UNAUTHORIZED}verify aksk signature fail,canonicalRequest:{method}|/v2/"
        )
    assert "demo-sk" not in reason


def test_signed_header_that_does_not_come(strict: Api) -> None:
    """A header that is said to be signed must be there."""
    headers = sign(X_Note="a")
    del headers["x_note"]
    response = strict("GET", "/v2/images", **headers)
    assert (
        response.headers["X-IMS-Mock-Reason"] == "SignedHeaders: must name headers of the request, and it has no x-note"
    )


@pytest.mark.parametrize("scope", ["20160602///sdk_request", "20160602/cn-north-4/ims/sdk_request"])
def test_signature_with_a_scope_is_verified(strict: Api, scope: str) -> None:
    """A request that is signed with a scope is its user's, and 401 once it is another one."""
    seen = SentHeaders({"host": "localhost", "x-sdk-date": DATE})
    request = Request("GET", "/v2/images?limit=1", "", seen)
    authorization = Authorization("demo-ak", ("host", "x-sdk-date"), "", scope)
    value = signature("demo-sk", DATE, canonical_request(request, authorization, b""), scope)
    text = f"SDK-HMAC-SHA256 Credential=demo-ak/{scope}, SignedHeaders=host;x-sdk-date, Signature={value}"
    headers = {"Authorization": text, "X_Auth_Token": "", "X_Sdk_Date": DATE}
    assert strict("GET", "/v2/images?limit=1", **headers).status_code == 200
    assert refusal(strict("GET", "/v2/images?limit=2", **headers))[0] == 401


def test_signed_upload_covers_the_file(strict: Api) -> None:
    """The hash of a file is part of its signature, unless the client says that it has not signed it."""
    octets = {"Content_Type": "application/octet-stream"}
    for number, (sent, unsigned, status) in enumerate(
        ((b"file", False, 204), (b"other", False, 401), (b"x", True, 204))
    ):
        image_id = f"00000000-0000-4000-8000-00000000000{number}"
        strict("POST", "/v2/images", {"id": image_id}, X_Auth_Token=strict.service.auth.token)
        target = f"/v2/images/{image_id}/file"
        if unsigned:
            unread = {"x-sdk-content-sha256": "UNSIGNED-PAYLOAD"}
            seen = SentHeaders({"host": "localhost", "x-sdk-date": DATE, **unread})
            authorization = Authorization("demo-ak", ("host", "x-sdk-date"), "")
            value = signature("demo-sk", DATE, canonical_request(Request("PUT", target, "", seen), authorization, sent))
            text = f"SDK-HMAC-SHA256 Access=demo-ak, SignedHeaders=host;x-sdk-date, Signature={value}"
            headers = {"Authorization": text, "X_Auth_Token": "", "X_Sdk_Date": DATE}
            headers["X_Sdk_Content_Sha256"] = "UNSIGNED-PAYLOAD"
        else:
            headers = sign("PUT", target, b"file")
        assert strict("PUT", target, sent, **headers, **octets).status_code == status


def test_temporary_credentials(strict: Api) -> None:
    """A temporary key is good with its security token, and as long as it lasts."""
    issued = strict.service.identity.new_temporary_credentials("alt", 60)
    key = {"access": issued["access"], "secret": issued["secret"]}
    headers = sign(**key, X_Security_Token=issued["security_token"])
    assert strict("GET", "/v2/images", **headers).status_code == 200
    assert strict.service.journal.calls()[-1].project_id == project(strict, "alt")
    without = strict("GET", "/v2/images", **sign(**key))
    assert refusal(without) == (401, "APIGW.0301", UNAUTHORIZED + "Get secretKey failed")
    other = strict("GET", "/v2/images", **sign(**key, X_Security_Token="other"))
    assert refusal(other)[2] == UNAUTHORIZED + "Get secretKey failed"
    strict.clock.advance(60)
    late = strict("GET", "/v2/images", **headers)
    assert refusal(late)[2] == UNAUTHORIZED + "Get secretKey failed"
    assert "have expired by the mock's clock" in late.headers["X-IMS-Mock-Reason"]


def test_security_token_is_not_shown(strict: Api) -> None:
    """The error for a wrong signature does not have the security token that was signed with it."""
    issued = strict.service.identity.new_temporary_credentials("demo", 60)
    token = issued["security_token"]
    response = strict("GET", "/v2/images", **sign(access=issued["access"], secret="wrong", X_Security_Token=token))
    assert "x-security-token:***" in response.headers["X-IMS-Mock-Reason"]
    assert token not in response.headers["X-IMS-Mock-Reason"] + response.get_data(as_text=True)


def test_key_is_locked_after_many_wrong_signatures(strict: Api) -> None:
    """After more than five in a row the key is refused for five minutes of the mock's clock, right ones too."""
    for _ in range(6):
        assert strict("GET", "/v2/images", **sign(secret="wrong")).status_code == 401
    locked = strict("GET", "/v2/images", **sign())
    assert refusal(locked) == (401, "APIGW.0301", UNAUTHORIZED + "AK access failed to reach the limit, forbidden")
    assert strict("GET", "/v2/images", **sign(access="alt-ak", secret="alt-sk")).status_code == 200
    strict.clock.advance(5 * 60)
    assert strict("GET", "/v2/images", **sign()).status_code == 200


def test_right_signature_ends_the_row(strict: Api) -> None:
    """Wrong signatures with a right one between them lock nothing."""
    for _ in range(5):
        strict("GET", "/v2/images", **sign(secret="wrong"))
    assert strict("GET", "/v2/images", **sign()).status_code == 200
    for _ in range(5):
        strict("GET", "/v2/images", **sign(secret="wrong"))
    assert strict("GET", "/v2/images", **sign()).status_code == 200


def test_signer_in_a_foreign_project(strict: Api) -> None:
    """A user works in the projects in which it has a role, and in no other."""
    alt = project(strict, "alt")
    response = strict("GET", "/v2/images", **sign(X_Project_Id=alt))
    assert refusal(response)[:2] == (403, "APIGW.0302")


# Settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"auth": "none"}, 'auth must be "off" or "lenient" or "strict", got "none"'),
        ({"project_id": "a b"}, "project_id must be 1 to 255 letters"),
        ({"token": "a b"}, "token must be printable ASCII without spaces"),
        ({"region": ""}, "region must be 1 to 64 letters"),
        ({"token_lifetime": 0}, "token_lifetime must be more than 0, got 0"),
        ({"token_lifetime": True}, "token_lifetime must be of type number, got true"),
        ({"accounts": {"users": [{"name": "a"}]}}, '/users/0: must have "roles"'),
        ({"accounts": {"user": []}}, 'has an unknown member "user"'),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    """A setting that cannot be is refused by its name."""
    with pytest.raises(ValueError, match=message):
        Api(**settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X_Security_Token", "a"),
        ("X_Security_Token", "\u00e9-TOPSECRET"),
        ("X_Subject_Token", "TOPSECRET"),
    ],
)
def test_signed_credential_is_not_shown(strict: Api, caplog: pytest.LogCaptureFixture, name: str, value: str) -> None:
    """Of a canonical request everything is shown but what gives access, whatever that is."""
    caplog.set_level("INFO", "ims_mock")
    issued = strict.service.identity.new_temporary_credentials("demo", 60)
    access = "demo-ak"
    if name == "X_Security_Token":
        access = issued["access"]
        strict.service.store.temporary_credentials[access]["security_token"] = value
    headers: dict[str, Any] = {name: value}
    response = strict("GET", "/v2/images", **sign(access=access, secret="wrong", **headers))
    shown = f"{name.lower().replace('_', '-')}:***|"
    for text in (response.get_json()["error_msg"], response.headers["X-IMS-Mock-Reason"], caplog.text):
        assert shown in text
        assert "GET|/v2/images/|" in text
        assert "TOPSECRET" not in text


def test_signed_body_of_a_get_is_part_of_it(strict: Api) -> None:
    """A body means nothing to a GET, and its signature covers it all the same."""
    assert strict("GET", "/v2/images", b"body", **sign(body=b"body")).status_code == 200
    assert strict("GET", "/v2/images", b"other", **sign(body=b"body")).status_code == 401


def test_permanent_key_has_no_security_token(strict: Api) -> None:
    """A security token that comes with a permanent key belongs to nobody."""
    response = strict("GET", "/v2/images", **sign(X_Security_Token="zzz"))
    assert refusal(response) == (401, "APIGW.0301", UNAUTHORIZED + "Get secretKey failed")


@pytest.mark.parametrize("date", [DATE.lower(), DATE.replace("T", "t"), DATE.replace("Z", "z"), f" {DATE}", "2016"])
def test_date_of_another_form_is_401(strict: Api, date: str) -> None:
    """The date of a signature is YYYYMMDDTHHMMSSZ, and nothing like it."""
    response = strict("GET", "/v2/images", **sign(X_Sdk_Date=date))
    assert response.status_code == 401
    assert response.headers["X-IMS-Mock-Reason"] == "X-Sdk-Date: must be of the form YYYYMMDDTHHMMSSZ"


def test_token_of_a_project_that_the_user_has_left(strict: Api) -> None:
    """A token is good as long as its user has a role in its project."""
    token = strict.service.identity.new_token_for("demo")
    strict.service.accounts.add({"users": [{"name": "demo", "roles": {"alt": ["member"]}}]})
    response = strict("GET", "/v2/schemas/image", X_Auth_Token=token)
    assert refusal(response) == (401, "APIGW.0301", UNAUTHORIZED + "decrypt token fail")


@pytest.mark.parametrize("level", ["off", "lenient", "strict"])
def test_malformed_project_is_400_at_every_level(level: str) -> None:
    """The error for what can be no project's id says so to every caller."""
    api = Api(auth=level)
    for headers in ({"X_Auth_Token": api.service.auth.token}, sign()):
        response = api("GET", "/v2/images", **headers, X_Project_Id="a b")
        assert (response.status_code, response.get_json()["error"]["code"]) == (400, "IMG.0067")


@pytest.mark.parametrize("lifetime", [0, -1, float("nan"), 1e30, True, "x", None])
def test_lifetime_that_cannot_be_is_refused(api: Api, lifetime: Any) -> None:
    """Temporary credentials last for a number of seconds."""
    with pytest.raises(ValueError, match="lifetime must be a number of seconds between 0 and 1000000000, got"):
        api.service.identity.new_temporary_credentials("demo", lifetime)


def test_wrong_token_of_the_settings_is_not_shown() -> None:
    """A token that cannot be one is a secret all the same."""
    with pytest.raises(ValueError, match=r"token must be printable ASCII without spaces$"):
        Api(token="my secret token")
    assert "my-token" not in repr(Api(token="my-token").service.settings)


def test_lock_that_two_see_the_end_of(strict: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a lock is over, each of two requests at once gets its response."""
    for _ in range(6):
        strict("GET", "/v2/images", **sign(secret="wrong"))
    strict.clock.advance(301)
    now = "20160602T075449Z"
    store = strict.service.store
    get = store.wrong_signatures.get

    def get_and_remove(name: str, default: Any = None) -> Any:
        """Return what another request removes as soon as this one has read it."""
        value = get(name, default)
        with store.transaction():
            store.wrong_signatures.clear()
        return value

    monkeypatch.setattr(store.wrong_signatures, "get", get_and_remove)
    assert strict("GET", "/v2/images", **sign(X_Sdk_Date=now)).status_code == 200
