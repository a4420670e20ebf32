"""Numbers that a server gives out without asking the store, and that no other server has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from ims_mock.shared.notes import Notes
from ims_mock.shared.watching import alive_key

_MANY = 10**12
"""More requests than a server receives."""


class Series:
    """The numbers of a server's requests and uploads: each server has its own."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._first = notes.watch.server * _MANY
        self._requests, self._uploads = count(1), count(1)

    def next_request(self) -> int:
        """Return the number of a request, from which nothing but its id follows."""
        return self._first + next(self._requests)

    def next_upload(self) -> int:
        """Return the number of an upload, which says whose it is."""
        return self._first + next(self._uploads)

    def abandoned(self, uploads: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """Yield the uploads, with their images, whose servers are gone."""
        for image_id, upload in list(uploads.items()):
            server = upload // _MANY
            if server != self._notes.watch.server and not self._notes.link.ask(("EXISTS", alive_key(server)))[0]:
                yield image_id, upload
