"""What the reason of an unknown route says beside that: what the path is elsewhere, or which route is nearest."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import cache

from ims_mock.contract.elsewhere import PARAMETER, find_elsewhere, pattern_of
from ims_mock.contract.operations import Operation, load_contract, load_control

LONGEST = 300
"""Most characters of a path that are shown, or compared with routes: comparing takes the square of it."""

CONTROL = "/_ims_mock"
"""What the paths of the mock's own API begin with."""

_OF_CONTROL = re.compile(f"(?:/~[^/]*){{0,2}}{CONTROL}(?:/|$)")

_NEAR = 0.75
"""How much of a path has to be as in a route for that to be near."""

_VERSIONS = re.compile(r"(?P<first>/v[0-9.]+)(?P<second>/v[0-9.]+)(?=/|$)")
_NAMES = re.compile("^(?:/~[^/]+){1,2}(?=/)")
_VERSION = re.compile(r"v[0-9.]+")
_ID = re.compile("(?<=/)(?:[0-9a-fA-F-]{32,36}|[0-9]+)(?=/|$)")


def hint_for(method: str, path: str) -> str:
    """Return what is known of a path that is no route, to be put behind a sentence; "" where nothing is near."""
    if len(path) > LONGEST:
        return ""
    hint = _order(path) or _repetition(path) or elsewhere(method, path) or _prefix(path)
    near = "" if hint else _nearest_route(path)
    if near:
        return f"; the nearest is {near}"
    return f"; GET {CONTROL}/control.json shows them all" if not hint and is_of_control(path) else hint


def elsewhere(method: str, path: str) -> str:
    """Return whose operation a request is, if it is known and not served; "" otherwise."""
    found = find_elsewhere(method, path) if len(path) <= LONGEST else None
    return f'; {found.method} {found.path} is "{found.name}", {found.text}' if found else ""


def _repetition(path: str) -> str:
    """Return that a path begins with a version twice, or has an empty part where the rest of it is known."""
    if "//" in path and _is_known(_NAMES.sub("", re.sub("/+", "/", path))):
        return "; it has an empty part; leave out one of the slashes"
    match = _VERSIONS.match(path)
    if match is None:
        return ""
    first, second = match["first"], match["second"]
    cause = f"the endpoint of the client ends in {first}, and the client adds {second} itself"
    return f"; it begins with a version twice, {first} and {second}; leave out the first: {cause}"


def _order(path: str) -> str:
    """Return that a path has one more name of a world or a region than it can have here."""
    if not path.startswith("/~"):
        return ""
    name, _, rest = path[2:].partition("/")
    return f"; leave out /~{name}, or, where a world has regions, name it before its region, /~WORLD/~REGION/{rest}"


def _prefix(path: str) -> str:
    """Return that a path has something before a route."""
    starts = [index for index, char in enumerate(path) if char == "/" and index]
    # What is so short as /v2 stands behind one part alone, as in /image/v2.
    known = (
        start for start in starts if _is_served(path[start:]) and (start == starts[0] or path.count("/", start) > 1)
    )
    start = next((start for start in known if path[start:] != "/"), 0)
    return f"; leave out {path[:start]}, the mock serves {path[start:]}" if start else ""


def _is_known(path: str) -> bool:
    return _is_served(path) or bool(elsewhere("", path))


def _is_served(path: str) -> bool:
    return any(pattern_of(route).fullmatch(path) for route in _routes())


def _nearest_route(path: str) -> str:
    """Return the route that is nearest to a path, with the names of its parameters; "" where none is near."""
    if path.count("/", 1, -1) == 0 and not is_of_control(path) and _is_like(path.rstrip("/"), CONTROL):
        return f"{CONTROL}/"
    known = [route for route in _routes() if route.startswith(CONTROL) == path.startswith("/_")]
    # What all have in common makes none of them nearer.
    start = len(CONTROL) if is_of_control(path) else 0
    words = _words(path[start:])
    alike = [route for route in known if _can_be_meant(path, route) and _has_words(route[start:], words)]
    ratio, route = max(
        ((_nearness(path[start:].rstrip("/"), route[start:]), route) for route in alike), default=(0, "")
    )
    if ratio >= _NEAR:
        return route
    # The last word may be an id.
    for wanted in filter(None, (words, words[:-1])):
        named = [route for route in known if _ends_alike(_words(route[start:]), wanted)]
        if named:
            return min(named, key=lambda route: _distance(path, wanted, route))
    return ""


def _words(path: str) -> list[str]:
    """Return the plain words of a path or a route: no versions, ids and parameters."""
    return [part for part in path.split("/") if re.fullmatch("[A-Za-z_-]+", part)]


