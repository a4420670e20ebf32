"""The lines that the page shows beside what can be done: run as they stand there, each does what the button does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ims_mock import Fail, ImsMock, Snapshot
from ims_mock.command.parser import new_command_parser
from tests.browser.test_hands import RULES, armed, line, run_shell
from tests.browser.test_live import ask, go, rows

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHELL = "ims-mock() { printf '%s\\0' \"$@\"; }\n"
"""A shell in which the command prints its arguments."""


def settings_of(text: str) -> dict[str, Any]:
    """Return the settings that the command gets from a line for a shell."""
    done = subprocess.run(["bash", "-c", SHELL + text], check=True, capture_output=True, text=True)
    options = vars(new_command_parser("serve").parse_args(done.stdout.split("\0")[:-1]))
    return {name: value for name, value in options.items() if value is not None}


def do(page: Page, mock: ImsMock, name: str, place: str = "") -> None:
    """Run the line of Python or the line for a shell that is shown."""
    text = line(page, name, place)
    if name == "python":
        exec(text, {"ims_mock": mock})
    else:
        run_shell(text)


def test_the_command_line_of_a_rule_starts_with_it(page: Page, mock: ImsMock) -> None:
    """What --fault has is the same rule, whatever its fault; a rule that no line can say has no such line."""
    lines = []
    for given in RULES.values():
        rule = mock.faults.add(given)
        page.goto(f"{mock.url}/_ims_mock/#/rules/{rule.id}")
        page.wait_for_selector(f".details h2:has-text('Rule {rule.id}:')")
        lines.append(line(page, "command") if page.locator("[data-line=command]").count() else "")
    assert [kind for kind, text in zip(RULES, lines, strict=True) if not text] == ["mutate"]
    wanted = [rule for kind, rule in zip(RULES, armed(mock), strict=True) if kind != "mutate"]
    with ImsMock(faults=[rule for text in lines if text for rule in settings_of(text)["faults"]]) as started:
        assert armed(started) == wanted
        started.faults.reset()  # Nobody sends a request to it.


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"fault": {"kind": "fail", "status": 503}, "operation": "glance_list_images", "times": 2},
         "ims-mock --fault 'glance_list_images: 503 x2'"),
        ({"fault": {"kind": "fail", "status": 503}, "name": "true", "headers": {"User-Agent": "a (b)"}},
         """ims-mock --fault '503 name "true" header User-Agent="a (b)"'"""),
        ({"fault": {"kind": "fail", "status": 503}, "json": {"/a b": None, "/c": [1, 2]}}, ""),
        ({"fault": {"kind": "fail", "status": 503}, "operation": "a,b*"}, ""),
        ({"fault": {"kind": "sequence", "faults": [503, None]}}, ""),
    ],
)  # fmt: skip
def test_the_text_of_a_rule(page: Page, rule: dict[str, Any], text: str) -> None:
    """A word that would be read as another value has quotes, and what is no word has no line."""
    module = "import('./page/parts/rule_text.js')"
    shown = page.evaluate(f"async rule => (await {module}).ruleText(rule)", rule)
    assert (f"ims-mock --fault '{shown}'" if shown else "") == text


SETTINGS: list[dict[str, Any]] = [
    {"seed": 7, "auth": "strict"},
    {"public_images": True, "explain": True, "header_faults": False, "quota": None},
    {"jobs": {"*": {"seconds": 60}}, "delays": {"queued": 5}, "token": "it's", "start": "2016-06-02T07:49:48Z"},
    {"faults": ["glance_list_images: 503 x2", {"fault": {"kind": "hangup"}, "times": 1}]},
]


def set_of(mock: ImsMock) -> tuple[Any, ...]:
    """Return what is set of a mock."""
    return mock.service.settings.to_json(), mock.token, armed(mock)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: next(iter(settings)))
def test_the_lines_of_a_reset(page: Page, mock: ImsMock, settings: dict[str, Any]) -> None:
    """The line of Python, the line for a shell and the options of the command set what was typed."""
    page.click("text=Reset…")
    page.fill("#reset-settings", json.dumps(settings))
    wanted = ImsMock(**settings)
    for name in ("python", "shell"):
        mock.reset()
        mock.add_image(name="here")
        do(page, mock, name, "dialog")
        assert set_of(mock) == set_of(wanted)
        assert len(mock.images) == len(wanted.images)
    started = ImsMock(**settings_of(line(page, "command")))
    assert set_of(started) == set_of(wanted)


def test_accounts_have_no_option(page: Page) -> None:
    """The option for accounts takes a file, so there is no line for what was typed."""
    page.click("text=Reset…")
    page.fill("#reset-settings", '{"accounts": {"projects": [{"name": "web"}]}}')
    page.wait_for_selector("dialog [data-line=python]:has-text('projects')")
    assert page.locator("dialog [data-line=command]").count() == 0


MOVES: dict[str, tuple[Callable[[Page], None], float, float]] = {
    "advance": (lambda page: page.get_by_label("Advance by").fill("90"), 90, 0),
    "run": (lambda page: page.get_by_label("Run").first.fill("0.5"), 0, 0.5),
    "freeze": (lambda page: page.click("text='Freeze'"), 0, 0),
}
"""What is typed or clicked in the panel of the clock, and by how much it is then further on, and how fast."""


@pytest.mark.parametrize("name", MOVES)
def test_the_lines_of_the_clock(page: Page, mock: ImsMock, name: str) -> None:
    """The lines advance the clock, let it run, and freeze it; the command starts one that runs so."""
    act, seconds, speed = MOVES[name]
    go(page, "clock")
    act(page)
    page.wait_for_selector(f"[data-line=python]:has-text('ims_mock.clock.{name}')")
    for kind in ("python", "shell"):
        mock.clock.freeze()
        before = mock.clock.now()
        if name == "freeze":
            mock.clock.run(1000)
        do(page, mock, kind)
        assert mock.clock.speed == speed
        mock.clock.freeze()
        assert mock.clock.now() == before + seconds if name == "advance" else mock.clock.now() >= before
    if name == "advance":
        assert page.locator("[data-line=command]").count() == 0
    else:
        assert settings_of(line(page, "command"))["speed"] == speed


@pytest.mark.parametrize("name", ["python", "shell"])
def test_the_line_that_takes_a_snapshot(page: Page, mock: ImsMock, name: str) -> None:
    """The line of Python returns what the mock has, and that for a shell keeps it under the name that was typed."""
    mock.add_image(name="web")
    go(page, "snapshots")
    page.get_by_label("Name of the snapshot").fill("it's before")
    page.wait_for_selector("[data-line=shell]:has-text('before')")
    scope: dict[str, Any] = {"ims_mock": mock}
    if name == "python":
        exec(line(page, "python"), scope)
        taken = scope["before"]
    else:
        run_shell(line(page, "shell"))
        taken = mock.service.snapshots["it's before"]
    assert taken.compare(mock.snapshot()) == []


@pytest.mark.parametrize("name", ["python", "shell"])
def test_the_lines_of_a_snapshot(page: Page, mock: ImsMock, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines go back to a snapshot, show what has changed since it, and delete it."""
    image = mock.add_image(name="web")
    requests.post(f"{mock.url}/_ims_mock/snapshots", json={"name": "a b"}, timeout=10)
    page.goto(f"{mock.url}/_ims_mock/#/snapshots/a%20b")
    page.wait_for_selector(".details [data-line]")
    restore, compare, *delete = page.locator(f".details [data-line={name}]").all_inner_texts()

    def run(text: str) -> str:
        """Run lines after the image was renamed: those of Python with the change between them."""
        if name == "python":
            exec(text.replace("# ... here the test", "change()  #"), {"ims_mock": mock, "change": rename})
            return capsys.readouterr().out
        rename()
        return subprocess.run(["bash", "-c", f"{text} -sf"], check=True, capture_output=True, text=True).stdout

    def rename() -> None:
        mock.images[image["id"]]["name"] = "new"

    run(restore)
    assert mock.images[image["id"]]["name"] == "web"
    assert "new" in run(compare)
    assert mock.images[image["id"]]["name"] == "new"
    if name == "shell":
        run(*delete)
        assert mock.service.snapshots == {}
    else:
        assert delete == []


