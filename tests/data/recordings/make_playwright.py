"""Write the archives of Playwright 1.65.2 with Debian's Chromium: `python -m tests.data.recordings.make_playwright`.

pip install playwright==1.65.2     in an environment with ims_mock and requests
apt-get install chromium
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from tests.data.recordings.conversation import HERE, lines_of, servers, written

IMS = """
async ([token, project]) => {
  const call = (method, path, body, type) => fetch(path, {
    method, body, headers: {"X-Auth-Token": token, ...(type ? {"Content-Type": type} : {})},
  });
  const json = value => JSON.stringify(value);
  const created = await call("POST", "/v2/images", json({name: "镜像", min_disk: 40}), "application/json");
  const image = (await created.json()).id;
  const bytes = new Uint8Array([81, 70, 73, 251, 0, 255, 254, 128]);
  const file = "/v2/images/" + image + "/file";
  const octets = "application/octet-stream";
  await (await call("PUT", file, bytes.buffer, octets)).text();
  await (await call("GET", file)).arrayBuffer();
  await (await call("PUT", file, new Blob([bytes]), octets)).text();
  await (await call("GET", "/v2/images?tag=a&name=%E9%95%9C#x")).text();
  const patch = json([{op: "replace", path: "/name", value: "renamed"}]);
  await (await call("PATCH", "/v2/images/" + image, patch, "application/openstack-images-v2.1-json-patch")).text();
  await (await call("POST", "/v1/cloudimages/" + image + "/copy", json({name: "copy"}), "application/json")).text();
  await (await call("DELETE", "/v2/images/" + image)).text();
  await (await call("GET", "/v2/images/" + image)).text();
}
"""

ODD = """
async () => {
  const bytes = new Uint8Array([81, 70, 73, 251, 0, 255, 254, 128]);
  const form = new FormData();
  form.append("f", new Blob([bytes]), "a.bin");
  const post = (name, body, type) => fetch("/v2/odd/" + name, {
    method: "POST", body, headers: type ? {"Content-Type": type} : {},
  }).then(response => response.text());
  for (const name of ["gzip", "redirect", "bytes", "untyped", "chinese"])
    await (await fetch("/v2/odd/" + name)).arrayBuffer();
  await fetch("/v2/odd/plain", {method: "HEAD"});
  await post("octets", bytes.buffer, "application/octet-stream");
  await post("bad-json", bytes.buffer, "application/json");
  await post("blob", new Blob([bytes]), "application/octet-stream");
  await post("form", form);
  await post("nothing");
  await fetch("/v2/odd/hangup").catch(() => 0);
}
"""


KINDS: tuple[tuple[str, Literal["minimal", "full"], Literal["embed", "attach"], str], ...] = (
    ("ims", "minimal", "embed", "har"),
    ("odd", "full", "embed", "har"),
    ("odd", "full", "attach", "zip"),
)
"""What is recorded: a conversation, how much of it, where bodies are kept, and the end of the file's name."""


def main() -> None:
    """Record each conversation in each way that Playwright has."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, mode, content, suffix in KINDS:
            archive = Path(folder, f"{name}-{mode}.{suffix}")
            with servers() as (mock, odd):
                context = browser.new_context(record_har_path=archive, record_har_mode=mode, record_har_content=content)
                page = context.new_page()
                page.goto(f"{odd}/v2/odd/text" if name == "odd" else f"{mock.url}/versions")
                page.evaluate(ODD if name == "odd" else IMS, [mock.token, mock.project_id])
                context.close()
            ports = {mock.url: "http://127.0.0.1:9292", odd: "http://127.0.0.1:9293"}
            target = HERE / "playwright" / archive.name
            if suffix == "har":
                written(target, lines_of(json.loads(archive.read_text("utf-8")), "log", "entries"), ports)
                continue
            with zipfile.ZipFile(archive) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
                for member in old.namelist():
                    data = old.read(member)
                    for before, after in ports.items():
                        data = data.replace(before.encode(), after.encode())
                    new.writestr(zipfile.ZipInfo(member), data)
        browser.close()


main()
