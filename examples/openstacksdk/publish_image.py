"""Upload a disk image, share it with projects, and print its id: publish_image.py NAME FILE [PROJECT_ID ...].

The cloud is that of clouds.yaml which OS_CLOUD names, or of the variables OS_AUTH_URL, OS_USERNAME and so on.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

ERRORS = (SDKException, ClientException, OSError, AttributeError, LookupError, TypeError, ValueError)
"""What openstacksdk raises; the last four where a response is not what it expects."""


class PublishError(Exception):
    """The image is not published, and what was made of it is deleted."""


def connect() -> Any:
    """Return a connection to the cloud that the environment names.

    Without `api_timeout` it would wait for a response for ever, and so it may in a login of the usual type, "password".
    """
    return openstack.connect(auth_type="v3password", api_timeout=20)


def publish_image(connection: Any, name: str, path: Path, project_ids: Iterable[str]) -> str:
    """Upload a file as an image unless there is one of the name, share it with projects, and return its id."""
    try:
        image = next(connection.image.images(name=name, status="active"), None)
        if image is None:
            return publish_new_image(connection, name, path, project_ids)
        share(connection, image.id, project_ids)
    except ERRORS as error:
        raise PublishError(f"{type(error).__name__}: {error}") from error
    return str(image.id)


def publish_new_image(connection: Any, name: str, path: Path, project_ids: Iterable[str]) -> str:
    """Upload a file as an image, share it, and return its id; delete it where that fails."""
    # An id of our own is known even where the response to the create is lost.
    image_id = str(uuid.uuid4())
    try:
        with path.open("rb") as data:
            options = {"disk_format": "qcow2", "container_format": "bare", "allow_duplicates": True}
            connection.image.create_image(name, id=image_id, data=data, **options)
        status = connection.image.get_image(image_id).status
        if status != "active":
            raise ValueError(f"after its upload the image is {status}")
        share(connection, image_id, project_ids)
    except ERRORS:
        with suppress(*ERRORS):
            connection.image.delete_image(image_id)
        raise
    return image_id


def share(connection: Any, image_id: str, project_ids: Iterable[str]) -> None:
    """Share an image with those of the projects that it is not shared with yet."""
    members = {member.member_id for member in connection.image.members(image_id)}
    for project_id in project_ids:
        if project_id not in members:
            connection.image.add_member(image_id, member_id=project_id)


if __name__ == "__main__":
    with connect() as connection:
        print(publish_image(connection, sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