def _is_like(word: str, other: str) -> bool:
    """Return whether two words are the same but for their number, or a slip of the keyboard."""
    return _likeness(word, other) >= _NEAR


def _likeness(word: str, other: str) -> float:
    plain = word.lower().replace("-", "_")
    return difflib.SequenceMatcher(None, plain, other.replace("-", "_"), autojunk=False).ratio()


def _has_words(route: str, words: list[str]) -> bool:
    """Return whether one word of a path at least, if it has any, is in a route."""
    return not words or any(_is_like(word, other) for word in words for other in _words(route))


def _ends_alike(known: list[str], words: list[str]) -> bool:
    """Return whether the words of a route have all those of a path, in their order, and the same at the end."""
    left = reversed(known)
    is_at_end = _is_like(words[-1], next(left, ""))
    return is_at_end and all(any(_is_like(word, other) for other in left) for word in words[-2::-1])


def _distance(path: str, words: list[str], route: str) -> tuple[bool, float, bool, int, str]:
    """Return how far a route is from a path with words: nearer with the same version, then with a more similar word.

    Then a route with an id at its end is nearer to a path with an id there, and then a short one.
    """
    parts = route.split("/")
    likeness = max(_likeness(words[-1], part) for part in _words(route))
    has_id = path.rstrip("/").rpartition("/")[2] != words[-1]
    return path.split("/")[1] != parts[1], -likeness, has_id != route.endswith("}"), len(parts), route


def _can_be_meant(path: str, route: str) -> bool:
    """Return whether each plain word of a path is like one of a route, or stands where the route has a parameter.

    A path with a version means no route without one.
    """
    parts, names = path.rstrip("/").split("/"), route.split("/")
    if _is_of_another_resource(path, route) or (_VERSION.fullmatch(parts[1]) and not _VERSION.fullmatch(names[1])):
        return False
    if len(parts) != len(names):
        return all(any(_is_like(word, name) for name in _words(route)) for word in _words(path))
    pairs = zip(parts, names, strict=True)
    return all(_is_like(part, name) for part, name in pairs if _words(part) and not name.startswith("{"))


def _is_of_another_resource(path: str, route: str) -> bool:
    """Return whether a path has a plain word, such as "job", where a route has an id of a resource, such as an image.

    Such a path asks for something else than that resource. Where the version before it is the route's own, the word
    may be an id that a test has made up, unless a route has that word.
    """
    parts, names = path.rstrip("/").split("/"), route.split("/")
    if len(parts) != len(names):
        return False
    is_own = parts[1] == names[1]
    pairs = zip(parts, names, strict=True)
    words = [part for part, name in pairs if name.endswith("_id}") and name != "{project_id}" and part.isalpha()]
    return any(not is_own or word in _known_words() for word in words)


@cache
def _known_words() -> frozenset[str]:
    return frozenset(word for route in _routes() for word in _words(route))


def is_of_control(path: str) -> bool:
    """Return whether a path is one of the mock's own API, known or not.

    The names of a world and a region may stand before it.
    """
    return _OF_CONTROL.match(path) is not None


def _nearness(path: str, route: str) -> float:
    """Return how much of a path is as in a route, up to 1; what stands where the route has a parameter is as there."""
    parts, names = path.split("/"), route.split("/")
    plain = _ID.sub("{}", path)
    if len(parts) == len(names):
        plain = "/".join(
            "{}" if name.startswith("{") and part else part for part, name in zip(parts, names, strict=True)
        )
    return difflib.SequenceMatcher(None, PARAMETER.sub("{}", route), plain, autojunk=False).ratio()


@cache
def _routes() -> list[str]:
    """Return every path that is served; a parameter whose values are known is each of them."""
    operations = [*load_contract().operations.values(), *load_control().operations.values()]
    return sorted({path for operation in operations for path in _paths(operation)})


def _paths(operation: Operation) -> Iterator[str]:
    known = {
        item.name: item.schema.content["enum"] for item in operation.path_parameters if "enum" in item.schema.content
    }
    paths = [operation.path]
    for name, values in known.items():
        paths = [path.replace(f"{{{name}}}", value) for path in paths for value in values]
    yield from paths


def methods_of(path: str) -> set[str]:
    """Return the methods that are served on a path: those of the route with the fewest parameters that it matches.

    So the methods of /tags/action are not those of /tags/{key}, which it matches too.
    """
    operations = [*load_contract().operations.values(), *load_control().operations.values()]
    found = [item for item in operations if len(path) <= LONGEST and pattern_of(item.path).fullmatch(path)]
    fewest = min((len(PARAMETER.findall(item.path)) for item in found), default=0)
    methods = {item.method for item in found if len(PARAMETER.findall(item.path)) == fewest}
    return methods | ({"HEAD"} if "GET" in methods else set())
