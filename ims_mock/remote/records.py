"""The records of a mock in another process, behind the same views as those of one in this process."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from ims_mock.contract.wording import shown
from ims_mock.remote.connection import Connection, fits_in_path, part
from ims_mock.service.ending import JobsView
from ims_mock.service.missing import ConflictError
from ims_mock.state.views import Record, RecordsView, RecordView

T = TypeVar("T")

_MOST_TRIES = 100
"""How often an edit is made again because others have edited the same record."""


class RemoteCollection(Mapping[str, Any]):
    """The records of one kind, as a view uses a collection of a store; each access is a request."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._path = f"records/{kind}"
        self._kind = kind

    def _all(self) -> dict[str, Any]:
        records: dict[str, Any] = self._connection.get(self._path)["records"]
        return records

    def values(self) -> ValuesView[Any]:
        """Return all records, of one moment."""
        return self._all().values()

    def items(self) -> ItemsView[str, Any]:
        """Return all records with their keys, of one moment."""
        return self._all().items()

    def __getitem__(self, key: str) -> Any:
        if self._connection.has_ended or not fits_in_path(key):
            return self._all()[key]
        try:
            return self._connection.get(f"{self._path}/{part(key)}")["record"]
        except LookupError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def copy(self) -> dict[str, Any]:
        """Return all records, of one moment."""
        return self._all()

    def put(self, key: str, record: Any) -> None:
        """Add a record, or put it in the place of the one that has its key."""
        self._connection.send("PUT", self._path_of(key), {"record": record})

    def replace(self, key: str, record: Any, was: Any) -> None:
        """Put a record in the place of one that has been read; raise ConflictError if another one is there by now."""
        self._connection.send("PUT", self._path_of(key), {"record": record, "was": was})

    def _path_of(self, key: str) -> str:
        """Return the path of a record that is written; raise ValueError for a key that no URL can have."""
        if not fits_in_path(key):
            raise ValueError(f"a key must be text that can be one part of the path of a URL, got {shown(key)}")
        return f"{self._path}/{part(key)}"

    def remove(self, key: str) -> None:
        """Remove a record; raise KeyError where there is none."""
        if not fits_in_path(key) and key not in self:
            raise KeyError(key)
        try:
            self._connection.delete(self._path_of(key))
        except LookupError:
            raise KeyError(key) from None

    def clear(self) -> None:
        """Remove every record."""
        self._connection.delete(self._path)


class RemoteStore:
    """The records of a world in another process, as far as views and reports use a store.

    Each request is a transaction of its own, which settles what is due. What a view does with several requests, such
    as an edit, is checked by the server against what was read, and made again if somebody else was first.
    """

    def __init__(self, connection: Connection, about: Callable[[], Mapping[str, Any]]) -> None:
        self.images = RemoteCollection(connection, "images")
        self.jobs = RemoteCollection(connection, "jobs")
        self.projects = RemoteCollection(connection, "projects")
        self.users = RemoteCollection(connection, "users")
        self.lock: AbstractContextManager[object] = nullcontext()
        self._about = about

    def transaction(self) -> AbstractContextManager[RemoteStore]:
        """Return what a block of requests runs in; the server has a transaction for each."""
        return nullcontext(self)

    def settle(self) -> None:
        """Do nothing: the server settles what is due in each request."""

    def check_there(self) -> None:
        """Do nothing: the server says where a world was removed."""

    @property
    def world(self) -> str:
        """The name of the world."""
        return str(self._about()["world"])

    @property
    def seed(self) -> int | str:
        """The seed since the last reset."""
        seed: int | str = self._about()["seed"]
        return seed

    @property
    def started_at(self) -> float:
        """The time of the clock at the last reset, in seconds since 1970."""
        return float(self._about()["started_at"])

    @property
    def settings(self) -> Mapping[str, Any]:
        """The region, as records of a store have it."""
        return {"region": self._about()["region"]}

    def timestamp(self) -> str:
        """Return the time of the clock, as the API shows it."""
        return str(self._about()["timestamp"])


class RemoteRecordView(RecordView):
    """A record of another process; an edit is made again if somebody else has edited the record meanwhile."""

    __slots__ = ()

    def edit(self, edit: Callable[[Record], T]) -> T:
        """Edit a copy of the record, and put it in the record's place."""
        collection: Any = self._collection
        for _ in range(_MOST_TRIES):
            record = collection.get(self._key)
            edited, result = self._edited(edit, record)
            try:
                if record is not None:
                    collection.replace(self._key, edited, record)
            except ConflictError:
                continue
            self._fill(edited)
            return result
        raise ConflictError(f"{shown(self._key)} was edited by others {_MOST_TRIES} times in a row; try again later")


class RemoteRecordsView(RecordsView):
    """The records of a kind in another process, as a dict of dicts that writes through."""

    record_view = RemoteRecordView

    def __init__(self, store: RemoteStore, collection: RemoteCollection) -> None:
        given: Any = (store, collection)
        RecordsView.__init__(self, *given)
        self._records = collection

    def _now(self) -> dict[str, Record]:
        # In one request, so that all are of one moment.
        return {key: self.seen(key, record) for key, record in self._records.copy().items()}

    def seen(self, key: str, record: Record) -> Record:
        """Return the view of a record that was read or added."""
        view: Any = self.record_view
        found: Record = view(self.store, self._records, key, record)
        return found


class RemoteJobsView(RemoteRecordsView, JobsView):
    """The jobs of a world in another process."""

    def __init__(self, store: RemoteStore, connection: Connection) -> None:
        RemoteRecordsView.__init__(self, store, store.jobs)
        self._connection = connection

    def _end(self, job_id: str, wanted: dict[str, Any]) -> None:
        given = {name: value for name, value in wanted.items() if value is not None}
        try:
            self._connection.send("POST", f"jobs/{part(job_id)}", given)
        except LookupError as error:
            raise ValueError(str(error)) from None
