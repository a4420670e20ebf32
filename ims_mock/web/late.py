"""What is imported only when a request needs it, by one thread at a time."""

from __future__ import annotations

from ims_mock.state.real import new_lock

IMPORTING = new_lock()
"""Held while Flask or a part of Werkzeug is imported: two threads that do so at once can each find half a module."""
