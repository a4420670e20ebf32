"""The images as a test holds them: a dict of dicts that writes through to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

from ims_mock.contract.image_ids import in_lower_case
from ims_mock.state.images import Image
from ims_mock.state.store import Store

T = TypeVar("T")
Edit = Callable[[Image], T]


class ImageView(dict[str, Any]):
    """An image as it was when it was read; what is written to it is written to the image that has its id now.

    A list inside it writes through as well. A copy is a plain dict. Once the image is removed, an edit changes this
    dict alone.
    """

    __slots__ = ("_id", "_store")

    def __init__(self, store: Store, image_id: str, image: Image) -> None:
        self._store = store
        self._id = image_id
        super().__init__()
        self._fill(image)

    def _fill(self, image: Image) -> None:
        super().clear()
        super().update({name: self._part(name, value) for name, value in image.items()})

    def _part(self, name: str, value: Any) -> Any:
        return _ListView(self, name, value) if isinstance(value, list) else value

    def edit(self, edit: Edit[T]) -> T:
        """Edit a copy of the image, and put it in the image's place."""
        with self._store.transaction():
            image = self._store.images.get(self._id)
            edited = dict(self if image is None else image)
            result = edit(edited)
            edited = {name: _plain(value) for name, value in edited.items()}
            if image is not None:
                self._store.images.put(self._id, edited)
        self._fill(edited)
        return result

    def __setitem__(self, name: str, value: Any) -> None:
        self.edit(lambda image: image.__setitem__(name, value))

    def __delitem__(self, name: str) -> None:
        self.edit(lambda image: image.__delitem__(name))

    if not TYPE_CHECKING:  # dict has a type for `|=` that no subclass can keep.

        def __ior__(self, others: Any) -> ImageView:
            self.update(others)
            return self

    def update(self, *others: Any, **attributes: Any) -> None:
        """Set several attributes."""
        self.edit(lambda image: image.update(*others, **attributes))

    def pop(self, name: str, *default: Any) -> Any:
        """Remove an attribute, and return its value."""
        return self.edit(lambda image: image.pop(name, *default))

    def popitem(self) -> tuple[str, Any]:
        """Remove the last attribute, and return it with its name."""
        return self.edit(lambda image: image.popitem())

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Set an attribute unless it is there, and return its value."""
        return self.edit(lambda image: image.setdefault(name, default))

    def clear(self) -> None:
        """Remove every attribute."""
        self.edit(lambda image: image.clear())

    def __reduce__(self) -> tuple[type, tuple[Image]]:
        return dict, (dict(self),)


class _ListView(list[Any]):
    """A list of an image, such as its tags; an edit is made in the list that the image has now."""

    __slots__ = ("_image", "_name")

    def __init__(self, image: ImageView, name: str, items: list[Any]) -> None:
        super().__init__(items)
        self._image = image
        self._name = name

    def _edit(self, edit: Callable[[list[Any]], T]) -> T:
        def edit_list(image: Image) -> T:
            current = image.get(self._name)
            image[self._name] = items = list(current if isinstance(current, list) else self)
            result = edit(items)
            super(_ListView, self).__setitem__(slice(None), items)
            return result

        return self._image.edit(edit_list)

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


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, _ListView) else value


def _key(image_id: Any) -> Any:
    """Return an id as the images have it, also where it is no text."""
    return in_lower_case(image_id) if isinstance(image_id, str) else image_id


class ImagesView(MutableMapping[str, Image]):
    """The images of a store, by id: read, edited, added and removed as in a dict. A copy is a plain dict.

    An id in capitals is the same one in lower case.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def __getitem__(self, image_id: str) -> Image:
        self.store.settle()
        return ImageView(self.store, _key(image_id), self.store.images[_key(image_id)])

    def __setitem__(self, image_id: str, image: Image) -> None:
        with self.store.transaction() as store:
            plain = {name: _key(value) if name == "id" else _plain(value) for name, value in image.items()}
            store.images.put(_key(image_id), plain)

    def __delitem__(self, image_id: str) -> None:
        with self.store.transaction() as store:
            if _key(image_id) not in store.images:
                raise KeyError(image_id)
            store.images.remove(_key(image_id))

    def __iter__(self) -> Iterator[str]:
        """Yield the ids of the images at the beginning of the walk."""
        self.store.settle()
        with self.store.lock:
            return iter(list(self.store.images))

    def __len__(self) -> int:
        return len(self.store.images)

    def __contains__(self, image_id: object) -> bool:
        return _key(image_id) in self.store.images

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self))

    def pop(self, image_id: str, *default: Any) -> Any:
        """Remove an image, and return it as a plain dict."""
        with self.store.transaction() as store:
            if image_id not in self:
                return dict[str, Any]().pop(image_id, *default)
            image = dict(store.images[_key(image_id)])
            store.images.remove(_key(image_id))
            return image

    def popitem(self) -> tuple[str, Image]:
        """Remove the image that was added last, and return it with its id."""
        with self.store.transaction():
            for image_id in reversed(self):
                return image_id, self.pop(image_id)
            raise KeyError("popitem(): there are no images")

    def setdefault(self, image_id: str, image: Any = None) -> Image:
        """Add an image unless its id is there, and return the one that is."""
        with self.store.transaction():
            if image_id not in self:
                self[image_id] = image
            return self[image_id]

    def clear(self) -> None:
        """Remove every image."""
        with self.store.transaction() as store:
            store.images.clear()

    def copy(self) -> dict[str, Image]:
        """Return the images as a plain dict of plain dicts."""
        return {image_id: dict(image) for image_id, image in self.items()}

    def __or__(self, others: Any) -> Any:
        return self.copy() | dict(others)

    def __ror__(self, others: Mapping[str, Image]) -> dict[str, Image]:
        return dict(others) | self.copy()

    def __ior__(self, others: Any) -> Any:
        self.update(others)
        return self

    def __reduce__(self) -> tuple[type, tuple[dict[str, Image]]]:
        return dict, (self.copy(),)

    def __repr__(self) -> str:
        return repr(self.copy())
