"""The clients that `ims-mock env` knows, and what it prints for those of several languages."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from ims_mock.command.environment import (
    Target,
    curl_lines,
    openstack_lines,
    openstack_variables,
    otc_lines,
    proxy_lines,
    proxy_variables,
    replaced,
    sdk_lines,
    sdk_variables,
    terraform_lines,
)
from ims_mock.command.shells import SHELLS

_SDK, _OPENSTACK = "HUAWEICLOUD_SDK_", "OS_"
"""How the variables begin that Huawei Cloud's SDKs read, and those of OpenStack's clients."""


def _go(target: Target) -> str:
    """Return what Huawei Cloud's SDK, golangsdk, gophercloud and gophertelekomcloud read; Go reads SSL_CERT_FILE.

    gophercloud and golangsdk do not read the domains of the user and of the project, but one of their own.
    https://pkg.go.dev/crypto/x509#SystemCertPool
    https://pkg.go.dev/github.com/gophercloud/gophercloud/v2/openstack#AuthOptionsFromEnv
    """
    variables = {
        **sdk_variables(target),
        **openstack_variables(target),
        "OS_DOMAIN_NAME": target.accounts.domain.name,
        **_authority(target, "SSL_CERT_FILE"),
    }
    note = (
        f"# Then: ims.ImsClientBuilder().WithRegion(region.ValueOf({_quoted(target.region)})).SafeBuild(), which\n"
        "# reads the AK, the SK and the project by itself, or openstack.AuthOptionsFromEnv() of gophercloud.\n"
    )
    return replaced((_SDK, _OPENSTACK), variables, target) + note


def _java(target: Target) -> str:
    """Return what Huawei Cloud's SDK and OpenStack4j read, and a trust store: the JVM takes no authority in PEM.

    https://docs.oracle.com/en/java/javase/17/docs/specs/man/keytool.html
    """
    note = (
        "# Then: ImsClient.newBuilder().withCredential(new BasicCredentials().withAk(...).withSk(...)\n"
        f"#     .withProjectId(...)).withRegion(ImsRegion.valueOf({_quoted(target.region)})).build()\n"
    )
    variables = {**sdk_variables(target), **openstack_variables(target)}
    return replaced((_SDK, _OPENSTACK), variables, target) + _trust_store(target) + note


_STORE_WORD = "ims-mock"


def _trust_store(target: Target) -> str:
    """Return the lines that make a trust store beside the file of the authority, and add it to the JVM's options.

    Raises:
        ValueError: no JVM can be given the path of the store
    """
    if not target.ca_file:
        return ""
    store = f"{target.ca_file}.p12"
    # The JVM takes what stands in quotes as one option, and knows no escapes in it.
    quote = "'" if '"' in store else '"'
    if quote in store:
        raise ValueError(f"--ca-file: the JVM takes no path with both kinds of quotes, such as {store}; give another")
    trust = f"{quote}-Djavax.net.ssl.trustStore={store}{quote} -Djavax.net.ssl.trustStorePassword={_STORE_WORD}"
    make = f"-alias ims-mock -file {shlex.quote(target.ca_file)} -storetype PKCS12 -storepass {_STORE_WORD}"
    options, added = "JAVA_TOOL_OPTIONS", shlex.quote(trust)
    # keytool writes a line if all is well too, and its errors to either stream.
    return (
        f"rm -f {shlex.quote(store)}\n"
        f'case "${{{options}-}}" in *{added}*) ;; '
        f'*) export {options}="${{{options}:+${options} }}"{added};; esac\n'
        f'IMS_KEYTOOL="$(keytool -importcert -noprompt {make} -keystore {shlex.quote(store)} 2>&1)"'
        ' || { echo "no trust store: $IMS_KEYTOOL" >&2; false; }\n'
    )


def _node(target: Target) -> str:
    """Return what Huawei Cloud's SDK reads. It reads no endpoint, so the program gives it that of IMS_URL.

    https://nodejs.org/api/cli.html#node_extra_ca_certsfile
    """
    variables = {**sdk_variables(target), "IMS_URL": target.url, **_authority(target, "NODE_EXTRA_CA_CERTS")}
    note = "# Then: ImsClient.newBuilder().withEndpoint(process.env.IMS_URL).build()\n"
    return replaced((_SDK,), variables, target) + note


def _ansible(target: Target) -> str:
    """https://docs.ansible.com/ansible/latest/collections/openstack/cloud/image_module.html#notes"""
    note = "# Then a task needs no cloud and no auth: openstack.cloud.image: {name: web, state: present}\n"
    return replaced((_OPENSTACK,), openstack_variables(target), target) + note


