"""A page of another origin has no hands: what it tries against the mock in a real browser changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock import ImsMock
from tests.browser.conftest import FLAGS, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOREIGN = b"<!doctype html><title>foreign</title><iframe name=sink></iframe>"


class Foreign(BaseHTTPRequestHandler):
    """Serves one empty page."""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(FOREIGN)))
        self.end_headers()
        self.wfile.write(FOREIGN)

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """The origin of another server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stranger(browser: Browser, foreign: str, mock: ImsMock) -> Iterator[Page]:
    """A page of the other origin, beside a mock that has an image and a rule."""
    mock.add_image(name="here")
    mock.faults.add("503 optional")
    page = browser.new_page()
    page.goto(foreign)
    yield page
    page.close()


TRIES = {
    "fetch": "fetch(root + '/reset', {method: 'POST'})",
    "fetch without CORS": "fetch(root + '/reset', {method: 'POST', mode: 'no-cors'})",
    "a simple body": """fetch(root + '/faults', {method: 'POST', mode: 'no-cors', body: '"500"',
        headers: {'Content-Type': 'text/plain'}})""",
    "DELETE": "fetch(root + '/faults', {method: 'DELETE'})",
    "PUT": "fetch(root + '/state', {method: 'PUT', body: '{}', headers: {'Content-Type': 'application/json'}})",
    "a beacon": "Promise.resolve(navigator.sendBeacon(root + '/reset', '')).then(() => fetch('/'))",
    "an event source": """new Promise(resolve => {
        const source = new EventSource(root + '/changes?wait=0');
        source.onmessage = () => resolve('read');
        source.onerror = () => { source.close(); resolve(); };
    })""",
    "an image": """new Promise(resolve => {
        const image = new Image();
        image.onload = () => resolve('read');
        image.onerror = () => resolve();
        image.src = root + '/page/icon.svg';
    })""",
    "a script": """new Promise(resolve => {
        const script = document.createElement('script');
        script.onload = () => resolve('read');
        script.onerror = () => resolve();
        script.src = root + '/page/theme.js';
        document.head.append(script);
    })""",
    "a style sheet": """new Promise(resolve => {
        const link = Object.assign(document.createElement('link'), {rel: 'stylesheet', href: root + '/page/page.css'});
        link.onload = () => resolve('read');
        link.onerror = () => resolve();
        document.head.append(link);
    })""",
    "a worker": """new Promise((resolve, reject) => {
        new Worker(root + '/page/theme.js').onerror = () => resolve();
    })""",
    "XMLHttpRequest": """new Promise(resolve => {
        const request = new XMLHttpRequest();
        request.onload = () => resolve('read');
        request.onerror = () => resolve();
        request.open('GET', root + '/state');
        request.send();
    })""",
    "a form in plain text": """new Promise(resolve => {
        const form = document.createElement('form');
        Object.assign(form, {method: 'post', action: root + '/faults', target: 'sink', enctype: 'text/plain'});
        form.append(Object.assign(document.createElement('input'), {name: '"500 name a', value: '"'}));
        document.querySelector('iframe').addEventListener('load', resolve);
        document.body.append(form);
        form.submit();
    })""",
    "a form": """new Promise(resolve => {
        const form = document.createElement('form');
        Object.assign(form, {method: 'post', action: root + '/reset', target: 'sink'});
        document.querySelector('iframe').addEventListener('load', resolve);
        document.body.append(form);
        form.submit();
    })""",
    "a socket": """new Promise(resolve => {
        const socket = new WebSocket(root.replace('http', 'ws') + '/reset');
        socket.onerror = socket.onclose = resolve;
    })""",
}


@pytest.mark.parametrize("text", TRIES.values(), ids=TRIES)
def test_it_changes_nothing(stranger: Page, mock: ImsMock, text: str) -> None:
    """Whatever way a page of another origin takes, the images and the rules are as they were."""
    bounded = f"Promise.race([{text}, new Promise(resolve => setTimeout(resolve, 8000, 'no end'))])"
    result = stranger.evaluate(f"root => {bounded}.then(String, error => error.name)", f"{mock.url}/_ims_mock")
    assert result not in ("read", "no end")
    assert ([image["name"] for image in mock.images.values()], len(mock.faults)) == (["here"], 1)


@pytest.mark.parametrize("path", ["state", "journal", "changes", "images", "accounts", ""])
def test_it_reads_nothing(stranger: Page, mock: ImsMock, path: str) -> None:
    """A page of another origin sees no response of the control API."""
    text = "url => fetch(url).then(response => response.text(), error => error.name)"
    assert stranger.evaluate(text, f"{mock.url}/_ims_mock/{path}") == "TypeError"


def test_it_cannot_show_the_page(stranger: Page, mock: ImsMock) -> None:
    """The mock's page is not shown in a frame of another page, where a click could be led astray."""
    with stranger.expect_console_message(lambda message: "frame-ancestors" in message.text):
        stranger.evaluate("url => { document.querySelector('iframe').src = url }", f"{mock.url}/_ims_mock/")
    frame = stranger.frame("sink")
    assert frame is not None
    assert frame.locator("#page").count() == 0


def test_a_window_that_it_opens_is_not_read(stranger: Page, mock: ImsMock) -> None:
    """A page of another origin may open the mock's page in a window, and then neither reads it nor acts in it."""
    with stranger.expect_popup() as opened:
        stranger.evaluate("url => { window.other = window.open(url) }", f"{mock.url}/_ims_mock/")
    opened.value.wait_for_selector("[data-link=live]")
    for text in ("other.document.title", "other.fetch('reset', {method: 'POST'})", "other.location.href"):
        assert stranger.evaluate(f"(async () => {text})().then(String, error => error.name)") == "SecurityError"
    opened.value.close()
    assert len(mock.images) == 1


@pytest.fixture
def rebound(browser: Browser, mock: ImsMock) -> Iterator[Page]:
    """A page of a foreign name, in a browser for which that name now leads to this machine (DNS rebinding)."""
    rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    other = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, rules])
    page = other.new_page()
    mock.add_image(name="here")
    page.goto(f"http://evil.example:{mock.url.rpartition(':')[2]}/")
    yield page
    other.close()


@pytest.mark.parametrize(
    "text",
    [
        "fetch('/_ims_mock/reset', {method: 'POST'})",
        "fetch('/_ims_mock/state', {method: 'PUT', body: '{}', headers: {'Content-Type': 'application/json'}})",
        "fetch('/_ims_mock/state')",
        "fetch('/_ims_mock/')",
    ],
)
def test_a_name_that_was_made_to_lead_here(rebound: Page, mock: ImsMock, text: str) -> None:
    """The page of such a name is of the same origin as what it asks, and gets 421 whatever it asks."""
    assert rebound.evaluate("location.hostname") == "evil.example"
    assert rebound.evaluate(f"{text}.then(response => response.status)") == 421
    assert len(mock.images) == 1


def test_the_page_is_not_there_under_such_a_name(rebound: Page) -> None:
    """The mock's own page is not shown under a name that was made to lead to it."""
    response = rebound.goto(f"{rebound.url}_ims_mock/")
    assert response is not None
    assert response.status == 421
    assert rebound.locator("#page").count() == 0
