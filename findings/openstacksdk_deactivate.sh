#!/bin/sh
# openstacksdk's deactivate_image, reactivate_image and import_image raise no error when the service refuses.
#
# Expected: a call that the service refuses raises an exception, as every other call for images does.
# Seen: after 403, 404, 409 and 500 the first two return None, as after 204, and the third returns the response of
#   requests. They do not look at its status. A delete of the same image raises an exception for each of these statuses.
# For tests: after such a call, look at the status of the image; the call itself shows nothing.
#
# Versions: openstacksdk 4.22.0, keystoneauth1 5.18.1. Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openstacksdk==4.22.0 keystoneauth1==5.18.1
"$work/venv/bin/python" -W ignore - <<'END'
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openstack

ID = "11111111-2222-4333-8444-555555555555"
status, received = 204, []


class Service(BaseHTTPRequestHandler):
    """Responds to every request with one status."""

    def respond(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        received.append((self.command, self.path.removeprefix(f"/v2/images/{ID}")))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_DELETE = respond

    def log_message(self, *args):
        pass


def outcome(call):
    try:
        return repr(call(ID))
    except openstack.exceptions.HttpException as error:
        return type(error).__name__


logging.disable(logging.WARNING)
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
auth = {"endpoint": f"http://127.0.0.1:{server.server_port}/v2", "token": "any"}
seen = {}
with openstack.connection.Connection(auth_type="admin_token", auth=auth) as connection:
    image = connection.image
    a_raw_image = openstack.image.v2.image.Image(id=ID, disk_format="raw", container_format="bare")
    for status in (204, 403, 404, 409, 500):
        calls = (
            image.deactivate_image,
            image.reactivate_image,
            lambda image_id: image.import_image(a_raw_image, method="web-download", uri="http://127.0.0.1/disk.raw"),
            lambda image_id: image.delete_image(image_id, ignore_missing=False),
        )
        seen[status] = [outcome(call) for call in calls]
        print(f"{status}: deactivate, reactivate, import and delete: {', '.join(seen[status])}")
server.shutdown()

deletes = {204: "None", 403: "ForbiddenException", 404: "NotFoundException", 409: "ConflictException"}
still = {
    status: ["None", "None", f"<Response [{status}]>", deletes.get(status, "HttpException")]
    for status in (204, 403, 404, 409, 500)
}
sent = [("POST", "/actions/deactivate"), ("POST", "/actions/reactivate"), ("POST", "/import"), ("DELETE", "")] * 5
if seen != still or received != sent:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}; received {received}")
print("unchanged")
END
