"""The way from a request to the world that it is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import Headers, header_name
from ims_mock.service.region_choice import PREFIX, Asked, check_sent
from ims_mock.service.world import World
from ims_mock.service.worlds import HEADER, Worlds
from ims_mock.state.real import new_lock
from ims_mock.web.direct import Direct
from ims_mock.web.environ import request_of, target_of
from ims_mock.web.front import Front
from ims_mock.web.head import Head, headers_of
from ims_mock.web.late import IMPORTING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ims_mock.web.together import Notes

_HEADER = header_name(HEADER)


class Fronts:
    """The applications and short ways of the worlds of a server, each made when a request first needs it."""

    def __init__(self, worlds: Worlds) -> None:
        self.worlds = worlds
        self.notes: Notes | None = None
        self.default = Front(worlds.default.service)
        # A front holds its service, so that a key which the service holds would never go.
        self._fronts = WeakKeyDictionary[World, Front]()
        self._lock = new_lock()

    def direct_of(self, head: Head) -> tuple[Direct, Head] | None:
        """Return the short way of the world that a request is for, and the head as that world sees it.

        None where there is no such world: the application says why.
        """
        environ, headers = head.fields
        if not self._may_choose(head.target, environ.get("HTTP_HOST", ""), headers):
            return self.default.direct, head
        try:
            check_sent(head.target)
            world, root = self.worlds.choose(Asked(head.path, environ.get("HTTP_HOST", ""), headers))
        except ImsError:
            return None
        if root:
            target = head.target[len(root) :]
            if not head.target.startswith(root) or not target.startswith("/"):
                return None
            head = replace(head, target=target, path=head.path[len(root) :], root=root)
        return self.of(world).direct, head

    def respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as the application of the world that a request is for."""
        path, host, headers = environ["PATH_INFO"], environ.get("HTTP_HOST", ""), headers_of(environ)
        if not self._may_choose(path, host, headers):
            return self.default.respond(environ, start_response)
        try:
            check_sent(target_of(environ.get("REQUEST_URI", "")))
            world, root = self.worlds.choose(Asked(path, host, headers))
        except ImsError as error:
            return self._refuse(error, environ, start_response)
        if root:
            environ = {**environ, "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + root, "PATH_INFO": path[len(root) :]}
        return self.of(world).respond(environ, start_response)

    def end_waits(self) -> None:
        """Let those who wait for a change wait no more, as their connections are closed."""
        for world in self.worlds.present():
            world.service.store.signal.release()

    def _may_choose(self, path: str, host: str, headers: Headers) -> bool:
        """Return whether a request may be for another world than the default one."""
        return (
            self.worlds.has_named
            or bool(self.worlds.default.service.further)
            or self.worlds.budget.most is not None
            or path.startswith(PREFIX)
            or ".localhost" in host.lower()
            or headers.get(_HEADER) is not None
        )

    def of(self, world: World) -> Front:
        """Return the front of a world."""
        if world is self.worlds.default:
            return self.default
        with self._lock:
            front = self._fronts.get(world)
            if front is None:
                front = self._fronts[world] = Front(world.service)
            return front

    def _refuse(self, error: ImsError, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Reject a request for a world that cannot be; the default one has it in its journal, if it is of a test."""
        # Imported here: werkzeug takes long to import, and few requests are rejected.
        with IMPORTING:
            from ims_mock.web.app import sent
            from ims_mock.web.control import refusal
            from ims_mock.web.hints import is_of_control

        service = self.default.service
        if error.status == 410 or is_of_control(environ["PATH_INFO"]):
            # Only clients of the control API say which world of a name they mean, and no journal has their requests.
            return refusal(error)(environ, start_response)
        return sent(service.refuse(error, request_of(environ, {})), service.store.clock)(environ, start_response)
