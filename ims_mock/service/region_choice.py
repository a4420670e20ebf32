"""Which region of a world a request is for, where the world has several."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import Headers, header_name
from ims_mock.contract.hosts import cloud_host
from ims_mock.contract.wording import shown
from ims_mock.identity import signing
from ims_mock.identity.auth import unauthorized
from ims_mock.service.service import Service

PREFIX = "/~"
"""What stands before the name of a world or a region in a path: /~ci/v2/images."""

HEADER = "X-IMS-Mock-Region"
"""The header that names a region."""

_HEADER = header_name(HEADER)

PROJECT = re.compile("^/v[0-9.]+/([0-9a-f]{32})/")
"""The project in the path of IMS's own operations."""

_HOST = re.compile(r"(?:[A-Za-z0-9-]+[.])?([A-Za-z0-9_-]+)[.]localhost[.]?")

_WORLD_HOST = re.compile(r"([a-z0-9-]+)(\.[a-z0-9_-]+)?\.localhost\.?(?::[0-9]*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of the world that it is for: its path, `Host`, and its other headers."""

    path: str
    host: str
    headers: Headers


def name_in_path(path: str) -> str | None:
    """Return the name of a world or a region with which a path begins."""
    return path[len(PREFIX) :].partition("/")[0] if path.startswith(PREFIX) else None


def check_sent(target: str) -> None:
    """Raise 404 for a target, as it was sent, in which the name of a world or a region has a slash: "%2F"."""
    for part in map(unquote, target.partition("?")[0].split("/", 3)[1:3]):
        if part.startswith("~") and "/" in part:
            text = f"no world or region has the name {shown(part[1:])}: a name has no '/'; leave out the '%2F'"
            raise ImsError(404, "APIGW.0101", reason=f"the path: {text}")


def region_of(service: Service, root: str, asked: Asked) -> tuple[Service, str]:
    """Return the region of a world that a request is for, and what of its path names the world and the region.

    `root` is what of the path names the world. Raise 404 or 401 for a region that does not exist.
    """
    path = asked.path[len(root) :]
    named = name_in_path(path)
    if named is not None:
        return named_region(service, named, "the path"), f"{root}{PREFIX}{named}"
    found = region_of_host(service, asked.host)
    check_host(service, asked.host)
    return found or chosen_region(service, path, asked.headers), root


def region_of_host(service: Service, host: str) -> Service | None:
    """Return the region that a `Host` names; None for another one.

    Such are REGION.localhost, WORLD.REGION.localhost and ims.REGION.myhuaweicloud.com.
    """
    name = host.partition(":")[0]
    local, cloud = _HOST.fullmatch(name), cloud_host(name)
    asked = local[1] if local else cloud.region if cloud else ""
    found = (one for one in [service, *service.further] if one.settings.region.lower() == asked.lower())
    return next(found, None) if asked and service.further else None


def world_host(host: str, service_of: Callable[[str], Service]) -> re.Match[str] | None:
    """Return the parts of a `Host` that names a world, or a world and one of its regions; None for another one.

    `service_of` returns the service of a world, or that of the default one, which a new world would be like. Raise 404
    for another host below "localhost", and for a region that the world does not have.
    """
    found, name = _WORLD_HOST.fullmatch(host), host.partition(":")[0]
    if cloud_host(name) is not None:
        return found if found and not found[2] else None
    if found is None:
        if name.lower().removesuffix(".").endswith(".localhost"):
            text = f"no world or region has the name {shown(name)}: write WORLD.localhost or WORLD.REGION.localhost"
            raise ImsError(404, "APIGW.0101", reason=f"Host: {text}")
        return None
    service = service_of(found[1].lower())
    if found[2] and region_of_host(service, host) is None:
        named_region(service, found[2][1:], "Host")
    return found


def check_host(service: Service, host: str) -> None:
    """Raise 404 for a host of the cloud that is of a region which the world does not have."""
    cloud = cloud_host(host.partition(":")[0])
    if cloud is None or cloud.domain == "localhost" or not cloud.region or cloud.is_global:
        return
    if region_of_host(service, host) is None:
        named_region(service, cloud.region, "Host")


def chosen_region(service: Service, path: str, headers: Headers) -> Service:
    """Return the region that a header, the scope of a signature or the project names, else the first one.

    Raise 404 for a region that the header names and that does not exist, 401 for one in a signature.
    """
    asked = headers.get(_HEADER)
    if asked is not None:
        return named_region(service, asked, HEADER)
    if not headers.get("X-Auth-Token"):
        key = signing.parse_authorization(headers.get("Authorization") or "")
        scope = key.scope.split("/") if key else []
        if len(scope) > 1 and scope[1]:
            found = service.region(scope[1])
            if found is None:
                detail = f"Authorization: the signature is for the region {shown(scope[1])}, {_known(service)}"
                raise unauthorized("verify aksk signature fail", detail)
            return found
    project_id = headers.get("X-Project-Id") or next(iter(PROJECT.findall(path)), "")
    project = service.accounts.find_project(id=project_id) if project_id else None
    return (service.region(project.name) if project else None) or service


def named_region(service: Service, name: str, place: str) -> Service:
    """Return the region of a name; raise 404 where there is none, with the place in the request that named it."""
    found = service.region(name)
    if found is None:
        raise ImsError(404, "APIGW.0101", reason=f"{place}: no region has the name {shown(name)}, {_known(service)}")
    return found


def _known(service: Service) -> str:
    names = [service.settings.region, *(region.settings.region for region in service.further)]
    return f"the regions are {', '.join(names)}"
