"""Reports of sweeps and of contract checks that a user opens on the page."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from ims_mock import ImsMock
from tests.browser.test_hands import drawn
from tests.browser.test_live import go, rows
from tests.command.test_cli import run
from tests.command.test_contract_check import COPY, JOB, cassette

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_sweep(page: Page, mock: ImsMock, tmp_path: Path) -> None:
    """The plans of a sweep are a table with their verdicts, and one of them has the line that repeats it."""

    def work() -> None:
        url = f"{mock.url}/v2/images?limit=5"
        assert "images" in requests.get(url, headers={"X-Auth-Token": mock.token}, timeout=2).json()

    mock.sweep(work, only=["status"]).save(tmp_path / "report.json")
    go(page, "reports")
    page.set_input_files("input[type=file]", tmp_path / "report.json")
    plans = json.loads((tmp_path / "report.json").read_text())["plans"]
    page.wait_for_selector(f"#reports-table[aria-rowcount='{len(plans) + 1}']")
    rows(page).first.click()
    page.wait_for_selector(f".details .reason:has-text('{plans[0]['verdict']}')")
    assert plans[0]["reproduce"] in page.locator(".details").inner_text()


def test_a_contract_check(page: Page, tmp_path: Path) -> None:
    """The findings of a contract check are a table, which is filtered by how bad they are."""
    recording = cassette(tmp_path / "c.yaml", (*COPY, 204, JOB))
    (tmp_path / "report.json").write_text(run("contract", "check", "--format", "json", recording).stdout)
    go(page, "reports")
    page.set_input_files("input[type=file]", tmp_path / "report.json")
    page.wait_for_selector("#reports-table[aria-rowcount='3']")
    page.get_by_label("Severity", exact=True).select_option("break")
    page.wait_for_selector("#reports-table[aria-rowcount='2']")
    rows(page).first.click()
    page.wait_for_selector(".details h2:text-is('response.unexpected_body')")


def test_a_report_in_html_is_opened(page: Page, mock: ImsMock, tmp_path: Path) -> None:
    """A report in HTML shows the same rows as that in JSON, and nothing of its own HTML is in the document."""
    recording = cassette(tmp_path / "c.yaml", (*COPY, 204, JOB))

    def work() -> None:
        requests.get(f"{mock.url}/v2/images?limit=5", headers={"X-Auth-Token": mock.token}, timeout=2)

    sweep = mock.sweep(work, only=["status"])
    for suffix in ("json", "html"):
        sweep.save(tmp_path / f"sweep.{suffix}")
        (tmp_path / f"contract.{suffix}").write_text(run("contract", "check", "--format", suffix, recording).stdout)
    go(page, "reports")
    for kind in ("sweep", "contract"):
        shown = []
        for suffix in ("json", "html"):
            page.set_input_files("input[type=file]", tmp_path / f"{kind}.{suffix}")
            page.wait_for_selector(f".bar:has-text('{kind}.{suffix}')")
            drawn(page)
            shown.append(page.locator("#reports-table").inner_text())
        assert shown[0] == shown[1]
        assert page.locator("main h1").all_inner_texts() == ["Reports"]


def test_html_that_is_no_report_is_not_run(page: Page, mock: ImsMock, tmp_path: Path) -> None:
    """What a file that somebody was sent has in HTML is neither run nor loaded."""
    go(page, "reports")
    text = "<img src=x onerror='fetch(`reset`, {method: `POST`})'><script>fetch('reset', {method: 'POST'})</script>"
    packed = base64.b64encode(zlib.compress(b"[]")).decode()
    mock.add_image(name="here")
    for more, reason in (
        ("", "it is HTML"),
        (f'<template id="ims-mock-report">{packed}</template>', "neither the plans"),
    ):
        (tmp_path / "other.html").write_text(text + more)
        page.set_input_files("input[type=file]", tmp_path / "other.html")
        page.wait_for_selector(f".toast.bad:has-text('{reason}')")
    assert page.locator("img[src=x]").count() == 0
    assert len(mock.images) == 1


def test_what_a_check_could_not_read(page: Page, tmp_path: Path) -> None:
    """A file that a contract check could not read is a row of its report, not a report without findings."""
    (tmp_path / "broken.har").write_text("{")
    done = run("contract", "check", "--format", "json", str(tmp_path / "broken.har"))
    (tmp_path / "report.json").write_text(done.stdout)
    go(page, "reports")
    page.set_input_files("input[type=file]", tmp_path / "report.json")
    rows(page).first.click()
    page.wait_for_selector(".details h2:text-is('unreadable')")
    assert "broken.har" in page.locator(".details").inner_text()


def test_what_is_no_report(page: Page, tmp_path: Path) -> None:
    """Another file is said to be none, and why."""
    go(page, "reports")
    for text, reason in (("{}", "neither the plans of a sweep nor the findings"), ("<", "other.json is no report")):
        (tmp_path / "other.json").write_text(text)
        page.set_input_files("input[type=file]", tmp_path / "other.json")
        page.wait_for_selector(f".toast.bad:has-text('{reason}')")


def test_a_report_as_a_page_loads_nothing(page: Page, mock: ImsMock, tmp_path: Path, problems: list[str]) -> None:
    """The reports in HTML are drawn with their own style, and their policy is kept."""
    recording = cassette(tmp_path / "c.yaml", (*COPY, 204, JOB))
    (tmp_path / "contract.html").write_text(run("contract", "check", "--format", "html", recording).stdout)

    def work() -> None:
        requests.get(f"{mock.url}/v2/images?limit=5", headers={"X-Auth-Token": mock.token}, timeout=2)

    mock.sweep(work, only=["status"]).save(tmp_path / "sweep.html")
    for name in ("contract", "sweep"):
        page.goto((tmp_path / f"{name}.html").as_uri())
        assert page.evaluate("getComputedStyle(document.querySelector('code')).fontSize") == "12.5px"
    problems[:] = [problem for problem in problems if not problem.startswith("asked file://")]
