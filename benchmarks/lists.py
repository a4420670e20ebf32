"""What a list with filters and an order costs, beside a page as long of all images."""

from __future__ import annotations

import json

from benchmarks.client import Client, side_by_side
from ims_mock import ImsMock

COUNT = 10_000
LISTS = (
    "/v2/cloudimages?limit={}&status=active&sort_key=name&sort_dir=asc",
    "/v2/cloudimages?limit={}&tag=k=v3&status=active&enterprise_project_id=all_granted_eps&sort_key=size",
    "/v2/cloudimages?limit={}&__platform=CentOS&protected=true&visibility=private&sort_key=updated_at",
    "/v2/cloudimages?limit={}&sort_key=name&sort_dir=asc&sort_key=created_at&sort_dir=desc",
    "/v2/cloudimages?limit={}&__imagetype=shared&sort_key=name&sort_dir=asc",
    "/v2/cloudimages?limit={}&flavor_id=s6.large.2&sort_key=name",
    "/v2/images?limit={}&name=in:image-5,image-7&sort_key=name",
    "/v2/images?limit={}&updated_at=gte:2026-01-01T02:46:00Z&sort_key=name",
    "/v2/images?limit={}&created_at=lt:2026-01-01T00:00:40Z",
    "/v2/images?limit={}&sort=status:asc,name:desc",
)


def print_lists() -> None:
    """Print a line a list: its images, its time, that of a page as long of all images, and the ratio."""
    print(f"list among {COUNT} images, images on the page, its time and that of such a page of all, ratio")
    with ImsMock(start="2026-01-01T00:00:00Z") as mock:
        for number in range(COUNT):
            mock.clock.advance(1)
            is_shared = number % 4 == 2
            mock.add_image(
                name=f"image-{number * 7919 % COUNT}",
                status="active" if number % 2 else "queued",
                tags=[f"k=v{number % 10}"],
                protected=number % 3 == 0,
                visibility="shared" if is_shared else "private" if number % 50 else "public",
                owner="other" if is_shared else mock.project_id,
                members={mock.project_id: "accepted"} if is_shared else None,
                __os_version="CentOS 7.6 64bit" if number % 4 else "Ubuntu 22.04 server 64bit",
            )
        for target in LISTS:
            chosen = Client(mock.url, "GET", target.format(25))
            length = len(json.loads(chosen())["images"])
            every = Client(mock.url, "GET", target.partition("?")[0] + f"?limit={length}")
            ours, theirs = side_by_side(chosen, every, count=50)
            print(f"{target.format(25):100} {length:3} {ours:6.0f} {theirs:6.0f} {ours / theirs:6.2f}")
            for client in (chosen, every):
                client.close()
