"""Records vcrpy/requests_vcrpy_6.yaml: `pip install vcrpy==6.0.2 urllib3==1.26.20 requests==2.32.3`, and run it.

A response that is packed with gzip, which urllib3 1.26 hands to the recorder as it came.
"""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
import vcr

PATH = Path(__file__).parent / "vcrpy" / "requests_vcrpy_6.yaml"
LIST = {"images": [], "schema": "/v2/schemas/images", "first": "/v2/images"}


class Handler(BaseHTTPRequestHandler):
    """Responds to everything with a packed list of images."""

    def do_GET(self) -> None:
        """Send the list."""
        body = gzip.compress(json.dumps(LIST).encode(), mtime=0)
        self.send_response(200)
        for name, value in (
            ("Content-Type", "application/json"),
            ("Content-Encoding", "gzip"),
            ("Content-Length", len(body)),
        ):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
PATH.unlink(missing_ok=True)
with vcr.use_cassette(str(PATH)):
    requests.get(f"{url}/v2/images", timeout=9)
server.shutdown()
PATH.write_text(PATH.read_text().replace(url, "http://127.0.0.1:9292"))
