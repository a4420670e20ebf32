"""The pictures of the page in the manual: made of a mock with a short history, and written where that is asked for.

`IMS_MOCK_PICTURES=docs/pictures pytest -m browser tests/browser/test_pictures.py` writes them again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock import Fail, ImsMock
from tests.browser.test_live import ask
from tests.conftest import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZE: Any = {"width": 1180, "height": 560}
SERVER = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"


@pytest.fixture(scope="module")
def busy() -> Iterator[ImsMock]:
    """A mock with which a client has worked for a while."""
    with ImsMock(jobs={"*": 60}, start="2026-06-02T07:49:48Z") as running:
        demo, alt = running.new_token("demo"), running.new_token("alt")
        for number, name in enumerate(("ubuntu-22.04-base", "golden-api", "ci-runner", "debian-12")):
            running.add_image(
                name=name, data=b"QFI\xfb\0\0\0\3" + bytes(24) + b"a file" * 40, tags=["nightly"][number % 2 :]
            )
        for number in range(9):
            running.clock.advance(1.37)
            ask(
                running,
                body={"name": f"build-{number}", "min_disk": 40 - (number % 4 == 3)},
                token=demo if number % 3 else alt,
            )
        running.faults.add(Fail(503), operation="glance_list_images", times=2)
        ask(running, token=demo)
        ask(running, "/v2/cloudimages/action", {"name": "web", "instance_id": SERVER}, demo)
        running.clock.advance(25)
        yield running


def open_form(page: Page) -> None:
    """Open the form that arms a rule, for the request that failed."""
    page.locator("ims-table .row[data-key='10']").click()
    page.click("text=Fail requests like this one")
    page.wait_for_selector("dialog form")


def open_image(page: Page) -> None:
    """Open an image that has a file."""
    page.locator("ims-table .row:has-text('golden-api')").click()
    page.wait_for_selector(".details .hex")


def open_request(page: Page) -> None:
    """Open a request that was rejected."""
    page.locator("ims-table .row[data-key='8']").click()
    page.wait_for_selector(".details .reason")


PICTURES: dict[str, tuple[str, Any, Callable[[Page], None]]] = {
    "requests": ("journal", "light", open_request),
    "form": ("journal", "light", open_form),
    "images": ("images", "dark", open_image),
}
"""The pictures by name: the panel, the theme, and what is opened first."""


@pytest.mark.parametrize("name", PICTURES)
def test_picture(browser: Browser, busy: ImsMock, tmp_path: Path, name: str) -> None:
    """What a picture shows is on the page, and the manual has the picture."""
    panel, scheme, prepare = PICTURES[name]
    context = browser.new_context(viewport=SIZE, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{busy.url}/_ims_mock/#/{panel}")
    page.wait_for_selector("ims-table .rows .row")
    prepare(page)
    target = Path(os.environ.get("IMS_MOCK_PICTURES", tmp_path)) / f"{name}.png"
    page.screenshot(path=target)
    context.close()
    assert target.stat().st_size > 10_000
    assert (ROOT / f"docs/pictures/{name}.png").is_file()
    assert f"pictures/{name}.png" in (ROOT / "docs/page.md").read_text("utf-8")
