"""What is typed into a form: it is not lost, nothing of it is changed, and the lines beside it are valid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ims_mock import ImsMock
from tests.browser.test_hands import drawn, line
from tests.browser.test_live import ask, go, rows

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page, Route

LONG = 12345678901234567890
"""A number with more digits than a browser keeps."""

COPY = {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}


def open_a_job(page: Page, mock: ImsMock) -> None:
    """Have a job that takes a minute, and open it on the page."""
    mock.reset(jobs={"*": 60})
    ask(mock, "/v2/cloudimages/action", COPY)
    go(page, "jobs")
    rows(page).first.click()


def test_a_press_that_ends_beside_the_dialog(page: Page) -> None:
    """Who marks a text and releases the mouse beside the dialog keeps it; a click beside closes it."""
    page.click("text=Reset…")
    box = page.locator("#reset-settings").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(5, 300)
    page.mouse.up()
    assert page.locator("dialog[open]").count() == 1
    page.mouse.click(5, 300)
    page.wait_for_selector("dialog", state="detached")


def test_a_click_that_is_faster_than_the_page_draws(page: Page, mock: ImsMock) -> None:
    """What was typed just before a click is what the click does, by mouse and by Enter, though no frame was drawn."""
    start = mock.clock.now()
    go(page, "clock")
    page.evaluate("requestAnimationFrame = () => 1")
    page.get_by_label("Advance by").fill("90")
    with page.expect_response(lambda response: response.request.method != "GET"):
        page.get_by_role("button", name="Advance", exact=True).click()
    page.get_by_label("Advance by").fill("7")
    with page.expect_response(lambda response: response.request.method != "GET"):
        page.get_by_label("Advance by").press("Enter")
    assert mock.clock.now() == start + 97


def test_two_fields_that_are_filled_before_the_page_draws(page: Page, mock: ImsMock) -> None:
    """Both count, as where a browser fills in a form: a job fails with the code and the reason."""
    open_a_job(page, mock)
    page.wait_for_selector(".details [data-line]")
    page.evaluate("requestAnimationFrame = () => 1")
    page.get_by_label("Code of the error").fill("IMG.0022")
    page.get_by_label("Reason").fill("no space")
    with page.expect_response(lambda response: response.request.method != "GET"):
        page.click("text='Let it fail'")
    (job,) = mock.jobs.values()
    assert (job["error_code"], job["fail_reason"]) == ("IMG.0022", "no space")


def test_what_is_typed_while_the_mock_responds(page: Page, mock: ImsMock) -> None:
    """What is typed into a form between a click and the response to it stays there."""
    field = page.get_by_label("Advance by")

    def late(route: Route) -> None:
        if route.request.method == "POST":
            field.fill("90")
        route.continue_()

    go(page, "clock")
    page.route("**/_ims_mock/clock", late)
    page.click("text='Freeze'")
    page.wait_for_selector("text='ims_mock.clock.freeze()'")
    assert field.input_value() == "90"


def test_a_name_that_is_typed_while_a_snapshot_is_taken(page: Page) -> None:
    """The name of the next one stays; without that the field is empty again."""
    field = page.get_by_label("Name of the snapshot")

    def late(route: Route) -> None:
        if route.request.method == "POST":
            field.fill("after")
        route.continue_()

    go(page, "snapshots")
    field.fill("before")
    page.click("text='Take a snapshot'")
    rows(page).first.wait_for()
    drawn(page)
    assert field.input_value() == ""
    page.route("**/_ims_mock/snapshots", late)
    field.fill("between")
    page.click("text='Take a snapshot'")
    page.wait_for_selector("ims-table[aria-rowcount='3']")
    page.wait_for_selector(".toast:has-text('between')")
    drawn(page)
    assert field.input_value() == "after"


@pytest.mark.parametrize("how", ["Escape", "a click beside"])
def test_what_was_typed_is_not_lost(page: Page, how: str) -> None:
    """A form in which something was typed is closed only after a question."""
    asked: list[str] = []

    def respond(dialog: Dialog) -> None:
        asked.append(dialog.message)
        if len(asked) > 1:
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", respond)
    page.click("text=Reset…")
    page.fill("#reset-settings", '{"seed": 7}')

    def leave() -> None:
        page.keyboard.press("Escape") if how == "Escape" else page.mouse.click(5, 300)

    leave()
    assert page.input_value("#reset-settings") == '{"seed": 7}'
    leave()
    page.wait_for_selector("dialog", state="detached")
    assert len(asked) == 2


def test_a_long_number_keeps_its_digits_in_a_reset(page: Page, mock: ImsMock) -> None:
    """The settings are sent with the digits that were typed, and the lines have them."""
    page.click("text=Reset…")
    page.fill("#reset-settings", json.dumps({"seed": LONG}))
    assert line(page, "python") == f"ims_mock.reset(seed={LONG})"
    assert str(LONG) in line(page, "shell")
    page.click("text='Reset'")
    page.wait_for_selector("text=The mock was reset")
    assert mock.service.settings.seed == LONG


def test_a_long_number_keeps_its_digits_in_a_rule(page: Page, mock: ImsMock) -> None:
    """A rule for requests with the same long number fires for the next one, and shows all digits."""
    body = {"name": "web", "min_ram": LONG}
    ask(mock, body=body)
    rows(page).first.click()
    assert str(LONG) in page.locator(".details pre").first.inner_text()
    page.click("text=Fail requests like this one")
    page.get_by_role("group", name="Alike in").get_by_label(f"body /min_ram {LONG}").check()
    assert f'json={{"/min_ram": {LONG}}}' in line(page, "python")
    page.click("text='Arm the rule'")
    page.wait_for_selector(".details h2:has-text('Rule 1')")
    assert f'json={{"/min_ram": {LONG}}}' in line(page, "python")
    assert ask(mock, body=body) == 503


def test_half_of_a_surrogate_pair_is_not_offered(page: Page, mock: ImsMock) -> None:
    """What no rule can have cannot be ticked."""
    text = '{"name": "\\ud800", "min_disk": 40}'
    headers = {"X-Auth-Token": "any", "Content-Type": "application/json"}
    requests.post(f"{mock.url}/v2/images", text, headers=headers, timeout=10)
    rows(page).first.click()
    page.click("text=Fail requests like this one")
    alike = page.get_by_role("group", name="Alike in")
    alike.get_by_label("body /min_disk").wait_for()
    assert alike.get_by_label("body /name").count() == 0


def test_no_lines_of_a_clock_while_no_number_is_typed(page: Page) -> None:
    """What is no number has no line; a number has."""
    go(page, "clock")
    page.get_by_label("Advance by").fill("abc")
    page.wait_for_selector("text=once what is typed is valid")
    assert page.locator("[data-line]").count() == 0
    page.get_by_label("Advance by").fill("5")
    page.wait_for_selector("[data-line=python]:text-is('ims_mock.clock.advance(5)')")


def test_no_lines_of_a_reset_that_is_rejected(page: Page, problems: list[str]) -> None:
    """Settings that are no JSON, or that the mock rejects, have no lines until they are changed."""
    page.click("text=Reset…")
    page.fill("#reset-settings", '{"nope": 1')
    page.wait_for_selector("dialog >> text=once what is typed is valid")
    page.fill("#reset-settings", '{"nope": 1}')
    page.click("text='Reset'")
    page.wait_for_selector("dialog .wrong")
    assert page.locator("dialog [data-line]").count() == 0
    page.fill("#reset-settings", '{"seed": 1}')
    page.wait_for_selector("dialog [data-line=command]")
    problems[:] = [problem for problem in problems if "status of 400" not in problem]


def test_no_lines_of_a_rule_that_is_rejected(page: Page, problems: list[str]) -> None:
    """A text in the place of a number, and what the mock rejects, have no lines until they are changed."""
    go(page, "rules")
    page.get_by_role("button", name="Arm a rule").first.click()
    for typed in ("abc", "99"):
        page.fill("#fault-status", typed)
        page.click("text='Arm the rule'")
        page.wait_for_selector("dialog .wrong")
        assert page.locator("dialog [data-line]").count() == 0
    page.fill("#fault-status", "500")
    page.wait_for_selector("dialog [data-line=python]")
    problems[:] = [problem for problem in problems if "status of 400" not in problem]


def test_each_job_has_its_own_form(page: Page, mock: ImsMock) -> None:
    """The code that was typed for one job is not there for the next."""
    mock.reset(jobs={"*": 60})
    for _ in range(2):
        ask(mock, "/v2/cloudimages/action", COPY)
    first, second = mock.jobs
    for job_id in (first, second):
        page.goto(f"{mock.url}/_ims_mock/#/jobs/{job_id}")
        page.wait_for_selector(f".details .mono:text-is('{job_id}')")
        field = page.get_by_label("Code of the error")
        assert field.input_value() == ""
        field.fill("IMG.0022")


def test_a_field_that_is_emptied_before_it_is_drawn(page: Page, mock: ImsMock) -> None:
    """A form that is put back in the same frame as somebody types into it is empty in the page, too."""
    open_a_job(page, mock)
    page.get_by_label("Code of the error").evaluate(
        """async (field) => {
            const { set } = await import("/_ims_mock/page/state.js");
            field.value = "IMG.0022";
            field.dispatchEvent(new Event("input", { bubbles: true }));
            set({ jobForm: undefined });
            await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
        }"""
    )
    assert page.get_by_label("Code of the error").input_value() == ""


def test_a_job_without_end_says_so(page: Page, mock: ImsMock) -> None:
    """A job that was let run without end is shown as such, and cannot be stuck again."""
    open_a_job(page, mock)
    page.click("text='Let it run without end'")
    page.wait_for_selector(".details dd:text-is('It never ends by itself.')")
    page.wait_for_selector(".row [title='It never ends by itself.']")
    assert page.get_by_role("button", name="Let it run without end").is_disabled()


@pytest.mark.parametrize("panel", ["rules", "jobs", "snapshots", "images", "journal"])
def test_what_is_not_there_is_said(page: Page, mock: ImsMock, panel: str) -> None:
    """An address of something that the mock does not have shows a sentence."""
    page.goto(f"{mock.url}/_ims_mock/#/{panel}/99")
    text = page.locator(".details .body p.faint:not(:empty)")
    text.wait_for()
    assert ("no longer" if panel in ("images", "journal") else f"The mock has no {panel[:-1]} 99.") in text.inner_text()


def test_two_snapshots_are_compared_in_a_test(page: Page, mock: ImsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """Where two snapshots are compared, the lines of Python compare two as well."""
    for name in ("one", "two"):
        requests.post(f"{mock.url}/_ims_mock/snapshots", json={"name": name}, timeout=10)
    page.goto(f"{mock.url}/_ims_mock/#/snapshots/one")
    page.get_by_label("Compared with").select_option("two")
    page.wait_for_selector(".details [data-line=shell]:has-text('?with=two')")
    text = page.locator(".details [data-line=python]").nth(1).inner_text()

    def add(name: str) -> None:
        mock.add_image(name=name)

    scope: dict[str, Any] = {"ims_mock": mock, "add": add}
    exec(text.replace("# ... here the test", "add('between')  #").replace("# ... here it", "add('later')  #"), scope)
    shown = capsys.readouterr().out
    assert ("between" in shown, "later" in shown) == (True, False)


def test_a_request_without_an_operation(page: Page, mock: ImsMock) -> None:
    """Where no rule can apply, the page says why there is no button."""
    ask(mock, "/nowhere")
    rows(page).first.click()
    page.wait_for_selector(".details p:has-text('No rule applies to this request')")
    mock.faults.add("503")
    assert ask(mock, "/nowhere") == 404


@pytest.mark.parametrize("document", ['{"findings": [{}]}', '{"plans": [{"id": "a"}]}', '{"findings": ["a"]}'])
def test_a_report_of_something_else(page: Page, document: str) -> None:
    """A file whose entries are not those of a report is not opened."""
    go(page, "reports")
    page.set_input_files(
        "input[type=file]", {"name": "a.json", "mimeType": "application/json", "buffer": document.encode()}
    )
    page.wait_for_selector(".toast.bad:has-text('a.json is no report: its entry 1 needs these texts')")
    page.wait_for_selector("text=No report is open")
