"""What the service knows of an image: defaults, derived attributes, who sees it."""

from __future__ import annotations

from typing import Any

from ims_mock import schema_files

Image = dict[str, Any]
"""A record of JSON types alone, in the form in which it is answered."""

_ATTRIBUTES = schema_files.read("models/image_attributes.json")["properties"]

_DEFAULTS: Image = {name: attribute["default"] for name, attribute in _ATTRIBUTES.items() if "default" in attribute}

OS_VERSIONS: dict[str, dict[str, str]] = {
    name: group["x-derived"] for group in schema_files.read("models/os_version.json")["anyOf"] for name in group["enum"]
}
"""The attributes that follow from each `__os_version`."""


def new_image(attributes: Image, image_id: str, owner: str, now: str) -> Image:
    """Return the record of an image whose metadata has just been created.

    `attributes` is a valid body of POST /v2/images; `now` is a UTC time with Z.
    """
    image = _DEFAULTS | attributes
    image["tags"] = list(dict.fromkeys(image["tags"]))
    path = f"/v2/images/{image_id}"
    image.update(OS_VERSIONS[image["__os_version"]])
    image.update(
        {
            "id": image_id,
            "owner": owner,
            "status": "queued",
            "created_at": now,
            "updated_at": now,
            "self": path,
            "file": f"{path}/file",
            "schema": _ATTRIBUTES["schema"]["const"],
            "virtual_env_type": "IsoImage" if image["disk_format"] == "iso" else "FusionCompute",
            "__image_source_type": _ATTRIBUTES["__image_source_type"]["const"],
            "__image_size": "0",
            "__isregistered": "true",
            "__imagetype": "private",
        }
    )
    return image


def is_visible(image: Image, project_id: str) -> bool:
    """Tell whether a project sees an image: its own, and every public one."""
    return bool(image["owner"] == project_id or image["visibility"] == "public")
