"""Upload a disk image, share it with projects, and print its id: publish_image.py NAME FILE [PROJECT_ID ...].

The cloud is that of clouds.yaml which OS_CLOUD names, or of the variables OS_AUTH_URL, OS_USERNAME and so on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openstack


def publish_image(connection: Any, name: str, path: Path, project_ids: Iterable[str]) -> str:
    """Upload a file as an image unless there is one of the name, share it with projects, and return its id."""
    image = next(connection.image.images(name=name), None)
    if image is None:
        with path.open("rb") as data:
            image = connection.create_image(name, data=data, disk_format="qcow2", container_format="bare", wait=True)
    members = {member.member_id for member in connection.image.members(image.id)}
    for project_id in project_ids:
        if project_id not in members:
            connection.image.add_member(image.id, member_id=project_id)
    return str(image.id)


if __name__ == "__main__":
    with openstack.connect() as connection:
        print(publish_image(connection, sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
