"""Real clients, unmodified, in a world of a strict mock: each names the world by what it can be made to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import glanceclient
import openstack
import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import GlanceListImagesRequest, ImsClient
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from ims_mock import ImsMock, SystemClock
from tests.web.test_worlds import Server, new_world

pytestmark = [
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
    pytest.mark.filterwarnings("ignore:Method 'glance_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

NAMES = {f"image-{number}" for number in range(60)}


@pytest.fixture
def world() -> Iterator[str]:
    """The URL of a strict world with more images than a page has; the default world has others."""
    with ImsMock(auth="strict", clock=SystemClock()) as mock:
        mock.add_image(name="of the default world")
        url = new_world(mock, "ci")
        for name in sorted(NAMES):
            response = requests.post(f"{url}/_ims_mock/images", json={"name": name}, timeout=10)
            assert response.status_code == 201
        yield url


def with_openstacksdk(url: str) -> set[str]:
    """List images with openstacksdk, logged in with a password."""
    auth = {"auth_url": f"{url}/v3", "username": "demo", "password": "secret", "project_name": "demo"}
    domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
    with openstack.connect(auth={**auth, **domains}, region_name="cn-north-4") as cloud:
        return {image.name for image in cloud.image.images(limit=25)}


def with_glanceclient(url: str) -> set[str]:
    """List images with python-glanceclient, which finds the service in the catalogue."""
    names: Any = {"username": "demo", "password": "secret", "project_name": "demo"}
    auth = Password(f"{url}/v3", user_domain_name="Default", project_domain_name="Default", **names)
    client = glanceclient.Client("2", session=Session(auth))
    return {image.name for image in client.images.list(page_size=25)}


def with_sdk(url: str) -> set[str]:
    """List images with the official SDK, which drops the path of a URL: its access key names the world."""
    credentials = BasicCredentials("demo-ci-ak", "demo-sk").with_iam_endpoint(url)
    builder = ImsClient.new_builder().with_credentials(credentials).with_region(Region("cn-north-4", url))
    client, found, marker = builder.build(), set[str](), None
    while page := client.glance_list_images(GlanceListImagesRequest(limit=25, marker=marker)).images:
        found |= {image.name for image in page}
        marker = page[-1].id
    return found


CLIENTS = {"openstacksdk": with_openstacksdk, "glanceclient": with_glanceclient, "sdk": with_sdk}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_clients_reach_their_world(world: str, client: Callable[[str], set[str]]) -> None:
    """A client that logs in, or signs, sees every page of its own world."""
    assert client(world) == NAMES


@pytest.mark.parametrize("client", list(CLIENTS.values())[:2], ids=list(CLIENTS)[:2])
def test_mounted_application(client: Callable[[str], set[str]]) -> None:
    """The application is served under a path of another server too, whose links have the path."""
    mock = ImsMock(auth="strict", clock=SystemClock())
    for name in sorted(NAMES):
        mock.add_image(name=name)
    mounted: Any = DispatcherMiddleware(lambda *_: [], {"/clouds/a": mock.app})
    with Server(make_server("127.0.0.1", 0, mounted, threaded=True)) as root:
        assert client(f"{root}/clouds/a") == NAMES
