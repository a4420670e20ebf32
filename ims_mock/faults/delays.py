"""Faults of time: responses that come late."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault

_LONGEST = 1e9
"""Most seconds that a fault lets pass at once, as the schemas have it."""


@dataclass(frozen=True)
class Delay(Fault):
    """Do the work and respond `seconds` later, plus or minus up to `jitter`.

    The fault moves a clock that stands still, unless `real_time` is set: then real seconds pass.
    """

    seconds: float
    jitter: float = 0.0
    real_time: bool = False

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        seconds = self.seconds + exchange.hit.random.uniform(-self.jitter, self.jitter)
        exchange.pass_time(max(seconds, 0.0), real_time=self.real_time)
        return response


@dataclass(frozen=True)
class LognormalDelay(Fault):
    """Do the work and respond as late as real services do: mostly after about `median` seconds, sometimes far later."""

    median: float
    sigma: float
    real_time: bool = False

    def around(self, work: Work, exchange: Exchange) -> Response:
        response = work(exchange)
        seconds = exchange.hit.random.lognormvariate(math.log(self.median), self.sigma)
        exchange.pass_time(min(seconds, _LONGEST), real_time=self.real_time)
        return response
