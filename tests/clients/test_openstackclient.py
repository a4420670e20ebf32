"""The `openstack` command, unmodified, against a mock that verifies every token."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ImsMock
from tests import commands
from tests.commands import Done

pytestmark = [pytest.mark.ims_mock(auth="strict"), pytest.mark.slow]

ALT = "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"
FILE = bytes(range(256)) * 1_000

Run = Callable[..., Done]


@pytest.fixture
def run(ims_mock_env: dict[str, str], tmp_path: Path) -> Run:
    """Runs a command, with variables of the environment replaced, and returns how it has ended."""

    def run(*arguments: str, **variables: str) -> Done:
        return commands.run("openstack", *arguments, home=tmp_path, **variables)

    return run


@pytest.fixture
def openstack(run: Run) -> Callable[..., str]:
    """Runs a command that succeeds, and returns what it prints."""

    def openstack(*arguments: str) -> str:
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return openstack


@pytest.fixture
def web(ims_mock: ImsMock) -> str:
    """The id of an active image of demo's."""
    return str(ims_mock.add_image(name="web", team="a", tags=["x"], data=FILE)["id"])


def only(mock: ImsMock) -> dict[str, Any]:
    """Return the only image."""
    (image,) = mock.images.values()
    return dict(image)


def test_create(openstack: Callable[..., str], ims_mock: ImsMock, tmp_path: Path) -> None:
    """An image is created with a file, which is uploaded."""
    (tmp_path / "web.raw").write_bytes(FILE)
    formats = ("--disk-format", "raw", "--container-format", "bare")
    created = openstack(
        *("image", "create", "web", "--file", "web.raw", *formats),
        *("--tag", "y z", "--property", "team=a", "--private", "-f", "json"),
    )
    image = only(ims_mock)
    assert json.loads(created)["id"] == image["id"]
    assert (image["status"], image["size"], image["disk_format"]) == ("active", len(FILE), "raw")
    assert (image["name"], image["owner"], image["tags"], image["team"]) == ("web", ims_mock.project_id, ["y z"], "a")


def test_list(openstack: Callable[..., str], ims_mock: ImsMock, web: str) -> None:
    """The project's own images are listed, and another's are not."""
    ims_mock.add_image(name="theirs", owner=ALT)
    assert json.loads(openstack("image", "list", "-f", "json")) == [{"ID": web, "Name": "web", "Status": "active"}]


def test_list_of_a_cloud(
    openstack: Callable[..., str], ims_mock_env: dict[str, str], monkeypatch: pytest.MonkeyPatch, web: str
) -> None:
    """A cloud of clouds.yaml does as well as variables of its own."""
    for name in ims_mock_env:
        if name.startswith("OS_") and name != "OS_CLIENT_CONFIG_FILE":
            monkeypatch.delenv(name)
    assert openstack("--os-cloud", "ims_mock", "image", "list", "-f", "value", "-c", "ID") == f"{web}\n"


def test_show(openstack: Callable[..., str], web: str) -> None:
    """An image is shown by its name, with what only Huawei has among its properties."""
    shown = json.loads(openstack("image", "show", "web", "-f", "json"))
    assert (shown["id"], shown["status"], shown["size"], shown["tags"]) == (web, "active", len(FILE), ["x"])
    assert (shown["properties"]["team"], shown["properties"]["__os_type"]) == ("a", "Linux")


def test_set(openstack: Callable[..., str], ims_mock: ImsMock, web: str) -> None:
    """The name, a property, a tag and the protection of an image are set at once."""
    openstack("image", "set", web, "--name", "db", "--property", "team=b", "--tag", "y", "--protected")
    image = only(ims_mock)
    assert (image["name"], image["team"], image["protected"]) == ("db", "b", True)
    assert sorted(image["tags"]) == ["x", "y"]


def test_unset(openstack: Callable[..., str], ims_mock: ImsMock, web: str) -> None:
    """A property and a tag are taken away."""
    openstack("image", "unset", web, "--property", "team", "--tag", "x")
    assert "team" not in only(ims_mock)
    assert only(ims_mock)["tags"] == []


def test_save(openstack: Callable[..., str], web: str, tmp_path: Path) -> None:
    """A file is downloaded."""
    openstack("image", "save", web, "--file", "copy.raw")
    assert (tmp_path / "copy.raw").read_bytes() == FILE


def test_delete(openstack: Callable[..., str], ims_mock: ImsMock, web: str) -> None:
    """An image is deleted by its name."""
    openstack("image", "delete", "web")
    assert ims_mock.images == {}


def test_delete_of_a_protected_image(run: Run, ims_mock: ImsMock) -> None:
    """A protected image is not deleted, and the command says so in the service's words."""
    image = ims_mock.add_image(name="web", protected=True)
    done = run("image", "delete", image["id"])
    assert done.returncode == 1
    assert "ForbiddenException: 403" in done.stderr
    assert "The protected image cannot be deleted." in done.stderr
    assert list(ims_mock.images) == [image["id"]]


@pytest.mark.parametrize("project", [ALT, "alt"])
def test_share(openstack: Callable[..., str], ims_mock: ImsMock, web: str, project: str) -> None:
    """An image is shared with another user's project by its id and by its name, and not shared any more."""
    added = json.loads(openstack("image", "add", "project", web, project, "-f", "json"))
    assert (added["member_id"], only(ims_mock)["visibility"]) == (ALT, "shared")
    openstack("image", "remove", "project", web, project)
    assert only(ims_mock)["visibility"] == "private"


def test_admin_shares(openstack: Callable[..., str], ims_mock: ImsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An admin, who may look up every project, shares by a name too."""
    for name in ("OS_USERNAME", "OS_PROJECT_NAME"):
        monkeypatch.setenv(name, "admin")
    image = ims_mock.add_image(name="theirs", owner=ims_mock.accounts.projects["admin"].id)
    openstack("image", "add", "project", image["id"], "alt")
    assert ims_mock.images[image["id"]]["visibility"] == "shared"


def test_catalogue(openstack: Callable[..., str], ims_mock: ImsMock) -> None:
    """The services are shown by the names that OpenStack has for them."""
    for name, url in (("glance", ims_mock.url), ("keystone", f"{ims_mock.url}/identity")):
        shown = json.loads(openstack("catalog", "show", name, "-f", "json"))
        assert {endpoint["url"] for endpoint in shown["endpoints"]} == {url}


@pytest.mark.parametrize(
    "variables",
    [{"OS_PASSWORD": "wrong"}, {"OS_PROJECT_NAME": "alt"}],
    ids=["password", "project"],
)
def test_wrong_login(run: Run, ims_mock: ImsMock, variables: dict[str, str]) -> None:
    """A wrong password, and a project that is not the user's, end the command with 1 and the service's words."""
    done = run("image", "list", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The username or password is wrong. (HTTP 401)")
    assert [entry.status for entry in ims_mock.journal.calls("keystone_create_token")] == [401]


def test_reader(run: Run, ims_mock: ImsMock, web: str) -> None:
    """A reader who deletes learns that a role is missing."""
    done = run("image", "delete", web, OS_USERNAME="demo_reader")
    assert done.returncode == 1
    assert "The role is invalid. You need to apply for the required permissions" in done.stderr
    assert list(ims_mock.images) == [web]


@pytest.mark.ims_mock(auth="strict", explain=True)
def test_reason_is_shown(run: Run) -> None:
    """With `explain` the command shows the reason of what it could not do, without --debug."""
    done = run("image", "create", "web", "--min-disk", "39")
    assert done.returncode == 1
    assert "(ims_mock: /min_disk: must be at least 40, got 39" in done.stderr
