"""Write what mountebank 2.9.1 records as its proxy: `python -m tests.data.recordings.make_mountebank MB`.

npm install mountebank@2.9.1
"""

from __future__ import annotations

import sys
import tempfile

import requests

from tests.data.recordings.conversation import HERE, call_ims, call_odd, free_port, lines_of, servers, tool, written


def main(command: str) -> None:
    """Record the calls to the mock, and those to the server of oddities."""
    for name in ("ims", "odd"):
        with tempfile.TemporaryDirectory() as folder, servers() as (mock, odd):
            port, proxy = free_port(), free_port()
            url, admin = f"http://127.0.0.1:{proxy}", f"http://127.0.0.1:{port}"
            options = ["--port", str(port), "--host", "127.0.0.1", "--nologfile", "--pidfile", f"{folder}/pid"]
            with tool(command, "start", *options, port=port):
                generators = [{"matches": dict.fromkeys(("method", "path", "query", "body"), True)}]
                to = {
                    "to": mock.url if name == "ims" else odd,
                    "mode": "proxyAlways",
                    "predicateGenerators": generators,
                }
                imposter = {"port": proxy, "protocol": "http", "stubs": [{"responses": [{"proxy": to}]}]}
                requests.post(f"{admin}/imposters", json=imposter, timeout=60).raise_for_status()
                if name == "ims":
                    # Where it has replaced bytes it sends more than Content-Length says: they begin the next request.
                    call_ims(url, mock, b"abc")
                else:
                    call_odd(url, without=["no-type", "bad-json", "utf-8-bom", "utf-16-bom", "multipart"])
                asked = f"{admin}/imposters?replayable=true" + "&removeProxies=true" * (name == "ims")
                document = requests.get(asked, timeout=60).json()
            ports = {mock.url: "http://127.0.0.1:9292", odd: "http://127.0.0.1:9293", url: "http://127.0.0.1:9294"}
            ports |= {f'"port": {proxy}': '"port": 9294'}
            written(HERE / "mountebank" / f"{name}.json", lines_of(document["imposters"][0], "stubs"), ports)


main(*sys.argv[1:])
