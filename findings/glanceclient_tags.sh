#!/bin/sh
# python-glanceclient sends an image's tags with every update, so a new name removes the tags that others add.
#
# Expected: `images.update(image_id, name="db")` sends one operation, which replaces the name. An update of Glance is a
#   JSON Patch, so that clients that change different attributes do not disturb each other.
# Seen: it reads the image, and sends `replace /tags` with the tags that it has read beside `replace /name`. A tag that
#   another client adds between the two requests is gone, and both clients see success. It is the same for an update
#   that changes nothing. Only an image without tags is updated as expected.
# For tests: an assertion on the body of an update fails for images with tags. In a test of two clients, and with a
#   service that limits tags, programs fail that never name a tag.
#
# Versions: python-glanceclient 4.13.0, jsonpatch 1.48. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check python-glanceclient==4.13.0 jsonpatch==1.48
"$work/venv/bin/python" -W ignore - <<'END'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import glanceclient
import jsonpatch

ID = "11111111-2222-4333-8444-555555555555"
TEXT = {"type": "string"}
SCHEMA = {
    "name": "image",
    "properties": {"id": TEXT, "name": TEXT, "status": TEXT, "tags": {"type": "array", "items": TEXT}},
    "additionalProperties": TEXT,
}
image, received = {}, []


class Service(BaseHTTPRequestHandler):
    """One image. Another client adds the tag `checked` as soon as somebody has read it."""

    def do_GET(self):
        if "/schemas/" in self.path:
            return self.respond(SCHEMA)
        self.respond(image)
        if not received and image["tags"]:
            image["tags"] = [*image["tags"], "checked"]

    def do_PATCH(self):
        changes = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        received.append(changes)
        changed = jsonpatch.apply_patch(image, changes)
        image.clear()
        image.update(changed)
        self.respond(image)

    def respond(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = glanceclient.Client("2", endpoint=f"http://127.0.0.1:{server.server_port}/v2", token="any")
seen = []
for tags, name in ((["a"], "db"), (["a"], "web"), ([], "db")):
    received.clear()
    image.clear()
    image.update(id=ID, name="web", status="active", tags=tags)
    client.images.update(ID, name=name)
    sent = [(item["op"], item["path"], item["value"]) for item in received[0]]
    seen.append((sent, image["tags"]))
    print(f"tags {tags}, update(name={name!r}) sends {sent}; the tags at the end: {image['tags']}")
server.shutdown()

still = [
    ([("replace", "/name", "db"), ("replace", "/tags", ["a"])], ["a"]),
    ([("replace", "/tags", ["a"])], ["a"]),
    ([("replace", "/name", "db")], []),
]
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged: the tag that the other client added is gone")
END
