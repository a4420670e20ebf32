"""Each recipe of the manual runs as it is shown: its files in a folder of their own, and its command."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, needs_curl

pytestmark = pytest.mark.slow

REPOSITORY = "git+https://git.example.com/ims_mock.git"
"""What stands in the recipes for the place where a user keeps the mock."""

RECIPES = {part.partition("\n")[0]: part for part in (ROOT / "docs/recipes.md").read_text("utf-8").split("\n## ")[1:]}
# pytester drops what a run has imported: a library that is loaded twice does not know its own classes.
for library in (
    "anyio._backends._asyncio",
    "http.cookiejar",
    "httpx",
    "hypothesis",
    "requests",
    "responses",
    "respx",
    "vcr",
):
    import_module(library)

IN_PYTEST = [name for name, text in RECIPES.items() if "```console" not in text and "```yaml" not in text]
COMMANDS = [name for name, text in RECIPES.items() if "```console" in text and name != "tox"]


def files_of(recipe: str) -> dict[str, str]:
    """Return the files of a recipe by their names, which stand in their first lines."""
    blocks = re.findall(r"```(?:python|gherkin|ini|yaml)\n# (\S+)\n(.*?)```", RECIPES[recipe], re.DOTALL)
    assert len(blocks) == len(re.findall(r"```(?:python|gherkin|ini|yaml)\n", RECIPES[recipe]))
    return dict(blocks)


def write(recipe: str, folder: Path) -> None:
    """Write the files of a recipe to a folder."""
    for name, text in files_of(recipe).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Run a command in a folder with this checkout's package and this Python's programs; return what it prints."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("recipe", IN_PYTEST)
def test_recipe_passes_in_pytest(pytester: pytest.Pytester, recipe: str) -> None:
    """A recipe without a command is a file of tests that pytest runs."""
    write(recipe, pytester.path)
    plugins = ["--disable-plugin-autoload", "-p", "ims_mock.pytest_plugin"]
    result = pytester.runpytest_inprocess("-W", "error", *plugins)
    result.assert_outcomes(passed=sum(text.count("\ndef test_") for text in files_of(recipe).values()))


@pytest.mark.parametrize("recipe", COMMANDS)
def test_command_of_a_recipe_succeeds(tmp_path: Path, recipe: str) -> None:
    """The command of a recipe succeeds on its files, runs each test, and prints what is shown."""
    write(recipe, tmp_path)
    (shown,) = re.findall(r"```console\n\$ (.*?)```", RECIPES[recipe], re.DOTALL)
    command, _, expected = shown.partition("\n")
    printed = run([*shlex.split(command)], tmp_path)
    assert expected in printed
    tests = sum(len(re.findall(r"^ *def test_|^ +Scenario:", text, re.MULTILINE)) for text in files_of(recipe).values())
    assert not tests or re.search(rf"Ran {tests} tests|\b{tests} (?:passed|scenarios passed)", printed)


def test_recipe_of_tox(tmp_path: Path) -> None:
    """tox makes the environment and runs the test in it; the libraries are this Python's, since there is no index."""
    write("tox", tmp_path)
    path = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    without_index = ["-x", "testenv.deps=", "-x", f"testenv.set_env=PYTHONPATH={path}"]
    command = ["-x", "testenv.commands=python -m pytest -p ims_mock.pytest_plugin test_tox.py"]
    printed = run([sys.executable, "-m", "tox", "run", *without_index, *command], tmp_path)
    assert "1 passed" in printed
    assert "py3: OK" in printed


@pytest.fixture
def workflow() -> dict[str, Any]:
    """The workflow of GitHub Actions."""
    (text,) = files_of("GitHub Actions").values()
    document: dict[str, Any] = yaml.safe_load(text)
    return document


@needs_curl
def test_steps_of_the_workflow_run(tmp_path: Path, workflow: dict[str, Any]) -> None:
    """The steps that start the mock and ask it succeed, each in a shell of its own as a runner has them."""
    steps = [step["run"] for step in workflow["jobs"]["any-language"]["steps"] if "run" in step]
    start, ask = [step for step in steps if not step.startswith("pip install")]
    handed = tmp_path / "env"
    stop = "kill $(jobs -p) && wait"
    script = f"({ask}) && {stop}"
    set_variables = 'set -a && . "$GITHUB_ENV" && set +a'
    printed = run(["bash", "-e", "-c", f"{start}\n{set_variables}\n{script}"], tmp_path, GITHUB_ENV=str(handed))
    assert '"images"' in printed
    assert handed.read_text("utf-8").startswith("IMS_URL=http://127.0.0.1:")


def test_workflow_installs_what_it_runs(workflow: dict[str, Any]) -> None:
    """Each job checks out, sets up Python, and installs the package before it runs anything."""
    for job in workflow["jobs"].values():
        uses = [step.get("uses", "") for step in job["steps"]]
        runs = [step["run"] for step in job["steps"] if "run" in step]
        assert [name.partition("@")[0] for name in uses[:2]] == ["actions/checkout", "actions/setup-python"]
        assert runs[0].startswith(f'pip install "ims_mock @ {REPOSITORY}"')


def imported(recipe: str) -> set[str]:
    """Return the packages of the index that the files of a recipe import."""
    lines = "\n".join(text for name, text in files_of(recipe).items() if name.endswith(".py"))
    modules = set(re.findall(r"^ *(?:import|from) (\w+)", lines, re.MULTILINE)) - {"ims_mock"}
    known = packages_distributions()
    return {known[name][0].lower() for name in modules if name in known}


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name != "GitHub Actions"])
def test_recipe_names_its_packages(recipe: str) -> None:
    """A recipe names each package that its files import, and the tool that runs them."""
    (line,) = re.findall(r"^Packages: (.*)$", RECIPES[recipe], re.MULTILINE)
    tools = {"behave", "tox", "pytest"} & set(re.findall(r"^\$ (?:python -m )?(\w+)", RECIPES[recipe], re.MULTILINE))
    if recipe == "tox":
        in_the_environment = set(re.findall(r"^    ([\w-]+)$", files_of(recipe)["tox.ini"], re.MULTILINE))
        assert imported(recipe) | {"pytest"} == in_the_environment
        assert f"ims_mock @ {REPOSITORY}\n" in files_of(recipe)["tox.ini"]
        needed = {"tox"}
    else:
        needed = imported(recipe) | tools | ({"pytest"} if recipe in IN_PYTEST else set())
    assert set(re.findall(r"`([^`]+)`", line)) == needed


def test_nothing_installs_the_mock_from_an_index() -> None:
    """No page installs the mock by its name alone, as no index has it; an extra of an installed mock needs no index."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        by_name = re.findall(r"pip install[^`\n&]*[ '\"](ims_mock\b(?! @|\[)[^`\n]*)", page.read_text("utf-8"))
        assert by_name == [], page
