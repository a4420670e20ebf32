"""Write the archives of mitmproxy: `python -m tests.data.recordings.make_mitmproxy MITMDUMP VERSION`.

Seen with 11.0.2 on Python 3.11, and with 12.3.1 on Python 3.13.

pip install mitmproxy==VERSION     in an environment of its own
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.data.recordings.conversation import HERE, call_ims, call_odd, free_port, lines_of, servers, tool, written


def main(mitmdump: str, version: str) -> None:
    """Record the calls to the mock, and those to the server of oddities."""
    for name in ("ims", "odd") if version.startswith("12.") else ("odd",):
        with tempfile.TemporaryDirectory() as folder, servers() as (mock, odd):
            port, archive = free_port(), Path(folder, "x.har")
            options = ["--set", f"hardump={archive}", "--set", f"confdir={folder}", "--listen-host", "127.0.0.1"]
            with tool(mitmdump, "-q", "-p", str(port), *options, port=port):
                proxies = {"http": f"http://127.0.0.1:{port}"}
                if name == "ims":
                    call_ims(mock.url, mock, proxies=proxies)
                else:
                    call_odd(odd, proxies=proxies)
            document = json.loads(archive.read_text("utf-8"))
            ports = {mock.url: "http://127.0.0.1:9292", odd: "http://127.0.0.1:9293"}
            written(HERE / "mitmproxy" / f"{name}-{version}.har", lines_of(document, "log", "entries"), ports)


main(*sys.argv[1:])
