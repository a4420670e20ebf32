"""Moving about on the page: by the address, back and forward, and what has the focus after a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ims_mock import ImsMock
from tests.browser.test_hands import drawn
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
    drawn(page)
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


def test_home_and_end_move_among_the_tabs(page: Page) -> None:
    """Home goes to the first tab, End to the last, and the arrows go round."""
    page.focus("nav.tabs a[href='#/images']")
    seen = []
    for key in ("End", "ArrowDown", "ArrowUp", "Home"):
        page.keyboard.press(key)
        seen.append(page.evaluate("document.activeElement.hash"))
    assert seen == ["#/reports", "#/journal", "#/reports", "#/journal"]


def test_a_broken_address_is_taken_as_it_is(page: Page, mock: ImsMock) -> None:
    """An address with a broken escape shows its panel."""
    page.goto("about:blank")
    page.goto(f"{mock.url}/_ims_mock/#/journal/%zz")
    page.wait_for_selector(".details h2:text-is('Request %zz')")


def test_back_closes_a_dialog(page: Page) -> None:
    """Who goes back leaves the dialog with the panel under it."""
    go(page, "images")
    page.click("text=Reset…")
    page.go_back()
    page.wait_for_selector("main[data-panel=journal]")
    assert page.locator("dialog").count() == 0


@pytest.mark.parametrize("width", [1280, 375])
def test_a_message_is_in_front_of_the_dialog(page: Page, width: int) -> None:
    """What a button in a dialog says is seen, can be closed, and is read out."""
    page.set_viewport_size({"width": width, "height": 700})
    page.click("text=Reset…")
    page.locator("dialog .lines button").first.click()
    page.wait_for_selector("dialog #toasts .toast:has-text('Copied')")
    assert page.evaluate(
        """() => {
          const box = document.querySelector(".toast").getBoundingClientRect();
          return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.closest(".toast") !== null;
        }"""
    )
    page.click(".toast button")
    page.click("text='Cancel'")
    assert page.locator("body > #toasts").count() == 1


@pytest.mark.parametrize("panel", ["jobs", "rules"])
def test_the_focus_stays_near_what_is_closed(page: Page, mock: ImsMock, panel: str) -> None:
    """Escape in the details leads to the table beside them; so does a rule that was armed in an empty panel."""
    mock.reset(jobs={"*": 60})
    ask(mock, "/v2/cloudimages/action", {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
    go(page, panel)
    if panel == "jobs":
        rows(page).first.click()
        page.get_by_label("Code of the error").focus()
        page.keyboard.press("Escape")
        page.wait_for_selector(".details", state="detached")
    else:
        page.locator(".empty button").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog form")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        rows(page).first.wait_for()
    page.wait_for_function("document.activeElement.matches('ims-table')")


def test_the_hits_of_a_rule_are_in_sight(page: Page, mock: ImsMock) -> None:
    """On a narrow screen the hits are there without a scroll to the side."""
    page.set_viewport_size({"width": 375, "height": 700})
    mock.faults.add("glance_list_images: 503")
    go(page, "rules")
    box = page.locator(".row .badge").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 375


def test_a_panel_recovers(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """A panel that could not be loaded is loaded again, though nothing has changed in the mock."""
    page.route("**/_ims_mock/audit", lambda route: route.fulfill(status=500))
    go(page, "findings")
    page.wait_for_selector("p.error")
    page.unroute("**/_ims_mock/audit")
    page.wait_for_selector("p.error", state="detached")
    page.wait_for_selector("text=No findings yet")
    problems[:] = [problem for problem in problems if "status of 500" not in problem]


def test_the_first_steps_lead_to_this_mock(page: Page, mock: ImsMock) -> None:
    """The command that prints settings has the URL of the mock that shows it."""
    page.wait_for_selector(f"code:text-is('ims-mock env sdk --url {mock.url}')")


def test_a_page_keeps_its_place(page: Page, mock: ImsMock) -> None:
    """A page that is loaded again waits under the same name, and a page that it opens under another one."""
    names: list[str] = []
    page.context.on(
        "request",
        lambda request: (
            names.append(request.url.partition("page=")[2].partition("&")[0]) if "/changes?" in request.url else None
        ),
    )
    page.reload()
    page.wait_for_selector("[data-link=live]")
    page.reload()
    page.wait_for_selector("[data-link=live]")
    assert len(set(names)) == 1
    with page.expect_popup() as opened:
        page.evaluate("open(location.href)")
    opened.value.wait_for_selector("[data-link=live]")
    assert len(set(names)) == 2


def test_world_is_switched(page: Page, mock: ImsMock) -> None:
    """Where the server has several worlds, a choice leads from the page of one to that of another, in the same tab."""
    page.goto(f"{mock.url}/_ims_mock/#/images")
    page.wait_for_selector("main[data-panel=images]")
    assert page.get_by_role("combobox", name="World", exact=True).count() == 0
    mock.add_image(name="of the default world")
    mock.world("team-a").add_image(name="of team-a")
    page.reload()
    choice = page.get_by_role("combobox", name="World", exact=True)
    page.wait_for_selector("text=of the default world")
    assert choice.input_value() == "default"
    choice.select_option("team-a")
    page.wait_for_selector("text=of team-a")
    assert page.url == f"{mock.url}/~team-a/_ims_mock/#/images"
    assert page.get_by_text("of the default world").count() == 0
    assert choice.input_value() == "team-a"
    # What comes later is seen too, and the lines of its actions lead to the same world.
    mock.world("team-a").add_image(name="a later one")
    page.wait_for_selector("text=a later one")
    page.get_by_role("button", name="Reset…").click()
    assert f"{mock.url}/~team-a/_ims_mock/reset" in page.inner_text("dialog [data-line=shell]")
    page.keyboard.press("Escape")
    choice.select_option("default")
    page.wait_for_selector("text=of the default world")
    assert page.url == f"{mock.url}/~default/_ims_mock/#/images"


@pytest.mark.parametrize("idle", [None, 600])
def test_page_of_a_world_that_is_deleted(page: Page, mock: ImsMock, problems: list[str], idle: float | None) -> None:
    """An open page does not make its world again once that is deleted, says that it was removed, and asks no more."""
    mock.world("gone", idle=idle).add_image(name="of gone")
    page.goto(f"{mock.url}/~gone/_ims_mock/#/images")
    page.wait_for_selector("text=of gone")
    page.wait_for_selector("[data-link=live]")
    mock.delete_world("gone")
    page.wait_for_selector("[data-link=removed]:text-is('removed')")
    page.wait_for_selector("[role=alert]:has-text('the world gone was deleted, or removed as unused')")
    go(page, "jobs")
    page.wait_for_selector("[role=alert]:has-text('load the page again')")
    assert list(mock.worlds) == ["default"]
    if idle is None:
        page.reload()
        page.wait_for_selector("[data-link=live]")
        assert list(mock.worlds) == ["default", "gone"]
    assert problems
    assert all("status of 410" in problem for problem in problems), problems
    problems.clear()


def test_region_is_switched(page: Page, mock: ImsMock) -> None:
    """Where a world has several regions, the choice of worlds has each of them, and leads to its page."""
    mock.reset(regions=["cn-north-4", "cn-south-1"])
    mock.add_image(name="of the north")
    mock.region("cn-south-1").add_image(name="of the south")
    mock.world("team-a", regions=["eu-de", "eu-nl"]).region("eu-nl").add_image(name="of a team")
    page.goto(f"{mock.url}/_ims_mock/#/images")
    page.reload()
    choice = page.get_by_role("combobox", name="World", exact=True)
    page.wait_for_selector("text=of the north")
    places = ["default cn-north-4", "default cn-south-1", "team-a eu-de", "team-a eu-nl"]
    assert [option.inner_text() for option in choice.get_by_role("option").all()] == places
    assert choice.locator("option:checked").inner_text() == "default cn-north-4"
    for place, name in (
        ("default cn-south-1", "of the south"),
        ("team-a eu-nl", "of a team"),
        ("default cn-north-4", "of the north"),
    ):
        choice.select_option(label=place)
        page.wait_for_selector(f"text={name}")
        assert choice.locator("option:checked").inner_text() == place
        assert page.get_by_text("of the").or_(page.get_by_text("of a team")).count() == 1
    page.goto(f"{mock.url}/~cn-south-1/_ims_mock/#/images")
    page.wait_for_selector("text=of the south")
    assert choice.locator("option:checked").inner_text() == "default cn-south-1"
