"""What a request says of the image that it asks for, as attributes of the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.problems import Keys
from ims_mock.exchange.exchange import Exchange
from ims_mock.service.sources import ARM, check_enterprise_project, check_key
from ims_mock.service.tagging import new_tags
from ims_mock.state.images import OS_VERSIONS, Image

_AS_GIVEN = {
    "name": "name",
    "min_disk": "min_disk",
    "min_ram": "min_ram",
    "cmk_id": "__system__cmkid",
    "hw_firmware_type": "hw_firmware_type",
    "license_type": "license_type",
}
"""The attributes that are what members of a body are, by the names of those."""

_ENVIRONMENTS = {
    "ECS": "FusionCompute",
    "FusionCompute": "FusionCompute",
    "BMS": "Ironic",
    "Ironic": "Ironic",
    "IsoImage": "IsoImage",
    "DataImage": "DataImage",
}

_OTHER_VERSIONS = {"Linux": "Other Linux(64 bit)", "Windows": "Other_Windows (64_bit)", "Other": "Other Linux(64 bit)"}
"""The OS version of an image of which only the type of its OS is known."""


def attributes_of(exchange: Exchange, body: Mapping[str, Any], path: Keys = ()) -> Image:
    """Return the attributes of the image that a body, or a part of one at a path, asks for.

    What the body does not have the image does not have either, where it can be without. Raise 400 for tags that cannot
    be, and for a key that cannot encrypt.
    """
    attributes = {attribute: body[name] for name, attribute in _AS_GIVEN.items() if body.get(name)}
    if "description" in body:
        attributes["__description"] = body["description"]
    attributes["tags"] = new_tags(body, path)
    check_key(exchange, body.get("cmk_id"), path)
    if "max_ram" in body:
        attributes["max_ram"] = str(body["max_ram"])
    if "is_config" in body:
        attributes["__is_config_init"] = str(body["is_config"]).lower()
    check_enterprise_project(exchange, body.get("enterprise_project_id"), (*path, "enterprise_project_id"))
    if body.get("enterprise_project_id"):
        attributes["enterprise_project_id"] = body["enterprise_project_id"]
    if "type" in body:
        attributes["virtual_env_type"] = _ENVIRONMENTS[body["type"]]
    if body.get("architecture") == "arm":
        attributes |= ARM
        if body.get("hw_firmware_type") == "bios":
            exchange.entry.ignored += (pointer_to((*path, "hw_firmware_type")),)
    return {**_system_of(body), **attributes}


def _system_of(body: Mapping[str, Any]) -> Image:
    """Return which OS an image has: a version, a type alone, or nothing of either."""
    if "os_version" in body:
        return {"__os_version": body["os_version"]}
    os_type = body.get("os_type")
    return {"__os_version": _OTHER_VERSIONS[os_type], "__os_type": os_type} if os_type else {}


def os_type_of(body: Mapping[str, Any]) -> str:
    """Return the type of the OS of the image that a body asks for, by its version where that is known."""
    os_type: str = body.get("os_type", "Linux")
    return OS_VERSIONS[body["os_version"]]["__os_type"] if "os_version" in body else os_type
