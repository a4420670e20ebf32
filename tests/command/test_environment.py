"""What points each client at a mock, as text and as clients read it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.command.clients import CLIENTS
from ims_mock.command.environment import Target, clouds_yaml, openstack_variables, sdk_variables
from ims_mock.identity.accounts import DEFAULT_PROJECT_ID, new_accounts
from tests.conftest import needs_curl

URL = "http://127.0.0.1:9292"
HTTPS = "https://127.0.0.1:9292"
CA_FILE = "/tmp/my ca.pem"

ODD = [
    "p w",
    " ",
    "it's",
    'say "hi"',
    "$HOME ${HOME} $(id) `id` $$",
    "back\\slash \\n",
    "two\nlines",
    "tab\there",
    "; & | < > ( ) { } * ? ~ # !",
    "#",
    "-n",
    "@file",
    "%s %{x} ${x}",
    "\u043f\u0430\u0440\u043e\u043b\u044c \U0001f511",
    "'\"'\"'",
]
"""Passwords that a shell, YAML or JSON may read as something else."""


def new_target(url: str = URL, ca_file: str | None = None, region: str = "cn-north-4", **user: Any) -> Target:
    """Return a mock as a client is to reach it: as the user demo, or as one who is described."""
    accounts = new_accounts(DEFAULT_PROJECT_ID, region)
    if not user:
        return Target(url, accounts, accounts.default_user, ca_file)
    accounts.add({"projects": [{"name": "web"}], "users": [{"name": "ci", "roles": {"web": ["member"]}, **user}]})
    return Target(url, accounts, accounts.users[user.get("name", "ci")], ca_file)


def run_by_bash(lines: str, *more: str, **variables: str) -> dict[str, str]:
    """Return the environment that bash has after it has read some lines, and what it had before."""
    done = subprocess.run(
        ["bash", "-c", "; ".join(('eval "$1"', *more, "env -0")), "bash", lines],
        env={"PATH": os.environ["PATH"], "HOME": "home of nobody", "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == b""
    pairs = (pair.partition("=") for pair in done.stdout.decode().split("\0") if pair)
    return {name: value for name, _, value in pairs}


# The text for each client


def test_clients() -> None:
    """There are settings for each kind of client, and for the proxy, which any client can use."""
    text = "sdk openstack terraform otc curl go java node ansible libcloud c7n packer proxy"
    assert list(CLIENTS) == text.split()


ADD_HOST = 'case ",${{{0}-}}," in *,127.0.0.1,*) export {0};; *) export {0}="${{{0}:+${0},}}"127.0.0.1;; esac\n'
HOSTS = ADD_HOST.format("NO_PROXY") + ADD_HOST.format("no_proxy")
"""Lines that keep the mock's host out of proxies, once."""

UNSET = 'for name in $(env | sed -n "s/^\\({}[A-Za-z0-9_]*\\)=.*/\\1/p"); do unset "$name"; done\n'


def test_sdk() -> None:
    """huaweicloudsdk is given its AK/SK, its project, and where IAM and the region's IMS are."""
    assert CLIENTS["sdk"](new_target()) == (
        UNSET.format("HUAWEICLOUD_SDK_") + "export HUAWEICLOUD_SDK_AK=demo-ak\n"
        "export HUAWEICLOUD_SDK_SK=demo-sk\n"
        "export HUAWEICLOUD_SDK_PROJECT_ID=0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c\n"
        "export HUAWEICLOUD_SDK_IAM_ENDPOINT=http://127.0.0.1:9292\n"
        "export HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4=http://127.0.0.1:9292\n"
        f"{HOSTS}"
        "# Then: ImsClient.new_builder().with_region(Region('cn-north-4', 'http://127.0.0.1:9292')).build()\n"
    )


