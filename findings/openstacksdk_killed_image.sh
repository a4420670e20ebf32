#!/bin/sh
# openstacksdk's create_image(wait=True) returns an image that could not be made as if it were there.
#
# Expected: the call waits until the image is active, and raises an exception if it becomes anything else.
# Seen: it waits while the status is "queued" or "saving", and returns the image with any other one. An image that the
#   service has killed is returned, and so is one whose status is not known, because the response was a page of a proxy.
#   `wait_for_status` of the same library raises ResourceFailure for the statuses in `failures`, which are ["error"]
#   unless one says something else; no image has this status, so for a killed one it waits until its time is over.
# For tests: let an upload leave a killed image. In a program, look at the status of the image that is returned, or use
#   `connection.image.wait_for_status(image, "active", failures=["killed"])`.
#
# Versions: openstacksdk 4.22.0, keystoneauth1 5.18.1. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openstacksdk==4.22.0 keystoneauth1==5.18.1
"$work/venv/bin/python" -W ignore - <<'END'
import io
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openstack

ID = "11111111-2222-4333-8444-555555555555"
shown = {}


class Service(BaseHTTPRequestHandler):
    """Takes an image and its file; afterwards the image is as the case says."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.respond(201, {"id": ID, "name": "web", "status": "queued"})

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.respond(204, {})

    def do_GET(self):
        # The client looks for an image with this name first, in the list too.
        is_shown = self.path.endswith(ID)
        self.respond(200 if is_shown or "?" in self.path else 404, shown if is_shown else {"images": []})

    def respond(self, status, value):
        body = b"" if status == 204 else json.dumps(value).encode() if value is not None else b"<html></html>"
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if value is None else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


logging.disable(logging.WARNING)
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
auth = {"endpoint": f"http://127.0.0.1:{server.server_port}/v2", "token": "any"}
cases = [{"id": ID, "name": "web", "status": status} for status in ("active", "killed", "deleted")] + [None]
seen = []
with openstack.connection.Connection(auth_type="admin_token", auth=auth) as connection:
    for shown in cases:
        try:
            image = connection.create_image("web", data=io.BytesIO(b"abc"), wait=True, timeout=5)
            seen.append(f"returns an image whose status is {image.status}")
        except openstack.exceptions.SDKException as error:
            seen.append(f"raises {type(error).__name__}")
        case = f"the image is {shown['status']}" if shown else "a page of a proxy is in the place of the image"
        print(f"{case}: create_image(wait=True) {seen[-1]}")
server.shutdown()

still = [f"returns an image whose status is {status}" for status in ("active", "killed", "deleted", None)]
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
