"""What it takes to add something: tried in a copy of the project, with no edit elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


class Copy:
    """A copy of the project, to which a test adds files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("ims_mock", "schemas", "tests"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("conftest.py", "setup.cfg", "README.md"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / "docs", folder / "docs")

    def add(self, name: str, content: Any) -> None:
        """Add a file; what is no text is JSON."""
        path = self._folder / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), "utf-8")

    def append(self, name: str, content: str) -> None:
        """Add something at the end of a file."""
        path = self._folder / name
        path.write_text(path.read_text("utf-8") + content, "utf-8")

    def run(self, *arguments: str) -> str:
        """Run Python in the copy, and return what it has printed; it has to succeed."""
        environment = {**os.environ, "PYTHONPATH": str(self._folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self._folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def test(self, *files: str) -> None:
        """Run tests in the copy."""
        self.run("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *files)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of the project."""
    return Copy(tmp_path)


QUOTA = {
    "operationId": "show_image_quota",
    "method": "GET",
    "path": "/v1/cloudimages/quota",
    "summary": "Show the quota of images.",
    "x-actions": ["ims:quotas:get"],
    "responses": {
        "200": {
            "description": "The quota.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["used"],
                        "properties": {"used": {"type": "integer", "minimum": 0}},
                    }
                }
            },
        }
    },
}

QUOTA_FUNCTION = '''"""The quota of images."""

from __future__ import annotations

from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response


def show_image_quota(exchange: Exchange) -> Response:
    """Show how many images a project has."""
    images = exchange.store.images.values()
    return exchange.respond({"used": sum(image["owner"] == exchange.project_id for image in images)})
'''

QUOTA_TEST = '''"""The quota of images."""

from __future__ import annotations

from tests.conftest import Api


def test_show_image_quota(api: Api) -> None:
    """The quota counts the project's images."""
    api.create()
    assert api("GET", "/v1/cloudimages/quota").get_json() == {"used": 1}
    assert api("GET", "/v1/cloudimages/quota", X_Auth_Token="").status_code == 401
'''


def test_operation_takes_one_schema_one_function_one_test(copy: Copy) -> None:
    """A new operation is routed, checked, documented and listed without an edit elsewhere."""
    copy.add("schemas/operations/quotas/show_image_quota.json", QUOTA)
    copy.add("ims_mock/service/operations/quotas.py", QUOTA_FUNCTION)
    copy.add("tests/service/operations/test_quotas.py", QUOTA_TEST)
    copy.test(
        "tests/service/operations/test_quotas.py", "tests/contract", "tests/test_layering.py", "tests/test_readme.py"
    )
    assert "`show_image_quota`" in copy.run("-m", "ims_mock", "operations")
    assert "/v1/cloudimages/quota" in json.loads(copy.run("-m", "ims_mock", "openapi"))["paths"]
