"""The manual is built without a warning, and its pages need no network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
ELSEWHERE = re.compile(r"<(?:script|link|img|iframe|source|video)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*\"")


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the manual, built from the checkout as .ci/run builds it."""
    built = tmp_path_factory.mktemp("manual")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", f"{built}/doctrees"]
    done = subprocess.run([*command, str(DOCS), f"{built}/html"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return built / "html"


@pytest.mark.thorough
def test_every_page_is_built(manual: Path) -> None:
    """Each Markdown file of docs/ has a page."""
    pages = {path.relative_to(DOCS).with_suffix("") for path in DOCS.glob("**/*.md")}
    assert pages <= {path.relative_to(manual).with_suffix("") for path in manual.glob("**/*.html")}


@pytest.mark.thorough
def test_pages_load_nothing_from_elsewhere(manual: Path) -> None:
    """No page and no style of the manual has a script, a style, a font or a picture of another host."""
    for page in manual.glob("**/*.html"):
        assert not ELSEWHERE.findall(page.read_text("utf-8")), page
    for style in manual.glob("**/*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text("utf-8")), style


@pytest.mark.thorough
def test_links_out_of_the_manual_are_paths(manual: Path) -> None:
    """A link to a file of the repository, which a built page cannot reach, is the path of the file."""
    page = (manual / "faults.html").read_text("utf-8")
    assert '<span class="pre">schemas/faults/rule.json</span>' in page
    assert 'href="../' not in page
