"""Images with the OpenStack driver of Apache Libcloud, which speaks to Glance version 2."""

from __future__ import annotations

import os
from typing import Any

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider
from python_checks import call_alone, exit_code, fails, listed, refused, works

NO_IMAGE = "00000000-0000-4000-8000-000000000000"


def driver_of(user: str, password: str) -> Any:
    """Return the driver of a user in the user's own project."""
    return get_driver(Provider.OPENSTACK)(
        user,
        password,
        api_version="2.2",
        ex_force_auth_url=os.environ["OS_AUTH_URL"],
        ex_force_auth_version="3.x_password",
        ex_tenant_name=user,
        ex_domain_name=os.environ["OS_USER_DOMAIN_NAME"],
        ex_force_service_region=os.environ["OS_REGION_NAME"],
    )


def created(name: str, **attributes: Any) -> str:
    """Create an image, for which the driver has no method of its own, and return its id."""
    data = {"name": name, "disk_format": "raw", "container_format": "bare", **attributes}
    image_id: str = demo.image_connection.request("/v2/images", method="POST", data=data).object["id"]
    return image_id


demo = driver_of(os.environ["OS_USERNAME"], os.environ["OS_PASSWORD"])
call_alone(list=lambda: listed(demo.list_images()))
alt = driver_of("alt", "secret")
image_id = created("web", min_disk=40, min_ram=1024)
alt_project = alt.image_connection.request("/v2/images", method="POST", data={"name": "of alt"}).object["owner"]

with works("list_images"):
    for number in range(30):
        created(f"web-{number}")
    images = demo.list_images()
    assert len({image.id for image in images}) == 31, len(images)

with works("get_image"):
    image = demo.get_image(image_id)
    assert (image.name, image.extra["status"], image.extra["visibility"]) == ("web", "queued", "private")
    assert (image.extra["minDisk"], image.extra["minRam"]) == (40, 1024)

with works("ex_update_image"):
    changed = demo.ex_update_image(image_id, [{"op": "replace", "path": "/name", "value": "db"}])
    assert (changed.name, demo.get_image(image_id).name) == ("db", "db")

with works("ex_create_image_member"):
    member = demo.ex_create_image_member(image_id, alt_project)
    assert (member.id, member.image_id, str(member.state)) == (alt_project, image_id, "pending")

with works("ex_accept_image_member, as the other project"):
    assert str(alt.ex_accept_image_member(image_id, alt_project).state) == "accepted"

with works("ex_list_image_members and ex_get_image_member"):
    assert [str(one.state) for one in demo.ex_list_image_members(image_id)] == ["accepted"]
    assert str(demo.ex_get_image_member(image_id, alt_project).state) == "accepted"

with refused("get_image of an image that does not exist", BaseHTTPError, "The image does not exist"):
    demo.get_image(NO_IMAGE)

with refused("ex_update_image of another project", BaseHTTPError, "only by the image owner"):
    alt.ex_update_image(image_id, [{"op": "replace", "path": "/name", "value": "theirs"}])

with refused("wrong password", InvalidCredsError, "Invalid credentials"):
    driver_of("demo", "wrong").list_images()

with fails(
    "delete_image",
    LibcloudError,
    "Could not find specified endpoint",
    "Apache Libcloud 3.9.1 lists images by Glance, but deletes them by Nova, which is not in the catalogue.",
):
    demo.delete_image(image)

with works("delete an image by the driver's connection"):
    demo.image_connection.request(f"/v2/images/{image_id}", method="DELETE")
    assert image_id not in {one.id for one in demo.list_images()}

raise SystemExit(exit_code())
