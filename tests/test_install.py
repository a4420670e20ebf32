"""The ways in which people have the package: a wheel, a source archive, an editable install, a bare checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

# Starts a mock with the installed files, loads its page, creates an image, and prints where the package was found.
PROBE = """
import http.client, json, ims_mock
with ims_mock.ImsMock() as mock:
    connection = http.client.HTTPConnection(mock.url.removeprefix("http://"))
    for path in ("/_ims_mock/", "/_ims_mock/page/vendor/lit-html.js"):
        connection.request("GET", path, headers={"Accept": "text/html"})
        response = connection.getresponse()
        assert (response.status, len(response.read()) > 500) == (200, True), path
    connection.request("POST", "/v2/images", json.dumps({"min_disk": 39}), {"X-Auth-Token": "t"})
    print(connection.getresponse().status, ims_mock.__file__)
    connection.close()
"""

DOWNSTREAM = """
import http.client

def test_it(ims_mock):
    connection = http.client.HTTPConnection(ims_mock.url.removeprefix("http://"))
    connection.request("POST", "/v2/images", "{}", {"X-Auth-Token": ims_mock.token})
    assert connection.getresponse().status == 201
    connection.close()
    assert len(ims_mock.images) == 1
"""


def checkout(folder: Path) -> Path:
    """Copy what is in the repository to a folder."""
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE", "ims_mock", "schemas"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture
def python(tmp_path: Path) -> str:
    """A Python of its own with this one's libraries, pip among them, but not this one's ims_mock."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    # Libraries that stand on a path which a .pth file names have their own .pth files left alone: no editable install.
    (Path(site) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(python)


def probe(python: str, folder: Path) -> str:
    """Run the probe in a folder; return where the package was found."""
    done = subprocess.run([python, "-W", "error", "-c", PROBE], cwd=folder, capture_output=True, text=True, check=True)
    status, place = done.stdout.split()
    assert status == "400"
    return place


def install(python: str, *arguments: str) -> None:
    """Install with pip, without dependencies."""
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", *arguments], check=True
    )


def test_wheel(tmp_path: Path, python: str) -> None:
    """A wheel has the schemas and the page in it, and its fixture serves a test project outside the checkout."""
    source, away = tmp_path / "source", tmp_path / "away"
    source.mkdir()
    away.mkdir()
    install(python, str(checkout(source)))
    assert "site-packages" in probe(python, away)
    (away / "test_it.py").write_text(DOWNSTREAM)
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-W", "error"],
        cwd=away,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_editable(tmp_path: Path, python: str) -> None:
    """An editable install reads the schemas of the checkout."""
    source, away = tmp_path / "source", tmp_path / "away"
    source.mkdir()
    away.mkdir()
    install(python, "-e", str(checkout(source)))
    assert probe(python, away) == str(source / "ims_mock/__init__.py")


def test_bare_checkout(tmp_path: Path, python: str) -> None:
    """A checkout that nobody has installed runs where it stands."""
    source = tmp_path / "source"
    source.mkdir()
    assert probe(python, checkout(source)) == str(source / "ims_mock/__init__.py")


LEFT_OUT = {".gitignore": "no repository is there"}
"""What the source archive has not, with the reason."""


def committed() -> set[str]:
    """Return the files of the repository that are there."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name for name in listed if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a source archive, and with the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("built")
    for name in committed():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "source" / name)
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(folder / "source")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_source_archive_is_complete(built: Path) -> None:
    """The archive has each file of the repository, but those that are left out for a reason."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {entry.name.partition("/")[2] for entry in archive.getmembers() if entry.isfile()}
    assert committed() - names == {*LEFT_OUT}
    made = {name for name in names - committed() if not name.startswith("ims_mock.egg-info/")}
    assert made == {"PKG-INFO"}


def test_tests_of_the_source_archive_run(built: Path, tmp_path: Path) -> None:
    """All tests are found in the unpacked archive, and some of them pass there."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    some = ["tests/contract/test_schema_files.py", "tests/service/test_listing.py", "tests/test_readme.py"]
    for arguments in (["--collect-only", "-n", "0"], [*some, "-m", "not slow"]):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_wheel_has_the_package_alone(built: Path) -> None:
    """The wheel has the package, its schemas, its page and its licence: no test, and nothing else."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {*wheel.namelist()}
        metadata = wheel.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    info = {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name}
    assert info == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "top_level.txt"}
    package = {name for name in committed() if name.startswith("ims_mock/")}
    schemas = {f"ims_mock/{name}" for name in committed() if name.startswith("schemas/")}
    assert {name for name in names if ".dist-info/" not in name} == package | schemas
    assert "License-Expression: Apache-2.0" in metadata
    assert "](docs/" not in metadata
