"""What setup.cfg cannot say: the page on the package index is README.md, with links that need no checkout."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

_CODE = re.compile(r"^(```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(!?)\[([^][]*)\]\(([^)\s]+)\)")


def index_page(text: str, source: str | None = None) -> str:
    """Return a text with absolute links: to the published source, where there is one, or to nothing."""

    def whole(link: re.Match[str]) -> str:
        picture, words, target = link.groups()
        if "://" in target:
            return link[0]
        if target.startswith("#"):
            return words
        if source:
            return f"{picture}[{words}]({source}/{'raw' if picture else 'blob'}/HEAD/{target})"
        return "" if picture else f"`{target}`" if words == target else f"{words} (`{target}`)"

    parts = _CODE.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(whole, part) for part in parts)


def _source() -> str | None:
    """Return the address of the published source, from the project's URLs in setup.cfg."""
    config = ConfigParser()
    config.read("setup.cfg", "utf-8")
    urls = (line.partition(" = ") for line in config["metadata"]["project_urls"].splitlines())
    return next((url for name, _, url in urls if name == "Source"), None)


if __name__ == "__main__":
    from setuptools import setup

    setup(
        long_description=index_page(Path("README.md").read_text("utf-8"), _source()),
        long_description_content_type="text/markdown",
    )
