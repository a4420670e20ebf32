"""Who is calling."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ims_mock.errors import ImsError
from ims_mock.messages import Headers

LEVELS = ("lenient", "strict")

_UNAUTHORIZED = "Incorrect IAM authentication information: "
_SIGNATURE = re.compile(r"SDK-HMAC-SHA256 +Access=[^,\s]+, *SignedHeaders=[^,\s]+, *Signature=[0-9a-fA-F]{64}")
_PROJECT_ID = re.compile(r"[0-9A-Za-z_-]{1,255}")


@dataclass(frozen=True)
class Auth:
    """The credentials that one mock honours.

    At the level "lenient" any token and any well-formed AK/SK signature will do; at "strict" only `token` itself, as no
    signature is verified. A caller works in the project that X-Project-Id names, else in `project_id`.
    """

    project_id: str = "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"
    token: str = "ims-mock-token"  # noqa: S105 (it is no secret)
    level: str = "lenient"

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"auth must be one of {', '.join(LEVELS)}, got {self.level!r}")
        if not isinstance(self.token, str) or not re.fullmatch("[!-~]+", self.token):
            raise ValueError(f"token must be printable ASCII without spaces, got {self.token!r}")
        if not isinstance(self.project_id, str) or not _PROJECT_ID.fullmatch(self.project_id):
            raise ValueError(f"project_id must be 1 to 255 letters, digits, '-' and '_', got {self.project_id!r}")

    def project_of(self, headers: Headers) -> str:
        """Return the project that a request works in.

        Raise 401 without a credential that is honoured, 400 for a malformed project id.
        """
        self._check_credential(headers)
        project_id = headers.get("X-Project-Id")
        if not project_id:
            return self.project_id
        if not _PROJECT_ID.fullmatch(project_id):
            raise ImsError(400, "IMG.0067", reason="X-Project-Id: must be 1 to 255 letters, digits, '-' and '_'")
        return project_id

    @staticmethod
    def is_signed(headers: Headers) -> bool:
        """Tell whether a request is signed with an AK/SK, and not sent with a token."""
        return not headers.get("X-Auth-Token")

    def _check_credential(self, headers: Headers) -> None:
        token = headers.get("X-Auth-Token")
        if token:
            if self.level == "strict" and token != self.token:
                raise _unauthorized("decrypt token fail", "X-Auth-Token: this mock did not issue that token")
            return
        authorization = headers.get("Authorization")
        if not authorization:
            raise _unauthorized("Unauthorized", "no credential: send X-Auth-Token, or sign the request with an AK/SK")
        if not _SIGNATURE.fullmatch(authorization):
            raise _unauthorized(
                "Unauthorized",
                "Authorization: must be 'SDK-HMAC-SHA256 Access=<ak>, SignedHeaders=<names>, Signature=<64 hex>'",
            )
        if self.level == "strict":
            raise _unauthorized(
                "verify aksk signature fail", "Authorization: strict takes no signature; send X-Auth-Token"
            )


def _unauthorized(detail: str, reason: str) -> ImsError:
    return ImsError(401, "APIGW.0301", _UNAUTHORIZED + detail, reason=reason)
