"""The settings that point each client at a mock, so that no line of the program under test need change."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ims_mock.command.shells import SHELLS
from ims_mock.contract.operations import IDENTITY_ROOT
from ims_mock.identity.accounts import Accounts, Project, User


@dataclass(frozen=True)
class Target:
    """A mock as a client is to reach it: its URL, who calls, and the file of its certificate authority, if any."""

    url: str
    accounts: Accounts
    user: User
    ca_file: str | None = None
    shell: str = "bash"
    named_region: str = ""
    """The region that the URL names, if it does."""
    regions: Sequence[str] = ()
    """All regions of the mock, where it has several and the client is to choose one."""

    @property
    def region(self) -> str:
        """The region of the URL: the first one where it names none."""
        return self.named_region or self.accounts.region

    @property
    def project(self) -> Project:
        """The project of the region, or the user's own in the first one."""
        is_further = self.region != self.accounts.region and self.region in self.accounts.projects
        return self.accounts.projects[self.region] if is_further else self.accounts.own_project(self.user)

    @property
    def project_name(self) -> str:
        """The name of the project."""
        return self.project.name


def sdk_variables(target: Target) -> dict[str, str]:
    """Return the variables that huaweicloudsdk reads, and those that keep a proxy out of the way.

    https://github.com/huaweicloud/huaweicloud-sdk-python-v3#3-client-initialization-top
    """
    user = target.user
    region = target.region.upper().replace("-", "_")
    return {
        "HUAWEICLOUD_SDK_AK": user.access,
        "HUAWEICLOUD_SDK_SK": user.secret,
        "HUAWEICLOUD_SDK_PROJECT_ID": target.project.id,
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": target.url,
        f"HUAWEICLOUD_SDK_REGION_IMS_{region}": target.url,
        **_common_variables(target),
    }


def openstack_variables(target: Target) -> dict[str, str]:
    """Return the variables that openstacksdk, python-glanceclient and the openstack command read.

    With OS_REGION_NAME, openstacksdk and the openstack command reject every other region. Without it, they take the
    region that is asked for, or the first one of the catalogue.
    """
    has_one = len(target.regions) < 2
    return {
        "OS_AUTH_TYPE": "password",
        "OS_AUTH_URL": f"{target.url}{IDENTITY_ROOT}",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": target.user.name,
        "OS_PASSWORD": target.user.password,
        "OS_USER_DOMAIN_NAME": target.accounts.domain.name,
        "OS_PROJECT_NAME": target.project_name,
        "OS_PROJECT_DOMAIN_NAME": target.accounts.domain.name,
        **({"OS_REGION_NAME": target.region} if has_one else {}),
        **({"OS_CACERT": target.ca_file} if target.ca_file else {}),
        **_common_variables(target),
    }


def _common_variables(target: Target) -> dict[str, str]:
    host = urlsplit(target.url).hostname or ""
    return {"NO_PROXY": host, "no_proxy": host, **({"REQUESTS_CA_BUNDLE": target.ca_file} if target.ca_file else {})}


def clouds_yaml(target: Target) -> str:
    """Return a clouds.yaml with one cloud, `ims_mock`; JSON is YAML too, so that no value need be quoted by hand."""
    others = [name for name in target.regions if name != target.region]
    cloud = {
        "auth": {
            "auth_url": f"{target.url}{IDENTITY_ROOT}",
            "username": target.user.name,
            "password": target.user.password,
            "user_domain_name": target.accounts.domain.name,
            "project_name": target.project_name,
            "project_domain_name": target.accounts.domain.name,
        },
        # openstacksdk takes none but these; the first one is that of a program which names none.
        **({"regions": [target.region, *others]} if others else {"region_name": target.region}),
        "identity_api_version": "3",
        **({"cacert": target.ca_file} if target.ca_file else {}),
    }
    return json.dumps({"clouds": {"ims_mock": cloud}}, indent=2, ensure_ascii=False) + "\n"


def sdk_lines(target: Target) -> str:
    """Return the lines for Huawei Cloud's SDK for Python."""
    region = target.region
    note = f"# Then: ImsClient.new_builder().with_region(Region({region!r}, {target.url!r})).build()\n"
    tls = f"# HTTPS: HttpConfig(ssl_ca_cert={target.ca_file!r})\n" if target.ca_file else ""
    return replaced(("HUAWEICLOUD_SDK_",), sdk_variables(target), target) + note + tls


def openstack_lines(target: Target) -> str:
    """Return the lines for OpenStack's clients in Python, and a clouds.yaml as a comment."""
    commented = "".join(f"#   {line}\n" for line in clouds_yaml(target).splitlines())
    note = '# Or clouds.yaml, for openstack.connect(cloud="ims_mock"):\n'
    return replaced(("OS_",), openstack_variables(target), target) + note + commented


