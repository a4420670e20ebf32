"""`ims-mock healthcheck`: whether a mock responds, for containers and for scripts that wait for one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ims_mock.command.arguments import print_note
from ims_mock.command.reached import reached_url, url_in
from ims_mock.service.world_names import check_name
from ims_mock.state.real import RealTime

if TYPE_CHECKING:
    import ssl

_PATH = "/_ims_mock/health"
_WORLDS = "/_ims_mock/worlds"
_WITHOUT_TLS = "use http://, and leave out --tls and --cert, if it was started without TLS"
_SECONDS = 5.0
"""How long one try may take."""
_PAUSE = 0.1
"""Seconds between two tries."""


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Ask the mock whether it is healthy, again for as long as --wait says; return 0, or 1 with the reason."""
    file = None if options.url else options.url_file
    url = "" if file else reached_url(options, parser, is_tls=bool(options.tls or options.cert))
    end = RealTime.monotonic() + options.wait
    while True:
        left = end - RealTime.monotonic()
        seconds = min(_SECONDS, left) if options.wait and left > _PAUSE else _SECONDS
        try:
            url = url_in(file) if file else url  # A mock that begins again may have another port.
            problem = _problem(url, options, seconds)
        except ValueError as error:
            url, problem = "the mock", f"--url-file: {error}"
        if problem is None:
            return 0
        if end - RealTime.monotonic() <= _PAUSE:
            break
        RealTime.sleep(_PAUSE)
    print_note(parser, f"{url} is not healthy: {problem}")
    return 1


def _problem(url: str, options: argparse.Namespace, seconds: float) -> str | None:
    """Return what is wrong with the mock at a URL, or None if it is healthy.

    A world that the URL names is looked for by the server's own list: a request to the world itself would make it.
    """
    result = _asked(url, _PATH, options, seconds)
    if isinstance(result, str):
        return result
    status, body = result
    if status != 200 or not _is_ok(body):
        return f"GET {_PATH} returns {status}; " + ("it is no ims-mock" if status in (200, 404) else "see its log")
    names = urlsplit(url).path.split("/~")[1:]
    return problem_of_names(names, lambda path: _asked(url, path, options, seconds)) if names else None


def problem_of_names(names: Sequence[str], ask: Callable[[str], tuple[int, bytes] | str]) -> str | None:
    """Return why a server does not have what a URL names, a world or a region, or both; None where it has that."""
    world = regions_of(names[0], ask)
    if isinstance(world, list):
        return None if len(names) == 1 or names[1] in world else _no_region(names[1], world)
    found = regions_of("default", ask) if world is None else world
    if isinstance(found, str):
        return found
    if found and names == [names[0]] and names[0] in found:
        return None
    others = f"; it is no region either, the regions are {', '.join(found)}" if found else ""
    try:
        check_name(names[0])
    except ValueError as error:
        return f"no world has the name {names[0]}, and none can have it: {error}{others}"
    return f"no world has the name {names[0]}; make it with --world {names[0]}, or with POST {_WORLDS}{others}"


def _no_region(name: str, known: Sequence[str]) -> str:
    regions = f"the regions are {', '.join(known)}" if known else "it is one region"
    return f"no region has the name {name}, {regions}"


def regions_of(name: str, ask: Callable[[str], tuple[int, bytes] | str]) -> list[str] | str | None:
    """Return the regions of a world, none where it is one; None where there is no such world, or what is wrong."""
    path = f"{_WORLDS}/{name}"
    result = ask(path)
    if isinstance(result, str):
        return result
    status, body = result
    if status != 200:
        return None if status == 404 else f"GET {path} returns {status}; see its log"
    try:
        document = json.loads(body)
    except ValueError:
        return f"GET {path} returns what is no JSON; see its log"
    regions = document.get("regions") if isinstance(document, dict) else None
    return [name for name in regions if isinstance(name, str)] if isinstance(regions, list) else []


def named_in(url: str, options: argparse.Namespace) -> tuple[str, str, list[str]]:
    """Return the world that a URL names, "" for the default one, the region that it names, and all regions there.

    A name that stands alone is that of a world, unless the server says that it is a region. A server that does not
    respond has no regions that are known. A world that is not there yet gets those of the default one.
    """

    def ask(path: str) -> tuple[int, bytes] | str:
        return _asked(url, path, options, _SECONDS)

    names = urlsplit(url).path.split("/~")[1:]
    found = regions_of(names[0] if names else "default", ask)
    if found is None and names:
        found = regions_of("default", ask)
        if len(names) == 1 and isinstance(found, list) and names[0] in found:
            return "", names[0], found
    world, region = (*names, "", "")[:2]
    return world, region, found if isinstance(found, list) else []


def _asked(url: str, path: str, options: argparse.Namespace, seconds: float) -> tuple[int, bytes] | str:
    """Return the status and the body of a response of the server of a URL, or why there is none."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "https":
            context = _context(options)
            connection: HTTPConnection = HTTPSConnection(parts.netloc, timeout=seconds, context=context)
        else:
            connection = HTTPConnection(parts.netloc, timeout=seconds)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
    except TimeoutError:
        return f"it has not responded within {seconds:.0f} s"
    except HTTPException as error:
        return (
            f"what listens there does not speak HTTP ({type(error).__name__}); use https:// if it was started with TLS"
        )
    except (OSError, ValueError) as error:
        if getattr(error, "library", None) == "SSL" and not hasattr(error, "verify_message"):
            return f"what listens there does not speak TLS ({getattr(error, 'reason', '')}); {_WITHOUT_TLS}"
        # That of a certificate says which rule it breaks, at the end of many words.
        return str(getattr(error, "verify_message", "") or getattr(error, "strerror", "") or error)


def _is_ok(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("status") == "ok"


def _context(options: argparse.Namespace) -> ssl.SSLContext:
    """Return what trusts the system's authorities, that of --ca-file once it is there, and the very file of --cert."""
    import ssl

    context = ssl.create_default_context()
    if Path(options.ca_file).exists():
        _trust(context, "--ca-file", options.ca_file)
    if options.cert:
        _trust(context, "--cert", options.cert)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # The certificate has the name under which clients know the mock, which need not be that of a loopback address.
        context.check_hostname = bool(options.url)
    return context


def _trust(context: ssl.SSLContext, option: str, file: str) -> None:
    try:
        context.load_verify_locations(file)
    except OSError as error:
        raise ValueError(f"{option}: cannot read certificates of {file}: {error.strerror or error}") from None
