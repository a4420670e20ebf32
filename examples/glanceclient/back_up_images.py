"""Download the project's own images that are not there yet, and print where to: back_up_images.py FOLDER.

The cloud is that of the variables OS_AUTH_URL, OS_USERNAME and so on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import glanceclient
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session


def new_client() -> Any:
    """Return a client for whoever the environment says."""
    auth = Password(
        os.environ["OS_AUTH_URL"],
        username=os.environ["OS_USERNAME"],
        password=os.environ["OS_PASSWORD"],
        user_domain_name=os.environ["OS_USER_DOMAIN_NAME"],
        project_name=os.environ["OS_PROJECT_NAME"],
        project_domain_name=os.environ["OS_PROJECT_DOMAIN_NAME"],
    )
    return glanceclient.Client("2", session=Session(auth))


def back_up_images(client: Any, folder: Path) -> Iterator[Path]:
    """Download each private image into a file of its own, and yield it once it is complete."""
    for image in client.images.list(filters={"visibility": "private", "status": "active"}):
        path = folder / f"{image.id}.{image.disk_format}"
        if path.exists():
            continue
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.writelines(client.images.data(image.id))
        yield partial.rename(path)


if __name__ == "__main__":
    print(*back_up_images(new_client(), Path(sys.argv[1])), sep="\n")
