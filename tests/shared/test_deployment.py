"""The files of deploy/, as far as they can be run without containers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.conftest import ROOT
from tests.shared.farm import Replica, free_ports, replicas

DEPLOY = ROOT / "deploy"
SERVERS = ("ims-mock-1", "ims-mock-2", "ims-mock-3")


def services() -> dict[str, Any]:
    """Return the services of the compose file."""
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    return services


def resources(kind: str) -> dict[str, Any]:
    """Return the resources of a kind in the manifests, by their names."""
    documents = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
    return {one["metadata"]["name"]: one for one in documents if one["kind"] == kind}


def store_options(command: list[str]) -> dict[str, str]:
    """Return the options of Valkey by name, without those of a folder."""
    given = command[1:]
    assert command[0] == "valkey-server"
    return dict(zip(given[::2], given[1::2], strict=True))


def test_balancer_spreads_requests_over_the_servers_of_the_compose_file(store: str, tmp_path: Path) -> None:
    """nginx with deploy/nginx.conf reaches each of three servers, which respond under the host that was asked."""
    program = shutil.which("nginx")
    assert program is not None, "these tests need nginx: apt-get install nginx-light"
    text = (DEPLOY / "nginx.conf").read_text("utf-8").replace("/tmp/", f"{tmp_path}/")
    (port,) = free_ports(1)
    with replicas(3, store) as servers:
        for name, server in zip(SERVERS, servers, strict=True):
            text = text.replace(f"server {name}:9292", f"server 127.0.0.1:{server.port}")
        text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/dev/stderr", f"{tmp_path}/error.log")
        assert "ims-mock" not in re.sub("#.*", "", text)
        config = tmp_path / "nginx.conf"
        config.write_text(text, "utf-8")
        with subprocess.Popen(
            [program, "-c", str(config), "-g", "daemon off;", "-e", f"{tmp_path}/error.log"]
        ) as nginx:
            try:
                _check_balanced(f"http://127.0.0.1:{port}", nginx, servers)
            finally:
                nginx.terminate()


def _check_balanced(url: str, nginx: subprocess.Popen[bytes], servers: list[Replica]) -> None:
    while True:
        try:
            requests.get(f"{url}/_ims_mock/health", timeout=60).raise_for_status()
            break
        except requests.ConnectionError:
            assert nginx.poll() is None, "nginx has ended"
    headers = {"X-Auth-Token": "t"}
    made = [requests.post(f"{url}/v2/images", json={"name": "a"}, headers=headers, timeout=60) for _ in range(6)]
    ids = {response.json()["id"] for response in made}
    assert [response.status_code for response in made] == [201] * 6
    for server in servers:
        listed = requests.get(f"{server.url}/v2/images", headers=headers, timeout=60).json()["images"]
        assert {image["id"] for image in listed} == ids
    versions = requests.get(f"{url}/", timeout=60).json()["versions"]
    assert {link["href"].partition("/v")[0] for version in versions for link in version["links"]} == {url}


def test_compose_file_has_three_servers_with_one_store() -> None:
    """The servers that nginx.conf names are in the compose file, with the store and the folder that is there too."""
    found = services()
    assert tuple(name for name in found if name.startswith("ims-mock")) == SERVERS
    assert re.findall(r"server ([\w-]+):9292", (DEPLOY / "nginx.conf").read_text("utf-8")) == [*SERVERS]
    for name in SERVERS:
        environment = found[name]["environment"]
        assert environment["IMS_MOCK_STORE"] == "valkey://valkey:6379/0"
        assert f"files:{environment['IMS_MOCK_FILES']}" in found[name]["volumes"]
        assert found[name]["read_only"] is True
    assert found["balancer"]["ports"] == ["127.0.0.1:9292:8080"]


@pytest.mark.parametrize("place", ["compose", "kubernetes"])
def test_store_has_each_change_on_disk_and_deletes_nothing(place: str) -> None:
    """Valkey acknowledges what is on disk, and rejects writes when it is full."""
    if place == "compose":
        command = services()["valkey"]["command"]
    else:
        (container,) = resources("StatefulSet")["ims-mock-valkey"]["spec"]["template"]["spec"]["containers"]
        command = container["args"]
    options = store_options(command)
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"


def test_manifests_have_three_servers_that_are_not_root() -> None:
    """The Deployment has three servers with the store of the StatefulSet; neither runs as root."""
    deployment, stateful = (
        resources("Deployment")["ims-mock"]["spec"],
        resources("StatefulSet")["ims-mock-valkey"]["spec"],
    )
    assert deployment["replicas"] == 3
    for spec in (deployment, stateful):
        assert spec["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
        (container,) = spec["template"]["spec"]["containers"]
        assert {"requests", "limits"} <= {*container["resources"]}
    (server,) = deployment["template"]["spec"]["containers"]
    variables = {one["name"]: one["value"] for one in server["env"]}
    assert variables["IMS_MOCK_STORE"] == f"valkey://{stateful['serviceName']}:6379/0"
    assert deployment["template"]["spec"]["enableServiceLinks"] is False


def test_probes_ask_a_server_for_its_health(store: str) -> None:
    """The path of the probes that ask by HTTP is served."""
    (server,) = resources("Deployment")["ims-mock"]["spec"]["template"]["spec"]["containers"]
    paths = {server[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe")}
    with replicas(1, store) as (one,):
        for path in paths:
            assert requests.get(one.url + path, timeout=60).status_code == 200
    assert "tcpSocket" in server["livenessProbe"], "a store that is away is no reason to start a server again"
