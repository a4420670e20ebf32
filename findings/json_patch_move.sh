#!/bin/sh
# Two clients of Glance rename a custom property with an operation that Glance does not have.
#
# Expected: "remove `stage`, add `phase` with the same value" becomes the operations `remove` and `add`. Glance's media
#   type for a PATCH has only add, remove and replace, and both clients are written for Glance.
# Seen: openstacksdk and python-glanceclient both send one operation, `move`. Both let jsonpatch find the difference,
#   and jsonpatch joins a removal and an addition of equal values. Glance's own code rejects the body with 400. With
#   another value for `phase`, the same calls send `remove` and `add`, and Glance takes them.
# For tests: whether an update works depends on the values, not on the call. A mock that applies any JSON Patch passes
#   a program that fails against the service.
#
# Versions: openstacksdk 4.22.0, python-glanceclient 4.13.0, jsonpatch 1.48, glance 33.0.0. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    openstacksdk==4.22.0 python-glanceclient==4.13.0 jsonpatch==1.48 glance==33.0.0
"$work/venv/bin/python" -W ignore - <<'END'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import glanceclient
import openstack
import webob.exc
from glance.api.v2.images import RequestDeserializer
from glance.common import wsgi

ID = "11111111-2222-4333-8444-555555555555"
IMAGE = {"id": ID, "name": "web", "status": "active", "tags": [], "stage": "test"}
SCHEMA = {"name": "image", "properties": {"tags": {"type": "array"}}, "additionalProperties": {"type": "string"}}
received = []


def read_by_glance(body, media_type):
    """Return what the code of Glance itself responds to the body of a PATCH, or None where it takes the body."""
    request = wsgi.Request.blank(f"/v2/images/{ID}", method="PATCH", body=body, content_type=media_type)
    try:
        RequestDeserializer().update(request)
    except webob.exc.HTTPException as error:
        return request.get_response(error)
    return None


class Service(BaseHTTPRequestHandler):
    """One image, whose updates Glance's code reads."""

    def do_GET(self):
        self.respond_json(SCHEMA if "/schemas/" in self.path else IMAGE)

    def do_PATCH(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        rejection = read_by_glance(body, self.headers["Content-Type"])
        received.append(([item["op"] for item in json.loads(body)], rejection.status_code if rejection else 200))
        if rejection:
            self.respond(rejection.status_code, rejection.headers["Content-Type"], rejection.body)
        else:
            self.respond_json(IMAGE)

    def respond_json(self, value):
        self.respond(200, "application/json", json.dumps(value).encode())

    def respond(self, status, media_type, body):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def with_openstacksdk(url, phase):
    auth = {"endpoint": url + "/v2", "token": "any"}
    with openstack.connection.Connection(auth_type="admin_token", auth=auth) as connection:
        image = connection.image.get_image(ID)
        connection.image.update_image(image, properties={"phase": phase})


def with_glanceclient(url, phase):
    client = glanceclient.Client("2", endpoint=url + "/v2", token="any")
    client.images.update(ID, remove_props=["stage"], phase=phase)


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
seen = []
for client in (with_openstacksdk, with_glanceclient):
    for phase in ("test", "live"):
        try:
            client(url, phase)
            outcome = "no exception"
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
        operations, status = received.pop()
        print(f"{client.__name__}, phase={phase!r} sends {operations}: {status}, {' '.join(outcome.split())}")
        seen.append((client.__name__, phase, sorted(operations), status, outcome.partition(":")[0]))
server.shutdown()

still = [
    ("with_openstacksdk", "test", ["move"], 400, "BadRequestException"),
    ("with_openstacksdk", "live", ["add", "remove"], 200, "no exception"),
    ("with_glanceclient", "test", ["move"], 400, "HTTPBadRequest"),
    ("with_glanceclient", "live", ["add", "remove"], 200, "no exception"),
]
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
