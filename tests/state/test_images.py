"""What the service knows of an image."""

from __future__ import annotations

import unicodedata

import pytest

from ims_mock.contract import schema_files
from ims_mock.contract.patterns import compiled
from ims_mock.state.images import OS_VERSIONS, is_visible, new_image


def test_records_do_not_share_their_parts() -> None:
    """Changing one image's tags changes no other's, nor the default."""
    first = new_image({}, "1", "p", "now")
    first["tags"].append("a")
    assert new_image({}, "2", "p", "now")["tags"] == []


def test_attributes_that_are_given_stay_as_they_are() -> None:
    """Making a record leaves the request's body alone."""
    attributes = {"tags": ["a", "a"]}
    new_image(attributes, "1", "p", "now")
    assert attributes == {"tags": ["a", "a"]}


@pytest.mark.parametrize(
    ("project", "visibility", "visible"), [("p", "private", True), ("q", "private", False), ("q", "public", True)]
)
def test_is_visible(project: str, visibility: str, visible: bool) -> None:
    """A project sees its own images and the public ones."""
    assert is_visible({"owner": "p", "visibility": visibility}, project) is visible


def test_every_os_version_derives_three_attributes() -> None:
    """Type, platform and bits are there for every name, in the documented values."""
    assert len(OS_VERSIONS) == 275
    for derived in OS_VERSIONS.values():
        assert derived.keys() == {"__os_type", "__platform", "__os_bit"}
        assert derived["__os_type"] in ("Linux", "Windows", "Other")
        assert derived["__os_bit"] in ("32", "64")


def test_name_pattern_takes_the_marks_of_every_script() -> None:
    """A word of any script may have the marks that it is written with, and no character that is no part of a word."""
    pattern = compiled(schema_files.read("models/image_attributes.json")["properties"]["name"]["pattern"])
    refused = []
    for point in range(0x10000):
        char = chr(point)
        category = unicodedata.category(char)
        wanted = category[0] == "L" or category in ("Nd", "Mn", "Mc")
        invisible = 0xFE00 <= point <= 0xFE0F or point == 0x34F
        if wanted and not invisible and not pattern.search(char):
            refused.append(char)
        if category[0] in "CPSZ" and category not in ("Cn",) and char not in " -._":
            assert not pattern.search(f"a{char}b"), hex(point)
    assert refused == []