def test_sdk_with_https() -> None:
    """With a certificate authority of its own, requests and the SDK are given its file."""
    assert CLIENTS["sdk"](new_target(HTTPS, CA_FILE)) == (
        UNSET.format("HUAWEICLOUD_SDK_") + "export HUAWEICLOUD_SDK_AK=demo-ak\n"
        "export HUAWEICLOUD_SDK_SK=demo-sk\n"
        "export HUAWEICLOUD_SDK_PROJECT_ID=0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c\n"
        "export HUAWEICLOUD_SDK_IAM_ENDPOINT=https://127.0.0.1:9292\n"
        "export HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4=https://127.0.0.1:9292\n"
        f"{HOSTS}"
        "export REQUESTS_CA_BUNDLE='/tmp/my ca.pem'\n"
        "# Then: ImsClient.new_builder().with_region(Region('cn-north-4', 'https://127.0.0.1:9292')).build()\n"
        "# HTTPS: HttpConfig(ssl_ca_cert='/tmp/my ca.pem')\n"
    )


OPENSTACK = (
    UNSET.format("OS_")
    + """\
export OS_AUTH_TYPE=password
export OS_AUTH_URL=http://127.0.0.1:9292/identity
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=demo
export OS_PASSWORD=secret
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_NAME=demo
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME=cn-north-4
"""
    + HOSTS
    + """\
# Or clouds.yaml, for openstack.connect(cloud="ims_mock"):
#   {
#     "clouds": {
#       "ims_mock": {
#         "auth": {
#           "auth_url": "http://127.0.0.1:9292/identity",
#           "username": "demo",
#           "password": "secret",
#           "user_domain_name": "Default",
#           "project_name": "demo",
#           "project_domain_name": "Default"
#         },
#         "region_name": "cn-north-4",
#         "identity_api_version": "3"
#       }
#     }
#   }
"""
)


def test_openstack() -> None:
    """OpenStack's clients are given the address to log in at, the user, the project and the region."""
    assert CLIENTS["openstack"](new_target()) == OPENSTACK


def test_openstack_with_https() -> None:
    """With a certificate authority of its own, OS_CACERT and cacert say where that is."""
    lines = CLIENTS["openstack"](new_target(HTTPS, CA_FILE)).splitlines()
    more = set(lines) - set(OPENSTACK.splitlines())
    assert more == {
        "export OS_AUTH_URL=https://127.0.0.1:9292/identity",
        "export OS_CACERT='/tmp/my ca.pem'",
        "export REQUESTS_CA_BUNDLE='/tmp/my ca.pem'",
        '#           "auth_url": "https://127.0.0.1:9292/identity",',
        '#         "identity_api_version": "3",',
        '#         "cacert": "/tmp/my ca.pem"',
    }


def test_terraform() -> None:
    """The provider of Huawei Cloud is given its AK/SK, and where each service is that it asks."""
    assert CLIENTS["terraform"](new_target()) == (
        "# Unset the variables HW_...: the provider reads them beside this block.\n"
        'provider "huaweicloud" {\n'
        '  region     = "cn-north-4"\n'
        '  access_key = "demo-ak"\n'
        '  secret_key = "demo-sk"\n'
        '  auth_url   = "http://127.0.0.1:9292/v3"\n'
        "  endpoints = {\n"
        '    ims = "http://127.0.0.1:9292/"\n'
        '    iam = "http://127.0.0.1:9292/"\n'
        '    eps = "http://127.0.0.1:9292/"\n'
        '    kms = "http://127.0.0.1:9292/"\n'
        '    cbr = "http://127.0.0.1:9292/"\n'
        '    bss = "http://127.0.0.1:9292/"\n'
        "  }\n"
        "}\n"
    )


