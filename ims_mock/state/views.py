"""Records as a test holds them: a dict of dicts that writes through to the store."""

from __future__ import annotations

import json
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar

from ims_mock.contract.image_ids import in_lower_case
from ims_mock.state.collections import Collection
from ims_mock.state.store import Store, Transaction

T = TypeVar("T")
Record = dict[str, Any]
Edit = Callable[[Record], T]


class RecordView(dict[str, Any]):
    """A record as it was when it was read; what is written to it is written to the record that has its key now.

    A list that is read of it writes through as well. A copy is a plain dict. Once the record is removed, an edit
    changes this dict alone. Raises TypeError for what is not JSON.
    """

    __slots__ = ("_collection", "_key", "_store")

    def __init__(self, store: Store, collection: Collection, key: str, record: Record | None = None) -> None:
        self._store = store
        self._collection = collection
        self._key = key
        super().__init__()
        self._fill(collection[key] if record is None else record)

    def _fill(self, record: Record) -> None:
        super().clear()
        super().update(deepcopy(record))

    def _part(self, name: str, value: Any) -> Any:
        return _ListView(self, name, value) if isinstance(value, list) else value

    def __getitem__(self, name: str) -> Any:
        return self._part(name, super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or the default where there is none."""
        return self._part(name, super().get(name, default))

    if not TYPE_CHECKING:  # dict has types for these that no subclass can keep.

        def items(self) -> ItemsView[str, Any]:
            """Return the attributes with their names, as they are now."""
            return {name: self[name] for name in self}.items()

        def values(self) -> ValuesView[Any]:
            """Return the values of the attributes, as they are now."""
            return {name: self[name] for name in self}.values()

    def edit(self, edit: Edit[T]) -> T:
        """Edit a copy of the record, and put it in the record's place."""
        with _opened(self._store):
            record = self._collection.get(self._key)
            edited, result = self._edited(edit, record)
            if record is not None:
                self._collection.put(self._key, edited)
        self._fill(edited)
        return result

    def _edited(self, edit: Edit[T], record: Record | None) -> tuple[Record, T]:
        """Return a record, or without one what was read, as it is after an edit, and what the edit returns."""
        edited = dict(self if record is None else record)
        result = edit(edited)
        return _plain(edited), result

    def __setitem__(self, name: str, value: Any) -> None:
        self.edit(lambda record: record.__setitem__(name, value))

    def __delitem__(self, name: str) -> None:
        self.edit(lambda record: record.__delitem__(name))

    if not TYPE_CHECKING:  # dict has a type for `|=` that no subclass can keep.

        def __ior__(self, others: Any) -> RecordView:
            self.update(others)
            return self

    def update(self, *others: Any, **attributes: Any) -> None:
        """Set several attributes."""
        self.edit(lambda record: record.update(*others, **attributes))

    def pop(self, name: str, *default: Any) -> Any:
        """Remove an attribute, and return its value."""
        return self.edit(lambda record: record.pop(name, *default))

    def popitem(self) -> tuple[str, Any]:
        """Remove the last attribute, and return it with its name."""
        return self.edit(lambda record: record.popitem())

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Set an attribute unless it is there, and return its value."""
        if name not in self:
            self[name] = default
        return self[name]

    def clear(self) -> None:
        """Remove every attribute."""
        self.edit(lambda record: record.clear())

    def __reduce__(self) -> tuple[type, tuple[Record]]:
        return dict, (dict(self),)


class _ListView(list[Any]):
    """A list of a record, such as its tags; an edit is made in the list that the record has now."""

    __slots__ = ("_name", "_record")

    def __init__(self, record: RecordView, name: str, items: list[Any]) -> None:
        super().__init__(items)
        self._record = record
        self._name = name

    def _edit(self, edit: Callable[[list[Any]], T]) -> T:
        def edit_list(record: Record) -> T:
            current = record.get(self._name)
            record[self._name] = items = list(current if isinstance(current, list) else self)
            result = edit(items)
            super(_ListView, self).__setitem__(slice(None), items)
            return result

        return self._record.edit(edit_list)

    def __setitem__(self, index: Any, item: Any) -> None:
        self._edit(lambda items: items.__setitem__(index, item))

    def __delitem__(self, index: Any) -> None:
        self._edit(lambda items: items.__delitem__(index))

    if not TYPE_CHECKING:  # list has types for these that no subclass can keep.

        def __iadd__(self, more: Any) -> _ListView:
            self.extend(more)
            return self

        def __imul__(self, times: Any) -> _ListView:
            self[:] = self * times
            return self

    def append(self, item: Any) -> None:
        """Add an item at the end."""
        self._edit(lambda items: items.append(item))

    def extend(self, more: Iterable[Any]) -> None:
        """Add items at the end."""
        self._edit(lambda items: items.extend(more))

    def insert(self, *place_and_item: Any) -> None:
        """Insert an item before a place."""
        self._edit(lambda items: items.insert(*place_and_item))

    def remove(self, item: Any) -> None:
        """Remove the first item that is equal."""
        self._edit(lambda items: items.remove(item))

    def pop(self, *index: Any) -> Any:
        """Remove an item, the last one by default, and return it."""
        return self._edit(lambda items: items.pop(*index))

    def clear(self) -> None:
        """Remove every item."""
        self._edit(lambda items: items.clear())

    def reverse(self) -> None:
        """Reverse the order of the items."""
        self._edit(lambda items: items.reverse())

    def sort(self, **options: Any) -> None:
        """Sort the items."""
        self._edit(lambda items: items.sort(**options))

    def __reduce__(self) -> tuple[type, tuple[list[Any]]]:
        return list, (list(self),)


def _plain(record: Any) -> Record:
    """Return a copy of a record that shares nothing; raise TypeError for what is none."""
    if not isinstance(record, Mapping) or not all(isinstance(name, str) for name in record):
        raise TypeError(f"a record must be a dict whose keys are text, got {record!r:.80}")
    try:
        json.dumps(dict(record))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"a record must be made of JSON types: {error}") from None
    return deepcopy(dict(record))


def _opened(store: Store) -> Transaction:
    """Return a transaction of a store; raise ValueError where it was removed with its world, and nothing is kept."""
    store.check_there()
    return store.transaction()


def _key(key: Any) -> Any:
    """Return a key as a collection has it, also where it is no text."""
    return in_lower_case(key) if isinstance(key, str) else key


class RecordsView(MutableMapping[str, Record]):
    """The records of a collection, by key: read, edited, added and removed as in a dict. A copy is a plain dict.

    An id in capitals is the same one in lower case. `record_view` is what a record is seen through.
    """

    record_view = RecordView

    def __init__(self, store: Store, collection: Collection | None = None) -> None:
        self.store = store
        self.collection = store.images if collection is None else collection

    def __getitem__(self, key: str) -> Record:
        self.store.settle()
        return self.record_view(self.store, self.collection, _key(key))

    def __setitem__(self, key: str, record: Record) -> None:
        with _opened(self.store):
            plain = _plain(record)
            self.collection.put(_key(key), {**plain, "id": _key(plain["id"])} if "id" in plain else plain)

    def __delitem__(self, key: str) -> None:
        with _opened(self.store):
            if _key(key) not in self.collection:
                raise KeyError(key)
            self.collection.remove(_key(key))

    def __iter__(self) -> Iterator[str]:
        """Yield the keys of the records at the beginning of the walk."""
        self.store.settle()
        with self.store.lock:
            return iter(list(self.collection))

    def items(self) -> ItemsView[str, Record]:
        """Return the records with their keys, as they are now."""
        return self._now().items()

    def values(self) -> ValuesView[Record]:
        """Return the records, as they are now."""
        return self._now().values()

    def keys(self) -> KeysView[str]:
        """Return the keys, as they are now."""
        return self._now().keys()

    def _now(self) -> dict[str, Record]:
        with _opened(self.store):
            return {key: self.record_view(self.store, self.collection, key) for key in self.collection}

    def __len__(self) -> int:
        return len(self.collection)

    def __contains__(self, key: object) -> bool:
        return _key(key) in self.collection

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self))

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a record, and return it as a plain dict."""
        with _opened(self.store):
            if key not in self:
                return dict[str, Any]().pop(key, *default)
            record = dict(self.collection[_key(key)])
            self.collection.remove(_key(key))
            return record

    def popitem(self) -> tuple[str, Record]:
        """Remove the record that was added last, and return it with its key."""
        with _opened(self.store):
            for key in reversed(self):
                return key, self.pop(key)
            raise KeyError("popitem(): there are no records")

    def setdefault(self, key: str, record: Any = None) -> Record:
        """Add a record unless its key is there, and return the one that is."""
        with _opened(self.store):
            if key not in self:
                self[key] = record
            return self[key]

    def clear(self) -> None:
        """Remove every record."""
        with _opened(self.store):
            self.collection.clear()

    def copy(self) -> dict[str, Record]:
        """Return the records as a plain dict of plain dicts."""
        return {key: dict(record) for key, record in self._now().items()}

    def __or__(self, others: Any) -> Any:
        return self.copy() | dict(others)

    def __ror__(self, others: Mapping[str, Record]) -> dict[str, Record]:
        return dict(others) | self.copy()

    def __ior__(self, others: Any) -> Any:
        self.update(others)
        return self

    def __reduce__(self) -> tuple[type, tuple[dict[str, Record]]]:
        return dict, (self.copy(),)

    def __repr__(self) -> str:
        return repr(self.copy())
