"""Whether everybody can use the page: axe-core finds nothing in any panel, any details and any dialog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ims_mock import Fail, ImsMock
from tests.browser.conftest import WIDE
from tests.browser.test_live import ask

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PLACES = [
    *("journal", "journal/1", "images", "images/IMAGE", "jobs", "jobs/JOB", "rules", "rules/1", "clock", "accounts"),
    *("findings", "snapshots", "snapshots/before", "reports", "reports/0"),
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
        running.faults.add(Fail(503), operation="glance_list_images", times=1, optional=True)
        running.deny("ims:images:delete")
        yield running


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a sweep that has failures."""
    path = tmp_path_factory.mktemp("reports") / "report.html"
    with ImsMock() as running:

        def work() -> None:
            headers = {"X-Auth-Token": running.token}
            requests.get(f"{running.url}/v2/images?limit=5", headers=headers, timeout=2).json()["images"]

        running.sweep(work, only=["status"]).save(path)
    return path


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


NARROW: Any = {"width": 360, "height": 700}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("seen", ["light", "dark"], indirect=True)
def test_panels(seen: Page, full: ImsMock, report: Path, size: Any) -> None:
    """Axe finds nothing in any panel that is full, with and without details, and nothing is beyond the edge."""
    image, job = next(iter(full.images)), next(iter(full.jobs))
    seen.set_viewport_size(size)
    for place in PLACES:
        seen.goto(f"{full.url}/_ims_mock/#/{place.replace('IMAGE', image).replace('JOB', job)}")
        seen.wait_for_selector(f"main[data-panel={place.partition('/')[0]}]")
        if place == "reports":
            assert found(seen) == [], "without a report"
            seen.set_input_files("input[type=file]", report)
            seen.wait_for_selector("#reports-table .rows .row")
        if "/" in place:
            seen.wait_for_selector(".details .body dl, .details .body section")
        assert found(seen) == [], place
        assert seen.evaluate("document.documentElement.scrollWidth") == size["width"], place


OPEN = {
    "keys": ("journal", "Show the keys"),
    "download": ("journal", "Download…"),
    "reset": ("journal", "Reset…"),
    "rule": ("rules", "Arm a rule…"),
    "like": ("journal/1", "Fail requests like this one…"),
}
"""The dialogs: where each is opened, and by which button."""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("seen", ["light", "dark"], indirect=True)
def test_each_dialog(seen: Page, full: ImsMock, size: Any) -> None:
    """Axe finds nothing in a dialog in which all is unfolded."""
    seen.set_viewport_size(size)
    for name, (place, button) in OPEN.items():
        seen.goto(f"{full.url}/_ims_mock/#/{place}")
        seen.get_by_role("button", name=button).first.click()
        seen.wait_for_selector("dialog[open] .body")
        seen.evaluate("document.querySelectorAll('dialog details').forEach(element => { element.open = true })")
        assert found(seen) == [], name
        assert seen.evaluate("document.querySelector('dialog').scrollWidth") <= size["width"], name
        seen.keyboard.press("Escape")
        seen.wait_for_selector("dialog", state="detached")


@pytest.mark.parametrize("seen", ["light", "dark"], indirect=True)
def test_what_is_wrong(seen: Page) -> None:
    """Axe finds nothing where the mock has rejected what was typed."""
    seen.keyboard.press("4")
    seen.get_by_role("button", name="Arm a rule").first.click()
    seen.fill("#fault-status", "99")
    seen.click("text=More conditions")
    seen.click("text='Arm the rule'")
    seen.wait_for_selector("dialog [aria-invalid]")
    assert found(seen) == []
