"""The panels of the page, as the mock changes under them."""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING, Any, Literal

import pytest
import requests

from ims_mock import Fail, ImsMock
from tests.browser.conftest import watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

MOST_ROWS = 60
"""Most rows of a table that are in the document, whatever the table has."""


def ask(mock: ImsMock, path: str = "/v2/images", body: Any = None, token: str = "any") -> int:
    """Send a request as a client does, and return its status."""
    method = "GET" if body is None else "POST"
    headers = {"X-Auth-Token": token}
    return requests.request(method, mock.url + path, json=body, headers=headers, timeout=10).status_code


def rows(page: Page) -> Locator:
    """Return the rows of the table that is shown."""
    return page.locator("ims-table .rows .row")


def go(page: Page, panel: str) -> None:
    """Open a panel by its tab."""
    page.click(f"nav.tabs a[href='#/{panel}']")
    page.wait_for_selector(f"main[data-panel={panel}]")


def test_a_request_appears_at_once(page: Page, mock: ImsMock) -> None:
    """A request that comes while the page is open is a row, with its caller, operation, status and reason."""
    page.wait_for_selector("text=No requests yet")
    ask(mock, body={"name": "web", "min_disk": 39}, token=mock.new_token("demo"))
    row = rows(page).first
    row.wait_for()
    cells = row.locator("[role=gridcell]").all_inner_texts()
    assert cells[2:5] == ["demo", "glance_create_image_metadata", "400"]
    assert cells[5].startswith("/min_disk: must be at least 40, got 39")


@pytest.mark.parametrize("auth", ["lenient", "strict"])
def test_the_first_steps_are_a_line_that_works(page: Page, mock: ImsMock, auth: Literal["lenient", "strict"]) -> None:
    """Without requests there is a line of curl to try, with a token where the mock checks credentials."""
    mock.reset(auth=auth)
    if auth == "strict":
        page.click("text=Put a token into it")
        page.wait_for_selector("text=Put a token into it", state="detached")
    line = page.locator(".empty pre").inner_text()
    done = subprocess.run(["bash", "-c", f"{line} -s"], capture_output=True, text=True, check=True)
    assert "HTTP/1.1 400" in done.stdout
    assert rows(page).first.locator("[role=gridcell]").nth(4).inner_text() == "400"


def test_a_request_in_full(page: Page, mock: ImsMock) -> None:
    """A click shows the reason first, then request and response, with what is secret masked."""
    ask(mock, body={"name": "web", "min_disk": 39}, token="my-own-token")
    rows(page).first.click()
    details = page.locator(".details")
    details.locator(".reason").wait_for()
    text = details.inner_text()
    assert text.index("/min_disk: must be at least 40") < text.index('"min_disk": 39') < text.index("IMG.0055")
    assert "my-own-token" not in page.content()


def test_the_curl_of_a_request_sends_it_again(page: Page, mock: ImsMock) -> None:
    """What the button copies is a line of curl that gets the same response."""
    ask(mock, body={"name": "it's web", "min_disk": 39})
    rows(page).first.click()
    page.click("text=Copy as curl")
    page.wait_for_selector(".toast")
    line: str = page.evaluate("navigator.clipboard.readText()")
    done = subprocess.run(["bash", "-c", f"{line} -s"], capture_output=True, text=True, check=True)
    assert "HTTP/1.1 400" in done.stdout
    assert mock.journal.calls()[-1].request_body == mock.journal.calls()[0].request_body


