"""Which stubs of a test are taken for IMS's, and with which settings they are judged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ims_mock.testing.stubs import WatchedStubs, is_of_ims, settings_of

JOB = "/v1/p/jobs/1"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://ims.cn-north-4.myhuaweicloud.com/v9/anything",
            "https://ims.example.com/",
            "http://IMS.EU-DE.otc.com/",
        ),
        *("https://iam.cn-north-4.myhuaweicloud.com/v3/users", "https://iam.myhuaweicloud.com/v3/projects?name=a"),
        *(f"http://localhost:8080{JOB}", f"http://127.0.0.1:1{JOB}", f"http://[::1]:1{JOB}", f"http://mock{JOB}"),
        *("http://localhost/v3/projects", "https://glance.corp/image/v2/images", "https://api.corp/v2/cloudimages"),
    ],
)
def test_is_of_ims(url: str) -> None:
    """All of a host of IMS is, and of other hosts what matches an operation that could be no other service's."""
    assert is_of_ims("get", url)


@pytest.mark.parametrize(
    "url",
    [
        *("https://iam.cn-north-4.myhuaweicloud.com/v3/OS-TRUST/trusts", "https://ims-data.example/v2/image"),
        *(f"https://ecs.cn-north-4.myhuaweicloud.com{JOB}", f"https://api.example.com{JOB}"),
        *("https://gitlab.example/api/v3/projects", "https://example.com/", "https://example.com/v2"),
        *("http://localhost/", "http://localhost/v2", "http://localhost/v2/pets", "/elsewhere", ""),
    ],
)
def test_is_not_of_ims(url: str) -> None:
    """Roots, and paths that many services have, are not IMS's on a host of somebody else."""
    assert not is_of_ims("get", url)


def marker(*arguments: Any, **settings: Any) -> Any:
    """Return what pytest has of a marker."""
    return SimpleNamespace(args=arguments, kwargs=settings)


def test_settings_of_markers() -> None:
    """The closest marker counts, then the ini file; what is allowed adds up."""
    ini = {"allow": ["a"], "drift": True, "only_host": ["*.a"]}
    markers = [marker(allow=["c"], only_host=["*.c"]), marker(allow=("b",), drift=False, only_host=["*.b"])]
    assert settings_of(ini, markers) == {"allow": ["a", "b", "c"], "drift": False, "only_host": ["*.c"]}
    assert settings_of(ini, []) == ini


@pytest.mark.parametrize("call", [WatchedStubs.allow, WatchedStubs.only_host])
def test_what_is_no_text(call: Any) -> None:
    """What is no text is refused at once."""
    with pytest.raises(TypeError, match="got \\(5,\\)"):
        call(WatchedStubs(), 5)
