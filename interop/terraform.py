"""Take a configuration of Terraform through its life, and report each step: apply, plan, import, update, destroy.

The working folder has the configuration, `update.tfvars`, and `expected.json`:

- `provider`: its source, such as "huaweicloud/huaweicloud"; the program is in bin/, with that of OpenTofu
- `steps`: for "apply" and "update", the values that each resource and data source then has
- `proxy_steps`: more of these, for what the folder proxy/ adds
- `import`: the resources that can be imported, each with the attributes that its manual says are then missing
- `fails`: checks that fail by a fault of the provider, each with the parts of its error, and the reason
- `gone`: the resource whose image is removed behind the back of Terraform
- `calls`: for "list", "create" and "job", the one resource or data source that makes the call
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOFU = "bin/tofu"
AT_ONCE = "-parallelism=30"
"""All resources at once, because the providers wait 10 seconds before they first look at a job."""

NOT_MADE = "it was not made"


class Life:
    """A configuration in its folder, with the state that it has got so far."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        """Read what is expected; `prefix` is the start of the name of each check."""
        self.folder = folder
        self.prefix = prefix
        self.expected: dict[str, Any] = json.loads((folder / "expected.json").read_text())
        self.environ = {**os.environ, "TF_CLI_CONFIG_FILE": str(folder / "cli.tfrc")}
        self.is_broken = False
        source, programs = map(json.dumps, (self.expected["provider"], str(folder / "bin")))
        overrides = f"dev_overrides {{\n    {source} = {programs}\n  }}"
        (folder / "cli.tfrc").write_text(f"provider_installation {{\n  {overrides}\n}}\n")

    def tofu(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run OpenTofu in the folder."""
        command = [TOFU, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    def report(self, check: str, problem: str | None) -> None:
        """Print one line of JSON about a check, which works if there is no problem."""
        parts, note = self.expected["fails"].get(check, ([], ""))
        outcome = "works"
        if problem is None and note:
            outcome, problem = "broken", f"this now works, and was known to fail: {note}"
        elif problem is not None:
            outcome, problem = (
                ("fails", note) if note and all(part in problem for part in parts) else ("broken", problem)
            )
        self.is_broken |= outcome == "broken"
        row = {"check": self.prefix + check, "outcome": outcome, **({"note": problem} if problem else {})}
        print(json.dumps(row), flush=True)

    def run(self) -> None:
        """Take the configuration through its whole life."""
        before = image_names()
        self.change("apply")
        self.plan_is_empty("apply")
        self.import_all()
        self.notice_gone()
        self.change("update", "-var-file=update.tfvars")
        self.plan_is_empty("update", "-var-file=update.tfvars")
        made = sorted(set(image_names()) - set(before))
        self.destroy("-var-file=update.tfvars")
        left = sorted(set(image_names()) - set(before))
        problem = f"left: {left}" if left else None
        self.report("no image is left", problem if made else "no image was made")

    def change(self, step: str, *options: str) -> None:
        """Apply the configuration, and compare what each resource then is with what it should be."""
        problems = problems_of(self.tofu("apply", "-json", "-auto-approve", AT_ONCE, *options))
        state = self.state()
        for address, values in self.expected["steps"][step].items():
            problem = problems.pop(address, None) or difference(state.get(address), values)
            self.report(f"{step} {address}", problem)
        for address, problem in problems.items():
            self.report(f"{step} {address}", problem)

    def plan_is_empty(self, step: str, *options: str) -> None:
        """Read everything again, and expect that nothing has to change."""
        changes = self.planned(*options)
        self.report(f"the plan after {step} is empty", "; ".join(changes) or None)

    def planned(self, *options: str) -> list[str]:
        """Return the changes of a plan, and its errors."""
        result = self.tofu("plan", "-json", AT_ONCE, *options)
        lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
        changes = [line["change"] for line in lines if line.get("type") == "planned_change"]
        found = [f"{one['action']} {one['resource']['addr']}" for one in changes]
        found += problems_of(result).values()
        if not found and not any(line.get("type") == "change_summary" for line in lines):
            found.append("there is no plan")
        return found

    def notice_gone(self) -> None:
        """Remove an image, and expect that a plan makes it again; then bring it back."""
        check, address = "an image that is gone is planned again", self.expected["gone"]
        made = self.state().get(address)
        if made is None:
            self.report(check, NOT_MADE)
            return
        control("POST", "snapshots", {"name": "whole"})
        control("DELETE", f"records/images/{made['id']}")
        changes = self.planned()
        control("POST", "snapshots/whole/restore")
        problem = None if f"create {address}" in changes else "; ".join(changes) or "nothing is planned"
        self.report(check, problem)

    def import_all(self) -> None:
        """Import each resource into a state of its own, and compare it with the one that made the resource."""
        refreshed = self.tofu("apply", "-refresh-only", "-auto-approve")
        state = {} if refreshed.returncode else self.state()
        with ThreadPoolExecutor(2) as pool:
            problems = {one: pool.submit(self.imported, one, state) for one in self.expected["import"]}
            for address, problem in problems.items():
                self.report(f"import {address}", problem.result())

    def imported(self, address: str, state: dict[str, dict[str, Any]]) -> str | None:
        """Import one resource, and return how it differs from the one that was made."""
        if address not in state:
            return NOT_MADE
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder, "terraform.tfstate"))
            result = self.tofu("import", "-no-color", f"-state={file}", address, state[address]["id"])
            if result.returncode:
                return result.stderr[-2000:]
            got = self.state(file).get(address)
        missing = {*self.expected["import"][address], "timeouts"}
        return difference(got, {key: value for key, value in state[address].items() if key not in missing})

    def destroy(self, *options: str) -> None:
        """Destroy everything, and what is left by a failure again."""
        made = self.state()
        addresses = [one for one in self.expected["steps"]["apply"] if not one.startswith("data.")]
        for attempt in ("destroy", "destroy again"):
            problems = problems_of(self.tofu("destroy", "-json", "-auto-approve", AT_ONCE, *options))
            left = self.shown()
            for address in addresses:
                # An error in a destroy has no address.
                is_left = left is None or address in left
                problem = ("; ".join(problems.values()) or "it is left") if is_left else None
                self.report(f"{attempt} {address}", problem if address in made else NOT_MADE)
            addresses = [one for one in addresses if one in (left or {})]

    def state(self, *file: str) -> dict[str, dict[str, Any]]:
        """Return the values of each resource and data source, by its address: of none where there is no state."""
        return self.shown(*file) or {}

    def shown(self, *file: str) -> dict[str, dict[str, Any]] | None:
        """Return the state as OpenTofu shows it, or None where it does not."""
        result = self.tofu("show", "-json", *file)
        if result.returncode or not result.stdout:
            return None
        module = json.loads(result.stdout).get("values", {}).get("root_module", {})
        return {item["address"]: item["values"] for item in module.get("resources", [])}

    def call(self, name: str) -> None:
        """Make one call, and print what it returned or raised."""
        address = self.expected["calls"][name]
        # At its start the provider asks the service for billing, which is not the call that is tried.
        self.environ["SKIP_CHECK_WEBSITE_TYPE"] = "true"
        result = self.tofu("apply", "-json", "-auto-approve", f"-target={address}")
        problems = problems_of(result)
        if problems:
            line = {"raised": f"exit status {result.returncode}", "message": "; ".join(problems.values())}
        else:
            line = {"returned": f"status {self.state()[address].get('status', 'not shown')}"}
        print(json.dumps(line), flush=True)


