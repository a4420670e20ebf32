"""The manual in a browser: what its copy buttons copy, and whether its tables fit beside the navigation."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import WIDE
from tests.conftest import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROMPT = re.compile(r"(?:\$|>>>|>|\.\.\.) ")

COPY = """() => {
    let copied = null;
    document.addEventListener("copy", event => { copied = event.target.value; }, true);
    return [...document.querySelectorAll("button.copybtn")].map(button => {
        const block = document.querySelector(button.dataset.clipboardTarget);
        copied = null;
        button.click();
        return [block.closest("[class^=highlight-]").className, block.textContent, copied];
    });
}"""


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the manual, built from the checkout."""
    built = tmp_path_factory.mktemp("manual")
    command = [sys.executable, "-m", "sphinx", "-q", "-d", f"{built}/doctrees", str(ROOT / "docs"), f"{built}/html"]
    subprocess.run(command, check=True)
    return built / "html"


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Page]:
    """A page for the files of the manual, without a mock."""
    context = browser.new_context(viewport=WIDE)
    yield context.new_page()
    context.close()


def pages(manual: Path) -> list[Path]:
    """Return the pages that are not made from schemas or docstrings alone."""
    return [*sorted(manual.glob("*.html")), manual / "generated/python.html"]


def to_be_copied(kind: str, text: str) -> str:
    """Return what a user wants of a block: of a session the commands, of anything else all of it."""
    if "highlight-console" not in kind and "highlight-pycon" not in kind:
        return text.rstrip("\n")
    return "\n".join(PROMPT.sub("", line, count=1) for line in text.splitlines() if PROMPT.match(line))


def test_copy_button_copies_commands_alone(manual: Path, reader: Page) -> None:
    """The button of a session copies its commands, without prompts and output; that of another block all of it."""
    copied = {}
    for path in pages(manual):
        reader.goto(path.as_uri())
        if reader.locator("div.highlight pre").count():
            reader.wait_for_selector("button.copybtn", state="attached")
        for kind, text, got in reader.evaluate(COPY):
            assert got.rstrip("\n") == to_be_copied(kind, text), path
            copied[text] = got
    (recording,) = (got for text, got in copied.items() if "^C" in text)
    assert recording == "ims-mock proxy --to cloud --record cloud.har"


def test_tables_fit_beside_the_navigation(manual: Path, reader: Page) -> None:
    """In a window of 1280 pixels, each table of the manual shows all its columns."""
    for path in pages(manual):
        reader.goto(path.as_uri())
        script = (
            "tables => tables.filter(it => it.scrollWidth > it.parentElement.clientWidth + 1).map(it => it.innerText)"
        )
        assert reader.locator("article table").evaluate_all(script) == [], path
