"""What a request costs in calls, which is the same on every machine."""

from __future__ import annotations

import logging
from contextlib import nullcontext

import pytest

from benchmarks.__main__ import create_body
from benchmarks.calls import CallCounter, count_calls
from ims_mock.service.catalogue import add_image
from ims_mock.state import clock
from tests.conftest import Api
from tests.identity.test_permissions import CALLS, Call, new_image, send

OF_ALL = {
    "glance_list_images_detail_v1",
    "list_image_by_tags",
    "list_images_tags",
    "list_tags",
    "show_resource_bind_enterprise_project",
}
"""Operations whose responses say something of all images of a project: they have no pages, or a count of all."""

SERVER, VAULT = "877a2cda-ba63-4e1e-b95f-e67e48b6129a", "1c6f2e0a-5f4b-4f5e-9b57-0d8a5a2c3d4e"

MADE_OF_BACKUP = {"name": "image", "backup_id": VAULT, "whole_image_type": "CBR"}
OTHERWISE = {
    "glance_list_images": Call("GET", "/v2/images?limit=2"),
    "list_images": Call("GET", "/v2/cloudimages?limit=2"),
    "create_whole_image, of a backup": Call("POST", "/v1/cloudimages/wholeimages/action", body=MADE_OF_BACKUP),
}
"""Requests beside those of CALLS, or in their place: for a page that is full among few images too."""


def test_create_goes_through_few_functions(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its head on, a create is under 120 calls of own functions, and changes the module under 45 times.

    Where a library that freezes the time is loaded, the clock looks at it besides.
    """
    monkeypatch.setattr(clock, "MODULES", {})
    caplog.set_level(logging.WARNING, "ims_mock")  # A line of the log is no part of it.
    counter = count_calls(create_body())
    assert 0 < counter.calls.total() < 120, counter.calls
    assert 0 < counter.changes.total() < 45, counter.changes


def filled(count: int) -> Api:
    """Return a service with so many images, and of each kind so many jobs under way, of a project and of another."""
    api = Api(jobs={"*": {"seconds": 3600}})
    of_file = {"name": "image", "image_url": "bucket:file.qcow2", "os_version": "CentOS 7.6 64bit", "min_disk": 40}
    of_server = {"name": "image", "instance_id": SERVER, "vault_id": VAULT}
    for number in range(count):
        for owner in (api.service.auth.project_id, "other"):
            members = {api.service.auth.project_id: "accepted"} if owner == "other" else None
            image = add_image(api.service.store, owner, {"tags": [f"key={number}"]}, data=b"...", members=members)
            sent = {"X_Project_Id": owner}
            export = {"bucket_url": "bucket:export", "file_format": "qcow2"}
            for path, body in (
                ("/v2/cloudimages/action", of_file),
                ("/v1/cloudimages/wholeimages/action", of_server),
                (f"/v1/cloudimages/{image['id']}/file", export),
            ):
                assert api("POST", path, body, **sent).status_code == 200, path
    return api


@pytest.fixture(scope="module")
def services() -> list[Api]:
    """Two services, in one of which there is much more."""
    return [filled(3), filled(12)]


def calls_of(api: Api, name: str) -> int:
    """Return how many calls an operation takes, for a queued image and for an active one, when asked a second time."""
    counter = CallCounter()
    active = add_image(api.service.store, api.service.auth.project_id, {"tags": ["tag"]}, data=b"...")["id"]
    for image_id in (new_image(api), active):
        for counting in (nullcontext(), counter.counting()):
            with counting:
                if name in OTHERWISE:
                    api(OTHERWISE[name].method, OTHERWISE[name].path, OTHERWISE[name].body)
                else:
                    send(api, name, image_id, "demo")
    return counter.calls.total()


@pytest.mark.parametrize("name", sorted((CALLS.keys() | OTHERWISE.keys()) - OF_ALL))
def test_many_images_and_jobs_cost_nothing(services: list[Api], name: str) -> None:
    """An operation takes as many calls among many images and jobs as among few."""
    few, many = (calls_of(api, name) for api in services)
    assert many <= few + 3
