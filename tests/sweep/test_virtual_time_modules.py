"""Modules of all kinds are there while a sweep replaces what waits."""

from __future__ import annotations

import sys
import time
import types

import pytest

from ims_mock.sweep.virtual_time import VirtualTime


class Touchy:
    """An object that can be neither hashed nor compared."""

    def __hash__(self) -> int:
        raise ValueError("cannot hash a writable memoryview object")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("cannot be compared")


def test_objects_of_modules_are_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with such an object, as cryptography's ssh has, keeps it, and its sleep costs nothing."""
    module, touchy = types.ModuleType("touchy"), Touchy()
    module.__dict__.update(touchy=touchy, nap=time.sleep)
    monkeypatch.setitem(sys.modules, "touchy", module)
    virtual = VirtualTime()
    with virtual:
        module.nap(50)
        assert virtual.slept == 50
    assert module.nap is time.sleep
    assert module.touchy is touchy
