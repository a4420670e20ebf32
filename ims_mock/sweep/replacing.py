"""Functions of the machine that are replaced for a while, whatever name a module, a class or a default has for them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import CellType, FunctionType
from typing import Any

from ims_mock.sweep.paths import is_installed


class Replacement:
    """Stands for a function of the machine, which `virtual` gets first, before the arguments.

    As an attribute of a class it is none of its methods, as the function of the machine is none.
    """

    __slots__ = ("real", "virtual")

    def __init__(self, real: Callable[..., Any], virtual: Callable[..., Any]) -> None:
        self.real = real
        self.virtual = virtual

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do what the function does, in virtual time."""
        return self.virtual(self.real, *args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self.real!r} in virtual time>"


Place = Callable[[Mapping[int, Any]], None]
"""Exchanges functions, by their ids, where one or more of them are."""


class Replacing:
    """What is replaced now; `undo` puts everything back, also in modules that were imported meanwhile."""

    def __init__(self) -> None:
        self._replacements: list[Replacement] = []
        self._places: list[Place] = []
        self._undo: list[Callable[[], object]] = []

    def set(self, holder: Any, name: str, value: Any) -> None:
        """Replace one attribute."""
        before = vars(holder).get(name, _INHERITED)
        setattr(holder, name, value)
        self._undo.append(lambda: _put_back(holder, name, value, before))

    def call_at_end(self, undo: Callable[[], object]) -> None:
        """Call this when everything is put back."""
        self._undo.append(undo)

    def replace(self, replacements: list[Replacement]) -> None:
        """Replace functions wherever they are known by any name."""
        self._replacements += replacements
        found = _places_of([one.real for one in replacements])
        self._places += found
        _exchange({id(one.real): one for one in replacements}, found)

    def undo(self) -> None:
        """Put everything back."""
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        reals = {id(one): one.real for one in self._replacements}
        _exchange(reals, self._places)
        if _are_held_elsewhere(self._replacements):
            _exchange(reals, _places_of(self._replacements))
        self._replacements, self._places = [], []


_INHERITED = object()

_FROZEN: list[bool] = []
"""Has something in it once this process was seen to keep objects from the garbage collector."""

_DEPTH = 4
"""A module has a class, that has attributes, such as a method, which has defaults."""


def _put_back(holder: Any, name: str, value: Any, before: Any) -> None:
    # What somebody else has put there since is theirs.
    if vars(holder).get(name) is not value:
        return
    if before is _INHERITED:
        delattr(holder, name)
    else:
        setattr(holder, name, before)


def _exchange(new: Mapping[int, Any], places: list[Place]) -> None:
    for place in places:
        place(new)


def _are_held_elsewhere(replacements: list[Replacement]) -> bool:
    """Return whether anything beside this list may hold one of them, so that it has to be sought."""
    # A search takes tens of milliseconds, and a work that has taken none for itself needs none at its end.
    count = getattr(sys, "getrefcount", None)
    if count is None:
        return True
    alone = [*replacements, Replacement(_are_held_elsewhere, _are_held_elsewhere)]
    return any(count(alone[index]) > count(alone[-1]) + 1 for index in range(len(replacements)))


def _places_of(old: list[Any]) -> list[Place]:
    """Return the places of functions, in all modules, and where functions, classes and objects hold them."""
    ids = {id(one) for one in old}
    modules = {id(vars(module)): module for module in list(sys.modules.values()) if hasattr(module, "__dict__")}
    # By what they are: to be hashed or compared, an object of a user's module may do anything.
    having = [one for one in modules.values() if not ids.isdisjoint(map(id, list(vars(one).values())))]
    places: list[Place] = [partial(_exchange_in_attributes, vars(module), module) for module in having]
    holders, owners = _found(list(modules.values()), old)
    classes = {id(part): one for one in owners if isinstance(one, type) for part in gc.get_referents(one)}
    functions = {id(one.__defaults__): one for one in owners if type(one) is FunctionType}
    for holder in holders:
        if type(holder) is tuple and id(holder) in functions:
            places.append(partial(_exchange_in_defaults, functions[id(holder)]))
        elif type(holder) is dict:
            places.append(partial(_exchange_in_attributes, holder, classes.get(id(holder))))
        elif type(holder) is CellType or _has_attributes(type(holder)):
            places.append(partial(_exchange_in, holder))
    return places


