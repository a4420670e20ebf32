"""The URL at which commands reach a mock, from the options with which it was started."""

from __future__ import annotations

import argparse
import re

from ims_mock.web.addresses import root_url


def reached_url(options: argparse.Namespace, parser: argparse.ArgumentParser, *, is_tls: bool) -> str:
    """Return the URL of the mock that --url, or --host and --port, name; end with an error where there is none."""
    if options.port == 0 and not options.url:
        parser.error("needs --url of a mock that took a free port, or its --url-file")
    url: str = (options.url or root_url(options.host, options.port, is_tls=is_tls)).rstrip("/")
    if not re.fullmatch(r"https?://[^/?#\s]+", url):
        parser.error(f"argument --url: must be http:// or https:// with a host and a port, got {options.url!r}")
    return url
