"""Moving about on the page: by the address, back and forward, and what has the focus after a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ims_mock import ImsMock
from tests.browser.test_live import ask, go, rows

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_back_forward_and_reload(page: Page, mock: ImsMock) -> None:
    """The address keeps the tab and what is open in it."""
    image = mock.add_image(name="web")
    ask(mock)
    rows(page).first.click()
    page.wait_for_selector(".details h2:text-is('GET /v2/images')")
    go(page, "images")
    rows(page).first.click()
    page.wait_for_selector(".details h2:text-is('web')")
    page.reload()
    page.wait_for_selector(".details h2:text-is('web')")
    assert page.url.endswith(f"#/images/{image['id']}")
    page.go_back()
    page.wait_for_selector("main[data-panel=images]")
    page.wait_for_selector(".details", state="detached")
    page.go_back()
    page.wait_for_selector(".details h2:text-is('GET /v2/images')")
    page.go_forward()
    page.wait_for_selector("main[data-panel=images]")


@pytest.mark.parametrize(
    ("panel", "opener"),
    [
        ("journal", "Reset…"),
        ("journal", "Show the keys"),
        ("journal", "Download…"),
        ("snapshots", "Download…"),
        ("rules", "Arm a rule…"),
        ("journal/1", "Fail requests like this one…"),
    ],
)
def test_the_focus_returns_after_a_dialog(page: Page, mock: ImsMock, panel: str, opener: str) -> None:
    """A dialog that is closed by Escape gives the focus back to the button that has opened it."""
    ask(mock)
    page.goto(f"{mock.url}/_ims_mock/#/{panel}")
    button = page.get_by_role("button", name=opener).first
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert button.evaluate("element => element === document.activeElement")


def test_the_chosen_tab_is_in_sight(page: Page, mock: ImsMock) -> None:
    """In a narrow window the tab of the panel that is shown is scrolled to."""
    page.set_viewport_size({"width": 375, "height": 700})
    for panel in ("reports", "journal", "accounts"):
        page.goto(f"{mock.url}/_ims_mock/#/{panel}")
        page.wait_for_selector(f"main[data-panel={panel}]")
        box = page.locator(".tabs [aria-current]").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 375


def test_a_copy_that_the_browser_denies_is_said(page: Page) -> None:
    """Where nothing can be copied, the message says what to do instead, and stays."""
    page.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(new Error()); document.execCommand = () => false"
    )
    page.get_by_role("button", name="Copy the line").click()
    page.wait_for_selector(".toast.bad:has-text('copy it yourself')")


def test_a_rules_name_is_no_condition(page: Page, mock: ImsMock) -> None:
    """What a rule is called, and that it is optional, is shown as that."""
    mock.faults.add("503 optional name lost")
    page.goto(f"{mock.url}/_ims_mock/#/rules/1")
    page.wait_for_selector(".details dd:text-is('lost')")
    assert page.locator(".details dt:text-is('Only')").count() == 0