def test_a_thousand_requests_arrive(page: Page, mock: ImsMock) -> None:
    """A thousand requests that come from four threads are all there in the end, and few are in the document."""
    threads = [threading.Thread(target=lambda: [ask(mock) for _ in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page.wait_for_selector("nav.tabs a[href='#/journal'] .count:text-is('1000')")
    page.wait_for_selector("ims-table[aria-rowcount='1001']")
    assert rows(page).count() < MOST_ROWS
    page.locator("ims-table").press("End")
    page.wait_for_selector("ims-table .row[data-key='1']")


def test_ten_thousand_rows_and_images(browser: Browser, problems: list[str]) -> None:
    """Tables of 10,000 rows are drawn as far as they are seen, and are searched as a whole."""
    with ImsMock(journal_size=10_000) as mock:
        for number in range(10_000):
            mock.add_image(name=f"image {number}" if number != 4321 else "needle")
        client = mock.app.test_client()
        for _ in range(10_000):
            client.get("/versions")
        context = browser.new_context()
        page = context.new_page()
        watch(page, mock.url, problems)
        page.goto(f"{mock.url}/_ims_mock/")
        page.wait_for_selector("ims-table[aria-rowcount='10001']")
        assert rows(page).count() < MOST_ROWS
        go(page, "images")
        page.wait_for_selector("#images-table[aria-rowcount='10001']")
        page.locator("ims-table").press("End")
        page.wait_for_selector("text='image 0'")
        assert rows(page).count() < MOST_ROWS
        page.fill("input[type=search]", "needle")
        page.wait_for_selector("#images-table[aria-rowcount='2']")
        context.close()
    assert problems == []


def test_what_is_looked_at_stays_in_its_place(page: Page, mock: ImsMock) -> None:
    """Requests that arrive above do not move the rows that somebody has scrolled to."""
    from playwright.sync_api import expect

    client = mock.app.test_client()
    for _ in range(300):
        client.get("/versions")
    page.wait_for_selector("ims-table[aria-rowcount='301']")
    page.evaluate("document.querySelector('ims-table').scrollTop = 3000")
    page.wait_for_selector("ims-table .row[data-key='200']")
    before = page.locator(".row[data-key='200']").bounding_box()
    for _ in range(20):
        client.get("/versions")
    page.wait_for_selector("ims-table[aria-rowcount='321']")
    # Not wait_for_function, whose polling evaluates a string, which the page's policy does not allow.
    expect(page.locator("ims-table")).to_have_js_property("scrollTop", 3600)
    after = page.locator(".row[data-key='200']").bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == before["y"]


def test_filters(page: Page, mock: ImsMock) -> None:
    """Search, status, operation and failures each leave the rows that are meant."""
    ask(mock)
    ask(mock, body={"name": "web"})
    ask(mock, body={"min_disk": 39})
    ask(mock, "/v2/nothing")
    page.wait_for_selector("ims-table[aria-rowcount='5']")
    for control, value, count in (
        ("Failures only", None, 2),
        ("Status", "2xx", 2),
        ("Operation", "glance_list_images", 1),
        ("Operation", "no route", 1),
    ):
        if value is None:
            page.get_by_label(control, exact=True).check()
        else:
            page.get_by_label(control, exact=True).select_option(value)
        page.wait_for_selector(f"ims-table[aria-rowcount='{count + 1}']")
        if value is None:
            page.get_by_label(control, exact=True).uncheck()
        else:
            page.get_by_label(control, exact=True).select_option("")
    page.fill("input[type=search]", "MIN_disk")
    page.wait_for_selector("ims-table[aria-rowcount='2']")
    page.locator("input[type=search]").press("Escape")
    page.wait_for_selector("ims-table[aria-rowcount='5']")


def test_images(page: Page, mock: ImsMock) -> None:
    """An image is there at once, and a click shows its attributes, its members and the first bytes of its file."""
    go(page, "images")
    mock.add_image(name="web", data=b"QFI\xfb" + b"." * 300, tags=["k=v"], members={"a" * 32: "pending"})
    rows(page).first.wait_for()
    assert [cell.split("\n")[0] for cell in rows(page).first.locator("[role=gridcell]").all_inner_texts()][:7] == [
        *("web", "active", "shared", "demo", "1", "304 B", "k=v"),
    ]
    rows(page).first.click()
    details = page.locator(".details")
    details.locator(".hex").wait_for()
    text = details.inner_text()
    assert "00000000  51 46 49 fb 2e" in text
    assert "QFI·" in text
    assert "a" * 32 in text
    assert "__os_type" in text


def test_an_image_that_changes_and_goes(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """A change is shown in the row and in the details, and a deleted image is gone from both."""
    go(page, "images")
    image = mock.add_image(name="web")
    rows(page).first.click()
    mock.images[image["id"]]["name"] = "changed"
    page.wait_for_selector(".details h2:text-is('changed')")
    page.wait_for_selector(".row:has-text('changed')")
    del mock.images[image["id"]]
    page.wait_for_selector("text=This image no longer exists")
    page.wait_for_selector("text=No images yet")
    # The page may have asked for the change once it was deleted.
    assert len(problems) < 2
    problems[:] = [problem for problem in problems if "status of 404" not in problem]


def test_an_image_that_goes_as_it_is_opened(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """Where the image is deleted before the mock has received the question, the page asks once and says so."""
    image = mock.add_image(name="web")
    asked = []

    def late(route: Route) -> None:
        asked.append(route.request.url)
        mock.images.pop(image["id"], None)
        route.continue_()

    page.route(f"**/_ims_mock/images/{image['id']}", late)
    go(page, "images")
    rows(page).first.click()
    page.wait_for_selector("text=This image no longer exists")
    page.wait_for_selector("main:not(:has(.error))")
    assert (len(asked), len(problems)) == (1, 1)
    assert "status of 404" in problems.pop()


def test_jobs(browser: Browser, problems: list[str]) -> None:
    """A job has a bar that follows the clock, until it has succeeded."""
    with ImsMock(jobs={"*": 60}) as mock:
        page = browser.new_page()
        watch(page, mock.url, problems)
        page.goto(f"{mock.url}/_ims_mock/#/jobs")
        page.wait_for_selector("text=No jobs yet")
        body = {"name": "web", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"}
        assert ask(mock, "/v2/cloudimages/action", body) == 200
        page.wait_for_selector(".badge:text-is('INIT')")
        mock.clock.advance(15)
        page.wait_for_selector("text=25 %")
        assert page.locator("progress").first.evaluate("bar => bar.value") == 25
        mock.clock.advance(45)
        page.wait_for_selector(".badge:text-is('SUCCESS')")
        page.close()
    assert problems == []


def test_rules_and_their_hits(page: Page, mock: ImsMock) -> None:
    """A rule is there at once, and its hits count."""
    go(page, "rules")
    page.wait_for_selector("text=No rule is armed")
    mock.faults.add(Fail(503), operation="glance_list_images", times=2)
    page.wait_for_selector("text=0 of 2")
    assert ask(mock) == 503
    page.wait_for_selector("text=1 of 2")
    mock.faults.clear()
    page.wait_for_selector("text=No rule is armed")


def test_clock(page: Page, mock: ImsMock) -> None:
    """The clock is shown, follows a move, and runs by itself while it runs."""
    from playwright.sync_api import expect

    mock.reset(start="2016-06-02T07:49:48Z")
    go(page, "clock")
    page.wait_for_selector("text=2016-06-02 07:49:48")
    mock.clock.advance(3600)
    page.wait_for_selector("text=2016-06-02 08:49:48")
    page.wait_for_selector("text=It stands still")
    mock.clock.run(1000)
    page.wait_for_selector("text=It runs")
    first = page.locator(".large").inner_text()
    expect(page.locator(".large")).not_to_have_text(first)


def test_accounts(page: Page, mock: ImsMock) -> None:
    """Users, projects and denials are shown, and no password or secret key."""
    go(page, "accounts")
    mock.add_accounts(projects=[{"name": "web"}], users=[{"name": "ci", "roles": {"web": ["reader"]}}])
    page.wait_for_selector("text=ci-ak")
    mock.deny("ims:images:create", user="ci")
    page.wait_for_selector("text=ims:images:create")
    for user in mock.accounts.users.values():
        assert user.secret not in page.content()


def test_findings(page: Page, mock: ImsMock) -> None:
    """What the client did that it should not do is a card with links to its requests."""
    go(page, "findings")
    page.wait_for_selector("text=No findings yet")
    ask(mock)
    page.wait_for_selector("text=list_without_limit")
    page.click(".card a")
    page.wait_for_selector(".details h2:text-is('GET /v2/images')")


def test_snapshots(page: Page, mock: ImsMock) -> None:
    """A snapshot is listed by its name."""
    go(page, "snapshots")
    requests.post(f"{mock.url}/_ims_mock/snapshots", json={"name": "before"}, timeout=10)
    page.wait_for_selector(".row:has-text('before')")


def test_two_pages_at_once(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """Two pages that are open show the same."""
    other = page.context.new_page()
    watch(other, mock.url, problems)
    other.goto(f"{mock.url}/_ims_mock/#/journal")
    other.wait_for_selector("[data-link=live]")
    ask(mock, body={"name": "web"})
    for each in (page, other):
        rows(each).first.wait_for()
    other.close()


def test_the_mock_is_reset_under_the_page(page: Page, mock: ImsMock) -> None:
    """After a reset the page shows what there is then."""
    ask(mock, body={"name": "web"})
    rows(page).first.wait_for()
    mock.reset()
    page.wait_for_selector("text=No requests yet")
    ask(mock)
    page.wait_for_selector("ims-table[aria-rowcount='2']")


def test_the_mock_is_restarted_under_the_page(page: Page, mock: ImsMock, problems: list[str]) -> None:
    """While the mock is gone the page says so; another one on the same port is shown as that."""
    ask(mock, body={"name": "web"})
    rows(page).first.wait_for()
    port = int(mock.url.rpartition(":")[2])
    mock.stop()
    page.wait_for_selector("[data-link=lost]")
    with ImsMock(port=port) as second:
        page.wait_for_selector("[data-link=live]")
        page.wait_for_selector("text=The mock was restarted")
        page.wait_for_selector("text=No requests yet")
        ask(second, "/versions")
        page.wait_for_selector("ims-table[aria-rowcount='2']")
    page.wait_for_selector("[data-link=lost]")
    problems[:] = [problem for problem in problems if "net::ERR_" not in problem]


def test_keys(page: Page, mock: ImsMock) -> None:
    """Tabs, search, rows and details are reached by keys."""
    ask(mock)
    ask(mock, body={"name": "web"})
    page.wait_for_selector("ims-table[aria-rowcount='3']")
    page.keyboard.press("/")
    page.keyboard.type("list")
    page.wait_for_selector("ims-table[aria-rowcount='2']")
    page.keyboard.press("Escape")
    page.wait_for_selector("ims-table[aria-rowcount='3']")
    page.focus("ims-table")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".details h2:text-is('GET /v2/images')")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(".details h2:text-is('POST /v2/images')")
    page.keyboard.press("Escape")
    page.wait_for_selector(".details", state="detached")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open] dt")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.keyboard.press("2")
    page.wait_for_selector("main[data-panel=images]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_theme(page: Page, scheme: str) -> None:
    """The page is as the system has it, and as it is chosen, also after a reload."""
    back = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(back)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(back)
    assert dark != light
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    page.keyboard.press("t")
    if scheme == "dark":
        page.keyboard.press("t")
    page.wait_for_selector(f"html[data-theme={scheme}]", state="attached")
    page.reload()
    page.wait_for_selector("[data-link=live]")
    assert page.evaluate(back) == {"light": light, "dark": dark}[scheme]


def test_another_path_before_the_page(page: Page, mock: ImsMock) -> None:
    """The page works below any other path, as all its addresses are relative."""

    def move(route: Any) -> None:
        route.continue_(url=route.request.url.replace("/~team/", "/"))

    page.route("**/~team/**", move)
    page.goto(f"{mock.url}/~team/_ims_mock/")
    page.wait_for_selector("[data-link=live]")
    ask(mock)
    rows(page).first.wait_for()


def test_a_name_is_never_html(page: Page, mock: ImsMock) -> None:
    """What an image is called is text, whatever it is."""
    go(page, "images")
    image = mock.add_image(name="web")
    mock.images[image["id"]]["name"] = "<img src=x onerror=alert(1)>"
    page.wait_for_selector("text=<img src=x onerror=alert(1)>")
    assert page.locator("main img").count() == 0


def test_a_hidden_tab_asks_nothing(page: Page, mock: ImsMock) -> None:
    """A tab that is hidden stops asking, and is up to date when it is seen again."""
    page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => window.isHidden });
          window.isHidden = true;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.wait_for_selector("[data-link=paused]")
    signal = mock.service.store.signal
    ask(mock)
    signal.wait(lambda: not mock.service.feed._waiting, 10)
    page.evaluate("() => { window.isHidden = false; document.dispatchEvent(new Event('visibilitychange')); }")
    page.wait_for_selector("[data-link=live]")
    rows(page).first.wait_for()


def test_a_table_is_sorted_by_a_column(page: Page, mock: ImsMock) -> None:
    """A click on a title sorts up, another one down, and a third has the rows as they come."""
    go(page, "images")
    for name in ("b", "c", "a"):
        mock.add_image(name=name)
    page.wait_for_selector("ims-table[aria-rowcount='4']")
    seen = []
    for _ in range(4):
        seen.append("".join(row.split("\n")[0] for row in rows(page).all_inner_texts()))
        page.get_by_role("button", name="Name").click()
    assert seen == ["acb", "abc", "cba", "acb"]


def test_a_rule_has_links_to_its_requests(page: Page, mock: ImsMock) -> None:
    """What a rule has changed is one click away from it."""
    mock.faults.add(Fail(503), operation="glance_list_images")
    ask(mock)
    go(page, "rules")
    rows(page).first.click()
    page.click(".details a:text-is('GET /v2/images')")
    page.wait_for_selector(".details h2:text-is('GET /v2/images')")
    page.click(".details a:text-is('1')")
    page.wait_for_selector(".details h2:text-is('Rule 1: fail status=503')")
