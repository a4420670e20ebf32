"""The page on the package index is README.md, with links that need no checkout."""

from __future__ import annotations

import re
import runpy

import pytest

from tests.conftest import ROOT

index_page = runpy.run_path(str(ROOT / "setup.py"))["index_page"]


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("[Faults](docs/faults.md)", "Faults (`docs/faults.md`)"),
        ("[docs/faults.md](docs/faults.md)", "`docs/faults.md`"),
        ("[Jobs](#jobs)", "Jobs"),
        ("a ![page](docs/pictures/page.png) b", "a  b"),
        ("[IMS](https://example.com/ims)", "[IMS](https://example.com/ims)"),
        ("```text\n[a](b.md)\n```", "```text\n[a](b.md)\n```"),
    ],
)
def test_links_without_a_published_source(text: str, page: str) -> None:
    """A link to a file is its path, a picture is left out, and code stays."""
    assert index_page(text) == page


def test_links_to_a_published_source() -> None:
    """Once setup.cfg has an address of the source, links and pictures lead there."""
    text = "[Faults](docs/faults.md) ![page](docs/page.png)"
    source = "https://example.com/ims_mock"
    assert (
        index_page(text, source)
        == f"[Faults]({source}/blob/HEAD/docs/faults.md) ![page]({source}/raw/HEAD/docs/page.png)"
    )


def test_no_link_of_the_page_is_relative() -> None:
    """Each link of README.md is absolute on the index."""
    page = index_page((ROOT / "README.md").read_text("utf-8"))
    targets = re.findall(r"\[[^][]*\]\(([^)\s]+)\)", re.sub(r"(?ms)^```.*?^```$", "", page))
    assert [target for target in targets if "://" not in target] == []
