"""What stands before a service: the application of Flask, and the short way that does without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ims_mock.service.service import Service
from ims_mock.state.real import new_lock
from ims_mock.web.direct import Direct
from ims_mock.web.late import IMPORTING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ims_mock.web.app import App


class Front:
    """The application of one service, made when it is first needed, and its short way."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.direct = Direct(service, self._is_as_made)
        self.seen: Callable[[], Any] = lambda: None
        """Returns the object that a test has for it; None where it has none now."""
        self._app: App | None = None
        self._making = new_lock()

    @property
    def app(self) -> App:
        """The application of Flask."""
        with self._making:
            if self._app is None:
                # Imported here: what most requests need is done without Flask, which takes longer than all the rest.
                with IMPORTING:
                    from ims_mock.web.app import create_app

                self._app = create_app(self.service)
            return self._app

    def _is_as_made(self) -> bool:
        """Return whether no test has put something of its own into the application."""
        return self._app is None or self._app.is_as_made()

    def respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as the application does."""
        return self.app(environ, start_response)
