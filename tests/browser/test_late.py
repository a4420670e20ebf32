"""What comes late at the page: frames, and responses in another order than their requests."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import requests

from ims_mock import ImsMock
from tests.browser.test_hands import drawn
from tests.browser.test_live import ask, go, rows

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

FRAMES = 300
"""After so many times two frames, a request does not come."""

SNAPSHOTS = "**/_ims_mock/snapshots/*/differences*"


class Held:
    """Holds the requests of the page to an address until they are let go."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.routes: list[Route] = []
        page.route(address, lambda route: self.routes.append(route))

    def wait(self, text: str = "", count: int = 1) -> Route:
        """Wait until so many requests are held whose URL has this text, and return the last one of them."""
        for _ in range(FRAMES):
            found = [route for route in self.routes if text in route.request.url]
            if len(found) >= count:
                return found[count - 1]
            drawn(self.page)
        return pytest.fail(f"the page has not asked for {text or 'what is held'} {count} times")

    def let_go(self, route: Route) -> None:
        """Let a request go, and wait for its response."""
        with self.page.expect_response(lambda response: response.request == route.request):
            route.continue_()
        drawn(self.page)


def add_snapshots(mock: ImsMock) -> None:
    """Take the snapshots s1 to s3, each with one image more than the one before."""
    for name in ("s1", "s2", "s3"):
        mock.add_image(name=f"image of {name}")
        requests.post(f"{mock.url}/_ims_mock/snapshots", json={"name": name}, timeout=10)


@pytest.mark.parametrize("panel", ["journal", "images", "snapshots"])
def test_what_is_opened_once_more_is_shown(page: Page, mock: ImsMock, panel: str) -> None:
    """One row is opened, closed or left at once, and opened once more: its details are there each time."""
    add_snapshots(mock)
    for _ in range(3):
        ask(mock)
    go(page, panel)
    rows(page).nth(2).wait_for()
    first, second = (f"#/{panel}/{rows(page).nth(at).get_attribute('data-key')}" for at in (0, 1))
    shown = ".details .reason, .details .facts, .details .differences, .details p:text-is('Nothing differs.')"
    page.evaluate("place => { location.hash = place }", first)
    page.locator(shown).first.wait_for()
    for left in (first, f"#/{panel}", "#/clock"):
        page.evaluate("places => { for (const place of places) location.hash = place }", [second, left])
        page.evaluate("place => { location.hash = place }", second)
        page.locator(shown).first.wait_for()
        page.evaluate("place => { location.hash = place }", first)
        page.locator(shown).first.wait_for()


def test_a_row_is_asked_for_once(page: Page, mock: ImsMock) -> None:
    """However often the page draws while the response is on its way, and however many rows are passed by."""
    for _ in range(30):
        ask(mock)
    rows(page).nth(9).wait_for()
    held = Held(page, "**/_ims_mock/requests/*")
    rows(page).first.click()
    held.wait()
    for _ in range(5):
        page.locator("ims-table").press("ArrowDown")
        page.locator("ims-table").press("ArrowUp")
        drawn(page)
    drawn(page)
    numbers = [route.request.url.rpartition("/")[2] for route in held.routes]
    assert all(one != other for one, other in pairwise(numbers))
    assert len(numbers) <= 11


def test_the_row_that_was_pressed_is_opened(page: Page, mock: ImsMock) -> None:
    """Rows that have come since the last frame change neither what a click opens nor which row is active."""
    for _ in range(100):
        ask(mock)
    page.wait_for_selector("ims-table[aria-rowcount='101']")
    page.evaluate("document.querySelector('ims-table').scrollTop = 900")
    drawn(page)
    page.evaluate("requestAnimationFrame = () => 1")
    with page.expect_response("**/_ims_mock/requests?*"):
        for _ in range(5):
            ask(mock)
    row = rows(page).nth(20)
    key = row.get_attribute("data-key")
    row.click()
    assert page.url.endswith(f"#/journal/{key}")
    assert page.locator(".row.active").get_attribute("data-key") == key


def test_two_quick_clicks_on_a_box(page: Page, mock: ImsMock) -> None:
    """The second one takes the first one back."""
    ask(mock)
    ticked = page.evaluate(
        "() => { const box = document.querySelector('label.tick input'); box.click(); box.click(); return box.checked }"
    )
    drawn(page)
    assert ticked is page.locator("label.tick input").first.is_checked() is False


