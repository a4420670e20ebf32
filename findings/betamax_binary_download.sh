#!/bin/sh
# While betamax records a download of bytes, the client itself gets other bytes, or an error.
#
# Expected: recording changes nothing for the program that is recorded: it gets the response that came.
# Seen: betamax returns the response that it has made of its own cassette. Its text has U+FFFD for bytes that are no
#   UTF-8, so five bytes have become nine, under the Content-Length of the wire: requests ends with
#   ChunkedEncodingError. With preserve_exact_body_bytes=True the client gets the bytes.
# For tests: record downloads of images with preserve_exact_body_bytes=True. A test that fails only while it records is
#   no test of the service.
#
# Versions: betamax 0.9.0, requests 2.34.2, urllib3 2.8.0. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check betamax==0.9.0 requests==2.34.2 urllib3==2.8.0
"$work/venv/bin/python" -W ignore - "$work" <<'END'
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import betamax
import requests

FILE = b"QFI\xfb\xff"


class Service(BaseHTTPRequestHandler):
    """Returns the beginning of a qcow2 file."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(FILE)))
        self.end_headers()
        self.wfile.write(FILE)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v2/images/1/file"


def download(name, **settings):
    """Return what a program gets that is recorded: the bytes, or the name of an error."""
    session = requests.Session()
    recorder = betamax.Betamax(session, cassette_library_dir=sys.argv[1])
    try:
        with recorder.use_cassette(name, record="all", **settings):
            return session.get(url).content
    except requests.RequestException as error:
        return type(error).__name__


seen = {
    "not recorded": requests.get(url).content,
    "recorded": download("plain"),
    "recorded exactly": download("exact", preserve_exact_body_bytes=True),
}
server.shutdown()
for name, found in seen.items():
    print(f"{name}: {found!r}")
still = {"not recorded": FILE, "recorded": "ChunkedEncodingError", "recorded exactly": FILE}
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
