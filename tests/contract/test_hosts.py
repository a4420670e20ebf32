"""The hosts of the cloud."""

from __future__ import annotations

import pytest

from ims_mock.contract.hosts import cloud_host


@pytest.mark.parametrize(
    ("name", "service", "region", "domain"),
    [
        ("ims.cn-north-4.myhuaweicloud.com", "ims", "cn-north-4", "myhuaweicloud.com"),
        ("IMS.CN-North-4.myhuaweicloud.com.", "ims", "cn-north-4", "myhuaweicloud.com"),
        ("ims.eu-de.otc.t-systems.com", "ims", "eu-de", "otc.t-systems.com"),
        ("ims.region1.example.com", "ims", "region1", "example.com"),
        ("iam.my-kualalumpur-1.myhuaweicloud.com", "iam", "my-kualalumpur-1", "myhuaweicloud.com"),
        ("iam.myhuaweicloud.com", "iam", "", "myhuaweicloud.com"),
        ("eps.otc.t-systems.com", "eps", "", "otc.t-systems.com"),
        ("bss-intl.myhuaweicloud.com", "bss", "", "myhuaweicloud.com"),
        ("kms.eu-west-101.myhuaweicloud.eu", "kms", "eu-west-101", "myhuaweicloud.eu"),
    ],
)
def test_hosts_of_the_cloud(name: str, service: str, region: str, domain: str) -> None:
    """A name says which service of which region it is of; a service of all regions may have none in its name."""
    host = cloud_host(name)
    assert host is not None
    assert (host.service, host.region, host.domain) == (service, region, domain)


@pytest.mark.parametrize(
    "name",
    [
        "obs.cn-north-4.myhuaweicloud.com",
        "example.com",
        "ims",
        "ims.",
        "ims.com",
        "kms.test",
        "127.0.0.1",
        "ims..com",
        "",
    ],
)
def test_other_hosts(name: str) -> None:
    """Another service, and a service of a region whose name has no region, is no host of the cloud."""
    assert cloud_host(name) is None


def test_host_of_another_service() -> None:
    """The host of another service has the region of the first, or one that is given."""
    host = cloud_host("iam.eu-de.otc.t-systems.com")
    assert host is not None
    assert str(host.of("ims")) == "ims.eu-de.otc.t-systems.com"
    assert str(host.of("ims", "eu-nl")) == "ims.eu-nl.otc.t-systems.com"
    assert (host.is_global, host.of("kms").is_global) == (True, False)
