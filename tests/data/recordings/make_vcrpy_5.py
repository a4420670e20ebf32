"""Records vcrpy/httpx_vcrpy_5.yaml: `pip install vcrpy==5.1.0 httpx==0.28.1`, and run it beside `ims-mock`."""

from __future__ import annotations

from pathlib import Path

import httpx
import vcr

PATH = Path(__file__).parent / "vcrpy" / "httpx_vcrpy_5.yaml"

with (
    vcr.use_cassette(str(PATH), record_mode="all"),
    httpx.Client(base_url="http://127.0.0.1:9292", headers={"X-Auth-Token": "ims-mock-token"}) as client,
):
    client.post("/v2/images", json={"name": "web"})
    client.get("/v2/images/7")
