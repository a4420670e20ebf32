#!/bin/sh
# A token that expires before an upload makes an empty image: the file is sent again from where it was read to.
#
# Expected: keystoneauth1 gets a new token after a 401 and sends the request again, as it was. Where it cannot, because
#   the body was a file that is read to its end, the caller sees the 401. urllib3, for one, seeks back to where the
#   file was, or raises UnrewindableBodyError.
# Seen: the second request has no bytes, and no error follows. `images.upload` of python-glanceclient returns as if the
#   file had been uploaded, and so does the upload of openstacksdk. With its defaults, openstacksdk also sends an empty
#   file after a 503. openstacksdk names the size in X-OpenStack-Image-Size, so a service that compares it rejects the
#   second request; python-glanceclient does so only if it is given `image_size`.
# For tests: let the first upload fail with 401, and compare the image's size or checksum with the file's. In a program,
#   do the same after each upload.
#
# Versions: python-glanceclient 4.13.0, openstacksdk 4.22.0, keystoneauth1 5.18.1, requests 2.34.2. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    python-glanceclient==4.13.0 openstacksdk==4.22.0 keystoneauth1==5.18.1 requests==2.34.2
"$work/venv/bin/python" -W ignore - <<'END'
import io
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import glanceclient
import openstack
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

ID = "11111111-2222-4333-8444-555555555555"
FILE = b"the bytes of a disk"
received, failures = [], []


class Service(BaseHTTPRequestHandler):
    """Gives tokens, and takes files: it returns the next of the failures, and then accepts whatever comes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.read()
        endpoint = {"interface": "public", "region": "a", "region_id": "a", "id": "1", "url": url}
        catalog = [{"type": "image", "name": "image", "id": "1", "endpoints": [endpoint]}]
        token = {"catalog": catalog, "expires_at": "2999-01-01T00:00:00.000000Z", "methods": ["password"]}
        if "/auth/tokens" in self.path:
            self.respond(201, {"token": token}, {"X-Subject-Token": "t"})
        else:
            self.respond(201, {"id": ID, "status": "queued"})

    def do_PUT(self):
        received.append(self.read())
        self.respond(failures.pop(0) if failures else 204, {})

    def do_DELETE(self):
        self.respond(204, {})

    def do_GET(self):
        links = [{"rel": "self", "href": f"{url}/v2/"}]
        self.respond(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})

    def read(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def respond(self, status, value, headers={}):
        body = b"" if status == 204 else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        if body:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def upload_by_glanceclient():
    session = Session(Password(f"{url}/v3", username="a", password="b", user_domain_name="c", project_name="d"))
    glanceclient.Client("2", session=session, endpoint_override=url).images.upload(ID, io.BytesIO(FILE))


def upload_by_openstacksdk():
    login = {"auth_url": f"{url}/v3", "username": "a", "password": "b", "user_domain_name": "c", "project_id": "d"}
    settings = {"auth_type": "v3password", "auth": login, "image_endpoint_override": f"{url}/v2"}
    with openstack.connection.Connection(**settings) as connection:
        connection.image.create_image("web", data=io.BytesIO(FILE), allow_duplicates=True)


logging.disable(logging.WARNING)
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
url = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()
seen = []
for upload, status in ((upload_by_glanceclient, 401), (upload_by_openstacksdk, 401), (upload_by_openstacksdk, 503)):
    received.clear()
    failures[:] = [status]
    try:
        upload()
        outcome = "success"
    except Exception as error:
        outcome = type(error).__name__
    seen.append(([len(data) for data in received], outcome))
    print(f"{upload.__name__}, {status} once: the uploads have {seen[-1][0]} bytes, and the caller sees {outcome}")
server.shutdown()

still = [([len(FILE), 0], "success")] * 3
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged: an empty image, and no error")
END
