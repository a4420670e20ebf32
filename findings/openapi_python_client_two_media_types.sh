#!/bin/sh
# Of a required body with two media types, openapi-python-client makes a module that cannot be imported.
#
# Expected: a body with `required: true` and two media types is an argument of the types of both. With `required` left
#   out it may be left out as well. The generator ends with 0, and with --fail-on-warning too, so the package works.
# Seen: for the required one the annotation is `A | B | Unset = UNSET`, as if it could be left out, and `Unset` is not
#   imported: `import` ends with NameError. One media type, or a body that is not required, is right. The default
#   post hooks, which run ruff, do not end the generator with an error for this.
# For tests: a generated client is as wide as its imports. Import every module of the package once, as importing the
#   package alone imports no operation.
# Known: openapi-generators/openapi-python-client#1451, open since June 2026.
#
# Versions: openapi-python-client 0.29.1. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openapi-python-client==0.29.1 openapi-spec-validator==0.9.0
"$work/venv/bin/python" - "$work" <<'END'
import json
import subprocess
import sys
from pathlib import Path

from openapi_spec_validator import validate

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
CASES = {
    "one media type, required": (True, [JSON]),
    "two media types, not required": (False, [JSON, FORM]),
    "two media types, required": (True, [JSON, FORM]),
}
generator = Path(sys.executable).with_name("openapi-python-client")
schema = {"type": "object", "properties": {"name": {"type": "string"}}}


def end_of_import(number, is_required, media_types):
    """Return the last line of the error of importing the module of the operation, or "imported"."""
    body = {"required": is_required, "content": {media_type: {"schema": schema} for media_type in media_types}}
    operation = {"operationId": "update", "requestBody": body, "responses": {"204": {"description": "changed"}}}
    paths = {"/images": {"put": operation}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    validate(document)
    folder = Path(sys.argv[1], str(number))
    folder.mkdir()
    (folder / "openapi.json").write_text(json.dumps(document))
    subprocess.run(
        [generator, "generate", "--fail-on-warning", "--path", "openapi.json", "--meta", "none"]
        + ["--output-path", "made"],
        cwd=folder, env={"PATH": str(generator.parent)}, check=True, capture_output=True,
    )
    command = [sys.executable, "-c", "import made.api.default.update"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stderr.strip().splitlines()[-1].partition(".")[0] if done.returncode else "imported"


seen = {name: end_of_import(number, *case) for number, (name, case) in enumerate(CASES.items())}
for name, end in seen.items():
    print(f"{name}: {end}")
still = dict(zip(CASES, ["imported", "imported", "NameError: name 'Unset' is not defined"]))
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
