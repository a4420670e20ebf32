"""`ims-mock contract consumer`, and consumers in `ims-mock contract check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ConsumerContract, ImsMock
from ims_mock.contract.operations import load_contract
from ims_mock.evidence.consumers.contract import known_consumer
from tests.command.test_cli import run
from tests.command.test_contract_check import COPY, JOB, cassette

SHOW = (
    "GET",
    "/v2/images/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86",
    "",
    404,
    {"error": {"code": "IMG.0027", "message": ""}},
)


def check(*arguments: str) -> tuple[int, list[tuple[str, str, str | None]]]:
    """Check by consumers; return the exit status and the findings that are no notes."""
    done = run("contract", "check", "--format", "json", *arguments)
    found = json.loads(done.stdout)["findings"]
    return done.returncode, [
        (item["id"], item["severity"], item["operation"]) for item in found if item["severity"] != "note"
    ]


def test_contract_of_a_recording(tmp_path: Path) -> None:
    """A recording becomes the contract of a named client."""
    done = run("contract", "consumer", "--name", "web", cassette(tmp_path / "a.json", (*COPY, 200, JOB)))
    assert (done.returncode, done.stderr) == (0, "")
    contract = ConsumerContract.from_json(json.loads(done.stdout))
    assert contract.consumer == "web"
    assert contract.to_text() == done.stdout
    assert contract.operations["copy_image_in_region"]["responses"]["200"]["/job_id"]["type"] == ["string"]


def test_contracts_are_put_together(tmp_path: Path) -> None:
    """Recordings, and contracts of the same client, are one contract."""
    recordings = [cassette(tmp_path / f"{name}.json", item) for name, item in (("a", (*COPY, 200, JOB)), ("b", SHOW))]
    both = run("contract", "consumer", "--name", "web", *recordings).stdout
    first = tmp_path / "web.json"
    first.write_text(run("contract", "consumer", "--name", "web", recordings[0]).stdout)
    assert set(json.loads(both)["operations"]) == {"copy_image_in_region", "glance_show_image"}
    assert run("contract", "consumer", "--name", "web", str(first), recordings[1]).stdout == both
    assert run("contract", "consumer", str(first)).stdout == first.read_text()


def test_hosts(tmp_path: Path) -> None:
    """What was sent to other hosts can be left out."""
    other: Any = ("GET", "https://iam.example.com/v2/images", "", 200, {})
    file = cassette(tmp_path / "a.json", (*COPY, 200, JOB), other)
    for hosts, operation in (("ims.*", "copy_image_in_region"), ("iam.*", "glance_list_images")):
        done = run("contract", "consumer", "--name", "web", "--only-host", hosts, file)
        assert list(json.loads(done.stdout)["operations"]) == [operation]


@pytest.mark.parametrize("version", [3, 4])
def test_pact(version: int) -> None:
    """A contract, also one that is known by name, becomes a Pact file."""
    done = run("contract", "consumer", "--format", f"pact{version}", "packer")
    assert json.loads(done.stdout) == known_consumer("packer").to_pact(version)


def test_what_is_no_recording(tmp_path: Path) -> None:
    """Input that cannot be read ends it with 3, and says which and why."""
    file = tmp_path / "a.json"
    for content, reason in ((None, "No such file"), ("[]", "is not a recording that can be read"), ("", "is empty")):
        if content is not None:
            file.write_text(content)
        done = run("contract", "consumer", "--name", "web", str(file))
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"ims-mock contract consumer: error: {file}: ")
        assert reason in done.stderr


def test_what_is_no_contract(tmp_path: Path) -> None:
    """A file that is a contract with a mistake is not taken for a recording."""
    file = tmp_path / "web.json"
    file.write_text('{"version": 2, "consumer": "web", "operations": {}}')
    done = run("contract", "consumer", str(file))
    assert done.returncode == 3
    assert f"{file}: /version: must be 1" in done.stderr


def test_names(tmp_path: Path) -> None:
    """A recording has no name of its client, and contracts of two clients have two."""
    done = run("contract", "consumer", cassette(tmp_path / "a.json", (*COPY, 200, JOB)))
    assert (done.returncode, "give --name, such as" in done.stderr) == (2, True)
    done = run("contract", "consumer", "packer", "terraform")
    assert (done.returncode, "need --name" in done.stderr) == (2, True)
    assert json.loads(run("contract", "consumer", "--name", "both", "packer", "terraform").stdout)["consumer"] == "both"


RECORDED: dict[str, tuple[tuple[str, str, Any, int, Any], int, list[tuple[str, str, str]]]] = {
    "what it needs": ((*COPY, 200, JOB), 0, []),
    "a 204": (
        *((*COPY, 204, JOB), 1),
        [("consumer.status", "break", "copy_image_in_region")],
    ),
    "a number": ((*COPY, 200, {"job_id": 7}), 1, [("consumer.type", "break", "copy_image_in_region")]),
    "no job": ((*COPY, 200, {}), 1, [("consumer.missing_attribute", "break", "copy_image_in_region")]),
    "what it does not read": ((*COPY, 200, {**JOB, "new": 1}), 0, []),
}


@pytest.mark.parametrize(("recorded", "status", "found"), RECORDED.values(), ids=RECORDED)
def test_recording(tmp_path: Path, recorded: Any, status: int, found: list[tuple[str, str, str]]) -> None:
    """A recording is judged by what a client needs, and by nothing else."""
    assert check("--consumer", "terraform", cassette(tmp_path / "a.json", recorded)) == (status, found)


def test_text(tmp_path: Path) -> None:
    """The exchanges are shown with their findings; what is not in the recording is in the summary alone."""
    file = cassette(tmp_path / "a.json", (*COPY, 204, JOB))
    lines = run("contract", "check", "--consumer", "terraform", file).stdout.splitlines()
    assert lines[:5] == [
        file,
        f"  break interaction 1: POST {COPY[1]} 204 copy_image_in_region",
        "        break response: terraform-provider-huaweicloud accepts only 200 or 201 or 202 as success, got 204 "
        "[consumer.status]",
        "terraform",
        "  note  terraform-provider-huaweicloud: POST /v1/cloudimages/{image_id}/copy copy_image_in_region",
    ]
    assert "show_job                                      0      0      0      1" in lines
    assert lines[-1] == f"1 exchange: 1 break, 0 drift, {len(known_consumer('terraform').operations)} note"


def test_several_consumers(tmp_path: Path) -> None:
    """A recording is judged by each of several clients, and findings can be accepted."""
    file = cassette(tmp_path / "a.json", (*COPY, 204, JOB))
    both = ("--consumer", "terraform", "--consumer", "cloud-custodian")
    assert [item[:2] for item in check(*both, file)[1]] == [("consumer.status", "break"), ("consumer.status", "drift")]
    assert check(*both, "--allow", "consumer.*", file) == (0, [])
    done = run("contract", "check", *both, "--allow", "consumer.*", "--format", "json", file)
    assert json.loads(done.stdout) == {"exchanges": 1, "findings": []}


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the API that has no copies any more."""
    document = json.loads(json.dumps(load_contract().document))
    del document["paths"]["/v1/cloudimages/{image_id}/copy"]
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    path.write_text(json.dumps(document))
    return path


