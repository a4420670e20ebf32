"""The life of an image with python-glanceclient: its library, and its command `glance`."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess

import glanceclient
from glanceclient.exc import HTTPBadRequest, HTTPForbidden, HTTPNotFound
from keystoneauth1.exceptions import Unauthorized
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from python_checks import exit_code, fails, refused, works

FILE = os.urandom(100_000)
NO_IMAGE = "00000000-0000-4000-8000-000000000000"


def client_of(user: str, password: str) -> glanceclient.v2.client.Client:
    """Return the client of a user in the user's own project."""
    login = Password(
        os.environ["OS_AUTH_URL"],
        username=user,
        password=password,
        user_domain_name=os.environ["OS_USER_DOMAIN_NAME"],
        project_name=user,
        project_domain_name=os.environ["OS_PROJECT_DOMAIN_NAME"],
    )
    return glanceclient.Client("2", session=Session(auth=login), region_name=os.environ["OS_REGION_NAME"])


def glance(*arguments: str) -> str:
    """Run the command, and return what it prints."""
    return subprocess.run(["venv/bin/glance", *arguments], check=True, capture_output=True, text=True).stdout


demo = client_of(os.environ["OS_USERNAME"], os.environ["OS_PASSWORD"])
alt = client_of("alt", "secret")
alt_project = alt.http_client.get_project_id()
image_id = demo.images.create(name="web", disk_format="raw", container_format="bare", min_disk=40)["id"]

with works("create an image and upload a file"):
    demo.images.upload(image_id, io.BytesIO(FILE))
    image = demo.images.get(image_id)
    assert (image.status, image.size, image.min_disk, image.protected) == ("active", len(FILE), 40, False)
    assert image.checksum == hashlib.md5(FILE).hexdigest()

with works("list images with filters, in pages"):
    demo.images.create(name="web-2", disk_format="raw", container_format="bare")
    pages = demo.images.list(filters={"visibility": "private"}, sort_key="name", sort_dir="asc", page_size=1)
    assert [(one.name, one.status) for one in pages] == [("web", "active"), ("web-2", "queued")]

with works("download"):
    assert b"".join(demo.images.data(image_id)) == FILE

with works("update the name, and add and remove an own property"):
    assert demo.images.update(image_id, name="db", team="a").team == "a"
    assert "team" not in demo.images.update(image_id, remove_props=["team"])

with works("add and remove a tag"):
    demo.image_tags.update(image_id, "web server")
    assert demo.images.get(image_id).tags == ["web server"]
    demo.image_tags.delete(image_id, "web server")

with works("share an image, and accept it as the other project"):
    assert demo.image_members.create(image_id, alt_project).status == "pending"
    alt.image_members.update(image_id, alt_project, "accepted")
    assert [one.status for one in demo.image_members.list(image_id)] == ["accepted"]
    assert demo.image_members.get(image_id, alt_project).member_id == alt_project
    assert [one.id for one in alt.images.list(filters={"visibility": "shared"})] == [image_id]
    demo.image_members.delete(image_id, alt_project)

with works("schemas"):
    assert demo.schemas.get("image").raw()["properties"]["min_disk"]["type"] == "integer"

with works("glance image-create --file"):
    with open("disk.raw", "wb") as file:
        file.write(FILE)
    arguments = ("--name", "cli", "--disk-format", "raw", "--container-format", "bare", "--file", "disk.raw")
    printed = glance("image-create", *arguments)
    assert "| active " in printed, printed
    (created,) = demo.images.list(filters={"name": "cli"})

with works("glance image-list"):
    assert created.id in glance("image-list")

with works("glance image-download"):
    glance("image-download", "--file", "copy.raw", created.id)
    with open("copy.raw", "rb") as file:
        assert file.read() == FILE

with refused("min_disk of 39", HTTPBadRequest, "The memory or disk size is invalid"):
    demo.images.create(name="small", min_disk=39)

with refused("delete of a protected image", HTTPForbidden, "The protected image cannot be deleted"):
    demo.images.update(created.id, protected=True)
    demo.images.delete(created.id)

with refused("image that does not exist", HTTPNotFound, "The image does not exist"):
    demo.images.get(NO_IMAGE)

NO_MESSAGE = "'str' object has no attribute 'get'"
NOTE = "python-glanceclient 4.13.0 takes each value of an error's body for an object; the gateway's are texts."
with fails("deactivate, which IMS does not have", AttributeError, NO_MESSAGE, NOTE):
    demo.images.deactivate(image_id)

with refused("wrong password", Unauthorized, "The username or password is wrong"):
    list(client_of("demo", "wrong").images.list())

with fails("token that was not issued, without keystoneauth", AttributeError, NO_MESSAGE, NOTE):
    list(glanceclient.Client("2", endpoint=f"{os.environ['IMS_MOCK_URL']}/v2", token="wrong").images.list())

with works("delete an image"):
    demo.images.delete(image_id)
    assert sorted(one.name for one in demo.images.list(filters={"visibility": "private"})) == ["cli", "web-2"]

raise SystemExit(exit_code())