def _libcloud(target: Target) -> str:
    """Return the variables of OpenStack's clients: libcloud reads only that of the authority, the program the others.

    https://libcloud.readthedocs.io/en/stable/other/ssl-certificate-validation.html
    """
    variables = {**openstack_variables(target), **_authority(target, "SSL_CERT_FILE")}
    note = (
        '# Then: get_driver(Provider.OPENSTACK)(env["OS_USERNAME"], env["OS_PASSWORD"], api_version="2.2",\n'
        '#     ex_force_auth_url=env["OS_AUTH_URL"], ex_force_auth_version="3.x_password",\n'
        '#     ex_tenant_name=env["OS_PROJECT_NAME"], ex_domain_name=env["OS_USER_DOMAIN_NAME"],\n'
        '#     ex_force_service_region=env["OS_REGION_NAME"])\n'
    )
    return replaced((_OPENSTACK,), variables, target) + note


def _c7n(target: Target) -> str:
    """Return what Cloud Custodian's provider reads, and the SDK below it.

    https://github.com/huaweicloud/cloud-custodian/blob/main/tools/c7n_huaweicloud/readme.md
    """
    variables = {
        "HUAWEI_ACCESS_KEY_ID": target.user.access,
        "HUAWEI_SECRET_ACCESS_KEY": target.user.secret,
        "HUAWEI_DEFAULT_REGION": target.region,
        "HUAWEI_PROJECT_ID": target.project.id,
        **sdk_variables(target),
    }
    note = "# Then: custodian run --output-dir out policy.yml, of a c7n that has the provider\n"
    return replaced((_SDK, "HUAWEI_"), variables, target) + note


def _packer(target: Target) -> str:
    """Return what leads Packer through the proxy, as its plugin has fixed host names, and what the plugin reads.

    https://github.com/huaweicloud/packer-plugin-huaweicloud/blob/master/docs/builders/ecs.mdx
    """
    variables = {
        "HW_ACCESS_KEY": target.user.access,
        "HW_SECRET_KEY": target.user.secret,
        "HW_REGION_NAME": target.region,
        "HW_PROJECT_ID": target.project.id,
    }
    shell = SHELLS[target.shell]
    return shell.unset("HW_") + shell.replaces({**proxy_variables(target), **variables}) + "# Then: packer build .\n"


def _authority(target: Target, variable: str) -> dict[str, str]:
    return {variable: target.ca_file} if target.ca_file else {}


def _quoted(text: str) -> str:
    return f'"{text}"'


CLIENTS: dict[str, Callable[[Target], str]] = {
    "sdk": sdk_lines,
    "openstack": openstack_lines,
    "terraform": terraform_lines,
    "otc": otc_lines,
    "curl": curl_lines,
    "go": _go,
    "java": _java,
    "node": _node,
    "ansible": _ansible,
    "libcloud": _libcloud,
    "c7n": _c7n,
    "packer": _packer,
    "proxy": proxy_lines,
}
"""The settings of each client, as text: lines for a shell, or a provider's block."""

IN_EACH_SHELL = ("sdk", "openstack", "go", "node", "ansible", "libcloud", "c7n", "packer", "proxy")
"""The clients that variables alone point at a mock. For curl, bash logs in too; Terraform reads no shell's lines."""

THROUGH_PROXY = ("packer", "proxy")
"""The clients whose URL is that of `ims-mock proxy`."""
