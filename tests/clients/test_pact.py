"""Pact's own verifier runs the contracts of consumers against a mock, whose states it asks for itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pact import Verifier

from ims_mock import ImsMock
from ims_mock.contract.operations import load_contract
from ims_mock.evidence.consumers.contract import known_consumer, known_consumers
from tests.clients.test_openapi_tools import node, node_modules  # noqa: F401 (a fixture)


def verify(mock: ImsMock, path: Path, document: Any) -> None:
    """Verify a Pact file against a mock; raise RuntimeError where the mock does not have what the file says."""
    path.write_text(json.dumps(document))
    verifier = Verifier("IMS", host="127.0.0.1").add_transport(url=mock.url).add_source(path)
    verifier.state_handler(f"{mock.url}/_ims_mock/provider_states", body=True).verify()


SLOW = [pytest.param(name, marks=() if name == "packer" else pytest.mark.thorough) for name in known_consumers()]


@pytest.mark.slow
@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("name", SLOW)
def test_verified(tmp_path: Path, name: str, version: int) -> None:
    """Each client's contract is a Pact file that the verifier reads, and that the mock fulfils."""
    with ImsMock() as mock:
        verify(mock, tmp_path / "pact.json", known_consumer(name).to_pact(version))


UNDOCUMENTED = {("cloudmux", "request.query.incompatible", "True")}
"""What a client sends otherwise than documented: a flag with a capital letter."""


@pytest.mark.slow
def test_comparator_agrees(node_modules: Path, tmp_path: Path) -> None:  # noqa: F811 (the fixture)
    """PactFlow's comparator finds nothing in which the Pact files and the OpenAPI document differ."""
    document = load_contract().document
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    for name in known_consumers():
        (tmp_path / name).write_text(json.dumps(known_consumer(name).to_pact()))
    script = node(node_modules / "@pactflow/openapi-pact-comparator/dist/cli.cjs")
    command = [*script, "openapi.json", *known_consumers()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 1)
    found = {
        (name, item["code"], item["mockDetails"]["value"])
        for name, line in zip(known_consumers(), done.stdout.splitlines(), strict=True)
        for item in json.loads(line)
        if item["type"] == "error"
    }
    assert found == UNDOCUMENTED


@pytest.mark.slow
def test_wrong_mock(tmp_path: Path) -> None:
    """The verifier finds a mock that lacks what a client needs."""
    contract = known_consumer("packer").needs("batch_add_members", ["/job_id"]).to_pact()
    # Each state that the verifier asks for resets the mock, and arms the rule again.
    rule = {"fault": {"kind": "garble", "mode": "text"}, "operation": "batch_add_members", "optional": True}
    with ImsMock(faults=[rule]) as mock, pytest.raises(RuntimeError, match="verif"):
        verify(mock, tmp_path / "pact.json", contract)
