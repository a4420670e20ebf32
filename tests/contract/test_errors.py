"""What the service refuses, and in whose words."""

from __future__ import annotations

import pytest

from ims_mock import ImsError
from ims_mock.contract.errors import header_text


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "IMG.0001", "The request message format is invalid."),
        (401, "APIGW.0301", "Incorrect IAM authentication information."),
        (403, "IMG.0026", "The role is invalid."),
        (404, "IMG.0144", "The image does not exist."),
        (413, "APIGW.0201", "Request entity too large."),
        (418, "APIGW.0201", "API request error."),
        (429, "APIGW.0308", "The throttling threshold has been reached."),
        (500, "IMG.0061", "Unknown system error."),
        (502, "APIGW.0201", "Backend unavailable."),
        (503, "APIGW.0613", "The IAM service is currently unavailable."),
        (504, "APIGW.0201", "Backend timeout."),
        (599, "APIGW.0201", "An unexpected error occurred"),
    ],
)
def test_usual_error_of_a_status(status: int, code: str, message: str) -> None:
    """A status without more has its documented code and message."""
    error = ImsError(status, reason="because")
    assert error.code == code
    assert error.message.startswith(message)


def test_code_decides_the_dialect() -> None:
    """IMG codes have the service's body, APIGW codes the gateway's."""
    assert ImsError(403, reason="").body("1") == {
        "error": {
            "code": "IMG.0026",
            "message": "The role is invalid. "
            "You need to apply for the required permissions or pass the real-name authentication.",
        }
    }
    assert ImsError(403, "APIGW.0302", reason="").body("1") == {
        "error_code": "APIGW.0302",
        "error_msg": "The IAM user is not authorized to access the API.",
        "request_id": "1",
    }


def test_undocumented_code_needs_a_message() -> None:
    """A code that no document has comes with a text of its own."""
    with pytest.raises(ValueError, match=r"code 'IMG\.9999' is not documented"):
        ImsError(400, "IMG.9999", reason="")
    assert ImsError(400, "IMG.9999", "new", reason="").message == "new"


def test_reason_is_one_ascii_line() -> None:
    """Anything but printable ASCII is escaped."""
    assert header_text("a\r\nb\t\x00\u540d\U0001f600~") == "a\\r\\nb\\t\\x00\\u540d\\U0001f600~"


def test_text_of_an_error() -> None:
    """The exception's text has status, code, message and reason."""
    assert str(ImsError(404, "IMG.0144", reason="gone")) == "404 IMG.0144 The image does not exist. (gone)"
