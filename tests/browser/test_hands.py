"""What a user can do on the page, and the lines that do the same in a test and in a shell."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ims_mock import ImsMock
from ims_mock.faults.kinds import KINDS
from tests.browser.test_live import ask, go, rows

if TYPE_CHECKING:
    from playwright.sync_api import Page

RULES: dict[str, dict[str, Any]] = {
    "fail": {"fault": {"kind": "fail", "status": 503, "retry_after": 5}, "operation": "glance_list_images", "times": 2},
    "throttle": {"fault": {"kind": "throttle", "limit": 3, "per": 1.5}},
    "redirect": {"fault": {"kind": "redirect", "location": "/else", "status": 307}, "skip": 1, "every": 2},
    "garble": {"fault": {"kind": "garble", "mode": "html_200"}, "probability": 0.5},
    "mutate": {
        "fault": {"kind": "mutate", "pointer": "/checksum", "mode": "value", "value": {"kind": [None, True, 'a"b\\']}},
        "operation": "glance_show_image",
    },
    "looping_marker": {"fault": {"kind": "looping_marker"}, "operation": "glance_list_images"},
    "delay": {"fault": {"kind": "delay", "seconds": 2, "jitter": 0.5, "real_time": True}, "optional": True},
    "lognormal_delay": {"fault": {"kind": "lognormal_delay", "median": 1, "sigma": 0.5}},
    "lose_response": {"fault": {"kind": "lose_response", "mode": 504}, "method": "POST", "name": "lost ü"},
    "reset": {"fault": {"kind": "reset"}, "path": "/v2/images/*"},
    "hangup": {"fault": {"kind": "hangup"}, "headers": {"User-Agent": "curl*", "kind": "fail"}},
    "truncate": {"fault": {"kind": "truncate", "at": 3}, "json": {"/name": "it's"}, "operation": "*create*"},
    "drip": {"fault": {"kind": "drip", "bytes_per_second": 10}},
    "stall": {"fault": {"kind": "stall", "seconds": 5}, "between": [0, 60]},
    "stale": {"fault": {"kind": "stale", "reads": 2}, "operation": "glance_show_image"},
    "bad_upload": {"fault": {"kind": "bad_upload", "outcome": "killed"}},
    "fail_job": {"fault": {"kind": "fail_job", "code": "IMG.0022", "at": 0.5}, "operation": "create_image"},
    "stick_job": {"fault": {"kind": "stick_job"}, "operation": "create_image"},
    "bad_job": {"fault": {"kind": "bad_job", "outcome": "no_image"}, "operation": "create_image"},
    "sequence": {"fault": {"kind": "sequence", "faults": [{"kind": "fail", "status": 500}, None, {"kind": "hangup"}]}},
}


def test_every_fault_has_a_rule_here() -> None:
    """A new fault is added to the rules of these tests."""
    assert list(RULES) == list(KINDS)


def drawn(page: Page) -> None:
    """Wait until what was done to the page is drawn: it draws with the next frame."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def line(page: Page, name: str, place: str = "") -> str:
    """Return the line that is shown for a test or for a shell."""
    drawn(page)
    return page.locator(f"{place} [data-line={name}]").first.inner_text()


def armed(mock: ImsMock) -> list[dict[str, Any]]:
    """Return the rules without their ids."""
    return [rule.settings() for rule in mock.faults]


def test_the_lines_of_a_rule_add_the_same_rule(page: Page, mock: ImsMock) -> None:
    """The line of Python and the line for a shell, executed, each arm a rule that is the same, whatever its fault."""
    for given in RULES.values():
        mock.faults.add(given)
    wanted, shells = armed(mock), []
    for rule in list(mock.faults):
        page.goto(f"{mock.url}/_ims_mock/#/rules/{rule.id}")
        page.wait_for_selector(f".details h2:has-text('Rule {rule.id}:')")
        shells.append(f"{line(page, 'shell')} -sf")
        exec(line(page, "python"), {"ims_mock": mock})
    assert armed(mock) == [*wanted, *wanted]
    mock.faults.clear()
    subprocess.run(["bash", "-c", "\n".join(shells)], check=True, capture_output=True)
    assert armed(mock) == wanted


