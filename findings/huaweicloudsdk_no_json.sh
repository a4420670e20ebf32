#!/bin/sh
# Huawei Cloud's SDK for Python takes any page with status 200 as a response whose attributes are all None.
#
# Expected: a 200 whose body is no JSON, such as a page of a proxy or of a gateway, raises an exception that says so.
# Seen: an HTML page, a text, no bytes at all and half a JSON document each become a response object in which every
#   attribute is None. The SDK says nothing, not even in its log. If such an attribute is the id of the next request, it is
#   not missed either: for `image_id=None` the SDK requests the path /v2/images/{image_id}, with the braces.
# For tests: a loop that polls a job until it is SUCCESS or FAIL never ends where a proxy responds; a program that asks
#   "is the status killed?" goes on. Compare with the value that is wanted, and raise for every other, None included.
#
# Versions: huaweicloudsdkims and huaweicloudsdkcore 3.1.219, requests 2.34.2. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    huaweicloudsdkims==3.1.219 huaweicloudsdkcore==3.1.219 requests==2.34.2
"$work/venv/bin/python" -W ignore - <<'END'
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkims.v2 import GlanceShowImageRequest, ImsClient, ShowJobRequest

ID = "11111111-2222-4333-8444-555555555555"
pages = {
    "JSON": ("application/json", b'{"status": "SUCCESS", "job_id": "1"}'),
    "HTML": ("text/html", b"<html><body>Log in to the network</body></html>"),
    "text": ("text/plain", b"OK"),
    "nothing": ("application/json", b""),
    "half a document": ("application/json", b'{"status": "SUCC'),
}
paths, page = [], ""


class Service(BaseHTTPRequestHandler):
    """Returns the page to every request."""

    def do_GET(self):
        paths.append(self.path)
        content_type, body = pages[page]
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Noted(logging.Handler):
    """Notes what is logged as a warning or worse."""

    def emit(self, record):
        logged.append(record)


logged = []
logging.getLogger().addHandler(Noted(logging.WARNING))
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"
credentials = BasicCredentials("key", "secret", "0" * 32)
client = ImsClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()
seen = {}
for page in pages:
    try:
        job = client.show_job(ShowJobRequest(ID))
        seen[page] = {value for name in job.attribute_map for value in [getattr(job, name)] if value is not None}
    except Exception as error:
        seen[page] = type(error).__name__
    print(f"200 with {page}: the attributes of the response that are not None: {seen[page] or 'none'}")
client.glance_show_image(GlanceShowImageRequest(None))
print(f"an image whose id is None: GET {paths[-1]}")
server.shutdown()

still = {"JSON": {"SUCCESS", "1"}, "HTML": set(), "text": set(), "nothing": set(), "half a document": set()}
if (seen, paths[-1], logged) != (still, "/v2/images/%7Bimage_id%7D", []):
    sys.exit(f"CHANGED: expected {still}, but saw {seen}, {paths[-1]}, {logged}")
print("unchanged")
END
