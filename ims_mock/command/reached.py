"""The URL at which commands reach a mock: that of an option or a file, or that which the mock's own options make."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ims_mock.contract.wording import shown
from ims_mock.web.addresses import root_url


def reached_url(options: argparse.Namespace, parser: argparse.ArgumentParser, *, is_tls: bool) -> str:
    """Return the URL that --url, --url-file, or --host and --port name; end with an error where there is none."""
    if options.url_file and not options.url:
        try:
            return url_in(options.url_file)
        except ValueError as error:
            parser.error(f"argument --url-file: {error}")
    if options.port == 0 and not options.url:
        parser.error("needs --url of a mock that took a free port, or its --url-file")
    url: str = (options.url or root_url(options.host, options.port, is_tls=is_tls)).rstrip("/")
    if not _URL.fullmatch(url):
        wanted = "http:// or https:// with a host and a port, and /~NAME for a world or a region, or /~WORLD/~REGION"
        parser.error(f"argument --url: must be {wanted}, got {options.url!r}")
    return url


def url_in(path: Path) -> str:
    """Return the URL that a mock has written to a file; raise ValueError where it has none."""
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode(errors="replace").strip()
    except OSError as error:
        what = f"cannot read {path}: {error.strerror or error}"
        raise ValueError(f"{what}; a mock that is started with this option writes it") from None
    if not _URL.fullmatch(text):
        raise ValueError(f"{path} has no URL of a mock in it, but {shown(text)}")
    return text


_URL = re.compile(r"https?://[^/?#\s]+(?:/~[0-9A-Za-z_-]+){0,2}")
_LONGEST = 4096
