"""Whether everybody can use the page: axe-core finds nothing in any panel, any details and any dialog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from ims_mock import Fail, ImsMock
from tests.browser.conftest import WIDE
from tests.browser.test_live import ask

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PLACES = [
    *("journal", "journal/1", "images", "images/IMAGE", "jobs", "jobs/JOB", "rules", "rules/1", "clock", "accounts"),
    *("findings", "snapshots", "snapshots/before", "reports"),
]
"""The panels, and what can be open in them."""


@pytest.fixture(scope="module")
def full() -> Iterator[ImsMock]:
    """A mock that has something of everything."""
    with ImsMock(jobs={"*": 60}) as running:
        running.add_image(name="web", data=b"QFI\xfb", tags=["a"], members={"a" * 32: "pending"})
        requests.post(f"{running.url}/_ims_mock/snapshots", json={"name": "before"}, timeout=10)
        ask(running, body={"min_disk": 39})
        ask(running, "/v2/cloudimages/action", {"name": "b", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
        ask(running)
        running.faults.add(Fail(503), operation="glance_list_images", times=1)
        running.deny("ims:images:delete")
        yield running


@pytest.fixture
def seen(browser: Browser, full: ImsMock, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page in one of both themes, into which axe may be put."""
    context = browser.new_context(viewport=WIDE, color_scheme=request.param, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{full.url}/_ims_mock/")
    page.wait_for_selector("[data-link=live]")
    yield page
    context.close()


def found(page: Page) -> list[str]:
    """Return what axe has found, each with where."""
    import axe_playwright_python

    if not page.evaluate("'axe' in window"):
        page.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8"))
    violations = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{item['impact']} {item['id']}: {[node['target'] for node in item['nodes']]}" for item in violations]


@pytest.mark.parametrize("seen", ["light", "dark"], indirect=True)
def test_panels(seen: Page, full: ImsMock) -> None:
    """Axe finds nothing in any panel, with and without details."""
    image, job = next(iter(full.images)), next(iter(full.jobs))
    for place in PLACES:
        seen.goto(f"{full.url}/_ims_mock/#/{place.replace('IMAGE', image).replace('JOB', job)}")
        seen.wait_for_selector(f"main[data-panel={place.partition('/')[0]}]")
        if "/" in place:
            seen.wait_for_selector(".details .body dl, .details .body section")
        assert found(seen) == [], place


@pytest.mark.parametrize("seen", ["light", "dark"], indirect=True)
def test_dialogs(seen: Page) -> None:
    """Axe finds nothing in any dialog, also where the mock has rejected what was typed."""
    seen.keyboard.press("?")
    seen.wait_for_selector("dialog dt")
    assert found(seen) == []
    seen.keyboard.press("Escape")
    seen.click("text=Reset…")
    seen.wait_for_selector("#reset-settings")
    assert found(seen) == []
    seen.keyboard.press("Escape")
    seen.keyboard.press("4")
    seen.get_by_role("button", name="Arm a rule").first.click()
    seen.fill("#fault-status", "99")
    seen.click("text=More conditions")
    seen.click("text='Arm the rule'")
    seen.wait_for_selector("dialog [aria-invalid]")
    assert found(seen) == []


@pytest.mark.parametrize("seen", ["light"], indirect=True)
def test_a_narrow_window(seen: Page) -> None:
    """Nothing is beyond the edge of a telephone's window, and axe finds nothing there either."""
    seen.set_viewport_size({"width": 360, "height": 700})
    for panel in ("journal", "images", "jobs", "rules", "clock", "snapshots", "accounts"):
        seen.goto(seen.url.partition("#")[0] + f"#/{panel}")
        seen.wait_for_selector(f"main[data-panel={panel}]")
        assert seen.evaluate("document.documentElement.scrollWidth") == 360, panel
        assert found(seen) == [], panel
