"""Write what newman 6.2.2 reports of a run: `python -m tests.data.recordings.make_newman NEWMAN`.

npm install newman@6.2.2
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.data.recordings.conversation import HERE, NAME, free_port, servers, written

_IMAGE = {
    "listen": "test",
    "script": {"exec": ["pm.collectionVariables.set('image', pm.response.json().id);"], "type": "text/javascript"},
}


def item(method: str, url: str, body: str | None = None, content_type: str = "application/json") -> dict[str, Any]:
    """Return an item of a collection."""
    headers = [{"key": "X-Auth-Token", "value": "ims-mock-token"}]
    if body is not None:
        headers.append({"key": "Content-Type", "value": content_type})
    request: dict[str, Any] = {"method": method, "url": url, "header": headers}
    if body is not None:
        request["body"] = {"mode": "raw", "raw": body}
    return {"name": f"{method} {url.rpartition('}}')[2]}", "request": request}


def main(newman: str) -> None:
    """Let newman run a collection against the mock and the server of oddities."""
    image = "{{ims}}/v2/images/{{image}}"
    created = item("POST", "{{ims}}/v2/images", json.dumps({"name": NAME, "min_disk": 40}, ensure_ascii=False))
    patch = json.dumps([{"op": "replace", "path": "/name", "value": "renamed"}])
    form = item("POST", "{{odd}}/v2/odd/form")
    form["request"]["body"] = {
        "mode": "urlencoded",
        "urlencoded": [{"key": "a", "value": "é &"}, {"key": "b", "value": ""}],
    }
    items = [
        {**created, "event": [_IMAGE]},
        item("PUT", f"{image}/file", "abc", "application/octet-stream"),
        item("GET", "{{ims}}/v2/images?tag=a&limit=2&name=" + NAME),
        item("GET", f"{image}/file"),
        item("PATCH", image, patch, "application/openstack-images-v2.1-json-patch"),
        item("DELETE", image),
        item("GET", image),
        *(item("GET", "{{odd}}/v2/odd/" + name) for name in ("gzip", "redirect", "cookies", "bytes")),
        item("HEAD", "{{odd}}/v2/odd/plain"),
        form,
        item("GET", "{{nothing}}/v2/images"),
    ]
    with tempfile.TemporaryDirectory() as folder, servers() as (mock, odd):
        collection, report, nothing = Path(folder, "collection.json"), Path(folder, "x.json"), free_port()
        schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
        variables = {"ims": mock.url, "odd": odd, "nothing": f"http://127.0.0.1:{nothing}", "image": ""}
        collection.write_text(
            json.dumps(
                {
                    "info": {"name": "IMS", "schema": schema},
                    "item": items,
                    "variable": [{"key": key, "value": value} for key, value in variables.items()],
                }
            )
        )
        subprocess.run([newman, "run", collection, "-r", "json", "--reporter-json-export", report], check=False)
        document = json.loads(report.read_text())
        for execution in document["run"]["executions"]:
            execution["item"] = {"name": execution["item"]["name"]}
            del execution["cursor"]
        short = {
            "collection": {"info": document["collection"]["info"]},
            "run": {"executions": document["run"]["executions"]},
        }
        text = json.dumps(short)
        for port, instead in ((mock.url, "9292"), (odd, "9293"), (f":{nothing}", "9")):
            text = text.replace(port.rpartition(":")[2], instead)
        written(HERE / "newman" / "ims.json", text, {})


main(*sys.argv[1:])
