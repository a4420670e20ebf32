"""The errors of the service: status, documented code and message, and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from ims_mock.contract import other_services, schema_files
from ims_mock.contract.problems import InvalidError, Problem, wrong_at, wrong_setting, wrong_settings

REASON_LIMIT = 4096
"""Longest reason, in bytes, that is sent in a header."""

_PHRASES = {int(status): status.phrase for status in HTTPStatus}

IAM = "IAM"
"""The code of an error of the identity service."""

# The message of Keystone for each status, where no more specific message is given.
_KEYSTONE_MESSAGES = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error.",
    401: "The request you have made requires authentication.",
    403: "You are not authorized to perform the requested action.",
    404: "The resource could not be found.",
    500: "An unexpected error prevented the server from fulfilling your request.",
}


class ImsError(Exception):
    """A rejection: an HTTP status, a documented code and message, and the mock's own reason.

    The code's prefix is the dialect of the body: IMG codes are the service's, APIGW codes the gateway's, and IAM, which
    has no numbers, the identity service's. Without a code it is the documented one of the status; without a message,
    the documented one of the code, or what the identity service says of the status. A reason that is made of problems
    is given as the InvalidError that has them; `problems` keeps them, and `reason` is the text.
    """

    def __init__(
        self,
        status: int,
        code: str | None = None,
        message: str | None = None,
        *,
        reason: str | InvalidError,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code or usual_code(status)
        self._given = message
        self.message = message if message is not None else documented_message(self.code, status)
        self._invalid = reason if isinstance(reason, InvalidError) else None
        self.problems: tuple[Problem, ...] = self._invalid.problems if self._invalid else ()
        self.reason = str(reason)
        self.headers = dict(headers or {})
        super().__init__(f"{status} {self.code} {self.message} ({self.reason})")

    def as_invalid(self) -> InvalidError:
        """Return the error for a value that a test gave, where a client would get a rejection."""
        return self._invalid or wrong_settings("refused", self.reason)

    def body(self, request_id: str, dialect: str = "", *, explains: bool = False) -> dict[str, Any]:
        """Return the JSON body in the dialect of what rejects: the gateway, another service ("iam", ...) or IMS.

        One that `explains` has the reason after its message, for clients that show nothing else.
        """
        why = self._why(explains)
        if self.code.startswith("APIGW."):
            return {"error_code": self.code, "error_msg": self.message + why, "request_id": request_id}
        if other_services.is_one(dialect):
            return self._body_of(dialect, request_id, explains)
        if dialect == "iam":
            title = _PHRASES.get(self.status, "Error")
            message = documented_message(IAM, self.status) if self._given is None else self._given
            return {"error": {"code": self.status, "message": message + why, "title": title}}
        return {"error": {"code": self.code, "message": self.message + why}}

    def _body_of(self, service: str, request_id: str, explains: bool) -> dict[str, Any]:
        """Return the body in the form of one of the other services, or of the gateway where it has no code for this."""
        code = other_services.code_for(service, self.code, self.status)
        if code.startswith("APIGW."):
            return ImsError(self.status, code, reason=self.reason).body(request_id, explains=explains)
        message = self.message if code == self.code else documented_message(code, self.status)
        return other_services.error_body(service, code, message + self._why(explains))

    def _why(self, explains: bool) -> str:
        """Return what a message has at its end."""
        return f" (ims_mock: {header_text(self.reason)})" if explains else ""


@cache
def _catalogue() -> dict[str, Any]:
    catalogue: dict[str, Any] = schema_files.read("error_codes.json")
    return catalogue


def usual_code(status: int) -> str:
    """Return the code of a status where no more specific one is given."""
    return str(_catalogue()["statuses"].get(str(status), {}).get("code", "APIGW.0201"))


def page_message(status: int) -> str | None:
    """Return what the service's pages say of a status; None where they do not have it."""
    message: str | None = _catalogue()["statuses"].get(str(status), {}).get("message")
    return message


