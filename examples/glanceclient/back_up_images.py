"""Download the project's own images that are not there yet, and print where to: back_up_images.py FOLDER.

The cloud is that of the variables OS_AUTH_URL, OS_USERNAME and so on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import glanceclient
from glanceclient import exc
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

ERRORS = (exc.BaseException, exc.ClientException, ClientException)
"""What the client raises of its own: its two kinds have nothing in common, and those of keystoneauth are others."""


class BackupError(Exception):
    """What is not there yet is not backed up; the next run gets it."""


def new_client() -> Any:
    """Return a client for the user of the environment."""
    auth = Password(
        os.environ["OS_AUTH_URL"],
        username=os.environ["OS_USERNAME"],
        password=os.environ["OS_PASSWORD"],
        user_domain_name=os.environ["OS_USER_DOMAIN_NAME"],
        project_name=os.environ["OS_PROJECT_NAME"],
        project_domain_name=os.environ["OS_PROJECT_DOMAIN_NAME"],
    )
    # Without a timeout the session waits for a response as long as it takes, which may be for ever.
    return glanceclient.Client("2", session=Session(auth, timeout=60))


@contextmanager
def errors_as_one() -> Iterator[None]:
    """Raise BackupError in place of what the client raises; of what is no response of Glance it is AttributeError."""
    try:
        yield
    except (*ERRORS, OSError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise BackupError(f"{type(error).__name__}: {error}") from error


def back_up_images(client: Any, folder: Path) -> Iterator[Path]:
    """Download each private image into a file of its own, and yield it once it is complete."""
    with errors_as_one():
        images = list(client.images.list(filters={"visibility": "private", "status": "active"}))
    for image in images:
        with errors_as_one():
            path = folder / f"{image.id}.{image.disk_format}"
            if path.exists():
                continue
            partial = path.with_suffix(".part")
            with partial.open("wb") as file:
                file.writelines(client.images.data(image.id))
            partial.rename(path)
        yield path


if __name__ == "__main__":
    try:
        print(*back_up_images(new_client(), Path(sys.argv[1])), sep="\n")
    except BackupError as error:
        sys.exit(f"{error}")
