"""Terraform's provider at its start, with its data sources, and with tokens in place of an AK/SK."""

from __future__ import annotations

from contextlib import closing

import pytest

from ims_mock import ImsMock
from tests.clients.test_terraform import CENTOS, SECOND, SERVER, SHAPES, created
from tests.terraform import DELETE, POLLS, READ, START, Json, Provider, ProviderError, asked

# Data sources


def everything(provider: Provider, query: str) -> list[Json]:
    """Return the images of a data source: pages by marker, until one is empty."""
    path = f"/v2/cloudimages?status=active&enterprise_project_id=all_granted_eps&{query}&sort_key=name&sort_dir=asc"
    found: list[Json] = []
    while page := provider.request("GET", path + (f"&marker={found[-1]['id']}" if found else ""))["images"]:
        found += page
    return found


@pytest.mark.parametrize("has_token", [False, True])
def test_images(mock: ImsMock, has_token: bool) -> None:
    """Public and private images are found by name, type, tag and platform; with a token the blanks are not escaped."""
    mock.load_public_images()
    mock.add_image(name="tf a", tags=["foo=bar"], data=b"abc")
    with closing(Provider(mock)) as provider:
        provider.log_in() if has_token else provider.start()
        (found,) = everything(provider, f"name={CENTOS}")
        assert (found["protected"], found["size"] > 0, found["visibility"]) == (True, True, "public")
        market = everything(provider, "__imagetype=market&__platform=CentOS")
        assert market
        assert {image["protected"] for image in market} == {True}
        assert [image["name"] for image in everything(provider, "tag=foo=bar&__imagetype=private")] == ["tf a"]
        flavor = everything(provider, "flavor_id=kc1.large.2&__imagetype=gold")
        assert {image["__support_arm"] for image in flavor} == {"true"}
        assert {entry.operation for entry in mock.journal if entry.method == "GET"} >= {"list_images"}


def test_other_data_sources(mock: ImsMock, provider: Provider) -> None:
    """OS versions by several tags, the quota, the tags, and images by their tags in pages."""
    created(provider, SHAPES["ims_obs_system_image"])
    own = f"/v2/{provider.project_id}/images"
    counts = [
        sum(len(group["version_list"]) for group in provider.request("GET", f"/v1/cloudimages/os_version{query}"))
        for query in ("?tag=x86,bms", "?tag=x86", "")
    ]
    assert counts[0] < counts[1] < counts[2]
    (quota,) = provider.request("GET", "/v1/cloudimages/quota")["quotas"]["resources"]
    assert (quota["type"], quota["used"]) == ("image", 1)
    assert provider.request("GET", f"{own}/tags")["tags"] == [{"key": "foo", "values": ["bar"]}]
    body = {"action": "filter", "tags": [{"key": "foo", "values": ["bar"]}], "limit": "1000"}
    pages = [
        provider.request("POST", f"{own}/resource_instances/action", {**body, "offset": offset})["resources"]
        for offset in ("0", "1000")
    ]
    assert [len(page) for page in pages] == [1, 0]


# The provider's start


def test_start_with_an_ak_sk(mock: ImsMock, provider: Provider) -> None:
    """Project, domain, user and web site are looked up, before there is a project."""
    assert [entry.operation for entry in mock.journal] == START
    assert provider.project_id == mock.project_id


def test_life_with_tokens(mock: ImsMock) -> None:
    """With a password the provider has a token of the project, and one of the domain for enterprise projects."""
    with closing(Provider(mock)) as provider:
        provider.log_in()
        image_id = created(provider, SHAPES["ims_ecs_system_image"])
        provider.migrate(image_id, SECOND)
        image, _ = provider.read(image_id)
        assert image["enterprise_project_id"] == SECOND
        provider.destroy(image_id)
    made = ["create_image", *["show_job"] * POLLS, "migrate_resource"]
    filters = ["show_resource_bind_enterprise_project"] * 2
    assert asked(mock) == ["keystone_create_token"] * 2 + [*made, *filters, *READ, *DELETE]


@pytest.mark.parametrize("has_token", [False, True])
def test_credential_that_is_wrong(mock: ImsMock, has_token: bool) -> None:
    """A run counts for something: neither a signature of another body nor another token is accepted."""
    with closing(Provider(mock)) as provider:
        provider.log_in() if has_token else provider.start()
        if has_token:
            provider._tokens["project"] = "other"
        else:
            provider._user = "nobody"
        with pytest.raises(ProviderError, match=r"401 .*APIGW\.0301"):
            provider.find(SERVER)
