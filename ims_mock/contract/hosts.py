"""The hosts of the cloud: which service of which region a name is of.

https://developer.huaweicloud.com/intl/en-us/endpoint
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ims_mock.contract import other_services

_NAME = re.compile(r"(?P<service>ims|iam|eps|kms|bss|cbr)(?P<suffix>-intl)?\.(?P<rest>[a-z0-9-]+(\.[a-z0-9-]+)+)")

REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
"""The name of a region, such as cn-north-4 or eu-de."""


@dataclass(frozen=True)
class CloudHost:
    """A host of the cloud; `region` is "" where the service is one for all regions, and the name has none."""

    service: str
    region: str
    domain: str

    @property
    def is_global(self) -> bool:
        """Whether the service is the same in every region, whatever the name says."""
        return is_global(self.service)

    def of(self, service: str, region: str = "") -> CloudHost:
        """Return the host of another service of the same cloud, in the same region unless another is given."""
        return replace(self, service=service, region=region or self.region)

    def __str__(self) -> str:
        return ".".join(filter(None, (self.service, self.region, self.domain)))


def is_global(service: str) -> bool:
    """Return whether a service is one for all regions: the identity service, enterprise projects, billing."""
    return service == "iam" or other_services.is_global(service)


def cloud_host(name: str) -> CloudHost | None:
    """Return what a host's name, without a port, says; None for one that is none of the cloud's.

    A service of all regions may have the region in its name, as in iam.cn-north-4.myhuaweicloud.com, or not.
    """
    match = _NAME.fullmatch(name.lower().removesuffix("."))
    if match is None:
        return None
    service, (first, _, rest) = match["service"], match["rest"].partition(".")
    has_region = REGION.fullmatch(first) is not None or not is_global(service)
    if has_region and rest:
        return CloudHost(service, first, rest)
    return CloudHost(service, "", match["rest"]) if is_global(service) else None


def host_of(url: str) -> str:
    """Return the host of a URL, with its port if it has one; "" of a path."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def is_sent_to(url: str, globs: Collection[str]) -> bool:
    """Return whether the host of a URL, with or without its port, is one of those that globs name."""
    host = host_of(url)
    return any(fnmatchcase(name, glob) for glob in globs for name in (host, host.partition(":")[0]))
