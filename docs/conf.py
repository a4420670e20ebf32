"""How Sphinx builds the manual: sphinx-build -W --keep-going -b html docs build/manual."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import indent

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import reference_pages
import tables

from ims_mock.version import __version__

project = "ims_mock"
author = project_copyright = "ims_mock contributors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
templates_path: list[str] = []
default_role = "code"
smartquotes = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 160

myst_heading_anchors = 3
# The prompts of a shell, of PowerShell and fish, and of Python. Where a block has one, only its lines are copied.
copybutton_prompt_text = r"\$ |> |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
copybutton_copy_empty_lines = False

html_theme = "furo"
html_title = f"ims_mock {release}"
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["manual.css"]


_TO_A_FILE = re.compile(r"\[[^][]*\]\((?:\.\./)+[A-Za-z][^)#]*\)")
"""A link out of the manual, to a file or a folder of the repository."""


def for_the_manual(text: str, folder: Path) -> str:
    """Return a page's text with the tables as the schemas have them now, and links to files as their paths.

    What lies outside docs/ is no page of the manual, and the repository has no address that is known here.
    """

    def path(link: re.Match[str]) -> str:
        target = (folder / link[0].rpartition("(")[2].rstrip(")")).resolve()
        return link[0] if target.is_relative_to(ROOT / "docs") else f"`{target.relative_to(ROOT).as_posix()}`"

    return _TO_A_FILE.sub(path, tables.with_tables(text))


NAVIGATION = {
    "Begin": ["clients", "pytest", "recipes", "command", "page", "worlds", "connect", "container", "scale"],
    "Use": ["images", "jobs", "credentials", "clock", "faults", "sweep", "contract", "clouds", "conclusions"],
    "Look up": ["settings", "operations", "errors", "control"],
    "Background": ["performance", "decisions/README", "generated/changelog"],
}
"""The pages of the manual under their captions."""

BELOW = {
    "pytest": ["generated/fixtures", "generated/python"],
    "jobs": ["generated/jobs"],
    "faults": ["generated/faults"],
    "settings": ["generated/settings"],
    "operations": [f"generated/{name}" for name, _ in reference_pages.pages() if name.startswith("operations/")],
    "errors": ["generated/codes"],
    "control": ["generated/control"],
    "decisions/README": sorted(path.stem for path in (ROOT / "docs/decisions").glob("[!R]*.md")),
}
"""The pages below a page. Lists of pages stand here, so that the pages themselves are plain Markdown."""


def _navigation(name: str) -> str:
    """Return the lists of the pages below a page."""
    lists = NAVIGATION if name == "index" else {"": BELOW.get(name, [])}
    here = {caption: [page for page in pages if _is_there(name, page)] for caption, pages in lists.items()}
    return "".join(
        "\n".join(["", "```{toctree}", ":hidden:", *[f":caption: {caption}"] * bool(caption), "", *pages, "```", ""])
        for caption, pages in here.items()
        if pages
    )


def _is_there(name: str, page: str) -> bool:
    return (ROOT / "docs" / name).parent.joinpath(f"{page}.md").exists()


def _prepare(app: Sphinx, name: str, source: list[str]) -> None:
    text = for_the_manual(source[0], Path(app.env.doc2path(name)).parent)
    source[0] = (reference_pages.linked(text) if name in ("operations", "control") else text) + _navigation(name)


_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_LONG_WORD = re.compile(r'<span class="pre">([^<]{12,})</span>')


def _let_long_words_wrap(_app: Sphinx, _page: str, _template: str, context: dict[str, object], _tree: object) -> None:
    """Let long names in the cells of a table, such as those of tests, go on in the next line between their words."""

    def with_breaks(word: re.Match[str]) -> str:
        parts = re.sub(r"(?<=[_/])(?=[^_/])|(?<=[.:])(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=\()", "<wbr>", word[1])
        return f'<span class="pre long">{parts}</span>'

    body = str(context.get("body", ""))
    context["body"] = _TABLE.sub(lambda table: _LONG_WORD.sub(with_breaks, table[0]), body)


def _as_markup(_app: Sphinx, what: str, _name: str, value: object, _options: object, lines: list[str]) -> None:
    """Write a docstring, which is plain text, as Sphinx reads it.

    A session is code, a star is a star, and a page of docs/ is a link. The docstring of `dict` itself is left out.
    """
    if what == "data" and lines and lines[0] == (type(value).__doc__ or "").partition("\n")[0]:
        lines.clear()
    paragraphs = "\n".join(lines).split("\n\n")
    lines[:] = "\n\n".join(map(_paragraph, paragraphs)).split("\n")


def _paragraph(text: str) -> str:
    if text.lstrip().startswith(">>>"):
        return f".. code-block:: pycon\n\n{indent(text, '   ')}"
    text = re.sub(r"(`[^`]*`)|(\*)", lambda match: match[1] or r"\*", text)
    return re.sub(r"\bdocs/(\w+)\.md\b", r":doc:`/\1`", text)


def setup(app: Sphinx) -> None:
    """Add what is made while the manual is built."""
    reference_pages.write(ROOT / "docs/generated")
    app.connect("source-read", _prepare)
    app.connect("html-page-context", _let_long_words_wrap)
    app.connect("autodoc-process-docstring", _as_markup)