def problems_of(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the errors of a run by the address of the resource; a run that failed has at least one."""
    problems = problems_by_address(result.stdout)
    if result.returncode and not problems:
        return {"the configuration": f"exit status {result.returncode}: {result.stderr[-2000:]}"}
    return problems


def problems_by_address(output: str) -> dict[str, str]:
    """Return the errors that OpenTofu reported as JSON lines, by the address of the resource."""
    lines = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
    errors = [line["diagnostic"] for line in lines if line.get("@level") == "error" and "diagnostic" in line]
    return {one.get("address", "the configuration"): f"{one['summary']} {one.get('detail', '')}" for one in errors}


def difference(got: dict[str, Any] | None, expected: dict[str, Any]) -> str | None:
    """Return how a resource differs from what is expected of it, attribute by attribute."""
    if got is None:
        return "it is not in the state"
    found = {path: value_at(got, path) for path in expected}
    wrong = [path for path in expected if found[path] != expected[path]]
    return "; ".join(f"{path}: expected {expected[path]!r}, got {found[path]!r}" for path in wrong) or None


def value_at(values: Any, path: str) -> Any:
    """Return the value at a path as Terraform writes it: `images.0.name`, and `images.#` for how many there are."""
    for key in path.split("."):
        if isinstance(values, list):
            values = len(values) if key == "#" else values[int(key)] if int(key) < len(values) else None
        else:
            values = (values or {}).get(key)
    return values


def image_names() -> list[str]:
    """Return the names of all images that the mock has, of every project."""
    return [image["name"] for image in control("GET", "images")["images"]]


def control(method: str, path: str, body: object = None) -> Any:
    """Send a request to the mock's own API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{os.environ['IMS_MOCK_URL']}/_ims_mock/{path}", data, method=method)
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ["IMS_MOCK_CA"] or None))
    # An opener of its own, which reads the variables of a proxy as they are now.
    with urllib.request.build_opener(trust).open(request) as response:
        content = response.read()
    return json.loads(content) if content else None


