"""The versions of the API."""

from __future__ import annotations

import pytest

from ims_mock.conformance.client import Client

pytestmark = pytest.mark.native


def test_versions_are_listed_without_a_credential(ims: Client) -> None:
    """The root lists the versions, each with a link to itself."""
    versions = ims("list_versions").json["versions"]
    assert "v2.0" in {version["id"] for version in versions} | {version["id"][:4] for version in versions}
    assert all(link["href"] for version in versions for link in version["links"])


def test_one_version_is_shown(ims: Client) -> None:
    """The path of a version shows it."""
    versions = ims("show_version", version="v2").json["versions"]
    assert any(version["id"].startswith("v2") for version in versions)


def test_versions_of_glance_are_listed(ims: Client) -> None:
    """/versions lists the versions with 200, where the root does with 300."""
    assert ims("glance_list_versions").json["versions"]