@pytest.mark.parametrize("name", ["python", "shell"])
def test_the_lines_that_disarm(page: Page, mock: ImsMock, name: str) -> None:
    """The lines of a rule disarm it, and those below disarm every rule."""
    for _ in range(3):
        mock.faults.add("503")
    page.goto(f"{mock.url}/_ims_mock/#/rules/2")
    page.wait_for_selector(".details h2:has-text('Rule 2:')")
    one, every = page.locator(f"section:has-text('Disarm this rule') [data-line={name}]").all_inner_texts()
    for text, left in ((one, ["1", "3"]), (every, [])):
        if name == "python":
            exec(text, {"ims_mock": mock})
        else:
            run_shell(text)
        assert [rule.id for rule in mock.faults] == left


FILES: dict[str, tuple[str, Callable[[Any], int]]] = {
    "Requests (HAR)": ("ims_mock.har", lambda document: len(document["log"]["entries"])),
    "State": ("ims_mock-state.json", lambda document: len(Snapshot.from_json(document).to_json()["images"])),
    "Bundle": ("ims_mock-bundle.json", lambda document: len(document["requests"])),
}


@pytest.mark.parametrize("title", FILES)
def test_downloads(page: Page, mock: ImsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, title: str) -> None:
    """Requests, state and bundle are files to download, and the lines write the same files."""
    mock.add_image(name="web")
    ask(mock, token="my-own-token")
    page.click("text=Download…")
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {title}", exact=True).click()
    name, count = FILES[title]
    assert download.value.suggested_filename == name
    wanted = Path(download.value.path()).read_text()
    assert "my-own-token" not in wanted
    assert count(json.loads(wanted)) == 1
    monkeypatch.chdir(tmp_path)
    section = page.locator("dialog section").filter(has_text=title).first
    section.locator("summary").click()
    for kind in ("python", "shell"):
        text = section.locator(f"[data-line={kind}]").inner_text()
        if kind == "python":
            exec(text, {"ims_mock": mock})
        else:
            run_shell(text)
        assert json.loads((tmp_path / name).read_text()) == json.loads(wanted)
        (tmp_path / name).unlink()


