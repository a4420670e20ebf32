"""What a user can do on the page, and the lines that do the same in a test and in a shell."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

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
    "hangup": {"fault": {"kind": "hangup"}, "headers": {"User-Agent": "curl*"}},
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


def line(page: Page, name: str) -> str:
    """Return the line that is shown for a test or for a shell."""
    return page.locator(f"[data-line={name}]").first.inner_text()


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


def test_disarm(page: Page, mock: ImsMock) -> None:
    """One rule is disarmed by its button, and all by another."""
    for _ in range(3):
        mock.faults.add("503")
    go(page, "rules")
    page.wait_for_selector("ims-table[aria-rowcount='4']")
    rows(page).first.click()
    page.click(".details button:text-is('Disarm')")
    page.wait_for_selector("ims-table[aria-rowcount='3']")
    assert [rule.id for rule in mock.faults] == ["2", "3"]
    page.click("text='Disarm all'")
    page.wait_for_selector("text=No rule is armed")
    assert len(mock.faults) == 0
