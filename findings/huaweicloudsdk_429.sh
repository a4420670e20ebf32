#!/bin/sh
# Huawei Cloud's SDK for Python drops the body of a 429 for GET and DELETE, and keeps it for POST and PATCH.
#
# Expected: an exception of the SDK has the service's error code, message and request id, whatever the method was. By
#   default the SDK does not retry (`retry_times` is 0).
# Seen: the same response, 429 with the gateway's body and X-Request-Id, becomes two different exceptions. For POST and
#   PATCH it has the code APIGW.0308, the message and the request id. For GET and DELETE the code is "429", the message
#   is about a connection pool ("Max retries exceeded"), and the request id is empty. Each request was sent once all the
#   same. The SDK mounts a retry of urllib3 with 429 in its list of statuses and no attempts left; urllib3 raises its own
#   error for the methods that it would repeat, before the SDK sees the response. With a 403 and the same body, the
#   exceptions for all four methods are alike.
# For tests: a program that recognizes throttling by the error code passes a test that throttles a create, and fails in
#   production, where it polls with GET. Compare `status_code`.
#
# Versions: huaweicloudsdkims and huaweicloudsdkcore 3.1.219, requests 2.34.2, urllib3 2.8.0. Last run: 2026-11-27.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    huaweicloudsdkims==3.1.219 huaweicloudsdkcore==3.1.219 requests==2.34.2 urllib3==2.8.0
"$work/venv/bin/python" -W ignore - <<'END'
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims.v2 import (
    GlanceCreateImageMetadataRequest,
    GlanceCreateImageMetadataRequestBody,
    GlanceDeleteImageRequest,
    GlanceShowImageRequest,
    GlanceUpdateImageRequest,
    ImsClient,
)

ID = "11111111-2222-4333-8444-555555555555"
BODY = {"error_code": "APIGW.0308", "error_msg": "The throttling threshold has been reached", "request_id": "r-1"}
received, status = [], 429


class Service(BaseHTTPRequestHandler):
    """Rejects every request in the words of the gateway."""

    def respond(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        received.append(self.command)
        body = json.dumps(BODY).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", "r-1")
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = respond

    def log_message(self, *args):
        pass


logging.disable(logging.CRITICAL)
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
credentials = BasicCredentials("key", "secret", "0" * 32)
client = (
    ImsClient.new_builder()
    .with_credentials(credentials)
    .with_endpoint(f"http://127.0.0.1:{server.server_port}")
    .build()
)
body = GlanceCreateImageMetadataRequestBody(name="web")
calls = {
    "GET": lambda: client.glance_show_image(GlanceShowImageRequest(image_id=ID)),
    "DELETE": lambda: client.glance_delete_image(GlanceDeleteImageRequest(image_id=ID)),
    "POST": lambda: client.glance_create_image_metadata(GlanceCreateImageMetadataRequest(body=body)),
    "PATCH": lambda: client.glance_update_image(GlanceUpdateImageRequest(image_id=ID, body=[])),
}
seen = {}
for status in (429, 403):
    for method, call in calls.items():
        try:
            call()
            sys.exit("CHANGED: no exception")
        except ClientRequestException as error:
            seen[status, method] = (error.status_code, error.error_code, error.request_id or "", received.count(method))
            print(f"{status} for {method}: {seen[status, method]} {error.error_msg}")
    received.clear()
server.shutdown()

whole = "APIGW.0308", "r-1", 1
still = {(status, method): (status, *whole) for status in (429, 403) for method in calls}
still[429, "GET"] = still[429, "DELETE"] = (429, "429", "", 1)
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