def is_documented(code: str) -> bool:
    """Return whether a document has a code of the service."""
    return code in _catalogue()["service"]


def is_code(code: str) -> bool:
    """Return whether a document has a code of the service, of the gateway, or of another service."""
    return is_documented(code) or code in _catalogue()["gateway"] or other_services.message_of(code) is not None


def documented_message(code: str, status: int) -> str:
    """Return the documented text of a code; raise InvalidError when no document has the code."""
    if code == IAM:
        return _KEYSTONE_MESSAGES.get(status, _PHRASES.get(status, "Error"))
    catalogue = _catalogue()
    known = catalogue["service"].get(code) or other_services.message_of(code)
    if known:
        return str(known)
    if code not in catalogue["gateway"]:
        advice = "use one of schemas/error_codes.json, or give a message too"
        raise wrong_setting("code", "enum", f"{code!r} is not documented: {advice}", code)
    by_status = catalogue["gateway"][code]
    if str(status) in by_status:
        return str(by_status[str(status)])
    # A gateway code of another status: 5xx in the words of its 500, anything else in those of its first.
    return str(by_status.get("500") if status >= 500 and "500" in by_status else next(iter(by_status.values())))


def header_text(reason: str) -> str:
    """Return a reason as one line of printable ASCII, at most REASON_LIMIT long, fit for a header and a log."""
    text = "".join(char if " " <= char <= "~" else ascii(char)[1:-1] for char in reason)
    if len(text) <= REASON_LIMIT:
        return text
    mark = " ... (cut)"
    return text[: REASON_LIMIT - len(mark)] + mark


def image_not_found(image_id: str) -> ImsError:
    """Return the 404 of an image that does not exist, or that this project cannot see."""
    text = f"no image {image_id!r} is visible to this project; GET /v2/images lists those that are"
    return ImsError(404, "IMG.0144", reason=wrong_at(("image_id",), "visible", text, image_id))


def image_protected(image_id: str) -> ImsError:
    """Return the 403 of deleting a protected image."""
    text = f"image {image_id!r} is protected; set protected to false before you delete it"
    return ImsError(403, "IMG.0091", reason=wrong_at(("protected",), "const", text, True))


def image_id_taken(image_id: str) -> ImsError:
    """Return the 409 of creating an image with an id that exists."""
    text = f"image {image_id!r} exists already; leave out id, or choose another one"
    return ImsError(409, "IMG.0066", reason=wrong_at(("id",), "unique", text, image_id))


def file_arriving(image_id: str) -> ImsError:
    """Return the 409 of an upload to an image that has a file already, though it is still queued."""
    text = f"image {image_id!r} has its file already, or an upload of it is under way; create another image"
    return ImsError(409, "IMG.0046", reason=wrong_at(("status",), "enum", text))


def upload_ended(image_id: str) -> ImsError:
    """Return the 409 of an upload that was broken off while its file arrived."""
    why = "its server was held to be gone, or an earlier state was restored"
    text = f"the upload of image {image_id!r} was broken off: {why}; send the file again"
    return ImsError(409, "IMG.0046", reason=wrong_at(("status",), "enum", text))


def tag_not_found(image_id: str, tag: str) -> ImsError:
    """Return the 404 of deleting a tag that an image does not have."""
    text = f"image {image_id!r} has no tag {tag!r}"
    return ImsError(404, "IMG.0115", reason=wrong_at(("tag",), "contains", text, tag))


def marker_unknown(marker: str) -> ImsError:
    """Return the 400 of a list whose marker does not exist, or no longer exists."""
    text = f"no item has the id {marker!r}; give the id of the last item of the page before, and keep that item"
    return ImsError(400, "IMG.0027", reason=wrong_at(("marker",), "exists", text, marker))


def marker_invisible(marker: str) -> ImsError:
    """Return the 403 of a list whose marker is an image that the project cannot see."""
    text = f"image {marker!r} is not visible to this project"
    return ImsError(403, "IMG.0161", reason=wrong_at(("marker",), "visible", text, marker))
