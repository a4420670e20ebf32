"""The manual is built without a warning, and its pages need no network."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import ims_mock
from ims_mock import contract
from ims_mock.contract.operations import documented_statuses, load_contract, load_control
from ims_mock.faults.kinds import KINDS
from tests.conftest import ROOT, Api

DOCS = ROOT / "docs"
ELSEWHERE = re.compile(r"<(?:script|link|img|iframe|source|video)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*\"")


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the manual, built from the checkout as .ci/run builds it."""
    built = tmp_path_factory.mktemp("manual")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", f"{built}/doctrees"]
    done = subprocess.run([*command, str(DOCS), f"{built}/html"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return built / "html"


@pytest.mark.thorough
def test_every_page_is_built(manual: Path) -> None:
    """Each Markdown file of docs/ has a page, and is plain: the lists of pages are elsewhere."""
    pages = {path.relative_to(DOCS).with_suffix("") for path in DOCS.glob("**/*.md")}
    assert not any("{toctree}" in path.read_text("utf-8") for path in DOCS.glob("**/*.md"))
    assert pages <= {path.relative_to(manual).with_suffix("") for path in manual.glob("**/*.html")}


@pytest.mark.thorough
def test_pages_load_nothing_from_elsewhere(manual: Path) -> None:
    """No page and no style of the manual has a script, a style, a font or a picture of another host."""
    for page in manual.glob("**/*.html"):
        assert not ELSEWHERE.findall(page.read_text("utf-8")), page
    for style in manual.glob("**/*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text("utf-8")), style


@pytest.mark.thorough
def test_links_out_of_the_manual_are_paths(manual: Path) -> None:
    """A link to a file of the repository, which a built page cannot reach, is the path of the file."""
    page = (manual / "faults.html").read_text("utf-8").replace("<wbr>", "")
    assert '<span class="pre long">schemas/faults/rule.json</span>' in page
    assert 'href="../' not in page


@pytest.fixture(scope="module")
def reference() -> dict[str, str]:
    """The pages of the reference in Markdown, by their names, as a build of the manual writes them."""
    sys.path.insert(0, str(DOCS))
    try:
        return dict(import_module("reference_pages").pages())
    finally:
        sys.path.remove(str(DOCS))


def sections(page: str) -> dict[str, str]:
    """Return the sections of a page by their headings."""
    return {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}


def test_reference_has_every_operation(reference: dict[str, str]) -> None:
    """Each operation has a section on the page of its resource, with its request, its actions and its statuses."""
    for operation in load_contract().operations.values():
        section = sections(reference[f"operations/{operation.resource}"])[operation.id]
        assert f"`{operation.method} {operation.path}`" in section
        assert all(f"`{action}`" in section for action in operation.actions)
        table, _, shared = section.partition("And [what all have in common]")
        assert f"| {operation.success} |" in table
        assert all(f"| {status} |" in table or f" {status}" in shared for status in documented_statuses(operation))


def test_reference_has_bounds_and_codes(reference: dict[str, str]) -> None:
    """A row says what a value may be, what it means and the code with which the service rejects it."""
    section = sections(reference["operations/images"])["glance_create_image_metadata"]
    assert "| `min_disk` | integer, 40 to 255; `0` if not given | Disk space (GB)" in section
    assert "| `image_id` | **required**; string |" in sections(reference["operations/images"])["glance_show_image"]
    assert re.search(r"\| `__os_version` \| .* \| `IMG.0056` \|", section)
    assert "| | `IMG.0055` | The memory or disk size is invalid. |" in section


def test_reference_has_every_job(reference: dict[str, str]) -> None:
    """Each type of job has a section, with the operations that begin it and the codes with which it can fail."""
    begun = {job for operation in load_contract().operations.values() for job in operation.job_types}
    assert begun <= sections(reference["jobs"]).keys()
    section = sections(reference["jobs"])["imsCopyImageInRegionJob"]
    assert "- Operations that begin it: `copy_image_in_region` and `copy_image_in_region_in_safe_mode`" in section
    assert "| `IMG.0130` |" in section


def test_reference_has_the_control_api_and_every_fault(reference: dict[str, str]) -> None:
    """Each control endpoint and each fault has a section."""
    headings = {*load_control().operations, "What every request may get"}
    assert sections(reference["control"]).keys() == headings
    assert list(sections(reference["faults"])) == [fault.__name__ for fault in KINDS.values()]


def test_reference_has_every_fixture(reference: dict[str, str], pytestconfig: pytest.Config) -> None:
    """Each fixture of the plug-in has a section with its scope and its docstring."""
    plugins = [item for item in pytestconfig.pluginmanager.get_plugins() if hasattr(item, "__name__")]
    ours = [vars(item) for item in plugins if item.__name__.startswith("ims_mock.")]
    names = {name for items in ours for name, item in items.items() if "FixtureFunction" in type(item).__name__}
    assert sections(reference["fixtures"]).keys() == names
    assert "Scope: session.\n\nAn IMS for the whole session" in sections(reference["fixtures"])["ims_mock_server"]


def test_reference_has_the_python_api(reference: dict[str, str]) -> None:
    """Each public name of the package and of its contract has a place, once."""
    named = re.findall(r"^\.\. auto[a-z]+:: ims_mock\.(?:\w+\.)*(\w+)$", reference["python"], re.MULTILINE)
    public = {*ims_mock.__all__, *contract.__all__} - {"__version__"} - {fault.__name__ for fault in KINDS.values()}
    assert public <= set(named)
    assert "Journal" in named


def test_claims_are_proven_by_tests_that_exist() -> None:
    """Each claim about a green test names tests of this project, and each of these is there."""
    text = (DOCS / "conclusions.md").read_text("utf-8")
    safe, unsafe = text.split("\n## Not safe\n")
    claims = [line for line in safe.splitlines() if line.startswith("| ") and "| proven by |" not in line]
    assert len(claims) >= 15
    assert all("`tests/" in claim.rpartition(" | ")[2] for claim in claims)
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text):
        assert f"\ndef {name}(" in (ROOT / path).read_text("utf-8"), f"{path}::{name}"
    assert not re.findall(r"`tests/[^`]*`", re.sub(r"`tests/[\w/]+\.py::\w+`", "", safe + unsafe))


def test_bodies_in_tables_are_accepted() -> None:
    """The control API accepts every body that a table of the manual shows beside a route."""
    text = "\n".join(path.read_text("utf-8") for path in DOCS.glob("**/*.md"))
    rows = re.findall(r"^\| `(POST|PUT|PATCH) (/_ims_mock/[a-z/]+)` \|(.*)", text, re.MULTILINE)
    shown = [(*route, body) for *route, rest in rows for body in re.findall(r"`(\{.*?\})`", rest)]
    assert ("POST", "/_ims_mock/clock", '{"advance": 60}') in shown
    for method, path, body in shown:
        assert Api()(method, path, body.encode()).status_code < 300, f"{method} {path} {body}"


@pytest.mark.thorough
def test_page_that_a_docstring_names_is_a_link(manual: Path) -> None:
    """The Python reference links each page of the manual that a docstring names."""
    page = (manual / "generated/python.html").read_text("utf-8")
    assert 'href="../settings.html"><span class="doc">' in page
    assert not re.findall(r"\bdocs/\w+\.md\b", page)