def test_fail_requests_like_this_one(page: Page, mock: ImsMock) -> None:
    """From a request that came, a click and Enter arm a 503 on its operation, and the next one fails."""
    assert ask(mock) == 200
    rows(page).first.click()
    page.click("text=Fail requests like this one")
    page.wait_for_selector("dialog form")
    shown = line(page, "python")
    page.locator("dialog [data-line=python]").locator("xpath=..").get_by_role("button").click()
    assert page.evaluate("navigator.clipboard.readText()") == shown
    assert shown.endswith('ims_mock.faults.add(Fail(503), operation="glance_list_images", times=1)')
    page.click("text='Arm the rule'")
    page.wait_for_selector(".details h2:has-text('Rule 1')")
    assert ask(mock) == 503
    assert ask(mock) == 200


def test_a_rule_is_armed_by_keys_alone(page: Page, mock: ImsMock) -> None:
    """A 503 on one operation needs no pointer."""
    page.keyboard.press("4")
    page.wait_for_selector("main[data-panel=rules]")
    page.get_by_role("button", name="Arm a rule").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog form")
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.type("glance_list_images")
    page.keyboard.press("Enter")
    page.wait_for_selector(".details h2:has-text('Rule 1')")
    assert ask(mock) == 503


def test_the_form_has_every_field(page: Page, mock: ImsMock) -> None:
    """What is typed into the fields of a fault and into the conditions is the rule that is armed."""
    go(page, "rules")
    for number, rule in enumerate(RULES.values(), 1):
        page.get_by_role("button", name="Arm a rule").first.click()
        page.wait_for_selector("dialog form")
        page.select_option("#fault-kind", rule["fault"]["kind"])
        page.click("text=More conditions")
        page.fill("#rule-times", "")
        fill(page, {f"#fault-{name}": value for name, value in rule["fault"].items() if name != "kind"})
        fill(page, {f"#rule-{name}": value for name, value in rule.items() if name != "fault"})
        page.click("text='Arm the rule'")
        page.wait_for_selector(f".details h2:has-text('Rule {number}:')")
    typed = armed(mock)
    mock.faults.clear()
    for rule in RULES.values():
        mock.faults.add(rule)
    assert typed == armed(mock)


def fill(page: Page, fields: dict[str, Any]) -> None:
    """Type values into fields, each in the way of its control."""
    for place, value in fields.items():
        field = page.locator(place)
        if field.get_attribute("type") == "checkbox":
            field.set_checked(value)
        elif field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(label=str(value))
        elif isinstance(value, (dict, list)):
            field.fill(json.dumps(value))
        else:
            field.fill(str(value))


