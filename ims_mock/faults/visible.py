"""What a client sees of a response that other faults may have cut already."""

from __future__ import annotations

import json
from typing import Any

from ims_mock.contract.operations import JSON
from ims_mock.exchange.messages import Request, Response


def visible_length(request: Request, response: Response) -> int:
    """Return how many bytes of a body the client gets of a response."""
    promised = 0 if request.method == "HEAD" else int(response.headers.get("Content-Length", 0))
    delivery = response.delivery
    return 0 if delivery.is_silent else promised if delivery.length is None else min(promised, delivery.length)


def visible_json(request: Request, response: Response) -> Any:
    """Return the JSON value that the client gets of a response; None of a rejection, and of what is no JSON."""
    is_json = response.status < 400 and response.headers.get("Content-Type") == JSON
    if not is_json or not visible_length(request, response):
        return None
    try:
        return json.loads(response.body)
    except ValueError:
        # Another fault has changed it.
        return None
