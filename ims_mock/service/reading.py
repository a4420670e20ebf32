"""How a signed body is read."""

from __future__ import annotations

from ims_mock.contract.problems import wrong_at
from ims_mock.exchange.body import MAX_BODY as MAX_SIGNED
from ims_mock.exchange.body import Body
from ims_mock.identity.auth import unauthorized


def read_signed(body: Body) -> None:
    """Read a signed body, of any operation; raise 401 where it is longer than the gateway computes signatures of."""
    text = f"must be at most {MAX_SIGNED} bytes in a signed request; send a token in X-Auth-Token instead"
    reason = wrong_at((), "maxLength", text)
    body.limit(MAX_SIGNED, unauthorized("calc aksk signature fail:body too large", reason))
    body.read()