def test_late_differences_are_not_shown(page: Page, mock: ImsMock) -> None:
    """The differences on screen are those to the snapshot that is chosen, of the one that is open."""
    add_snapshots(mock)
    page.goto(f"{mock.url}/_ims_mock/#/snapshots/s1")
    page.wait_for_selector(".differences li:nth-child(2)")
    held = Held(page, SNAPSHOTS)
    routes = []
    for name in ("s2", "s3"):
        page.get_by_label("Compared with").select_option(name)
        routes.append(held.wait(f"with={name}"))
    held.let_go(routes[1])
    page.wait_for_selector(".differences li:nth-child(2)")
    held.let_go(routes[0])
    assert page.locator(".differences li").count() == 2
    rows(page).filter(has_text="s2").click()
    late = held.wait("/s2/")
    drawn(page)
    assert page.locator(".differences").count() == 0
    held.let_go(late)
    page.wait_for_selector(".differences li:only-child")


def test_a_late_response_closes_no_other_form(page: Page, mock: ImsMock) -> None:
    """A rule that is armed after its form was closed neither closes another form nor leads away."""
    go(page, "rules")
    page.get_by_role("button", name="Arm a rule").first.click()
    held = Held(page, "**/_ims_mock/faults")
    page.click("text='Arm the rule'")
    late = held.wait()
    page.click("dialog >> text=Cancel")
    page.click("text=Reset…")
    page.fill("#reset-settings", '{"seed": 7}')
    late.continue_()
    page.wait_for_selector(".toast:has-text('is armed')")
    assert page.locator("#reset-settings").input_value() == '{"seed": 7}'
    assert page.url.endswith("#/rules")
    assert len(mock.faults) == 1


@pytest.mark.parametrize("meanwhile", ["another form", "another panel", "a second click"])
def test_a_late_form_takes_no_place(page: Page, meanwhile: str) -> None:
    """The form of a rule, which loads the schemas first, does not open over what its user does by then."""
    go(page, "rules")
    held = Held(page, "**/_ims_mock/control.json")
    button = page.get_by_role("button", name="Arm a rule").first
    button.click()
    first = held.wait()
    if meanwhile == "another form":
        page.click("text=Reset…")
        page.fill("#reset-settings", '{"seed": 7}')
    elif meanwhile == "another panel":
        go(page, "images")
    else:
        button.click()
    second = held.wait(count=2) if meanwhile == "a second click" else first
    held.let_go(first)
    if meanwhile == "a second click":
        page.fill("#rule-operation", "glance_list_images")
        held.let_go(second)
        assert page.locator("#rule-operation").input_value() == "glance_list_images"
    elif meanwhile == "another form":
        assert page.locator("#reset-settings").input_value() == '{"seed": 7}'
    else:
        assert page.locator("dialog").count() == 0


def test_a_late_list_of_jobs_is_not_shown(page: Page, mock: ImsMock) -> None:
    """Where a panel was left before its jobs came, they do not replace newer ones."""
    mock.reset(jobs={"*": 60})
    ask(mock, "/v2/cloudimages/action", {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
    held = Held(page, "**/_ims_mock/jobs")
    go(page, "clock")
    first = held.wait()
    go(page, "jobs")
    held.wait(count=2)
    early = first.fetch()
    mock.clock.advance(60)
    for route in held.routes[1:]:
        held.let_go(route)
    page.wait_for_selector(".row .badge:text-is('SUCCESS')")
    first.fulfill(response=early)
    drawn(page)
    assert page.locator(".row .badge").inner_text() == "SUCCESS"


def test_worlds_that_cannot_be_loaded_at_first(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """They are loaded later, so that a page does not make its world again once that is removed."""
    mock.world("gone")
    statuses: list[int] = [503]

    def first(route: Route) -> None:
        if statuses:
            route.fulfill(status=statuses.pop(), body="{}")
        else:
            route.continue_()

    page.route("**/_ims_mock/worlds", first)
    page.goto(f"{mock.url}/~gone/_ims_mock/#/clock")
    page.get_by_role("combobox", name="World", exact=True).wait_for()
    mock.delete_world("gone")
    page.wait_for_selector("[data-link=removed]")
    assert list(mock.worlds) == ["default"]
    assert statuses == []
    problems.clear()


def test_a_world_that_is_made_again_is_shown(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """A browser does not keep the 410 of the removed world."""
    mock.world("ci")
    page.goto(f"{mock.url}/~ci/_ims_mock/#/clock")
    page.wait_for_selector("[data-link=live]")
    mock.delete_world("ci")
    page.wait_for_selector("[data-link=removed]")
    mock.world("ci")
    page.reload()
    page.wait_for_selector("[data-link=live]")
    assert all("status of 410" in problem for problem in problems)
    problems.clear()
