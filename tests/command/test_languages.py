"""What `ims-mock env` prints for clients in several languages, as a shell reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import trustme

from ims_mock.command.clients import CLIENTS, THROUGH_PROXY
from tests.command.test_cli import run
from tests.command.test_environment import CA_FILE, HTTPS, ODD, URL, new_target, run_by_bash

SDK = {
    "HUAWEICLOUD_SDK_AK": "demo-ak",
    "HUAWEICLOUD_SDK_SK": "demo-sk",
    "HUAWEICLOUD_SDK_PROJECT_ID": "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c",
    "HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4": URL,
}
OPENSTACK = {"OS_AUTH_URL": f"{URL}/identity", "OS_USERNAME": "demo", "OS_PASSWORD": "secret"}

READ = {
    "go": SDK | OPENSTACK | {"OS_DOMAIN_NAME": "Default"},
    "java": SDK | OPENSTACK,
    "node": SDK | {"IMS_URL": URL},
    "ansible": OPENSTACK,
    "libcloud": OPENSTACK,
    "c7n": SDK
    | {
        "HUAWEI_ACCESS_KEY_ID": "demo-ak",
        "HUAWEI_SECRET_ACCESS_KEY": "demo-sk",
        "HUAWEI_DEFAULT_REGION": "cn-north-4",
        "HUAWEI_PROJECT_ID": "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c",
    },
    "packer": {
        "HW_ACCESS_KEY": "demo-ak",
        "HW_SECRET_KEY": "demo-sk",
        "HW_REGION_NAME": "cn-north-4",
        "HW_PROJECT_ID": "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c",
        "HTTPS_PROXY": URL,
    },
}
"""Variables that each client reads."""

AUTHORITY = {
    "go": "SSL_CERT_FILE",
    "node": "NODE_EXTRA_CA_CERTS",
    "ansible": "OS_CACERT",
    "libcloud": "SSL_CERT_FILE",
    "c7n": "REQUESTS_CA_BUNDLE",
    "packer": "SSL_CERT_FILE",
}
"""The variable that names the file of an authority to each client; Java takes a store instead."""


@pytest.mark.parametrize("client", READ)
def test_shell_has_what_the_client_reads(client: str) -> None:
    """The lines set the variables that the client reads, and unset others of the same kind."""
    assert READ[client].items() <= run_by_bash(CLIENTS[client](new_target())).items()


@pytest.mark.parametrize("client", AUTHORITY)
def test_shell_has_the_authority(client: str) -> None:
    """With a certificate authority of its own, the variable that the client reads names its file."""
    assert run_by_bash(CLIENTS[client](new_target(HTTPS, CA_FILE)))[AUTHORITY[client]] == CA_FILE


@pytest.mark.parametrize("client", ["go", "node", "libcloud"])
def test_no_authority_without_https(client: str) -> None:
    """Without one, the system's authorities stay as they are."""
    assert AUTHORITY[client] not in run_by_bash(CLIENTS[client](new_target()))


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    ("client", "variable"), [("c7n", "HUAWEI_SECRET_ACCESS_KEY"), ("packer", "HW_SECRET_KEY"), ("go", "OS_PASSWORD")]
)
def test_secret_survives_the_shell(client: str, variable: str, odd: str) -> None:
    """A shell takes a secret as it is, whatever characters it has."""
    assert run_by_bash(CLIENTS[client](new_target(password=odd, secret=odd)))[variable] == odd


@pytest.mark.parametrize(
    ("client", "name"),
    [
        ("go", "OS_TOKEN"),
        ("go", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        ("java", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        ("node", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        ("ansible", "OS_CLOUD"),
        ("libcloud", "OS_CLOUD"),
        ("c7n", "HUAWEI_SECURITY_TOKEN"),
        ("packer", "HW_SECURITY_TOKEN"),
    ],
)
def test_what_would_lead_a_client_elsewhere_is_unset(client: str, name: str) -> None:
    """Of a client's variables those remain that point it at the mock."""
    assert name not in run_by_bash(CLIENTS[client](new_target()), **{name: "x"})


@pytest.mark.parametrize("client", THROUGH_PROXY)
def test_clients_with_fixed_hosts_reach_the_proxy(client: str) -> None:
    """What has host names of its own is given the URL of `ims-mock proxy`, and its authority."""
    seen = run_by_bash(run("env", client, "--port", "9293", "--ca-file", CA_FILE).stdout)
    assert (seen["HTTPS_PROXY"], seen["SSL_CERT_FILE"]) == ("http://127.0.0.1:9293", CA_FILE)


@pytest.mark.skipif(shutil.which("keytool") is None, reason="keytool comes with Java, which not every machine has")
def test_java_has_a_store_with_the_authority(tmp_path: Path) -> None:
    """The lines for Java make a store of the authority's file, whatever its path, also a second time."""
    file = tmp_path / "it's my ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    lines = CLIENTS["java"](new_target(HTTPS, str(file)))
    for _ in range(2):
        options = run_by_bash(lines + lines, JAVA_TOOL_OPTIONS="-Xmx200m")["JAVA_TOOL_OPTIONS"]
    store = tmp_path / "it's my ca.pem.p12"
    assert options == f'-Xmx200m "-Djavax.net.ssl.trustStore={store}" -Djavax.net.ssl.trustStorePassword=ims-mock'
    listed = subprocess.run(
        ["keytool", "-list", "-keystore", store, "-storepass", "ims-mock"], capture_output=True, text=True
    )
    assert "1 entry" in listed.stdout


def test_java_shows_that_there_is_no_keytool(tmp_path: Path) -> None:
    """Without Java's keytool, the lines end with an error that names it."""
    for name in ("bash", "env", "rm", "sed"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    lines = CLIENTS["java"](new_target(HTTPS, str(tmp_path / "ca.pem")))
    done = subprocess.run(["bash", "-c", lines], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "no trust store: " in done.stderr
    assert "keytool: command not found" in done.stderr


def test_java_takes_no_path_with_both_quotes() -> None:
    """A path that no JVM can be given is refused."""
    with pytest.raises(ValueError, match="both kinds of quotes"):
        CLIENTS["java"](new_target(HTTPS, '/it\'s "mine"/ca.pem'))
