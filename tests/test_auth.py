"""Who is calling."""

from __future__ import annotations

import pytest

from tests.conftest import Api

SIGNATURE = f"SDK-HMAC-SHA256 Access=ak, SignedHeaders=host;x-sdk-date, Signature={'0' * 64}"


def status(api: Api, **headers: str) -> tuple[int, str]:
    """Return the status of a list, and the gateway's message when it is refused."""
    answer = api("GET", "/v2/images", **headers)
    return answer.status_code, (answer.get_json() or {}).get("error_msg", "")


def test_token_or_signature_will_do(api: Api) -> None:
    """Any token and any well-formed signature is a credential."""
    assert status(api, X_Auth_Token="anything") == (200, "")
    assert status(api, X_Auth_Token="", Authorization=SIGNATURE) == (200, "")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer x", "SDK-HMAC-SHA256 Access=ak", SIGNATURE[:-1], SIGNATURE + "0"]
)
def test_no_credential_is_401(api: Api, authorization: str) -> None:
    """Neither a token nor a well-formed signature is no credential."""
    assert status(api, X_Auth_Token="", Authorization=authorization) == (
        401,
        "Incorrect IAM authentication information: Unauthorized",
    )


def test_401_comes_before_the_body_is_judged(api: Api) -> None:
    """Without a credential nothing is said of the body."""
    assert api("POST", "/v2/images", b"nonsense", X_Auth_Token="").status_code == 401


def test_strict_honours_the_mocks_token_alone() -> None:
    """At the strict level an unknown token and an unverified signature are refused, each in its own words."""
    api = Api(auth="strict", token="right")
    assert status(api, X_Auth_Token="right") == (200, "")
    assert status(api, X_Auth_Token="wrong")[1].endswith("decrypt token fail")
    assert status(api, X_Auth_Token="", Authorization=SIGNATURE)[1].endswith("verify aksk signature fail")


@pytest.mark.parametrize("project_id", ["a b", "x" * 256, "\u00fc", "a/b"])
def test_malformed_project_is_400(api: Api, project_id: str) -> None:
    """A project id that none can be is refused with the service's code."""
    answer = api("GET", "/v2/images", X_Project_Id=project_id)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "IMG.0067")


@pytest.mark.parametrize("settings", [{"auth": "off"}, {"project_id": "a b"}])
def test_wrong_settings_are_refused(settings: dict[str, str]) -> None:
    """A level or a project that cannot be is refused by its name."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        Api(**settings)
