"""The page of the mock: how it is served, and what it may load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ims_mock.web.page as page
from ims_mock import ImsMock
from tests.conftest import Api

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What a browser asks for, when it goes to a page."""

FOLDER = Path(page.__file__).parent / "page"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*"))
SOURCES = [name for name in FILES if name.endswith((".js", ".html", ".css")) and not name.startswith("vendor/")]


def test_a_browser_gets_the_page(api: Api) -> None:
    """The page is at /_ims_mock/, for whoever asks for HTML."""
    response = api("GET", "/_ims_mock/", Accept=HTML)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.text.startswith("<!doctype html>")


def test_the_slash_may_be_left_out(api: Api) -> None:
    """A browser is sent to the page by a relative address, so that any path may stand before it."""
    response = api("GET", "/_ims_mock", Accept=HTML)
    assert (response.status_code, response.headers["Location"]) == (307, "_ims_mock/")


@pytest.mark.parametrize("path", ["/_ims_mock", "/_ims_mock/"])
@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_a_program_gets_an_index(api: Api, path: str, accept: str) -> None:
    """A client that does not ask for HTML sees where the page is, and what the control API has."""
    document = api("GET", path, Accept=accept).get_json()
    assert document["page"] == "/_ims_mock/"
    assert document["operations"]["GET /_ims_mock/health"]


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_served(api: Api, name: str) -> None:
    """Each file in the folder has its type and its policy, and is not asked for again while it is the same."""
    response = api("GET", f"/_ims_mock/page/{name}")
    assert response.status_code == 200
    assert response.data == (FOLDER / name).read_bytes()
    assert response.content_type.startswith(page._TYPES[Path(name).suffix])
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    again = api("GET", f"/_ims_mock/page/{name}", If_None_Match=response.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "../page.py", "..%2fpage.py", "panels", "panels/", "main.js/"])
def test_nothing_else_is_served(api: Api, name: str) -> None:
    """What is no file of the page is 404."""
    assert api("GET", f"/_ims_mock/page/{name}").status_code == 404


def test_the_page_is_small() -> None:
    """All that a browser loads has less than 150 kB; the licence of the library is there to be read."""
    assert sum((FOLDER / name).stat().st_size for name in FILES if not name.endswith(".LICENSE")) < 150_000


@pytest.mark.parametrize("name", SOURCES)
def test_no_address_elsewhere(name: str) -> None:
    """No file names another host, or an address that begins at the root, which a path before the page would break."""
    text = (FOLDER / name).read_text("utf-8")
    assert re.findall(r"https?://(?!127\.0\.0\.1|www\.w3\.org)", text) == []
    assert re.findall(r"""(?:src|href)="/|url\(|["'`]/_ims_mock|from "(?!\.{1,2}/)""", text) == []


def test_no_inline_script_or_style() -> None:
    """The page has no script and no style between its own lines, as its policy allows none."""
    for name in SOURCES:
        text = (FOLDER / name).read_text("utf-8")
        assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=\"|[^.]style=[\"$]", text) == [], name


def test_the_library_has_its_licence() -> None:
    """The one library that the page brings along stands beside its licence."""
    assert [path.name for path in sorted(FOLDER.glob("vendor/*"))] == ["lit-html.LICENSE", "lit-html.js"]


def test_a_page_of_another_origin_gets_nothing(api: Api) -> None:
    """The guards of the control API hold for the page."""
    for path in ("/_ims_mock/", "/_ims_mock", "/_ims_mock/page/main.js"):
        assert api("GET", path, Accept=HTML, Origin="http://evil.example").status_code == 403


def test_only_reading(api: Api) -> None:
    """The page takes no other method than GET and HEAD."""
    response = api("POST", "/_ims_mock/", {})
    assert response.status_code == 405
    assert api("HEAD", "/_ims_mock/", Accept=HTML).status_code == 200


def test_its_files_are_no_lines_of_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """What a page loads by itself is not logged beside what a user asks."""
    with caplog.at_level("INFO", "ims_mock"):
        api("GET", "/_ims_mock/page/main.js")
        api("GET", "/_ims_mock/", Accept=HTML)
    assert [record.message.partition("Z ")[2] for record in caplog.records] == ["GET /_ims_mock/ -> 200 control"]


def test_it_is_in_no_journal() -> None:
    """Looking at the page is no request of the client under test."""
    with ImsMock() as mock:
        client = mock.app.test_client()
        client.get("/_ims_mock/", headers={"Accept": HTML})
        client.get("/_ims_mock/page/main.js")
        assert len(mock.journal) == 0
