"""The fixture `ims_mock_contract`: what stubs return in IMS's name in one test, held against the contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ims_mock.contract.assertions import check_allowed, describe, fails
from ims_mock.contract.findings import Finding, is_allowed
from ims_mock.contract.hosts import cloud_host, is_sent_to
from ims_mock.contract.recorded import RecordedExchange
from ims_mock.contract.routes import find_operation
from ims_mock.contract.verdicts import judge
from ims_mock.testing.stub_libraries import NAMES, Exchange, Libraries

SETTINGS: Mapping[str, Any] = {"allow": (), "drift": False, "only_host": ()}
"""What the marker and the ini file can set, with its default."""


class WatchedStubs:
    """The stubs of one test.

    With `drift`, what nobody documents fails the test too. What is watched are the stubs of the libraries `responses`,
    `respx`, `requests_mock` and `pytest_httpserver`, if the test imports them; `libraries` are those that it does.
    """

    def __init__(self, allow: Collection[str] = (), only_host: Collection[str] = (), *, drift: bool = False) -> None:
        check_allowed(allow)
        _check_hosts(only_host)
        if not isinstance(drift, bool):
            raise TypeError(f"drift: must be True or False, got {drift!r}")
        self.drift = drift
        self._allowed = [*allow]
        self._hosts = [*only_host]
        self._returned: list[tuple[str, Exchange]] = []
        self._reported = 0
        self._libraries = Libraries(lambda library, exchange: self._returned.append((library, exchange)))

    def __enter__(self) -> WatchedStubs:
        self._libraries.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._libraries.__exit__()

    def __repr__(self) -> str:
        watched = ", ".join(self.libraries) or f"nothing; none of {', '.join(NAMES)} is imported"
        return f"<WatchedStubs: {len(self.exchanges)} exchanges, {len(self.findings)} findings; watching {watched}>"

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries that are watched, which are those that have been imported."""
        return tuple(self._libraries.watched)

    @property
    def exchanges(self) -> list[RecordedExchange]:
        """What stubs have returned in IMS's name so far, in order."""
        return [exchange for _, exchange in self._since(0)]

    @property
    def findings(self) -> list[Finding]:
        """All that is not as the contract has it so far, drift and notes too, without what is allowed."""
        return [finding for exchange in self.exchanges for finding in self._judge(exchange)]

    def allow(self, *ids: str) -> None:
        """Accept findings with these ids, such as "response.missing_attribute", or "list_images:response.*"."""
        check_allowed(ids)
        self._allowed += ids

    def only_host(self, *globs: str) -> None:
        """Judge what is sent to these hosts, such as "image.*" or "localhost:8080", all of it and nothing else."""
        _check_hosts(globs)
        self._hosts += globs

    def check(self) -> None:
        """Raise AssertionError with what fails the test, once for each response."""
        problems = [*self._libraries.problems]
        self._libraries.problems.clear()
        text = "\n".join([*problems, *self._blocks(drift=self.drift)])
        if text:
            raise AssertionError(text)

    def report(self) -> str:
        """Return what is wrong with responses that no check has seen, drift too; "" if nothing is."""
        return "\n".join(self._blocks(drift=True))

    def _blocks(self, *, drift: bool) -> Iterable[str]:
        """Return a text for each response that is wrong and not yet reported, those that are alike only once."""
        since, self._reported = self._reported, len(self._returned)
        blocks: Counter[str] = Counter()
        for library, exchange in self._since(since):
            findings = self._judge(exchange)
            if fails(findings, drift=drift):
                blocks[describe(exchange, findings, f"the stub of {library}")] += 1
        return [text + (f"\n  {times} times" if times > 1 else "") for text, times in blocks.items()]

    def _since(self, index: int) -> list[tuple[str, RecordedExchange]]:
        """Return the exchanges of IMS from an index on, with their libraries."""
        read = [(library, replace(exchange(), entry=library)) for library, exchange in self._returned[index:]]
        return [(library, exchange) for library, exchange in read if self._is_of_ims(exchange)]

    def _is_of_ims(self, exchange: RecordedExchange) -> bool:
        url = exchange.request.url
        return is_sent_to(url, self._hosts) if self._hosts else is_of_ims(exchange.request.method, url)

    def _judge(self, exchange: RecordedExchange) -> list[Finding]:
        return [finding for finding in judge(exchange) if not is_allowed(finding, self._allowed)]


def _check_hosts(globs: Collection[str]) -> None:
    """Raise TypeError for what is no collection of globs; a text alone would be one of letters."""
    if isinstance(globs, str) or not all(isinstance(glob, str) for glob in globs):
        raise TypeError(f'only_host: must be globs of hosts, such as ("ims.*",), got {globs!r}')


def is_of_ims(method: str, url: str) -> bool:
    """Return whether a request is made to IMS, or to what it needs, by its host and path.

    All of a host of IMS is. Of its neighbours, such as iam.*, and of this machine it is what matches an operation. Of
    any other host it is what matches one of images, since a path such as /v3/projects is of many services.
    """
    host = (urlsplit(url).hostname or "").lower()
    known = cloud_host(host)
    if known is not None and known.service == "ims":
        return True
    operation = find_operation(method.upper(), url)
    if operation is None:
        return False
    # Hosts of tests: localhost, a name without a domain, an address.
    is_near = host.rpartition(".")[2].isdigit() or ":" in host or "." not in host
    if known is not None or not is_near:
        return known is not None or "images" in operation.path
    return operation.path.count("/") > 1


def settings_of(ini: Mapping[str, Any], markers: Iterable[Any]) -> dict[str, Any]:
    """Return the settings of a test: of the ini file, and of its markers, the closest to the test first.

    What is allowed adds up. Raises ValueError for a marker that cannot be.
    """
    settings = {**SETTINGS, **ini}
    allow = [*settings["allow"]]
    for marker in reversed([*markers]):
        unknown = [*map(repr, marker.args), *sorted(marker.kwargs.keys() - SETTINGS)]
        if unknown:
            raise ValueError(f"takes {', '.join(f'{name}=' for name in SETTINGS)} alone, got {', '.join(unknown)}")
        check_allowed(marker.kwargs.get("allow", ()))
        allow += marker.kwargs.get("allow", ())
        settings.update(marker.kwargs)
    return {**settings, "allow": allow}
