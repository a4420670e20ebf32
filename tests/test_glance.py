"""What a Glance returned for 546 requests, and where this service differs: docs/decisions/glance-differences.md."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from ims_mock.identity.accounts import User
from ims_mock.service.catalogue import add_image
from ims_mock.service.service import Service
from ims_mock.service.settings import Settings
from ims_mock.web.app import create_app
from tests.conftest import ROOT

RECORDED = [json.loads(line) for line in (ROOT / "tests/data/glance.jsonl").read_text("utf-8").splitlines()]

# The recording's users and projects, in addition to the default ones.
ACCOUNTS = {
    "projects": [{"name": "demo2"}, {"name": "alt2"}],
    "users": [{"name": "demo2", "roles": {"demo2": ["member"]}}, {"name": "alt2", "roles": {"alt2": ["member"]}}],
}
SETTINGS = Settings(auth="strict", accounts=ACCOUNTS)
PROJECTS = {name: project.id for name, project in SETTINGS.first_accounts.projects.items()}


def departures() -> list[tuple[str, str, str, str]]:
    """Return the table of the differences from Glance: group, glob of names, Glance's status, this service's."""
    text = (ROOT / "docs/decisions/glance-differences.md").read_text("utf-8")
    table = text.partition("<!-- table: departures -->")[2]
    rows = (line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `"))
    return [(row[0].strip("`"), row[1].strip("`"), row[2], row[3]) for row in rows]


def replayed() -> Iterator[tuple[dict[str, Any], int]]:
    """Yield every recorded request with the status that this service returns; what comes before it is done first."""
    service = Service(SETTINGS)
    tokens = {name: service.identity.new_token_for(name) for name in service.accounts.users}
    client = create_app(service).test_client()
    for request in RECORDED:
        body = request["body"]
        content = base64.b64decode(body["b64"]) if isinstance(body, dict) else filled(body).encode() if body else None
        headers = {name: filled(value) for name, value in request["headers"].items()}
        caller = re.fullmatch(r"\{token:(\w+)\}", headers.get("X-Auth-Token", ""))
        if caller:
            headers["X-Auth-Token"] = tokens[caller[1]]
        response = client.open(filled(request["path"]), method=request["method"], data=content, headers=headers)
        if response.status_code == 400 and request["status"] == 201 and '"id"' in str(body):
            assert caller is not None
            put_in(service, service.accounts.users[caller[1]], json.loads(body))
        yield request, response.status_code


def filled(text: str) -> str:
    """Return a text of the recording with this service's project ids in it."""
    return re.sub(r"\{project:(\w+)\}", lambda match: PROJECTS[match[1]], text)


def put_in(service: Service, user: User, attributes: dict[str, Any]) -> None:
    """Add an image that later requests need and that cannot be created so here, as near to it as can be."""
    kept = {name: value for name, value in attributes.items() if name not in ("os_hidden", "min_disk")}
    if kept.get("visibility") in ("shared", "community"):
        del kept["visibility"]
    kept["name"] = kept.get("name", "").replace(",", " ")
    kept["tags"] = kept.get("tags", [])[:10]
    add_image(service.store, service.accounts.own_project(user).id, kept)


@pytest.fixture(scope="module")
def differing() -> list[tuple[str, str, str, str]]:
    """The requests that get another status: group, name, Glance's status, this service's."""
    return [
        (request["group"], request["name"], str(request["status"]), str(status))
        for request, status in replayed()
        if status != request["status"]
    ]


def test_every_departure_is_decided(differing: list[tuple[str, str, str, str]]) -> None:
    """Where a status is not Glance's, a row of the table has the request, both statuses, and the reason."""
    rows = departures()
    undecided = [
        departure
        for departure in differing
        if not any(
            (group, glance, ours) == (departure[0], *departure[2:]) and fnmatchcase(departure[1], names)
            for group, names, glance, ours in rows
        )
    ]
    assert undecided == []


def test_every_decision_is_one(differing: list[tuple[str, str, str, str]]) -> None:
    """Each row of the table still stands for a response that is not Glance's."""
    idle = [
        row
        for row in departures()
        if not any((row[0], *row[2:]) == (item[0], *item[2:]) and fnmatchcase(item[1], row[1]) for item in differing)
    ]
    assert idle == []


def test_most_is_as_glance_responds(differing: list[tuple[str, str, str, str]]) -> None:
    """The whole recording has been asked, and three of four responses have Glance's status."""
    assert len(RECORDED) == 546
    assert len(differing) < len(RECORDED) / 4