def test_what_is_wrong_is_shown_at_its_field(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """The mock's reason against a field stands at that field, which has the focus."""
    go(page, "rules")
    page.get_by_role("button", name="Arm a rule").first.click()
    page.fill("#fault-status", "99")
    page.click("text='Arm the rule'")
    page.wait_for_selector("#fault-status-help .wrong:text-is('/fault/status must be at least 400, got 99')")
    assert page.evaluate("document.activeElement.id") == "fault-status"
    assert len(mock.faults) == 0
    problems[:] = [problem for problem in problems if "status of 400" not in problem]


def test_fields_of_json_show_an_example(page: Page, mock: ImsMock) -> None:
    """What is typed as JSON has an example, which the mock accepts as it stands there."""
    go(page, "rules")
    page.get_by_role("button", name="Arm a rule").first.click()
    page.select_option("#fault-kind", "sequence")
    page.click("text=More conditions")
    fields = page.locator("dialog textarea")
    examples = [field.get_attribute("placeholder") for field in fields.all()]
    assert len(examples) == 4
    for field, example in zip(fields.all(), examples, strict=True):
        field.fill(example or "")
    page.click("text='Arm the rule'")
    page.wait_for_selector(".details h2:has-text('Rule 1:')")
    assert len(mock.faults) == 1


def test_disarm(page: Page, mock: ImsMock) -> None:
    """One rule is disarmed by its button, and all by another, after a question."""
    for _ in range(3):
        mock.faults.add("503")
    go(page, "rules")
    page.wait_for_selector("ims-table[aria-rowcount='4']")
    rows(page).first.click()
    page.click(".details button:text-is('Disarm')")
    page.wait_for_selector("ims-table[aria-rowcount='3']")
    assert [rule.id for rule in mock.faults] == ["2", "3"]
    page.click("text='Disarm all'")
    page.click("dialog button:text-is('Cancel')")
    assert len(mock.faults) == 2
    page.click("text='Disarm all'")
    page.click("dialog button:text-is('Disarm all')")
    page.wait_for_selector("text=No rule is armed")
    assert len(mock.faults) == 0


def run_shell(text: str) -> None:
    """Run a line for a shell; fail where the mock rejects it."""
    subprocess.run(["bash", "-c", f"{text} -sf"], check=True, capture_output=True)


def test_the_clock_is_moved(page: Page, mock: ImsMock) -> None:
    """Advance, run and freeze do what they say, and so do the lines that are shown."""
    start = mock.clock.now()
    go(page, "clock")
    page.get_by_label("Advance by").fill("90")
    page.get_by_role("button", name="Advance", exact=True).click()
    page.wait_for_selector("[data-line=python]:text-is('ims_mock.clock.advance(90)')")
    page.click("text=+ 1 hour")
    page.wait_for_selector("[data-line=python]:text-is('ims_mock.clock.advance(3600)')")
    assert mock.clock.now() == start + 3690
    exec(line(page, "python"), {"ims_mock": mock})
    run_shell(line(page, "shell"))
    assert mock.clock.now() == start + 3690 + 7200
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_selector("text=It runs")
    assert (mock.clock.speed, line(page, "python")) == (1, "ims_mock.clock.run(1)")
    page.click("text='Freeze'")
    page.wait_for_selector("text=It stands still")
    assert (mock.clock.speed, line(page, "python")) == (0, "ims_mock.clock.freeze()")


def test_a_wrong_move_is_explained(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """What the mock does not accept is shown in its words."""
    go(page, "clock")
    page.get_by_label("Advance by").fill("-1")
    page.get_by_role("button", name="Advance", exact=True).click()
    page.wait_for_selector(".toast.bad:has-text('/advance: must be at least 0, got -1')")
    problems[:] = [problem for problem in problems if "status of 400" not in problem]


@pytest.mark.parametrize(
    ("button", "status"),
    [("Let it succeed", "SUCCESS"), ("Let it fail", "FAIL"), ("Let it run without end", "RUNNING")],
)
def test_a_job_is_ended(page: Page, mock: ImsMock, button: str, status: str) -> None:
    """A job succeeds, fails with the code that is typed, or stays as it is."""
    mock.reset(jobs={"*": 60})
    ask(mock, "/v2/cloudimages/action", {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
    mock.clock.advance(30)
    go(page, "jobs")
    rows(page).first.click()
    page.get_by_label("Code of the error").fill("IMG.0022")
    page.click(f"text='{button}'")
    page.wait_for_selector(".toast")
    page.wait_for_selector(f".details .badge:text-is('{status}')")
    mock.clock.advance(600)
    (job,) = requests.get(f"{mock.url}/_ims_mock/jobs", timeout=10).json()["jobs"]
    assert (job["status"], job["error_code"]) == (status, "IMG.0022" if status == "FAIL" else None)


def test_the_lines_of_a_job_end_it(page: Page, mock: ImsMock) -> None:
    """The line of Python and the line for a shell each end the job that is open."""
    for name in ("python", "shell"):
        mock.reset(jobs={"*": 60})
        ask(mock, "/v2/cloudimages/action", {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
        (job_id,) = mock.jobs
        page.goto(f"{mock.url}/_ims_mock/#/jobs/{job_id}")
        page.wait_for_selector(".details [data-line]")
        if name == "python":
            exec(line(page, "python"), {"ims_mock": mock})
        else:
            run_shell(line(page, "shell"))
        assert mock.jobs[job_id]["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("button", "call"),
    [
        ("Let it fail", '.fail("JOB", code="IMG.0022", reason="no \\"space\\"")'),
        ("Let it run without end", '.stick("JOB")'),
    ],
)
def test_the_line_of_python_for_a_job(page: Page, mock: ImsMock, button: str, call: str) -> None:
    """After a click the line is the method that does the same, with what was typed, and does it."""
    mock.reset(jobs={"*": 60})
    ask(mock, "/v2/cloudimages/action", {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
    (job_id,) = mock.jobs
    page.goto(f"{mock.url}/_ims_mock/#/jobs/{job_id}")
    page.wait_for_selector(".details [data-line]")
    snapshot = mock.snapshot()
    page.get_by_label("Code of the error").fill("IMG.0022")
    page.get_by_label("Reason").fill('no "space"')
    if button != "Let it fail":
        page.click(f"text='{button}'")
    page.wait_for_selector(f"[data-line=python]:has-text('{call.partition('(')[0]}')")
    assert line(page, "python") == f"ims_mock.jobs{call.replace('JOB', job_id)}"
    mock.restore(snapshot)
    exec(line(page, "python"), {"ims_mock": mock})
    mock.clock.advance(600)
    assert mock.jobs[job_id]["status"] == ("FAIL" if button == "Let it fail" else "INIT")


def test_reset(page: Page, mock: ImsMock) -> None:
    """After a question the mock is as new, with the settings that were typed; Cancel leaves it as it is."""
    mock.add_image(name="web")
    page.click("text=Reset…")
    page.click("text='Cancel'")
    page.click("text=Reset…")
    page.fill("#reset-settings", '{"seed": 7, "auth": "strict"}')
    assert line(page, "python") == 'ims_mock.reset(seed=7, auth="strict")'
    assert len(mock.images) == 1
    page.click("text='Reset'")
    page.wait_for_selector("text=The mock was reset")
    assert (len(mock.images), mock.service.settings.seed, mock.service.settings.auth) == (0, 7, "strict")


def test_snapshots(page: Page, mock: ImsMock) -> None:
    """A snapshot is taken under a name, compared value by value, gone back to, and deleted."""
    image = mock.add_image(name="web")
    go(page, "snapshots")
    page.get_by_label("Name of the snapshot").fill("before")
    page.click("text='Take a snapshot'")
    rows(page).first.click()
    page.wait_for_selector("text=Nothing differs")
    mock.images[image["id"]]["name"] = "new"
    page.wait_for_selector(".differences li:has-text('changed')")
    assert page.locator(".differences dd").inner_text() == '"web" → "new"'
    page.click("text='Go back to it'")
    assert mock.images[image["id"]]["name"] == "new"
    page.click("dialog button:text-is('Go back')")
    page.wait_for_selector("text=Nothing differs")
    assert mock.images[image["id"]]["name"] == "web"
    page.click(".details button:text-is('Delete')")
    assert list(mock.service.snapshots) == ["before"]
    page.click("dialog button:text-is('Delete')")
    page.wait_for_selector("text=No snapshots yet")
    assert mock.service.snapshots == {}


def test_two_snapshots_are_compared(page: Page, mock: ImsMock) -> None:
    """A snapshot is compared with another one that is chosen."""
    for name in ("first", "second"):
        requests.post(f"{mock.url}/_ims_mock/snapshots", json={"name": name}, timeout=10)
        mock.add_image(name=name)
    page.goto(f"{mock.url}/_ims_mock/#/snapshots/first")
    page.wait_for_selector(".differences li:nth-child(2)")
    page.get_by_label("Compared with").select_option("second")
    page.wait_for_selector(".differences li:only-child")
    assert "first" in page.locator(".differences").inner_text()
