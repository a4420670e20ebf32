"""The page of the mock for a browser: the files in the folder beside this module, and what is at `/_ims_mock` itself.

The page has no privileges: it asks the control API, as any client does. Its modules:

    main.js      the frame, the tabs and the keys
    api.js       requests to the control API: get, post, put, remove; an error has the mock's reason
    state.js     what was loaded and chosen: state, set, subscribe, filterOf, setFilter
    feed.js      what has changed, from the mock; the panels that show it are loaded again
    parts/       what several panels are made of: table, details, dialog, badge, copy, filter, toast, format, latest
    actions/     what a user can do: forms and buttons, and the lines that do the same in a test
    panels/      one module a tab, which exports `panel`:
      id, title    its tab; its address is #/ID, and #/ID/KEY while something of it is open (state.open)
      parts        the parts of the feed after whose change it is loaded again: journal, images, jobs, rules, clock,
                   accounts, snapshots, settings; with "clock" also each second while the clock runs
      load()       asks the control API, and keeps what it gets with `set`
      view(state)  returns a template of lit-html
      count(state) returns the number on its tab; it may be left out
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import flask

from ims_mock.contract.json_text import encoded
from ims_mock.contract.operations import load_control
from ims_mock.version import __version__
from ims_mock.web.hints import CONTROL

_FOLDER = Path(__file__).resolve().parent / "page"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".LICENSE": "text/plain; charset=utf-8",
}
"""The content types of the files, by the end of their names; a file with another end is not served."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A browser asks each time, and has 304 as long as the file is the same.
    "Cache-Control": "no-cache",
}
"""What each file of the page says of its use: it loads nothing from anywhere else, and nobody else may show it."""


@dataclass(frozen=True)
class File:
    """A file of the page, as it is sent."""

    content: bytes
    content_type: str
    tag: str


@cache
def files() -> dict[str, File]:
    """Return the files of the page by their paths, such as "panels/jobs.js"."""
    found = {}
    for path in sorted(_FOLDER.rglob("*.*")):
        content_type = _TYPES.get(path.suffix)
        if content_type is not None:
            content = path.read_bytes()
            tag = hashlib.sha256(content).hexdigest()[:20]
            found[path.relative_to(_FOLDER).as_posix()] = File(content, content_type, tag)
    return found


def add_page(control: flask.Blueprint) -> None:
    """Serve the page as a part of the control API, with the guards of that."""
    control.add_url_rule(CONTROL, "page_without_slash", _page_without_slash, methods=["GET"])
    control.add_url_rule(f"{CONTROL}/", "page", _page, methods=["GET"])
    control.add_url_rule(f"{CONTROL}/page/<path:name>", "page_file", _file, methods=["GET"])


def is_of_page() -> bool:
    """Return whether the request is one that the page makes by itself, again and again, and nobody wants in a log.

    A browser says which requests are those of a script, where the mock is on its machine or has HTTPS.
    """
    endpoint = (flask.request.endpoint or "").removeprefix("control.")
    is_of_script = flask.request.method == "GET" and flask.request.headers.get("Sec-Fetch-Site") == "same-origin"
    return endpoint in ("page_file", "show_changes") or is_of_script


def _page_without_slash() -> flask.Response:
    """Send a browser to the page, by a relative address: another path may stand before this one."""
    if not _wants_page():
        return _index()
    response = flask.Response(status=307, headers={"Location": f"{CONTROL.removeprefix('/')}/"})
    # Werkzeug would make it absolute, with the host that it believes to have.
    response.autocorrect_location_header = False
    response.vary.add("Accept")
    return response


def _page() -> flask.Response:
    return _sent(files()["index.html"]) if _wants_page() else _index()


def _file(name: str) -> flask.Response:
    file = files().get(name)
    if file is None:
        flask.abort(404)
    return _sent(file)


def _wants_page() -> bool:
    """Return whether a client asks for HTML by name, as browsers do; what takes anything is a program."""
    accepted = flask.request.accept_mimetypes
    return any(value == "text/html" and quality > 0 for value, quality in accepted)


def _sent(file: File) -> flask.Response:
    response = flask.Response(file.content, headers=HEADERS, content_type=file.content_type)
    response.set_etag(file.tag)
    response.vary.add("Accept")
    response.make_conditional(flask.request)
    return response


def _index() -> flask.Response:
    """Show a program what there is, as the page would be of no use to it."""
    operations = sorted(load_control().operations.values(), key=lambda operation: operation.path)
    paths = load_control().document["paths"]
    document = {
        "version": __version__,
        "page": f"{flask.request.script_root}{CONTROL}/",
        "operations": {
            f"{operation.method} {operation.path}": paths[operation.path][operation.method.lower()]["summary"]
            for operation in operations
        },
    }
    response = flask.Response(encoded(document), mimetype="application/json")
    response.vary.add("Accept")
    return response
