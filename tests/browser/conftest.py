"""The page in a real browser: Debian's Chromium, driven by Playwright.

`pytest -m browser` runs these tests; they are left out otherwise. They need the extra `browser` and Chromium.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock import ImsMock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
"""A browser that asks for nothing by itself, and runs as root in a container too."""

WIDE: Any = {"width": 1280, "height": 720}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder: they need a browser, and none is quick."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


def chromium() -> str:
    """Return the path of Chromium; fail with what to do where there is none.

    The headless shell is Chromium without windows: these tests take half of the time in it.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    return found or pytest.fail("these tests need Chromium: apt-get install -y chromium-headless-shell, or chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for each process of the tests."""
    # Imported here: without the extra `browser` these tests are still collected, and left out.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def mock() -> Iterator[ImsMock]:
    """A mock behind a port."""
    with ImsMock() as running:
        yield running
        running.faults.reset()  # The page arms rules that need not fire.


@pytest.fixture
def problems() -> list[str]:
    """What a page has logged as an error, thrown, or asked of another origin; a test removes what it expects."""
    return []


def watch(page: Page, origin: str, problems: list[str]) -> None:
    """Note what is wrong with a page: errors in its console, exceptions, and requests to anywhere else."""
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((origin, "data:", "blob:")) else problems.append(f"asked {request.url}")
        ),
    )


@pytest.fixture
def page(browser: Browser, mock: ImsMock, problems: list[str]) -> Iterator[Page]:
    """The page of the mock in a fresh context; the test fails on its errors, and on a request to another origin."""
    context = browser.new_context(viewport=WIDE, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(10_000)
    page = context.new_page()
    watch(page, mock.url, problems)
    page.goto(f"{mock.url}/_ims_mock/")
    page.wait_for_selector("[data-link=live]")
    yield page
    context.close()
    assert problems == []
