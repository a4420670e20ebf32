"""The proxies of the environment, which a mock's clients are to pass by."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def variables_without_proxy(url: str) -> dict[str, str]:
    """Return the variables that keep the host of a URL out of the proxies of the environment; {} without proxies."""
    host = urlsplit(url).hostname or ""
    if not _proxies() or host in _excepted():
        return {}
    value = ",".join([*_excepted(), host])
    return {"NO_PROXY": value, "no_proxy": value}


def _proxies() -> list[str]:
    """Return the variables of proxies that are set."""
    return [name for name in sorted(os.environ) if name.lower() in _PROXIES and os.environ[name]]


def _excepted() -> list[str]:
    """Return the hosts that the environment keeps out of proxies, in the order of both spellings."""
    texts = (os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY"))
    return list(dict.fromkeys(host.strip() for text in texts for host in text.split(",") if host.strip()))


def no_request(url: str) -> str:
    """Return why no request of a test may have come to a mock, where the environment says so."""
    if not variables_without_proxy(url):
        return ""
    name = _proxies()[0]
    host = urlsplit(url).hostname
    return f"no request came, and {name} is set, to which clients may have sent theirs; put {host} into NO_PROXY"
