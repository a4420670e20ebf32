"""Delete the old images of a build, and print their names: delete_old_images.py TAG KEEP.

Credentials and endpoints are those of the environment: HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and so on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from huaweicloudsdkims.v2 import GlanceDeleteImageRequest, GlanceListImagesRequest, ImsClient
from huaweicloudsdkims.v2.region.ims_region import ImsRegion


def new_client() -> Any:
    """Return a client for the region and the user of the environment."""
    return ImsClient.new_builder().with_region(ImsRegion.value_of("cn-north-4")).build()


def tagged_images(client: Any, tag: str) -> Iterator[Any]:
    """Yield the images that have a tag, the newest first, page by page."""
    marker = None
    while True:
        page = client.glance_list_images(GlanceListImagesRequest(tag=tag, limit=50, marker=marker))
        if page.images is None:
            raise OSError("what came is no list of images")
        yield from page.images
        if page.next is None:
            return
        marker = page.images[-1].id


def delete_old_images(client: Any, tag: str, keep: int) -> list[str]:
    """Delete the images that have a tag but for the newest ones, and those that are protected; return their names."""
    old = [image for image in list(tagged_images(client, tag))[keep:] if not image.protected]
    for image in old:
        client.glance_delete_image(GlanceDeleteImageRequest(image.id))
    return [image.name for image in old]


if __name__ == "__main__":
    print(*delete_old_images(new_client(), sys.argv[1], int(sys.argv[2])), sep="\n")
