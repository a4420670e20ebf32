"""Why an operation fails in the mock itself: often a test has removed what each image has."""

from __future__ import annotations

from ims_mock.contract import schema_files
from ims_mock.state.store import Store

_REQUIRED = frozenset(schema_files.read("models/image.json")["required"])
"""What each image has."""


def reason_of(error: Exception, store: Store) -> str:
    """Return the reason of a 500: the image without the attribute that an operation looked for, or the error itself."""
    if isinstance(error, KeyError):
        with store.transaction():
            lacking = next((image for image in store.images.values() if image.keys() < _REQUIRED | image.keys()), None)
        if lacking is not None:
            names = ", ".join(sorted(_REQUIRED - lacking.keys()))
            return f"the image {lacking.get('id')!r} has no {names}; put back what a test has removed"
    return f"unexpected {type(error).__name__} in the mock: {error}; its log has the traceback"
