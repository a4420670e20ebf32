"""Where libraries of stubs are watched: each in the one place that all it returns goes through.

A hook calls what it stands before, and changes nothing of it. No library is imported: one that a test imports later is
watched from then on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import wraps
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Protocol

from ims_mock.contract.clients import exchange_of, exchange_of_httpx, exchange_of_wsgi
from ims_mock.contract.recorded import RecordedExchange

Exchange = Callable[[], RecordedExchange]
"""Reads an exchange when it is asked for, since a client reads a body after the stub has returned it."""

Note = Callable[[Exchange], None]


class Swap(Protocol):
    """Puts a function in place of a class's own, until the watching ends."""

    def __call__(self, owner: type, name: str, new: Callable[..., Any]) -> None:
        """Put it there."""


class Libraries:
    """Watches the libraries while it is entered, and calls `note` with a library and each exchange."""

    def __init__(self, note: Callable[[str, Exchange], None]) -> None:
        self._note = note
        self._stack = ExitStack()
        self.watched: list[str] = []
        self.problems: list[str] = []

    def __enter__(self) -> Libraries:
        late = {}
        for name in _HOOKS:
            if name in sys.modules:
                self._watch(sys.modules[name])
            else:
                late[name] = self._watch
        finder = _Finder(late)
        sys.meta_path.insert(0, finder)
        self._stack.callback(_remove, sys.meta_path, finder)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _watch(self, module: ModuleType) -> None:
        """Put the hooks of a library in place; one that is not built as expected is a problem to report."""
        name = module.__name__
        try:
            _HOOKS[name](module, self._swap, lambda exchange: self._note(name, exchange))
        except (AttributeError, KeyError) as error:
            version = getattr(module, "__version__", "of this version")
            self.problems.append(f"{name} {version} cannot be watched: it has no {error}; install another version")
        else:
            self.watched.append(name)

    def _swap(self, owner: type, name: str, new: Callable[..., Any]) -> None:
        original = owner.__dict__[name]
        setattr(owner, name, wraps(original)(new))
        self._stack.callback(setattr, owner, name, original)


def _remove(finders: list[Any], finder: object) -> None:
    """Remove a finder, unless somebody has put back the list of before."""
    if finder in finders:
        finders.remove(finder)


class _Finder:
    """Calls a function with a module when it has been imported; all other finders import it."""

    def __init__(self, late: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._late = late

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return what the other finders have found, with a loader that calls the function."""
        if name not in self._late:
            return None
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._late[name])  # type: ignore[assignment]
        return spec


class _Loader:
    """Loads a module by the loader that it stands before, which is the module's own from then on."""

    def __init__(self, loader: Any, then: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return the module that the other loader makes, if it makes any."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, and call the function."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._then(module)


def _watch_responses(module: Any, swap: Swap, note: Note) -> None:
    """Watch the lists of calls: every mock has one, and so has every stub of newer versions, for the same calls.

    What has passed through to a real service has a version of HTTP, and is no stub's.
    """
    seen: dict[int, Any] = {}

    def note_once(response: Any) -> None:
        is_stub = getattr(getattr(response, "raw", None), "version", None) == 0
        if is_stub and id(response) not in seen:
            seen[id(response)] = response
            note(lambda: exchange_of(response))

    calls = module.CallList
    swap(calls, "add", _noting(calls.__dict__["add"], note_once))
    if "add_call" in calls.__dict__:
        swap(calls, "add_call", _noting(calls.__dict__["add_call"], note_once))


def _noting(original: Callable[..., Any], note_once: Callable[[Any], None]) -> Callable[..., Any]:
    """Return a function that does what another does, and notes the response in its last argument, or in the call's."""

    def add(self: Any, *arguments: Any) -> Any:
        result = original(self, *arguments)
        note_once(getattr(arguments[-1], "response", arguments[-1]))
        return result

    return add


def _watch_requests_mock(module: Any, swap: Swap, note: Note) -> None:
    """Watch the adapter, which is what requests calls; what is to go to the real service it raises."""
    send = module.Adapter.__dict__["send"]

    def watched(self: Any, *arguments: Any, **more: Any) -> Any:
        response = send(self, *arguments, **more)
        note(lambda: exchange_of(response))
        return response

    swap(module.Adapter, "send", watched)


def _watch_respx(module: Any, swap: Swap, note: Note) -> None:
    """Watch what a router records, with both of its handlers; what passes through has no response."""
    record = module.Router.__dict__["record"]

    def watched(self: Any, request: Any, **more: Any) -> Any:
        response = more.get("response")
        if response is not None:
            note(lambda: exchange_of_httpx(request, response))
        return record(self, request, **more)

    swap(module.Router, "record", watched)


def _watch_httpserver(module: Any, swap: Swap, note: Note) -> None:
    """Watch what the servers dispatch; what they return where no stub matches is their own."""
    own: list[Any] = []

    def keep(original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(self: Any, *arguments: Any, **more: Any) -> Any:
            own.append(original(self, *arguments, **more))
            return own[-1]

        return watched

    def dispatch(original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(self: Any, request: Any) -> Any:
            response = original(self, request)
            if not any(response is item for item in own):
                note(lambda: exchange_of_wsgi(request, response))
            return response

        return watched

    hooks = {"respond_nohandler": keep, "respond_permanent_failure": keep, "dispatch": dispatch}
    for owner in _classes(module.HTTPServer, getattr(module, "BlockingHTTPServer", None)):
        for name, hook in hooks.items():
            original = owner.__dict__.get(name)
            if original is not None and not getattr(original, "__isabstractmethod__", False):
                swap(owner, name, hook(original))


def _classes(*kinds: type | None) -> Iterator[type]:
    """Yield some classes and those that they are derived from, each once."""
    yield from dict.fromkeys(base for kind in kinds if kind is not None for base in kind.__mro__)


_HOOKS: Mapping[str, Callable[[Any, Swap, Note], None]] = {
    "responses": _watch_responses,
    "respx": _watch_respx,
    "requests_mock": _watch_requests_mock,
    "pytest_httpserver": _watch_httpserver,
}
"""The libraries that can be watched, by the names of their modules."""

NAMES = tuple(_HOOKS)