def test_release(openapi: Path) -> None:
    """An OpenAPI document is judged by what a client needs."""
    status, found = check("--consumer", "terraform", "--contract", str(openapi))
    assert status == 1
    assert ("consumer.operation_removed", "break", "copy_image_in_region") in found
    assert check("--consumer", "packer", "--contract", str(openapi)) == (0, [])
    done = run("contract", "check", "--consumer", "terraform", "--contract", str(openapi))
    assert done.stdout.splitlines()[:2] == [
        "POST /v1/cloudimages/{image_id}/copy (copy_image_in_region)",
        "  break request: terraform-provider-huaweicloud calls POST /v1/cloudimages/{image_id}/copy, "
        "which the document does not have [consumer.operation_removed]",
    ]


def test_strict(openapi: Path) -> None:
    """Drift alone is 2 with --strict, as for recordings, and can be accepted."""
    flags = ("--consumer", "cloudmux", "--contract", str(openapi), "--strict")
    assert check(*flags)[0] == 2
    assert check(*flags, "--allow", "import_image_quick:consumer.attribute_undocumented") == (0, [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"openapi": "2.0"}, "is a document of version 2.0"),
        ({"paths": {"/v2/images": {"post": {"responses": [1]}}}}, "is not valid OpenAPI"),
        ({"paths": {"/v2/images": {"post": {"requestBody": {"content": 5}}}}}, "is not valid OpenAPI"),
        (
            {"paths": {"/v2/images": {"post": {"requestBody": {"$ref": "other.json"}}}}},
            'refers to another file, "other.json"; put all into one document first',
        ),
    ],
)
def test_what_is_no_release(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    """A document that is not valid OpenAPI ends it with 3, and the name of the file."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {}, "paths": {}} | change))
    done = run("contract", "check", "--consumer", "terraform", "--contract", str(file))
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{file}: " in done.stderr
    assert reason in done.stderr


@pytest.mark.parametrize(
    ("flags", "status", "reason"),
    [
        (["--contract", "a.json"], 2, "--contract needs --consumer"),
        (["--consumer", "packer", "--contract", "a.json", "b.har"], 2, "--contract takes no recordings"),
        (["--consumer", "packer"], 2, "arguments are required: FILE"),
        (["--consumer", "packer", "--contract", "none.json"], 3, "none.json: No such file"),
        (
            ["--consumer", "ansible", "a.har"],
            3,
            "ansible: is neither a file nor a known consumer; the known ones are cloud-custodian",
        ),
        (["--consumer", "ansible", "--contract", "a.json"], 3, "nor a known consumer"),
    ],
)
def test_wrong_use(flags: list[str], status: int, reason: str) -> None:
    """What does not go together, and what is not there, is said."""
    done = run("contract", "check", *flags)
    assert (done.returncode, reason in done.stderr) == (status, True)


def test_exports_of_a_mock(tmp_path: Path) -> None:
    """The journal of a mock, exported in either form, becomes the contract that the mock itself has of it."""
    mock = ImsMock()
    client = mock.app.test_client()
    headers = {"X-Auth-Token": "a"}
    image = client.post("/v2/images", json={"name": "a", "tags": ["k=v"]}, headers=headers).get_json()
    client.put(image["file"], data=b"abc", headers={**headers, "Content-Type": "application/octet-stream"})
    for path in (f"/v2/cloudimages?id={image['id']}&limit=5", "/v2/images/unknown", image["file"]):
        client.get(path, headers=headers)
    change = [{"op": "replace", "path": "/name", "value": "b"}]
    client.patch(f"/v2/cloudimages/{image['id']}", json=change, headers=headers)
    client.delete(image["self"], headers=headers)
    wanted = mock.consumer_contract("web").to_text()
    for name in ("journal.har", "journal"):
        (tmp_path / name).write_bytes(client.get(f"/_ims_mock/{name}").data)
        assert run("contract", "consumer", "--name", "web", str(tmp_path / name)).stdout == wanted, name