def test_a_mock_starts_with_the_state(page: Page, mock: ImsMock) -> None:
    """Beside the state stands the option that reads it."""
    page.click("text=Download…")
    page.locator("dialog summary").nth(1).click()
    assert settings_of(line(page, "start")) == {"state": Path("ims_mock-state.json")}


BODY = {"name": "it's [web]*", "min_disk": 40, "protected": True, "__os_version": "Ubuntu 14.04 server 64bit"}


def tick(page: Page, label: str) -> None:
    """Tick a condition of the form for requests like one."""
    page.get_by_role("group", name="Alike in").get_by_label(label).check()


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("method POST", None),
        ("path /v2/images", {"path": "/v2/cloudimages/tags"}),
        ("project of the caller, of demo", {"token": "alt"}),
        ("header User-Agent", {"agent": "another"}),
        ("body /name", {"body": {**BODY, "name": "its [web]*"}}),
        ("body /min_disk", {"body": {**BODY, "min_disk": 41}}),
        ("body /protected", {"body": {**BODY, "protected": False}}),
    ],
)
def test_requests_like_this_one(page: Page, mock: ImsMock, label: str, other: dict[str, Any] | None) -> None:
    """What is ticked is a condition: the same request fails, and one that differs in it alone does not."""
    tokens = {"demo": mock.new_token("demo"), "alt": mock.new_token("alt")}

    def send(body: Any = BODY, path: str = "/v2/images", token: str = "demo", agent: str = "tool/1 [a*]") -> int:
        headers = {"X-Auth-Token": tokens[token], "User-Agent": agent}
        return requests.post(mock.url + path, json=body, headers=headers, timeout=10).status_code

    assert send() == 400
    rows(page).first.click()
    page.click("text=Fail requests like this one")
    page.wait_for_selector("dialog form")
    page.fill("#rule-operation", "*")
    page.fill("#rule-times", "")
    tick(page, label)
    python, shell, command = (line(page, name) for name in ("python", "shell", "command"))
    page.click("text='Arm the rule'")
    page.wait_for_selector(".details h2:has-text('Rule 1')")
    assert send() == 503
    assert other is None or send(**other) != 503
    (wanted,) = armed(mock)
    exec(python, {"ims_mock": mock})
    run_shell(shell)
    with ImsMock(**settings_of(command)) as started:
        assert [*armed(mock), *armed(started)] == [wanted] * 4
        started.faults.reset()  # Nobody sends a request to it.


def test_requests_that_are_signed_alike(page: Page, mock: ImsMock) -> None:
    """A rule for requests that an access key has signed fails those, and no others; the key is shown with the rule."""
    user = next(user for user in mock.accounts.users.values() if user.name == "demo")
    signed = f"SDK-HMAC-SHA256 Access={user.access}, SignedHeaders=host;x-sdk-date, Signature={'0' * 64}"

    def send(authorization: str) -> int:
        headers = {"Authorization": authorization, "X-Sdk-Date": "20160602T074948Z"}
        return requests.get(f"{mock.url}/v2/images", headers=headers, timeout=10).status_code

    send(signed)
    rows(page).first.click()
    page.click("text=Fail requests like this one")
    tick(page, f"signed with the AK {user.access}")
    page.fill("#rule-times", "")
    page.click("text='Arm the rule'")
    page.wait_for_selector(".details h2:has-text('Rule 1')")
    assert send(signed) == 503
    assert send(signed.replace(user.access, "other")) != 503
    assert f"Access={user.access},*" in line(page, "python")


def test_a_masked_credential_is_said_to_be_masked(page: Page, mock: ImsMock) -> None:
    """A rule that matches a token does not show it, and says what has to be put in again."""
    rule = mock.faults.add(Fail(503), headers={"X-Auth-Token": "my-own-token"})
    page.goto(f"{mock.url}/_ims_mock/#/rules/{rule.id}")
    page.wait_for_selector("text=put them in again")
    assert "my-own-token" not in page.content()