def own_output(*arguments: str) -> str:
    """Return what a command of ims-mock prints."""
    command = [sys.executable, "-m", "ims_mock", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def write_other_provider(folder: Path, client: str) -> None:
    """Write the block of the provider `alt`, a second user, beside that of `demo`."""
    trust = ["--ca-file", os.environ["IMS_MOCK_CA"]] if os.environ.get("IMS_MOCK_CA") else []
    block = own_output("env", client, "--url", os.environ["IMS_MOCK_URL"], *trust, "--user", "alt")
    (folder / "alt.tf").write_text(block.replace("{\n", '{\n  alias = "alt"\n', 1))


@contextmanager
def proxy(*options: str) -> Iterator[None]:
    """Run `ims-mock proxy`, and lead this process and its children through it."""
    with tempfile.TemporaryDirectory() as folder:
        authority = ["--ca-file", f"{folder}/ca.pem"]
        command = [sys.executable, "-m", "ims_mock", "proxy", "--port", "0", "--quiet", *authority, *options]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip() if server.stdout else ""
            script = own_output("env", "proxy", "--url", url, *authority)
            shown = subprocess.run(["bash", "-c", f"{script}\nenv -0"], check=True, stdout=subprocess.PIPE, text=True)
            pairs = (line.partition("=") for line in shown.stdout.split("\0") if line)
            os.environ.update({name: value for name, _, value in pairs})
            # SSL_CERT_FILE names the authority of the proxy.
            os.environ.update(IMS_MOCK_URL="https://ims.cn-north-4.myhuaweicloud.com", IMS_MOCK_CA="")
            yield
        finally:
            server.terminate()
            server.wait()


def main() -> int:
    """Run what the arguments name: the whole life, the same through the proxy, or one call."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("call", nargs="?", choices=["list", "create", "job"])
    name = parser.parse_args().call
    folder = Path.cwd()
    for file in folder.glob("terraform.tfstate*"):
        file.unlink()
    write_other_provider(folder, json.loads((folder / "client.json").read_text())["env"])
    life = Life(folder)
    if name:
        life.call(name)
        return 0
    life.run()
    if (folder / "proxy").is_dir():
        return through_proxy(folder) | life.is_broken
    return int(life.is_broken)


def through_proxy(folder: Path) -> int:
    """Take it through its life again, with no endpoint in the configuration: variables alone lead to the proxy.

    The files of the folder proxy/ replace those of the same name, and add what needs a host for each region.
    """
    copy = folder / "through-proxy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, symlinks=True, ignore=_no_state)
    for file in (folder / "proxy").iterdir():
        shutil.copy(file, copy)
    with proxy("--auth", "strict", "--public-images"):
        os.environ.update(VARIABLES)
        life = Life(copy, "through the proxy: ")
        for step, values in life.expected["proxy_steps"].items():
            life.expected["steps"][step].update(values)
        life.run()
    return int(life.is_broken)


VARIABLES = {
    "HW_REGION_NAME": "cn-north-4",
    "HW_ACCESS_KEY": "demo-ak",
    "HW_SECRET_KEY": "demo-sk",
}
"""All that the provider is given, beside the variables of the proxy."""


_no_state = shutil.ignore_patterns("*.tfstate*", "proxy", "through-proxy", ".terraform*")


if __name__ == "__main__":
    sys.exit(main())
