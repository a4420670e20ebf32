"""The versions of the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ims_mock.contract import schema_files
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response

_DOCUMENTED: list[dict[str, Any]] = schema_files.read("operations/versions/list_versions.json")["responses"]["300"][
    "content"
]["application/json"]["example"]["versions"]


def list_versions(exchange: Exchange) -> Response:
    """List every version, with links to the service as the client reached it."""
    return exchange.respond({"versions": [_version(exchange, version) for version in _DOCUMENTED]})


def glance_list_versions(exchange: Exchange) -> Response:
    """List every version, with the status that Glance has for it."""
    return list_versions(exchange)


def show_version(exchange: Exchange) -> Response:
    """Show one version, or all those of a major one."""
    asked = exchange.path["version"]
    found = [version for version in _DOCUMENTED if asked in (version["id"], version["id"].partition(".")[0])]
    return exchange.respond({"versions": [_version(exchange, version) for version in found]})


def _version(exchange: Exchange, version: dict[str, Any]) -> dict[str, Any]:
    path = urlsplit(version["links"][0]["href"]).path
    return {**version, "links": [{"href": exchange.base_url + path, "rel": "self"}]}
