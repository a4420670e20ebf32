"""A forward proxy behind which every region of the cloud is a mock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ims_mock.contract.hosts import REGION, CloudHost, cloud_host
from ims_mock.mock import ImsMock
from ims_mock.service.preloading import preload
from ims_mock.state.regions import Regions
from ims_mock.web.proxy import Find, Origin, ProxyServer, RefusedError
from ims_mock.web.tls import Authority

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_REGIONS = 64
"""Most regions that have a mock."""

SERVICES = "ims, iam, eps, kms, bss and cbr"


class MockCloud:
    """A mock for each region, made when the region is first asked for; the first one is there from the beginning.

    Enterprise projects, billing and the identity service are one for all regions, as in the cloud: the first mock has
    them. `settings` are those of every mock; `region` is the name of the first.
    """

    def __init__(self, **settings: Any) -> None:
        self.home = ImsMock(**settings)
        self._settings = settings
        self._mocks = {self.home.service.settings.region: self.home}
        cloud = Regions(self.home.service.store)
        cloud.new = self._add

    def mock(self, region: str | None = None) -> ImsMock:
        """Return the mock of a region, or the first one; raise ValueError for a text that cannot be a region."""
        if region is None:
            return self.home
        with self.home.service.store.lock:
            if region not in self._mocks and not self._add(region):
                if REGION.fullmatch(region):
                    raise ValueError(f"{MAX_REGIONS} regions have a mock, and {region!r} would be one more than can be")
                raise ValueError(f"there can be no region {region!r}: its name must be one such as eu-west-101")
            return self._mocks[region]

    @property
    def mocks(self) -> list[ImsMock]:
        """The mocks that there are, the first one first."""
        return list(self._mocks.values())

    def _add(self, region: str) -> bool:
        """Add the mock of a region, with the lock held; return whether there can be one."""
        if len(self._mocks) >= MAX_REGIONS or not REGION.fullmatch(region):
            return False
        # The time is that of the others, which have been there for a while.
        settings = {**self._settings, "region": region, "start": self.home.clock.now()}
        self._mocks[region] = ImsMock(**settings).join(self.home)
        return True

    def find(self, host: CloudHost) -> Origin:
        """Return what responds for a host; raise RefusedError where its region can have no mock."""
        try:
            mock = self.home if host.is_global else self.mock(host.region)
        except ValueError as error:
            raise RefusedError(str(error)) from None
        return Origin(mock.app, mock.refuse)


def find_in(cloud: Callable[[CloudHost], Origin], allow_hosts: Sequence[str]) -> Find:
    """Return what finds the origins of a cloud's hosts, lets those through that are allowed by name, refuses others.

    A name that begins with "*." stands for all below it.
    """
    names = [name.lower() for name in allow_hosts]

    def find(name: str, _port: int) -> Origin | None:
        host, plain = cloud_host(name), name.lower().removesuffix(".")
        if host is not None:
            return cloud(host)
        if any(plain == known or (known.startswith("*.") and plain.endswith(known[1:])) for known in names):
            return None
        raise RefusedError(
            f"{name} is no host that the proxy responds for, which are those of {SERVICES}; "
            f"--allow-host {name} lets requests to it through"
        )

    return find


class ForwardProxy:
    """A forward proxy in this process; a context manager that serves. Needs the extra ims_mock[proxy].

    `ca_pem` is the certificate of the throw-away authority, which clients have to trust.
    """

    def __init__(self, find: Find, host: str, port: int) -> None:
        self._authority = Authority("proxy")
        self._server = ProxyServer(find, self._authority, host, port)

    @property
    def url(self) -> str:
        """The URL of the proxy, for HTTPS_PROXY."""
        return self._server.url

    @property
    def ca_pem(self) -> bytes:
        """The certificate of the throw-away authority, in PEM."""
        return self._authority.pem

    def start(self) -> Self:
        """Start to serve; raise OSError if the port is not available."""
        preload()
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving, and close every connection."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class ImsProxy(ForwardProxy):
    """A forward proxy behind which every region is a mock of its own.

    >>> with ImsProxy() as proxy:
    ...     run_client(environ={"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": "ca.pem"})
    ...     proxy.mock("cn-north-4").journal.assert_called("glance_list_images")

    Before, `ca_pem` was written to ca.pem. Hosts in `allow_hosts` are let through untouched. `settings` are those of
    the mocks; they need no port of their own.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, allow_hosts: Sequence[str] = (), **settings: Any
    ) -> None:
        self.cloud = MockCloud(**settings)
        super().__init__(find_in(self.cloud.find, allow_hosts), host, port)

    def mock(self, region: str | None = None) -> ImsMock:
        """Return the mock of a region, or the first one; raise ValueError for a text that cannot be a region."""
        return self.cloud.mock(region)