def test_terraform_with_https() -> None:
    """With a certificate authority of its own, the provider is given its file."""
    assert CLIENTS["terraform"](new_target(HTTPS, CA_FILE)) == (
        "# Unset the variables HW_...: the provider reads them beside this block.\n"
        'provider "huaweicloud" {\n'
        '  region      = "cn-north-4"\n'
        '  access_key  = "demo-ak"\n'
        '  secret_key  = "demo-sk"\n'
        '  auth_url    = "https://127.0.0.1:9292/v3"\n'
        '  cacert_file = "/tmp/my ca.pem"\n'
        "  endpoints = {\n"
        '    ims = "https://127.0.0.1:9292/"\n'
        '    iam = "https://127.0.0.1:9292/"\n'
        '    eps = "https://127.0.0.1:9292/"\n'
        '    kms = "https://127.0.0.1:9292/"\n'
        '    cbr = "https://127.0.0.1:9292/"\n'
        '    bss = "https://127.0.0.1:9292/"\n'
        "  }\n"
        "}\n"
    )


def test_otc() -> None:
    """The provider of Open Telekom Cloud logs in to the project named as the region, from which it takes the region."""
    assert CLIENTS["otc"](new_target()) == (
        "# Unset the variables OS_...: the provider reads them beside this block.\n"
        'provider "opentelekomcloud" {\n'
        '  auth_url    = "http://127.0.0.1:9292/v3"\n'
        '  user_name   = "demo"\n'
        '  password    = "secret"\n'
        '  domain_name = "Default"\n'
        '  tenant_name = "cn-north-4"\n'
        '  region      = "cn-north-4"\n'
        "}\n"
    )


def test_otc_with_https() -> None:
    """With a certificate authority of its own, this provider is given its file too."""
    assert CLIENTS["otc"](new_target(HTTPS, CA_FILE)) == (
        "# Unset the variables OS_...: the provider reads them beside this block.\n"
        'provider "opentelekomcloud" {\n'
        '  auth_url    = "https://127.0.0.1:9292/v3"\n'
        '  user_name   = "demo"\n'
        '  password    = "secret"\n'
        '  domain_name = "Default"\n'
        '  tenant_name = "cn-north-4"\n'
        '  region      = "cn-north-4"\n'
        '  cacert_file = "/tmp/my ca.pem"\n'
        "}\n"
    )


LOGIN = (
    '{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "secret", '
    '"domain": {"name": "Default"}}}}, "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}'
)


def test_curl() -> None:
    """curl logs in, and its token is kept in a variable."""
    assert CLIENTS["curl"](new_target()) == (
        "export IMS_URL=http://127.0.0.1:9292\n"
        f"{HOSTS}"
        f'export IMS_TOKEN="$(curl -sS -o /dev/null -D - "$IMS_URL/v3/auth/tokens" -d \'{LOGIN}\''
        " | tr -d '\\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: //p')\"\n"
        '# Then: curl -H "X-Auth-Token: $IMS_TOKEN" "$IMS_URL/v2/images"\n'
    )


def test_curl_with_https() -> None:
    """With a certificate authority of its own, curl is given its file by a variable."""
    assert CLIENTS["curl"](new_target(HTTPS, CA_FILE)) == (
        "export IMS_URL=https://127.0.0.1:9292\n"
        f"{HOSTS}"
        "export REQUESTS_CA_BUNDLE='/tmp/my ca.pem'\n"
        "export CURL_CA_BUNDLE='/tmp/my ca.pem'\n"
        f'export IMS_TOKEN="$(curl -sS -o /dev/null -D - "$IMS_URL/v3/auth/tokens" -d \'{LOGIN}\''
        " | tr -d '\\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: //p')\"\n"
        '# Then: curl -H "X-Auth-Token: $IMS_TOKEN" "$IMS_URL/v2/images"\n'
    )