def terraform_lines(target: Target) -> str:
    """Return the block of Huawei Cloud's provider: https://registry.terraform.io/providers/huaweicloud/huaweicloud/latest/docs"""
    user = target.user
    settings = {
        "region": target.region,
        "access_key": user.access,
        "secret_key": user.secret,
        "auth_url": f"{target.url}/v3",
        **({"cacert_file": target.ca_file} if target.ca_file else {}),
    }
    return _reads("HW_") + _provider("huaweicloud", settings, dict.fromkeys(_TERRAFORM_SERVICES, f"{target.url}/"))


_TERRAFORM_SERVICES = ("ims", "iam", "eps", "kms", "cbr", "bss")
"""The services that the provider asks while it starts, and while it manages an image."""


def otc_lines(target: Target) -> str:
    """Return the block of Open Telekom Cloud's provider, with the project that has the name of the region.

    The provider overwrites its region with the start of the project's name, up to the first "_".
    https://registry.terraform.io/providers/opentelekomcloud/opentelekomcloud/latest/docs
    """
    settings = {
        "auth_url": f"{target.url}/v3",
        "user_name": target.user.name,
        "password": target.user.password,
        "domain_name": target.accounts.domain.name,
        "tenant_name": target.region,
        "region": target.region,
        **({"cacert_file": target.ca_file} if target.ca_file else {}),
    }
    return _reads("OS_") + _provider("opentelekomcloud", settings, {})


def curl_lines(target: Target) -> str:
    """Return the lines that log in with curl, and keep the token. https://curl.se/docs/manpage.html#--cacert"""
    user = {"name": target.user.name, "password": target.user.password, "domain": {"name": target.accounts.domain.name}}
    project = {"name": target.project_name, "domain": {"name": target.accounts.domain.name}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}}
    log_in = f'curl -sS -o /dev/null -D - "$IMS_URL/v3/auth/tokens" -d {shlex.quote(json.dumps(body))}'
    variables = {
        "IMS_URL": target.url,
        **_common_variables(target),
        **({"CURL_CA_BUNDLE": target.ca_file} if target.ca_file else {}),
    }
    return (
        SHELLS["bash"].exports(variables)
        + f"export IMS_TOKEN=\"$({log_in} | tr -d '\\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: //p')\"\n"
        + '# Then: curl -H "X-Auth-Token: $IMS_TOKEN" "$IMS_URL/v2/images"\n'
    )


AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "OS_CACERT", "NODE_EXTRA_CA_CERTS")
"""The variables that name the file of an authority, each for the clients that read it."""


def proxy_variables(target: Target) -> dict[str, str]:
    """Return the variables that lead every client through the proxy, and have it trust the proxy's authority.

    requests reads a name in lower case before the one in capitals, and curl reads no other of http_proxy. What names an
    authority differs by client: requests, and the SDK and openstacksdk with it, REQUESTS_CA_BUNDLE; curl
    CURL_CA_BUNDLE; Go, and so Terraform and Packer, httpx and aiohttp SSL_CERT_FILE; OpenStack's commands OS_CACERT;
    Node NODE_EXTRA_CA_CERTS, and it uses a proxy only when it is asked to.
    """
    proxies = [name for plain in ("HTTPS_PROXY", "HTTP_PROXY") for name in (plain, plain.lower())]
    own = "localhost,127.0.0.1,::1"
    return {
        **dict.fromkeys(proxies, target.url),
        "NO_PROXY": own,
        "no_proxy": own,
        **dict.fromkeys(AUTHORITIES, target.ca_file or ""),
        "NODE_USE_ENV_PROXY": "1",
    }


def proxy_lines(target: Target) -> str:
    """Return the lines that lead any client through `ims-mock proxy`."""
    user = target.user
    exports = SHELLS[target.shell].replaces(proxy_variables(target))
    return f"{exports}# {user.name} has AK/SK {user.access} and {user.secret}: any, unless it is strict.\n"


def replaced(prefixes: Sequence[str], variables: dict[str, str], target: Target) -> str:
    """Return lines that unset every variable of a client, of which another would lead it elsewhere, and set these."""
    shell = SHELLS[target.shell]
    return "".join(map(shell.unset, prefixes)) + shell.exports(variables)


def _reads(prefix: str) -> str:
    return f"# Unset the variables {prefix}...: the provider reads them beside this block.\n"


def _provider(name: str, settings: dict[str, str], endpoints: dict[str, str]) -> str:
    width = max(map(len, settings))
    lines = [f"  {key:{width}} = {_hcl(value)}" for key, value in settings.items()]
    if endpoints:
        lines += ["  endpoints = {", *(f"    {key} = {_hcl(value)}" for key, value in endpoints.items()), "  }"]
    return "\n".join((f'provider "{name}" {{', *lines, "}\n"))


def _hcl(text: str) -> str:
    """Return a text as a string of Terraform's: https://developer.hashicorp.com/terraform/language/expressions/strings"""
    escaped = "".join(
        f"\\{char}" if char in '"\\' else char if char.isprintable() else f"\\U{ord(char):08x}" for char in text
    )
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'
