"""What stubs of several makers have in common."""

from __future__ import annotations

from ims_mock.contract.routes import methods_of


def method_of(method: str, url: str) -> str | None:
    """Return the method of a stub, or the only one that a path has where the stub is for any; None otherwise."""
    if method:
        return method.upper()
    known = methods_of(url.partition("?")[0])
    return next(iter(known)) if len(known) == 1 else None
