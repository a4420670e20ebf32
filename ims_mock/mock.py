"""The mock as a user holds it: a service behind a port, and everything of it that a test looks at."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

from ims_mock.app import create_app
from ims_mock.catalogue import add_image, load_public_images
from ims_mock.clock import Clock
from ims_mock.errors import ImsError
from ims_mock.faults import Faults
from ims_mock.images import Image
from ims_mock.journal import Journal
from ims_mock.server import Server
from ims_mock.service import Incoming, Outgoing, Service, Settings


class ImsMock:
    """An IMS of one's own, in this process; a context manager that serves while it is entered.

    >>> with ImsMock() as mock:
    ...     requests.get(f"{mock.url}/v2/images", headers={"X-Auth-Token": mock.token})

    `settings` are those of Settings: seed, start, auth, project_id, token, public_images, max_image_size. The clock
    stands still until it is advanced, unless a `clock` is given. Entering raises OSError when the port cannot be had;
    port 0 takes a free one.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None, **settings: Any) -> None:
        self.service = Service(Settings().changed(settings), clock)
        self.app = create_app(self.service)
        self._server = Server(self.app, host, port, self._refuse)

    @property
    def url(self) -> str:
        """The root of the API, such as "http://127.0.0.1:9292"."""
        return self._server.url

    @property
    def token(self) -> str:
        """A token that is honoured, for X-Auth-Token."""
        return self.service.auth.token

    @property
    def project_id(self) -> str:
        """The project of a caller who names none: 32 hexadecimal digits."""
        return self.service.auth.project_id

    @property
    def images(self) -> MutableMapping[str, Image]:
        """The images themselves, by id: dicts of JSON types that a test may read, and write."""
        return self.service.backend.images

    def add_image(
        self, *, data: bytes | None = None, members: Mapping[str, str] | None = None, **attributes: Any
    ) -> Image:
        """Add an image without a request, such as one that is public, active, or another project's, and return it.

        >>> mock.add_image(name="web", __os_version="Ubuntu 22.04 server 64bit", status="active", owner="b912fb4a")

        Attributes that are not given are as after a create. `data` is the image's file, which makes it active.
        `members` shares it: from project ids to their status, such as {mock.project_id: "accepted"}. Raises ValueError
        for what the service could not hold.
        """
        return add_image(self.service.backend, self.project_id, attributes, data, members)

    def load_public_images(self) -> None:
        """Add the catalogue of public images, about 20 of what a region offers; loading it twice is no error."""
        load_public_images(self.service.backend)

    @property
    def faults(self) -> Faults:
        """The rules that make requests fail."""
        return self.service.faults

    @property
    def journal(self) -> Journal:
        """The requests that were received, with their answers."""
        return self.service.journal

    @property
    def clock(self) -> Any:
        """The mock's clock: a ManualClock, unless another was given."""
        return self.service.backend.clock

    def reset(self, /, **settings: Any) -> None:
        """Forget images, faults and journal, and start anew with the first settings but for those given here."""
        self.service.reset(**settings)

    def start(self) -> ImsMock:
        """Serve from now on; raise OSError when the port cannot be had."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving, and close every connection."""
        self._server.stop()

    def __enter__(self) -> ImsMock:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _refuse(self, status: int, reason: str, method: str, target: str) -> Outgoing:
        """Answer what is no HTTP request, and have it in the journal all the same."""
        incoming = Incoming(method, target, self.url, {}, {}, "", lambda: b"", lambda *_: iter(()))
        return self.service.refuse(ImsError(status, "APIGW.0201", reason=reason), incoming)