def _found(modules: list[Any], old: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return what holds the functions beside modules, and what may hold that."""
    if _FROZEN or gc.get_freeze_count():
        # A search leaves out what is frozen. To count that takes as long as it is much, so it is done once.
        _FROZEN[:] = [True]
        found, ids = _around(modules), {id(one) for one in old}
        return [one for one in found if _may_hold(one, ids)], found
    known = {id(vars(module)) for module in modules}
    holders = [holder for holder in gc.get_referrers(*old) if id(holder) not in known]
    inner = [holder for holder in holders if type(holder) in (tuple, dict)]
    # Each search looks at every object of the process, so that one is for all.
    return holders, gc.get_referrers(*inner) if inner else []


def _around(modules: list[Any]) -> list[Any]:
    """Return the functions, classes and objects of modules that are not installed, and what these are made of."""
    own = [module for module in modules if not is_installed(getattr(module, "__file__", None) or "<")]
    names, globals_ = {module.__name__ for module in own}, {id(vars(module)) for module in modules}
    found: dict[int, Any] = {}
    layer = [vars(module) for module in own]
    for _ in range(_DEPTH):
        around = {id(one): one for one in gc.get_referents(*layer)}
        # There are many objects of few kinds.
        kinds = {id(kind): kind for kind in map(type, around.values())}
        own_kinds = {key for key, kind in kinds.items() if _is_part(kind) or kind.__module__ in names}
        new = around.keys() - found.keys() - globals_
        layer = [around[key] for key in new if id(type(around[key])) in own_kinds and _is_own(around[key], names)]
        found |= {id(one): one for one in layer}
    return list(found.values())


def _is_part(kind: type) -> bool:
    """Return whether its objects are what modules are made of, whosever their kind is."""
    return any(kind is one for one in (tuple, dict, CellType, FunctionType)) or issubclass(kind, type)


def _is_own(one: Any, names: set[str]) -> bool:
    return one.__module__ in names if type(one) is FunctionType or issubclass(type(one), type) else True


def _may_hold(one: Any, ids: set[int]) -> bool:
    """Return whether an object refers to one of these, or does so by the dict of its attributes."""
    inner = gc.get_referents(one)
    if not ids.isdisjoint(map(id, inner)):
        return True
    if _is_part(type(one)):
        return False
    return any(type(part) is dict and not ids.isdisjoint(map(id, list(part.values()))) for part in inner)


def _has_attributes(kind: type) -> bool:
    is_own = issubclass(kind, (type, Replacement)) or f"{kind.__module__}".startswith("ims_mock.")
    return not is_own and "__dict__" in dir(kind)


def _exchange_in(holder: Any, new: Mapping[int, Any]) -> None:
    """Exchange functions in a name around a function, or an object."""
    if type(holder) is CellType:
        with suppress(ValueError):  # It is empty.
            holder.cell_contents = new.get(id(holder.cell_contents), holder.cell_contents)
    else:
        _exchange_in_attributes(holder.__dict__, None, new)


def _exchange_in_defaults(function: FunctionType, new: Mapping[int, Any]) -> None:
    function.__defaults__ = tuple([new.get(id(value), value) for value in function.__defaults__ or ()])


def _exchange_in_attributes(attributes: dict[str, Any], owner: Any, new: Mapping[int, Any]) -> None:
    for name in [name for name, value in attributes.items() if id(value) in new]:
        if owner is None:
            attributes[name] = new[id(attributes[name])]
        else:
            # A class has to know of it, as it keeps what it has looked up, and so may a module.
            with suppress(Exception):
                setattr(owner, name, new[id(attributes[name])])
