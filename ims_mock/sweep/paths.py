"""Whose code a file is."""

from __future__ import annotations

import sysconfig

_INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_HERE = __file__.rpartition("sweep")[0]


def is_installed(path: str) -> bool:
    """Return whether a file is of the standard library, of an installed package, or of the mock."""
    return path.startswith((*_INSTALLED, _HERE, "<"))
