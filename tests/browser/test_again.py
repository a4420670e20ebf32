"""The line of curl that sends a request of the journal again, and where there is none."""

from __future__ import annotations

import gzip
import http.client
import subprocess
from typing import TYPE_CHECKING

import pytest
import requests

from ims_mock import ImsMock
from tests.browser.test_live import rows

if TYPE_CHECKING:
    from playwright.sync_api import Page

AGAIN = ".details section:has(h3:text-is('The same again with curl'))"


def send(mock: ImsMock, method: str, path: str, body: bytes = b"", **headers: str) -> None:
    """Send a request as it stands here; no library changes its path."""
    connection = http.client.HTTPConnection(mock.url.removeprefix("http://"), timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body or None, {"X-Auth-Token": "any", **named})
    connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v2/images?name=[1-3]{a,b}", b""),
        ("HEAD", "/v2/images", b""),
        ("GET", "/v2/images/../../x", b""),
        ("GET", "/v2/./images/..", b""),
        ("POST", "/v2/images", b'{"name": "it\'s"}'),
    ],
)
def test_the_line_sends_the_same(page: Page, mock: ImsMock, method: str, path: str, body: bytes) -> None:
    """The line sends the same method, path, headers and body, and it ends."""
    send(mock, method, path, body, X_Empty="")
    rows(page).first.click()
    text = page.locator(f"{AGAIN} pre").inner_text().replace("***", "any")
    subprocess.run(["bash", "-c", text], check=True, capture_output=True, timeout=30)
    first, second = mock.journal
    assert (second.method, second.path, second.request_body) == (method, path, body)
    assert second.request_headers["X-Empty"] == ""
    assert second.request_headers.get("Content-Type") == first.request_headers.get("Content-Type")


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [
        (b'{"name": "' + b"a" * 70_000 + b'"}', "identity", "keeps only the first 65536 bytes"),
        (gzip.compress(b'{"name": "web"}', mtime=0), "gzip", "is not text"),
        (b'{"name": "\xff"}', "identity", "is not text"),
    ],
)
def test_a_body_that_no_line_sends(page: Page, mock: ImsMock, body: bytes, coding: str, why: str) -> None:
    """Where the journal does not have the body as it was sent, the page says so, and has no line."""
    send(mock, "POST", "/v2/images", body, Content_Type="application/json", Content_Encoding=coding)
    rows(page).first.click()
    page.wait_for_selector(f"{AGAIN} p:has-text('{why}')")
    assert page.locator(f"{AGAIN} pre").count() == 0
    assert page.get_by_role("button", name="Copy as curl").count() == 0


def test_a_file_is_not_kept(page: Page, mock: ImsMock) -> None:
    """An upload has a body, though the journal does not keep it."""
    image = mock.add_image(name="web", status="queued")
    send(mock, "PUT", f"/v2/images/{image['id']}/file", b"bytes", Content_Type="application/octet-stream")
    rows(page).first.click()
    page.wait_for_selector(f"{AGAIN} p:has-text('does not keep this body')")
    assert page.locator("section:has(h3:text-is('Request'))").first.locator("text=No body.").count() == 0


@pytest.mark.parametrize(("headers", "count"), [({"X-Auth-Token": "my-own-token"}, 1), ({}, 0)])
def test_a_credential_is_asked_for_where_one_is_masked(
    page: Page, mock: ImsMock, headers: dict[str, str], count: int
) -> None:
    """The page says that *** is to be replaced, where there is such, and nowhere else."""
    requests.get(f"{mock.url}/v2/images", headers=headers, timeout=10)
    rows(page).first.click()
    page.wait_for_selector(f"{AGAIN} pre")
    assert page.locator("text=Replace each ***").count() == count
