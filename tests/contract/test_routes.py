"""Which operation a request is of, by its method and URL."""

from __future__ import annotations

import re

import pytest

from ims_mock.contract import find_operation
from ims_mock.contract.operations import load_contract
from ims_mock.contract.routes import find_route, methods_of

OPERATIONS = load_contract().operations
VERSIONED = [name for name, operation in OPERATIONS.items() if re.match("/v[0-9]", operation.path)]


def path_for(name: str) -> str:
    """Return a path of an operation, with a value for each parameter."""
    return re.sub(r"\{([^}]+)\}", r"of-\1", OPERATIONS[name].path.replace("{version}", "v2"))


@pytest.mark.parametrize(
    "base", ["", "/image", "/a/b/c", "https://ims.cn-north-4.myhuaweicloud.com", "http://h:1/v9/x"]
)
@pytest.mark.parametrize("name", VERSIONED)
def test_each_operation_is_found_below_any_base(name: str, base: str) -> None:
    """The base path before the operation's own may be anything, one with a version too."""
    operation = OPERATIONS[name]
    assert find_operation(operation.method, base + path_for(name)) is operation


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in VERSIONED])
def test_operations_without_a_version_are_found_at_the_root(name: str) -> None:
    """What has no version in its path has no base path either: / would be any directory."""
    operation = OPERATIONS[name]
    assert find_operation(operation.method, path_for(name)) is operation
    assert find_operation(operation.method, f"https://host{path_for(name)}") is operation
    assert find_operation("GET", "/image/versions") is None


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/v2/imagez"),
        ("GET", "/v2/images/"),
        ("GET", "/v2//images"),
        ("GET", "/v2/images/a/b/c/d"),
        ("PUT", "/v2/images"),
        ("GET", "/v7"),
        ("GET", ""),
        ("GET", "http://[::1/v2/images"),
        ("get", "/v2/images"),
    ],
)
def test_what_is_no_operation(method: str, url: str) -> None:
    """Nothing is guessed: another method, an empty part, a slash at the end or a misspelt path is of no operation."""
    assert find_operation(method, url) is None


def test_slash_at_the_end_where_it_is_served() -> None:
    """A path that may end in a slash is found with it too."""
    assert find_operation("GET", "/image/v2/") is OPERATIONS["show_version"]


def test_parameters_of_a_path() -> None:
    """Parameters are returned as they were before they were encoded."""
    route = find_route("GET", "/image/v2/images/a%20b/members/c%2Fd")
    assert route is not None
    assert route.path == {"image_id": "a b", "member_id": "c/d"}


def test_head_is_a_get_unless_it_is_an_operation() -> None:
    """HEAD of what can be got is that; version 1 has an operation of its own."""
    assert find_operation("HEAD", "/v2/images") is OPERATIONS["glance_list_images"]
    assert find_operation("HEAD", "/v1/images/a") is OPERATIONS["glance_show_image_metadata_v1"]


def test_name_that_is_part_of_another_path() -> None:
    """A part with a name of its own goes before a parameter, and a parameter is tried where that leads nowhere."""
    assert find_operation("GET", "/v2/p/images/tags") is OPERATIONS["list_images_tags"]
    assert find_operation("GET", "/v2/images/tags") is OPERATIONS["glance_show_image"]
    assert find_operation("GET", "/v2/p/images/a/tags") is OPERATIONS["list_image_tags"]


def test_methods_of_a_path() -> None:
    """All methods of a path are known, for the finding of a wrong one."""
    assert methods_of("/x/v2/images") == {"GET", "POST"}
    assert methods_of("/v2/imagez") == set()
