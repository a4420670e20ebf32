"""What the tests of the suite have in common: who asks, and images that are removed after the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest

from ims_mock.conformance.client import Call, Client
from ims_mock.conformance.connection import Connection, UnreachableError
from ims_mock.conformance.credentials import Caller, Token
from ims_mock.conformance.made import PREFIX, Made
from ims_mock.conformance.options import MARKERS
from ims_mock.conformance.plugin import RUN, Run

CONTENT = b"\0" * 65536
"""A disk of zeros: a file of the format raw, whatever is done with it."""

UNREACHABLE = 6
"""The exit status of pytest when nobody is at the endpoint, which is none of its own."""

_NEEDED = 4
"""How many images a run has at once."""

PRIVATE = {"visibility": "private"}
"""What a Glance has to be asked for, and IMS has by default."""

NewImage = Callable[..., dict[str, Any]]


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, so that --strict-markers knows them."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the profile's service does not have, and what writes, if nothing is to be written."""
    own = [item for item in items if item.path.is_relative_to(os.path.dirname(__file__))]
    run = config.stash.get(RUN, None)
    if run is None:
        if own:
            raise pytest.UsageError("ims_mock.conformance: needs --ims-endpoint URL")
        return
    out = [item for item in own if _is_out(item, run)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def _is_out(item: pytest.Item, run: Run) -> bool:
    marks = {mark.name for mark in item.iter_markers()}
    is_other = run.options.profile == "glance" and "native" not in marks
    is_left_out = (run.options.read_only and "writes" in marks) or ("fuzz" in marks and not run.options.fuzz)
    return is_other or is_left_out


@pytest.fixture(scope="session")
def ims_run(request: pytest.FixtureRequest) -> Run:
    """The run that the tests are of."""
    return request.config.stash[RUN]


@pytest.fixture(scope="session")
def ims(ims_run: Run) -> Iterator[Client]:
    """What calls operations in the name of the first project."""
    with closing(_new_client(ims_run, ims_run.caller)) as client:
        yield client


@pytest.fixture(scope="session")
def other(ims_run: Run) -> Iterator[Client]:
    """What calls operations in the name of a second project."""
    if ims_run.other is None:
        pytest.skip("needs the credentials of a second project: set variables whose names end in _2")
    with closing(_new_client(ims_run, ims_run.other)) as client:
        yield client


def _new_client(run: Run, caller: Caller) -> Client:
    """Return what asks in the name of a caller; end the run where nobody responds, or the caller gets no token."""
    options = run.options
    client = Client(options, run.reached, run.differences)
    with ExitStack() as opened:
        opened.callback(client.close)
        ca_file = options.ca_file or caller.ca_file
        client.ims = Connection(options.endpoint, ca_file)
        try:
            client.ims.open()
        except (UnreachableError, OSError) as error:
            run.end(f"--ims-endpoint {options.endpoint}: {error}", UNREACHABLE)
        iam = options.iam_endpoint or caller.iam_endpoint
        client.iam = Connection(iam, ca_file) if iam else None
        try:
            _log_in(client, caller)
            _check_credentials(client)
        except pytest.fail.Exception as error:
            run.end(f"no test can be run with {caller.described}: {error.msg}", pytest.ExitCode.TESTS_FAILED)
        opened.pop_all()
    return client


def _log_in(client: Client, caller: Caller) -> None:
    """Give a client its credentials and the project that they are for, and ask the identity service where it has to."""
    client.project_id, client.credentials = caller.project_id, caller.credentials
    if client.credentials is None and caller.login is not None:
        issued = client("keystone_create_token", caller.login.body())
        client.credentials = Token(issued.header("X-Subject-Token") or "")
        client.project_id = issued.json["token"]["project"]["id"]
    elif not client.project_id and client.iam is not None:
        token = caller.credentials
        assert isinstance(token, Token)
        shown = client("keystone_validate_token", headers={"X-Subject-Token": token.token})
        client.project_id = shown.json["token"]["project"]["id"]


def _check_credentials(client: Client) -> None:
    """Fail where no credential is taken, before each test asks with it: a gateway locks a key that is often wrong."""
    with suppress(UnreachableError):  # That is the tests' to find.
        received = client.unjudged("glance_list_images", Call(query={"limit": 1}))
        if received.status == 401:
            shown = received.body[:400].decode("utf-8", "replace")
            pytest.fail(f"glance_list_images: must return 200, got 401: {shown}")


@pytest.fixture(scope="session")
def made(ims: Client, ims_run: Run) -> Iterator[Made]:
    """What the run makes; all of it is removed at its end, also after an interrupt."""
    made = Made(ims)
    ims_run.prefix = made.prefix
    if ims_run.options.profile == "huawei" and not ims_run.options.read_only:
        (quota,) = ims("show_image_quota").json["quotas"]["resources"]
        free = quota["quota"] - quota["used"]
        if quota["quota"] >= 0 and free < _NEEDED:
            pytest.skip(f"the quota leaves {free} images, and the suite needs {_NEEDED} at once; delete some")
    try:
        yield made
    finally:
        made.remove_all()
        ims_run.left += made.left


@pytest.fixture
def new_image(ims: Client, made: Made) -> Iterator[NewImage]:
    """What makes a private image, with a name of the run and these attributes; it is removed after the test."""
    count = len(made)

    def new(**attributes: Any) -> dict[str, Any]:
        body = {"name": made.new_name(), "disk_format": "raw", "container_format": "bare", "min_disk": 40}
        image: dict[str, Any] = ims("glance_create_image_metadata", {**body, **PRIVATE, **attributes}).json
        return image

    yield new
    made.remove_since(count)


@pytest.fixture
def image(new_image: NewImage) -> dict[str, Any]:
    """An image without a file."""
    return new_image()


@pytest.fixture(scope="session")
def active_image(ims: Client, made: Made) -> dict[str, Any]:
    """An image with a file, for the tests that leave it as it is."""
    body = {"name": made.new_name("active"), "disk_format": "raw", "container_format": "bare", "min_disk": 40}
    image_id = ims("glance_create_image_metadata", {**body, "__os_version": "Ubuntu 22.04 server 64bit"}).json["id"]
    ims("glance_upload_image", CONTENT, image_id=image_id)
    return ims.wait_for_image(image_id)


@pytest.fixture
def any_image(ims: Client) -> dict[str, Any]:
    """Some image that is there already, for what only reads; if there is one, none that another process removes."""
    oldest = {"limit": 10, "sort_key": "created_at", "sort_dir": "asc"}
    images: list[dict[str, Any]] = ims("glance_list_images", query=oldest).json["images"]
    if not images:
        pytest.skip("there is no image to read")
    return next((image for image in images if not str(image["name"]).startswith(PREFIX)), images[0])


@pytest.fixture(scope="session")
def given() -> Callable[[str], str]:
    """Return what the environment gives for a test, such as the id of a server; without it the test is skipped."""

    def value_of(name: str) -> str:
        value = os.environ.get(name, "")
        if not value:
            pytest.skip(f"needs the environment variable {name}")
        return value

    return value_of
