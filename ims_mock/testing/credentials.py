"""Who calls: the credentials of the user who compares, and those that a recording shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ims_mock.contract.headers import header_name
from ims_mock.evidence.redaction import MASK
from ims_mock.exchange.messages import Request
from ims_mock.identity.signing import Authorization, canonical_request, parse_authorization, signature
from ims_mock.state.real import RealTime
from ims_mock.state.times import timestamp

IMS = "ims"
"""The service of an operation that is of IMS itself; the others have the names of their dialects."""

_CREDENTIALS = ("X-Auth-Token", "Authorization", "X-Sdk-Date", "X-Security-Token")
"""The headers that say who calls."""


@dataclass(frozen=True)
class Outgoing:
    """A request as it is to be sent: `target` is a path with its query, `service` whose it is, such as "ims" or "iam".

    `caller` is the name of who sent it in the recording, "" where that is not known. With `keeps_credential`
    what it has for a credential is sent, or none, and no other.
    """

    method: str
    target: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    service: str = IMS
    caller: str = ""
    keeps_credential: bool = False


@dataclass(frozen=True)
class Credentials:
    """What a caller shows: a token, or an access key with its secret; `project_id` is where the caller works."""

    token: str = field(default="", repr=False)
    access: str = ""
    secret: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    project_id: str = ""

    @classmethod
    def of_environment(cls, environ: Mapping[str, str], suffix: str = "") -> Credentials:
        """Return those of the environment; a variable with the suffix counts more than one without."""

        def value(*names: str) -> str:
            found = [environ.get(name + end, "") for name in names for end in dict.fromkeys((suffix, ""))]
            return next(filter(None, found), "")

        return cls(
            token=value("IMS_TOKEN", "OS_AUTH_TOKEN"),
            access=value("HUAWEICLOUD_SDK_AK"),
            secret=value("HUAWEICLOUD_SDK_SK"),
            security_token=value("HUAWEICLOUD_SDK_SECURITY_TOKEN"),
            project_id=value("HUAWEICLOUD_SDK_PROJECT_ID", "OS_PROJECT_ID"),
        )

    def headers_of(self, request: Outgoing, host: str) -> list[tuple[str, str]]:
        """Return the headers that a request needs beside its own."""
        if self.token:
            return [("X-Auth-Token", self.token)]
        if not self.access:
            return []
        added = {"Host": host, "X-Sdk-Date": re.sub("[-:]", "", timestamp(RealTime.now()))}
        is_named = any(header_name(name) == "X-Project-Id" for name, _ in request.headers)
        if self.project_id and request.service != "iam" and not is_named:
            added["X-Project-Id"] = self.project_id
        if self.security_token:
            added["X-Security-Token"] = self.security_token
        signed = tuple(sorted(name.lower() for name in added))
        unsigned = Request(
            request.method, request.target, "", {header_name(name): value for name, value in added.items()}
        )
        canonical = canonical_request(unsigned, Authorization(self.access, signed, ""), request.body)
        value = signature(self.secret, added["X-Sdk-Date"], canonical)
        text = f"SDK-HMAC-SHA256 Access={self.access}, SignedHeaders={';'.join(signed)}, Signature={value}"
        return [*((name, value) for name, value in added.items() if name != "Host"), ("Authorization", text)]


def caller_of(headers: Any) -> str:
    """Return the access key of a recorded signature; "" where there is none."""
    if not isinstance(headers, (list, tuple)):
        return ""
    text = next((value for name, value in headers if header_name(name) == "Authorization"), "")
    # The signature itself may be masked.
    parsed = parse_authorization(text.replace(MASK, "0" * 64))
    return parsed.access if parsed else ""


def without_credentials(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of a request without those that say who calls."""
    return [(name, value) for name, value in headers if header_name(name) not in _CREDENTIALS]
