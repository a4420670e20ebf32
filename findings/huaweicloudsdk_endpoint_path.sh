#!/bin/sh
# Huawei Cloud's SDK for Python drops the path of the endpoint that it is given, and reports no error.
#
# Expected: with the endpoint http://host/team-a the SDK requests /team-a/v2/images, as openstacksdk and
#   python-glanceclient do with theirs, or refuses an endpoint that has a path.
# Seen: it requests /v2/images of the same host, for images and for the identity service too. The signature is made of
#   the same path, so a gateway that has several services behind one host accepts it, for another one than was meant.
# For tests: a mock, a recorder or a gateway that knows its users by the prefix of a path does not see the prefix of this
#   SDK. Let it know them by the host, by the access key, or by a header that the program adds.
#
# Versions: huaweicloudsdkims and huaweicloudsdkcore 3.1.219, openstacksdk 4.22.0, python-glanceclient 4.13.0.
# Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    huaweicloudsdkims==3.1.219 huaweicloudsdkcore==3.1.219 openstacksdk==4.22.0 python-glanceclient==4.13.0
"$work/venv/bin/python" -W ignore - <<'END'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import glanceclient
import openstack
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims.v2 import GlanceListImagesRequest, ImsClient

paths = []


class Service(BaseHTTPRequestHandler):
    """Notes the path of each request, and returns what every operation here returns in one document."""

    def do_GET(self):
        paths.append(self.path.partition("?")[0])
        versions = [{"id": "v2.9", "status": "CURRENT", "links": [{"rel": "self", "href": f"{endpoint}/v2/"}]}]
        projects = [{"id": "0" * 32, "name": "region-1"}]
        body = json.dumps({"images": [], "projects": projects, "versions": versions}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}/team-a"


def sdk(credentials):
    """Let the SDK list images."""
    region = Region("region-1", endpoint)
    client = ImsClient.new_builder().with_credentials(credentials).with_region(region).build()
    client.glance_list_images(GlanceListImagesRequest())


def openstacksdk():
    """Let openstacksdk list images."""
    list(openstack.connect(auth_type="none", endpoint=endpoint, image_api_version="2").image.images())


def glance():
    """Let python-glanceclient list images."""
    list(glanceclient.Client("2", endpoint=endpoint, token="token").images.list())


work = {
    "the SDK": lambda: sdk(BasicCredentials("key", "secret", "0" * 32)),
    "the SDK, which looks for its project": lambda: sdk(BasicCredentials("key", "secret").with_iam_endpoint(endpoint)),
    "openstacksdk": openstacksdk,
    "python-glanceclient": glance,
}
seen = {}
for name, ask in work.items():
    paths.clear()
    ask()
    seen[name] = list(dict.fromkeys(paths))
    print(f"{name}: GET {' and GET '.join(seen[name])}")
server.shutdown()

still = {
    "the SDK": ["/v2/images"],
    "the SDK, which looks for its project": ["/v3/projects", "/v2/images"],
    "openstacksdk": ["/team-a", "/team-a/v2/images"],
    "python-glanceclient": ["/team-a/v2/images"],
}
if seen != still:
    sys.exit(f"CHANGED: expected {still}, but saw {seen}")
print("unchanged")
END
