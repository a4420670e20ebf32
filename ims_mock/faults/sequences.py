"""Faults that are made of others."""

from __future__ import annotations

from dataclasses import dataclass

from ims_mock.contract.operations import Operation
from ims_mock.contract.problems import wrong_setting
from ims_mock.exchange.exchange import Exchange, Work
from ims_mock.exchange.messages import Response
from ims_mock.faults.definition import Fault


@dataclass(frozen=True)
class Sequence(Fault):
    """Apply one fault after the other, and begin again after the last; None lets a request pass.

    A rule has as many `times` as there are faults, unless it says otherwise.
    """

    faults: tuple[Fault | None, ...] | list[Fault | None]

    is_lasting = True
    nested = "faults"

    def __post_init__(self) -> None:
        faults = self.faults
        super().__post_init__()
        for fault in faults:
            if fault is not None and (not isinstance(fault, Fault) or fault.is_lasting):
                # In one order, whichever module was imported first.
                lasting = sorted((kind.__name__ for kind in Fault.__subclasses__() if kind.is_lasting), reverse=True)
                text = f"must be faults other than {', '.join(lasting)}, or None, got {fault}"
                raise wrong_setting("faults", "items", text, fault)
        if not any(faults):
            raise wrong_setting("faults", "contains", "must have at least one fault, not only None", faults)
        # From JSON, and from people, it comes as a list.
        object.__setattr__(self, "faults", tuple(faults))

    def default_times(self) -> int | None:
        return len(self.faults)

    def fits(self, operation: Operation) -> bool:
        return all(fault.fits(operation) for fault in self.faults if fault is not None)

    def around(self, work: Work, exchange: Exchange) -> Response:
        fault = self.faults[(exchange.hit.number - 1) % len(self.faults)]
        # A change by an earlier fault stays, even when it is this fault's turn to do nothing.
        response = fault.around(work, exchange) if fault else work(exchange)
        exchange.hit.is_cancelled = False
        return response
