"""The hosts that --only-host names: which exchanges of recordings were sent to one of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence

from ims_mock.contract import RecordedExchange
from ims_mock.contract.hosts import host_of, is_sent_to

_SHOWN = 5
"""Most hosts that a message names."""


class WantedHosts:
    """The hosts whose exchanges count, by globs; all of them where there are none."""

    def __init__(self, globs: Sequence[str]) -> None:
        self._globs = globs
        self._others: dict[str, None] = {}
        self._has_any = False

    def of(self, exchanges: Iterable[RecordedExchange]) -> Iterator[RecordedExchange]:
        """Yield the exchanges that were sent to one of the hosts."""
        for exchange in exchanges:
            if not self._globs or is_sent_to(exchange.request.url, self._globs):
                self._has_any = True
                yield exchange
            else:
                self._others[host_of(exchange.request.url)] = None

    def check(self, parser: argparse.ArgumentParser) -> None:
        """End with an error where there were exchanges, and none of them was sent to the hosts."""
        if self._has_any or not self._others:
            return
        known = [host or "none, where only a path is recorded" for host in self._others]
        names = ", ".join([*known[:_SHOWN], *["..."] * (len(known) > _SHOWN)])
        parser.error(f"--only-host: no request was sent to {' or '.join(self._globs)}; the hosts are {names}")
