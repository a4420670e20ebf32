"""What Terraform's provider sends: its HTTP layer, its signature, and what its resources have in common.

Written after huaweicloud/terraform-provider-huaweicloud and chnsz/golangsdk. Waiting is the mock's clock.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from ims_mock import ImsMock
from tests.service.test_relied_on import faults_of

Json = dict[str, Any]

START = ["keystone_list_projects", "keystone_list_auth_domains", "keystone_list_users", "list_service_types"]
READ = ["list_images", "list_image_tags"]
DELETE = ["list_images", "glance_delete_image", "list_images"]
POLLS = 3
"""The operations of what every run does, and how often a job is looked at until it has ended."""

_SUCCESS = {
    "GET": {200},
    "POST": {200, 201, 202},
    "PUT": {200, 201, 202},
    "PATCH": {200, 202, 204},
    "DELETE": {200, 202, 204},
}
"""The statuses that golangsdk takes for success, unless the caller lists others."""


class ProviderError(Exception):
    """A response that is no success for the provider."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status} {body.decode()}")
        self.status, self.document = status, json.loads(body)


class _Unescaped(http.client.HTTPConnection):
    """A connection that sends a query as it is, with its blanks, as the provider does with a token."""

    def _validate_path(self, url: str) -> None:
        pass


class Provider:
    """The provider as a user, with its AK/SK or, after `log_in`, with tokens."""

    def __init__(self, mock: ImsMock, user: str = "demo") -> None:
        self.mock, self._user = mock, user
        self._connection = _Unescaped(urlsplit(mock.url).netloc, timeout=10)
        self._tokens: dict[str, str] = {}
        self.project_id = self._domain_id = ""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # The HTTP layer

    def request(self, method: str, path: str, body: Any = None, *, success: set[int] | None = None) -> Any:
        """Send a request, and return the JSON of its response; raise ProviderError unless it is a success."""
        content = b"" if body is None else json.dumps(body).encode()
        return self._send(method, path, content, "application/json", success or _SUCCESS[method])

    def upload(self, image_id: str, content: bytes) -> None:
        """Upload the file of an image."""
        self._send("PUT", f"/v2/images/{image_id}/file", content, "application/octet-stream", {204})

    def _send(self, method: str, path: str, content: bytes, media_type: str, success: set[int]) -> Any:
        sent = {"Accept": "application/json", "Content-Type": media_type, "User-Agent": "golangsdk/2.0.0"}
        if self._tokens:
            # Of a service that is the same in every region it is the token of the domain.
            sent["X-Auth-Token"] = self._tokens["domain" if _is_global(path) else "project"]
        else:
            path = _escaped(path)
            sent |= self._signed(method, path, content, sent)
            # Set after the signature, and so unsigned.
            sent |= {"X-Domain-Id": self._domain_id} if _is_global(path) else {"X-Project-Id": self.project_id}
            sent = {name: value for name, value in sent.items() if value}
        self._connection.request(method, path, content or None, sent)
        response = self._connection.getresponse()
        received = response.read()
        if response.status not in success:
            raise ProviderError(response.status, received)
        return json.loads(received) if received else None

    def _signed(self, method: str, path: str, content: bytes, sent: dict[str, str]) -> dict[str, str]:
        """Return the headers of a signature that does not cover the host."""
        moment = self.mock.service.store.timestamp().replace("-", "").replace(":", "")
        covered = {name.lower(): value for name, value in {**sent, "X-Sdk-Date": moment}.items()}
        names = ";".join(sorted(covered))
        route, _, query = path.partition("?")
        canonical = "\n".join(
            [
                *(method, f"{route.rstrip('/')}/", "&".join(sorted(query.split("&")))),
                *(f"{name}:{covered[name]}" for name in sorted(covered)),
                *("", names, hashlib.sha256(content).hexdigest()),
            ]
        )
        signed = f"SDK-HMAC-SHA256\n{moment}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        value = hmac.new(f"{self._user}-sk".encode(), signed.encode(), hashlib.sha256).hexdigest()
        header = f"SDK-HMAC-SHA256 Access={self._user}-ak, SignedHeaders={names}, Signature={value}"
        return {"X-Sdk-Date": moment, "Authorization": header}

    # Its start

    def start(self) -> Provider:
        """Look up the project, the domain, the user and the web site, as it does with an AK/SK."""
        self.project_id = self.request("GET", "/v3/projects?name=cn-north-4")["projects"][0]["id"]
        self._domain_id = self.request("GET", "/v3/auth/domains")["domains"][0]["id"]
        (user,) = self.request("GET", f"/v3/users?name={self._user}")["users"]
        assert user["domain_id"] == self._domain_id
        assert self.request("GET", "/v2/products/service-types?limit=1")["service_types"]
        return self

    def log_in(self) -> Provider:
        """Get a token of the project, and another of the domain, for a password."""
        for scope, wanted in (("project", {"name": "cn-north-4"}), ("domain", {"name": "Default"})):
            self._tokens[scope], described = self._new_token({scope: wanted})
            self.project_id = described.get("project", {}).get("id") or self.project_id
        return self

    def _new_token(self, scope: Json) -> tuple[str, Json]:
        user = {"name": self._user, "password": "secret", "domain": {"name": "Default"}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = json.dumps({"auth": {"identity": identity, "scope": scope}})
        self._connection.request("POST", "/v3/auth/tokens", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        document = json.loads(response.read())
        assert response.status == 201
        return response.headers["X-Subject-Token"], document["token"]

    # Waiting

    def wait(self, is_over: Callable[[], Any], *, first: float, then: float) -> Any:
        """Look until there is something; the time between is that of the mock's clock."""
        self.mock.clock.advance(first)
        for _ in range(20):
            if found := is_over():
                return found
            self.mock.clock.advance(then)
        raise TimeoutError

    def entities_of(self, begun: Json, *, first: float = 10, then: float = 10) -> Json:
        """Return the entities of a job that a response names, once it has ended."""
        job_id = begun["job_id"]
        assert isinstance(job_id, str)
        return self.wait(lambda: self._ended(job_id), first=first, then=then)["entities"]  # type: ignore[no-any-return]

    def _ended(self, job_id: str) -> Json | None:
        job: Json = self.request("GET", f"/v1/{self.project_id}/jobs/{job_id}")
        assert isinstance(job["status"], str)
        assert job["status"]
        if job["status"] == "FAIL":
            raise ProviderError(200, json.dumps(job).encode())
        return job if job["status"] == "SUCCESS" else None

    # What its resources have in common

    def find(self, image_id: str) -> Json | None:
        """Return an image as the list has it, with every attribute of a type that the provider reads; None if gone."""
        images = self.request("GET", f"/v2/cloudimages?id={image_id}")["images"]
        assert isinstance(images, list)
        for image in images:
            assert list(faults_of(image)) == []
        return images[0] if images else None

    def read(self, image_id: str) -> tuple[Json, dict[str, str]]:
        """Return an image and its tags."""
        image = self.find(image_id)
        assert image is not None
        listed = self.request("GET", f"/v2/{self.project_id}/images/{image_id}/tags")["tags"]
        return image, {tag["key"]: tag["value"] for tag in listed}

    def replace(self, image_id: str, name: str, value: Any) -> None:
        """Replace an attribute, and add it where it is not there, as the provider does for two of them."""
        path = f"/v2/cloudimages/{image_id}"
        try:
            self.request("PATCH", path, [{"op": "replace", "path": f"/{name}", "value": value}])
        except ProviderError as error:
            if error.document["error"]["code"] != "IMG.0035" or name not in ("__description", "max_ram"):
                raise
            self.request("PATCH", path, [{"op": "add", "path": f"/{name}", "value": value}])

    def replace_tags(self, image_id: str, old: dict[str, str], new: dict[str, str]) -> None:
        """Delete the old tags, then create the new ones."""
        path = f"/v2/{self.project_id}/images/{image_id}/tags/action"
        for action, tags in (("delete", old), ("create", new)):
            pairs = [{"key": key, "value": value} for key, value in tags.items()]
            self.request("POST", path, {"action": action, "tags": pairs}, success={200, 202, 204})

    def migrate(self, image_id: str, target: str) -> None:
        """Move an image into an enterprise project, and look until it is there."""
        path = f"/v1.0/enterprise-projects/{target}"
        body = {"resource_type": "images", "resource_id": image_id, "project_id": self.project_id}
        self.request("POST", f"{path}/resources-migrate", {**body, "region_id": "cn-north-4"}, success={204})
        self.wait(lambda: image_id in list(self._resources(path)), first=10, then=10)

    def _resources(self, path: str) -> Iterator[str]:
        """Yield the ids of the images of an enterprise project, page by page until one is empty."""
        body: Json = {"projects": [self.project_id], "resource_types": ["images"], "limit": 1000, "offset": 0}
        while page := self.request("POST", f"{path}/resources/filter", body)["resources"]:
            yield from (resource["resource_id"] for resource in page)
            body["offset"] += len(page)

    def destroy(self, image_id: str, body: Any = None, *, looks_before: bool = True) -> None:
        """Delete an image, and look until no list has it."""
        if looks_before:
            assert self.find(image_id) is not None
        self.request("DELETE", f"/v2/images/{image_id}", body)
        self.wait(lambda: self.find(image_id) is None, first=5, then=3)


def _is_global(path: str) -> bool:
    """Return whether a path is of a service that is the same in every region."""
    return path.startswith(("/v1.0/enterprise-projects", "/v2/products", "/v3/users"))


def _escaped(path: str) -> str:
    """Return a path as the signer sends it, which escapes what the query has."""
    route, mark, query = path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    return route + mark + "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)


def asked(mock: ImsMock) -> list[str | None]:
    """Return the operations that were called since the start, in their order."""
    calls = [entry.operation for entry in mock.journal]
    return calls[len(START) :] if calls[: len(START)] == START else calls