def test_another_user_and_region() -> None:
    """The settings are those of the user who is to call, in its own project and the mock's region."""
    target = new_target(region="eu-west-101", access="AK1", secret="SK1", password="pw")
    sdk, openstack = sdk_variables(target), openstack_variables(target)
    assert (sdk["HUAWEICLOUD_SDK_AK"], sdk["HUAWEICLOUD_SDK_SK"]) == ("AK1", "SK1")
    assert sdk["HUAWEICLOUD_SDK_PROJECT_ID"] == "4c3904e6a4f8bf02416aeae3fe0187d3"
    assert sdk["HUAWEICLOUD_SDK_REGION_IMS_EU_WEST_101"] == URL
    names = ("OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME", "OS_REGION_NAME")
    assert [openstack[name] for name in names] == ["ci", "pw", "web", "eu-west-101"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:9292", "127.0.0.1"),
        ("http://[::1]:9292", "::1"),
        ("https://ims.example:8443", "ims.example"),
        ("https://ims.example", "ims.example"),
        ("http://[::1]", "::1"),
    ],
)
def test_no_proxy(url: str, host: str) -> None:
    """No proxy stands before the mock's host, whether its URL has a port or not."""
    for variables in (sdk_variables(new_target(url)), openstack_variables(new_target(url))):
        assert (variables["NO_PROXY"], variables["no_proxy"]) == (host, host)


# As a shell reads it


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(("client", "variable"), [("sdk", "HUAWEICLOUD_SDK_SK"), ("openstack", "OS_PASSWORD")])
def test_secret_survives_the_shell(client: str, variable: str, odd: str) -> None:
    """A shell takes a password or a secret key as it is, whatever characters it has."""
    lines = CLIENTS[client](new_target(password=odd, secret=odd))
    assert run_by_bash(lines)[variable] == odd


@pytest.mark.parametrize("client", ["sdk", "openstack"])
def test_shell_has_every_variable(client: str) -> None:
    """What a shell reads is what clients in the same process are given."""
    target = new_target(HTTPS, CA_FILE, password="a 'b' $c", secret='d "e"')
    expected = {"sdk": sdk_variables, "openstack": openstack_variables}[client](target)
    assert expected.items() <= run_by_bash(CLIENTS[client](target)).items()


@pytest.mark.parametrize(
    ("client", "name"),
    [
        *(("openstack", f"OS_{name}") for name in ("CLOUD", "IMAGE_URL", "AUTH_TOKEN", "TRUST_ID", "CERT", "PASSCODE")),
        *(("sdk", f"HUAWEICLOUD_SDK_{name}") for name in ("SECURITY_TOKEN", "IDP_ID", "ID_TOKEN_FILE")),
    ],
)
@pytest.mark.parametrize("value", ["x", "two\nlines"])
def test_what_would_lead_a_client_elsewhere_is_unset(client: str, name: str, value: str) -> None:
    """Of a client's variables those remain that point it at the mock."""
    assert name not in run_by_bash(CLIENTS[client](new_target()), **{name: value})


