"""Filters of images: what each tests, and where those stand that pass it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ims_mock.state.image_orders import ANY_STATUS, Facet, Span
from ims_mock.state.images import Image
from ims_mock.state.packed import Packed, unpacked

Test = Callable[[Any], bool]

_Check = tuple[int, Test]
"""A test, and where the value that it takes is; _WHOLE where it takes the image."""

_WHOLE = -1


@dataclass(frozen=True)
class Filter:
    """A test of images: of the attribute `name`, which is `absent` where an image lacks it, or of a whole image.

    All that pass it have a value of `alike`, where there is one, an id of `ids`, or are of `span`: it need not be tried
    on others. `member_status` is that which a project has given the images of others, and `seen` is the same filter
    for those that it sees, and has given that status; it needs no lock.
    """

    test: Test
    name: str | None = None
    absent: Any = None
    alike: tuple[Facet, tuple[str, ...]] | None = None
    ids: Collection[str] | None = None
    span: Span | None = None
    member_status: str = ANY_STATUS
    seen: Filter | None = None

    def passes(self, image: Image) -> bool:
        """Return whether an image passes."""
        return self.test(image if self.name is None else image.get(self.name, self.absent))


def passing(filters: Sequence[Filter], image: Image) -> bool:
    """Return whether an image passes all filters."""
    return all(item.passes(image) for item in filters)


def of_seen(filters: Sequence[Filter]) -> list[Filter]:
    """Return the filters for images that a project sees, and has given the wanted status; they need no lock."""
    return [item.seen or item for item in filters]


def passed(images: Iterable[Packed], filters: Sequence[Filter]) -> Iterator[Packed]:
    """Yield the images that pass all filters.

    Most images have the same attributes, so that where each value is, is found once, and no image is unpacked for it.
    """
    found: dict[tuple[str, ...], list[_Check] | None] = {}
    for packed in images:
        names, values = packed[3:]
        try:
            checks = found[names]
        except KeyError:
            checks = found[names] = _checks(filters, names)
        if checks is None:
            continue
        for index, test in checks:
            if not test(values[index] if index != _WHOLE else unpacked(packed)):
                break
        else:
            yield packed


def _checks(filters: Sequence[Filter], names: tuple[str, ...]) -> list[_Check] | None:
    """Return what is left to test of an image that has these attributes; None where it cannot pass."""
    checks = []
    for item in filters:
        if item.name is None:
            checks.append((_WHOLE, item.test))
        elif item.name in names:
            checks.append((names.index(item.name), item.test))
        elif not item.test(item.absent):
            return None
    return checks
