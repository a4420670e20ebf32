"""Write what WireMock 3.13.2 records as its proxy: `python -m tests.data.recordings.make_wiremock JAR`.

mvn dependency:copy -Dartifact=org.wiremock:wiremock-standalone:3.13.2 -DoutputDirectory=.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import requests

from tests.data.recordings.conversation import HERE, call_ims, call_odd, free_port, lines_of, servers, tool, written


def main(jar: str) -> None:
    """Record the calls to the mock, and those to the server of oddities."""
    for name in ("ims", "odd"):
        with tempfile.TemporaryDirectory() as folder, servers() as (mock, odd):
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            options = ["--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", folder, "--disable-banner"]
            with tool("java", "-jar", jar, *options, port=port):
                spec: dict[str, Any] = {"targetBaseUrl": mock.url if name == "ims" else odd, "persist": False}
                if name == "ims":
                    spec["captureHeaders"] = {"Content-Type": {}}
                requests.post(f"{url}/__admin/recordings/start", json=spec, timeout=60).raise_for_status()
                if name == "ims":
                    call_ims(url, mock)
                else:
                    # A JSON text that begins with a byte order mark makes WireMock lose the whole recording.
                    call_odd(url, without=["utf-8-bom"])
                document = requests.post(f"{url}/__admin/recordings/stop", timeout=60).json()
            ports = {mock.url: "http://127.0.0.1:9292", odd: "http://127.0.0.1:9293", url: "http://127.0.0.1:9294"}
            written(HERE / "wiremock" / f"{name}.json", lines_of(document, "mappings"), ports)


main(*sys.argv[1:])