def test_hosts_without_a_proxy_remain() -> None:
    """The mock's host is one more of those that no proxy stands before."""
    seen = run_by_bash(CLIENTS["sdk"](new_target()), NO_PROXY=".corp,$(id)")
    assert (seen["NO_PROXY"], seen["no_proxy"]) == (".corp,$(id),127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize("name", ["web user", "it's", "$HOME", "two\nlines"])
def test_user_name_survives_the_shell(name: str) -> None:
    """So does the name of a user."""
    assert run_by_bash(CLIENTS["openstack"](new_target(name=name, access="a")))["OS_USERNAME"] == name


@needs_curl
@pytest.mark.parametrize("odd", ODD)
def test_curl_logs_in_with_any_password(odd: str) -> None:
    """curl gets a token that works, whatever characters the password has."""
    with ImsMock(auth="strict") as mock:
        mock.add_accounts(users=[{"name": "ci", "password": odd, "roles": {"demo": ["member"]}}])
        lines = CLIENTS["curl"](Target(mock.url, mock.accounts, mock.accounts.users["ci"]))
        environment = run_by_bash(lines, 'export LISTED="$(curl -sS -H "X-Auth-Token: $IMS_TOKEN" $IMS_URL/v2/images)"')
        assert json.loads(environment["LISTED"])["images"] == []
        assert [entry.status for entry in mock.journal] == [201, 200]


@needs_curl
def test_curl_logs_in_over_https(tmp_path: Path) -> None:
    """curl trusts the mock's own authority, in a file of any name."""
    ca_file = tmp_path / "it's a $file.pem"
    with ImsMock(auth="strict", tls=True) as mock:
        ca_file.write_bytes(mock.ca_pem)
        target = Target(mock.url, mock.accounts, mock.accounts.default_user, str(ca_file))
        environment = run_by_bash(CLIENTS["curl"](target))
        assert mock.service.identity.find_token(environment["IMS_TOKEN"]) is not None


# As HCL


def unquoted(text: str) -> str:
    """Return what Terraform makes of a quoted string; fail for an escape or an interpolation that it would not take.

    https://developer.hashicorp.com/terraform/language/expressions/strings
    """

    def replaced(match: re.Match[str]) -> str:
        known = {"\\n": "\n", "\\r": "\r", "\\t": "\t", '\\"': '"', "\\\\": "\\", "$${": "${", "%%{": "%{"}
        if match[0] in known:
            return known[match[0]]
        point = int(match[0][2:], 16)
        assert not 0xD800 <= point <= 0xDFFF, "half of a surrogate pair is no character"
        return chr(point)

    part = r"""\$\$\{|%%\{|\\[nrt"\\]|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}"""
    assert re.fullmatch(rf'(?:{part}|[$%](?!\{{)|[^"\\$%\n])*', text), f"Terraform does not take {text}"
    return re.sub(part, replaced, text)


@pytest.mark.parametrize("odd", [*ODD, "${path.cwd}", "%{ if true }", "$${x}", "bell\b\f"])
@pytest.mark.parametrize(("client", "setting"), [("otc", "password"), ("terraform", "secret_key")])
def test_secret_survives_terraform(client: str, setting: str, odd: str) -> None:
    """Terraform takes a password or a secret key as it is, and interpolates nothing."""
    lines = CLIENTS[client](new_target(password=odd, secret=odd)).splitlines()
    (value,) = (line.partition(" = ")[2] for line in lines if line.split()[0] == setting)
    assert unquoted(value[1:-1]) == odd


# clouds.yaml


@pytest.mark.parametrize("ca_file", [None, CA_FILE])
def test_clouds_yaml(ca_file: str | None) -> None:
    """The file is JSON, which is YAML too, and has one cloud."""
    cloud: dict[str, Any] = {
        "auth": {
            "auth_url": "http://127.0.0.1:9292/identity",
            "username": "demo",
            "password": "secret",
            "user_domain_name": "Default",
            "project_name": "demo",
            "project_domain_name": "Default",
        },
        "region_name": "cn-north-4",
        "identity_api_version": "3",
    }
    if ca_file:
        cloud["cacert"] = ca_file
    assert json.loads(clouds_yaml(new_target(ca_file=ca_file))) == {"clouds": {"ims_mock": cloud}}


def test_clouds_yaml_is_in_the_comment() -> None:
    """The comment for OpenStack's clients has the whole file, each line behind a mark."""
    target = new_target(password="two\nlines")
    lines = CLIENTS["openstack"](target).splitlines()
    assert "\n".join(line[4:] for line in lines if line.startswith("#   ")) + "\n" == clouds_yaml(target)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated")
@pytest.mark.parametrize("odd", ["secret", *ODD])
def test_clouds_yaml_as_openstacksdk_reads_it(tmp_path: Path, odd: str) -> None:
    """openstacksdk finds in the file where and as whom to log in, whatever characters the password has."""
    from openstack.config import OpenStackConfig

    path = tmp_path / "clouds.yaml"
    path.write_text(clouds_yaml(new_target(HTTPS, CA_FILE, password=odd)), "utf-8")
    cloud = OpenStackConfig(config_files=[str(path)], load_envvars=False).get_one("ims_mock")
    assert cloud.get_auth_args() == {
        "auth_url": "https://127.0.0.1:9292/identity",
        "username": "ci",
        "password": odd,
        "user_domain_name": "Default",
        "project_name": "web",
        "project_domain_name": "Default",
    }
    assert (cloud.config["region_name"], cloud.config["cacert"]) == ("cn-north-4", CA_FILE)
