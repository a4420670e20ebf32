"""Ids, tokens and secrets, which follow from a store's seed: a series each, so that none depends on the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ims_mock.state.store import Store


def new_image_id(store: Store) -> str:
    """Return a lower-case UUID that no image has or had; the caller holds the lock."""
    while True:
        image_id = _uuid(store.draw("images"))
        if image_id not in store.images.records and image_id not in store.deleted.records:
            return image_id


def new_backup_id(store: Store) -> str:
    """Return a lower-case UUID, for a backup."""
    return _uuid(store.draw("backups"))


def _uuid(bits: str) -> str:
    """Return a UUID of hexadecimal digits: version 4, variant 1 (RFC 9562 section 5.4)."""
    # uuid.UUID takes three times as long.
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:32]}"


@contextmanager
def ids_of_success(store: Store) -> Iterator[None]:
    """Give the ids of images that are drawn inside back to the series when it fails; the caller holds the lock."""
    drawn = store.drawn.get("images")
    try:
        yield
    except Exception:
        store.take_back("images", drawn)
        raise


def new_token(store: Store) -> str:
    """Return 64 hexadecimal digits, for a token or a secret, which no other world of the server gives out."""
    return store.draw(f"tokens of {store.world}" if store.world else "tokens")


def new_key_id(store: Store) -> str:
    """Return a lower-case UUID, for a key of Key Management."""
    return _uuid(store.draw("keys"))


def new_job_id(store: Store) -> str:
    """Return 32 hexadecimal digits, for a job."""
    return store.draw("jobs")[:32]
