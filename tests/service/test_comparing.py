"""What differs between two states of a mock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ims_mock import ImsMock
from tests.conftest import Api


@pytest.fixture
def mock() -> ImsMock:
    """A mock that does not serve."""
    return ImsMock(start="2016-06-02T07:49:48Z")


def changes(mock: ImsMock, change: Callable[[], object]) -> list[str]:
    """Return what differs after a change, as texts."""
    before = mock.snapshot()
    change()
    return [str(difference) for difference in before.compare(mock.snapshot())]


def test_nothing_differs(mock: ImsMock) -> None:
    """Two snapshots of one state are the same."""
    mock.add_image(name="web", data=b"...")
    assert changes(mock, lambda: None) == []


def test_an_image_is_added_and_removed(mock: ImsMock) -> None:
    """A record that came or went is one line, with its name and its id."""
    image_id = ""

    def add() -> None:
        nonlocal image_id
        image_id = mock.add_image(name="web")["id"]

    assert changes(mock, add) == [f"image 'web' {image_id} was added"]
    assert changes(mock, mock.images.clear) == [f"image 'web' {image_id} was removed"]


def test_values_that_differ(mock: ImsMock) -> None:
    """Of a record that was changed, each value is a JSON pointer with what was before and what is after."""
    image = mock.add_image(name="web", __description="old")

    def change() -> None:
        mock.images[image["id"]].update(name="new", tags=["a"])
        del mock.images[image["id"]]["__description"]

    assert changes(mock, change) == [
        f"image 'new' {image['id']} was changed\n"
        '    /name: "web" -> "new"\n'
        '    /tags: [] -> ["a"]\n'
        '    /__description: "old" -> nothing'
    ]


def test_members_files_and_accounts(mock: ImsMock) -> None:
    """What belongs to an image, and the accounts, are compared as well."""

    def change() -> None:
        mock.add_image(name="web", data=b"...", members={"a" * 32: "pending"})
        mock.add_accounts(projects=[{"name": "web"}])

    kinds = [line.split(" ")[0] for line in changes(mock, change)]
    assert kinds == ["project", "image", "members", "file"]


def test_secrets_are_masked(mock: ImsMock) -> None:
    """Neither a password nor a token is shown, whether it is a value or the key of a record."""
    mock.add_accounts(users=[{"name": "ci", "password": "first", "roles": {"demo": ["member"]}}])

    def change() -> None:
        mock.add_accounts(users=[{"name": "ci", "password": "second", "roles": {"demo": ["member"]}}])
        mock.new_token("ci")

    text = "\n".join(changes(mock, change))
    assert '/password: "***" -> "***"' in text
    assert "token *** was added" in text
    assert "second" not in text


def test_over_http(api: Api) -> None:
    """A snapshot is compared with the state as it is now, or with another one."""
    image = api.create(name="web")
    api("POST", "/_ims_mock/snapshots", {"name": "before"})
    api.images[image["id"]]["name"] = "new"
    api("POST", "/_ims_mock/snapshots", {"name": "after"})
    del api.images[image["id"]]
    (now,) = api("GET", "/_ims_mock/snapshots/before/differences").get_json()["differences"]
    (then,) = api("GET", "/_ims_mock/snapshots/before/differences?with=after").get_json()["differences"]
    assert (now["change"], now["name"]) == ("removed", "web")
    assert then["values"] == [{"path": "/name", "before": "web", "after": "new"}]


@pytest.mark.parametrize("path", ["other/differences", "before/differences?with=other"])
def test_unknown_snapshot(api: Api, path: str) -> None:
    """A snapshot that is not there is 404, whichever of the two it is."""
    api("POST", "/_ims_mock/snapshots", {"name": "before"})
    response = api("GET", f"/_ims_mock/snapshots/{path}")
    assert (response.status_code, response.get_json()["error"]["message"]) == (
        404,
        'no snapshot has the name "other"; the known ones are before',
    )
