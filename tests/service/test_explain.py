"""The setting `explain`: a rejection says why in its body too, for clients that show no headers."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from ims_mock.contract.errors import REASON_LIMIT
from tests.conftest import Api

PASSWORD = {
    "identity": {
        "methods": ["password"],
        "password": {"user": {"name": "demo", "password": "wr0ng", "domain": {"name": "demo"}}},
    }
}
FILTER = "/v1.0/enterprise-projects/0/resources/filter"
KEY = "/v1.0/{project}/kms/describe-key"

FORMS: dict[str, tuple[str, str, Any, str]] = {
    "the service": ("GET", "/v2/images/gone", None, "error message"),
    "the service, many problems": ("POST", "/v2/images", {"name": "", "min_disk": 39}, "error message"),
    "the gateway": ("GET", "/v2/nothing", None, "error_msg"),
    "the gateway, of a method": ("PUT", "/v2/images", {}, "error_msg"),
    "Keystone": ("POST", "/v3/auth/tokens", {"auth": PASSWORD}, "error message"),
    "enterprise projects": ("POST", FILTER, {"resource_types": 1}, "error error_msg"),
    "keys": ("POST", KEY, {"key_id": 1}, "error error_msg"),
    "billing": ("GET", "/v2/products/service-types?limit=x", None, "error_msg"),
    "backups, in the gateway's form": ("GET", "/v3/{project}/backups/x", None, "error_msg"),
}


def ask(api: Api, name: str) -> TestResponse:
    """Send the request of a form."""
    method, path, body, _ = FORMS[name]
    return api(method, path.replace("{project}", api.service.auth.project_id), body)


def message(response: TestResponse, at: str) -> str:
    """Return the message of an error, which is at such names."""
    value = response.get_json()
    for name in at.split():
        value = value[name]
    return str(value)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_an_error_explains_itself(name: str) -> None:
    """The reason comes after the message, in each form; the status, the code and the header are as without it."""
    plain, explained = (ask(Api(explain=explain), name) for explain in (False, True))
    reason, at = plain.headers["X-IMS-Mock-Reason"], FORMS[name][3]
    assert reason
    assert reason not in plain.text
    assert message(explained, at) == f"{message(plain, at)} (ims_mock: {reason})"
    assert explained.text.count("(ims_mock: ") == 1
    assert (explained.status, explained.headers["X-IMS-Mock-Reason"]) == (plain.status, reason)
    assert "wr0ng" not in explained.text


def test_default_explains_nothing(api: Api) -> None:
    """Without the setting, the message is the documented one alone."""
    assert api("GET", "/v2/images/gone").get_json()["error"]["message"] == "The image does not exist."


def test_faults_explain_themselves() -> None:
    """A rule, and the header of a request, are named in the body of the error that they make."""
    api = Api(explain=True, faults=["glance_list_images: 503 x1"])
    assert "(ims_mock: fault: " in api("GET", "/v2/images").text
    assert "(ims_mock: fault: " in api("GET", "/v2/images", X_IMS_Mock_Fault="429").text
    assert api("GET", "/v2/images").status_code == 200


def test_explanation_is_one_line_of_limited_length() -> None:
    """Whatever a request has in it, the message has the reason as the header has it."""
    api = Api(explain=True)
    response = api("POST", "/v2/images", {f"line\n\U0001f600{number}": 1 for number in range(900)})
    text = response.get_json()["error"]["message"]
    assert text.endswith(f"(ims_mock: {response.headers['X-IMS-Mock-Reason']})")
    assert "\n" not in text
    assert len(text) < REASON_LIMIT + 200


def test_reset_alone_changes_what_is_explained() -> None:
    """A reset can turn it on until the next one; it is of this mock, so that no saved state has it."""
    api = Api()
    assert api("POST", "/_ims_mock/reset", {"explain": True}).status_code == 204
    assert "(ims_mock: " in api("GET", "/v2/images/gone").text
    assert "explain" not in api("GET", "/_ims_mock/state").get_json()["settings"]
    assert api("POST", "/_ims_mock/reset", {}).status_code == 204
    assert "(ims_mock: " not in api("GET", "/v2/images/gone").text


@pytest.mark.parametrize("value", [None, 1, "yes", "", [], {"a": 1}])
def test_wrong_value(value: Any) -> None:
    """What is neither true nor false is refused, and named."""
    with pytest.raises(ValueError, match=r"^explain must be of type boolean, got "):
        Api(explain=value)
