"""A page of another origin has no hands: what it tries against the mock in a real browser changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from ims_mock import ImsMock

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
    result = stranger.evaluate(f"root => ({text}).then(() => 'done', error => error.name)", f"{mock.url}/_ims_mock")
    assert result in ("done", "TypeError")
    assert ([image["name"] for image in mock.images.values()], len(mock.faults)) == (["here"], 1)


@pytest.mark.parametrize("path", ["state", "journal", "changes", "images", "accounts", ""])
def test_it_reads_nothing(stranger: Page, mock: ImsMock, path: str) -> None:
    """A page of another origin sees no response of the control API."""
    text = "url => fetch(url).then(response => response.text(), error => error.name)"
    assert stranger.evaluate(text, f"{mock.url}/_ims_mock/{path}") == "TypeError"


def test_it_cannot_show_the_page(stranger: Page, mock: ImsMock) -> None:
    """The mock's page is not shown in a frame of another page, where a click could be led astray."""
    messages: list[str] = []
    stranger.on("console", lambda message: messages.append(message.text))
    with stranger.expect_console_message(lambda message: "frame-ancestors" in message.text):
        stranger.evaluate("url => { document.querySelector('iframe').src = url }", f"{mock.url}/_ims_mock/")


def test_a_name_that_was_made_to_lead_here(browser: Browser, mock: ImsMock) -> None:
    """A page whose name leads to this machine (DNS rebinding) gets 421, although it is of its own origin."""
    port = mock.url.rpartition(":")[2]
    page = browser.new_page()

    def rebind(route: Any) -> None:
        response = route.fetch(url=f"{mock.url}/_ims_mock/reset", headers={"Host": f"evil.example:{port}"})
        route.fulfill(response=response)

    page.route("http://evil.example:*/**", rebind)
    mock.add_image(name="here")
    response = page.goto(f"http://evil.example:{port}/_ims_mock/reset")
    assert response is not None
    assert response.status == 421
    assert len(mock.images) == 1
    page.close()
