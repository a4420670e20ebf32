"""What a world has that no earlier one of its name has, and which worlds no request makes again."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ims_mock.contract.errors import ImsError
from ims_mock.contract.headers import Headers, header_name
from ims_mock.service.service import Service
from ims_mock.state.real import new_lock

HEADER = "X-IMS-Mock-Instance"
"""The header with which a client says for which world of a name its request is."""

MOST_REMOVED = 1000
"""Most names of removed worlds that are remembered, the last ones."""

MOST_GONE = 10_000
"""Most credentials of removed worlds that are remembered, the last ones."""

_HEADER = header_name(HEADER)


class WorldIds:
    """The ids of the worlds of a server, and the names of those that were removed and that no request makes again."""

    def __init__(self) -> None:
        self._ids = WeakKeyDictionary[Service, str]()
        self._removed: dict[str, None] = {}
        self.gone: dict[str, str] = {}
        """What to call removed worlds, by their tokens and access keys; of many, the last ones."""
        self._lock = new_lock()

    def note(self, service: Service, world_id: str) -> None:
        """Note the id of the world of a service."""
        self._ids[service] = world_id

    def of(self, service: Service) -> str:
        """Return the id of the world of a service; "" for the default one, which is never removed."""
        return self._ids.get(service, "")

    def note_removed(self, name: str) -> None:
        """Let no request make a world of a name again; of many names, the first ones are dropped."""
        with self._lock:
            self._removed[name] = None
            if len(self._removed) > MOST_REMOVED:
                del self._removed[next(iter(self._removed))]

    def note_gone(self, name: str, service: Service) -> None:
        """Remember whose the tokens and access keys of a removed world were."""
        store = service.store
        issued = [*store.tokens.records, *store.temporary_credentials.records]
        given = [*issued, *(user.access for user in service.accounts.users.values()), service.settings.token]
        with self._lock:
            # The last issued ones matter most.
            self.gone.update(dict.fromkeys(given[-MOST_GONE:], f"{name}, which was removed"))
            for credential in list(self.gone)[: max(len(self.gone) - MOST_GONE, 0)]:
                del self.gone[credential]

    def allow(self, name: str) -> None:
        """Let a name be used again."""
        with self._lock:
            self._removed.pop(name, None)

    def check(self, name: str, found: Service | None, headers: Headers) -> None:
        """Raise 410 for a request that is for another world of a name than is there, and 404 for one that is over."""
        wanted = headers.get(_HEADER)
        if wanted and (found is None or self.of(found) != wanted):
            what = "was deleted, or removed as unused or as one of too many, or the server was started again"
            advice = "connect again, load the page again, or run the tests again"
            text = f"the world {name} {what}; what it had is gone; {advice}"
            raise ImsError(410, "APIGW.0101", reason=text)
        if found is None and name in self._removed:
            text = f"the world {name} is over: it was deleted or removed as unused"
            advice = "make it again with connect() or POST /_ims_mock/worlds, or end the program that still uses it"
            raise ImsError(404, "APIGW.0101", reason=f"{text}; {advice}")
