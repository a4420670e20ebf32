"""Real clients in virtual time: their timeouts, their back-off, and loops of asyncio."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent import futures
from contextlib import suppress
from typing import Any

import aiohttp
import anyio
import httpx
import pytest
import requests
import tenacity
import urllib3

from ims_mock import ImsMock
from ims_mock.sweep.runs import Run

STALL = "glance_list_images: stall(60) x1"
LOST = "glance_list_images: lose_response(timeout) x1"
FAIL = "glance_list_images: 503 x1"


class Asker:
    """Asks a mock for its images with several clients; each returns a status."""

    def __init__(self, mock: ImsMock) -> None:
        self.url = f"{mock.url}/v2/images?limit=2"
        self.headers = {"X-Auth-Token": mock.token}
        self.mock = mock

    def requests(self, timeout: float | None = 11) -> int:
        """Ask with requests."""
        return requests.get(self.url, headers=self.headers, timeout=timeout).status_code

    def urllib3(self, timeout: float | None = 11, retries: Any = False) -> int:
        """Ask with urllib3."""
        with urllib3.PoolManager(timeout=timeout, retries=retries) as pool:
            return pool.request("GET", self.url, headers=self.headers).status

    def httpx(self, timeout: float | None = 11) -> int:
        """Ask with httpx."""
        with httpx.Client(timeout=timeout, verify=False) as client:  # There is no TLS, and no store to load.
            return client.get(self.url, headers=self.headers).status_code

    async def ask(self, timeout: float | None = 11) -> int:
        """Ask with httpx's client for asyncio."""
        async with httpx.AsyncClient(timeout=timeout, verify=False) as client:
            return (await client.get(self.url, headers=self.headers)).status_code

    async def fetch(self, timeout: float | None = None) -> int:
        """Ask with aiohttp, which has a timeout for the whole request."""
        limit = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(self.url, headers=self.headers) as response,
        ):
            await response.read()
            return response.status

    def run(self, work: Callable[[], Any], plan: str, **bounds: Any) -> Run:
        """Return the run of some work under a plan."""
        return self.mock.sweep(work, allowed=[Exception], plan=plan, **bounds).rows[0].run


@pytest.fixture
def asker(ims_mock: ImsMock) -> Asker:
    """What asks the mock of a test."""
    return Asker(ims_mock)


def looping(ask: Callable[[Asker], Awaitable[Any]]) -> Callable[[Asker], Any]:
    """Return what runs a coroutine in a loop of its own."""

    async def awaited(asker: Asker) -> Any:
        return await ask(asker)

    return lambda asker: asyncio.run(awaited(asker))


CLIENTS: dict[str, tuple[Callable[[Asker], Any], type[Exception], type[Exception]]] = {
    # Of requests, a body that does not come is this one.
    "requests": (Asker.requests, requests.ConnectionError, requests.ReadTimeout),
    "urllib3": (Asker.urllib3, urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ReadTimeoutError),
    "httpx": (Asker.httpx, httpx.ReadTimeout, httpx.ReadTimeout),
    "httpx.AsyncClient": (looping(Asker.ask), httpx.ReadTimeout, httpx.ReadTimeout),
    "aiohttp": (looping(lambda asker: asker.fetch(11)), TimeoutError, TimeoutError),
}


@pytest.mark.parametrize("plan", [STALL, LOST])
@pytest.mark.parametrize("client", CLIENTS)
def test_clients_give_up_after_their_timeout(asker: Asker, client: str, plan: str) -> None:
    """The error is that of a real timeout, and so much time has passed as the client waits for."""
    ask, stalled, lost = CLIENTS[client]
    run = asker.run(lambda: ask(asker), plan)
    assert run.failure is not None
    kinds = (asyncio.TimeoutError,) if client == "aiohttp" else (stalled if plan is STALL else lost,)
    assert issubclass(run.failure.kind, kinds)
    # aiohttp rounds up to a whole second of its loop.
    assert run.slept == pytest.approx(11, abs=1.1)


CUTS: dict[str, Callable[[Asker], Any]] = {
    "requests": lambda asker: asker.requests(None),
    "httpx.AsyncClient": looping(lambda asker: asker.ask(None)),
    "aiohttp": looping(lambda asker: asker.fetch()),
}


@pytest.mark.parametrize("client", CUTS)
def test_clients_without_a_timeout_wait_for_the_mock(asker: Asker, client: str) -> None:
    """They wait until the mock closes the connection, after its sixty seconds."""
    run = asker.run(lambda: CUTS[client](asker), STALL)
    assert run.failure is not None
    assert run.slept == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("client", CUTS)
def test_clients_without_a_timeout_hang(asker: Asker, client: str) -> None:
    """Where no response ever comes, they wait for ever."""
    assert asker.run(lambda: CUTS[client](asker), LOST).hung == "it waited for more than 120 s"


async def _waits_for(asker: Asker) -> str:
    try:
        return f"{await asyncio.wait_for(asker.ask(None), 13)}"
    except asyncio.TimeoutError:
        return "late"


async def _fails_after(asker: Asker) -> str:
    with anyio.move_on_after(13):
        return f"{await asker.ask(None)}"
    return "late"


async def _in_thread(asker: Asker) -> str:
    try:
        return f"{await asyncio.wait_for(asyncio.to_thread(asker.requests, 13), 10)}"
    except asyncio.TimeoutError:
        return "late"


@pytest.mark.parametrize("ask", [_waits_for, _fails_after, _in_thread])
@pytest.mark.parametrize(("plan", "expected"), [(STALL, "late"), (LOST, "late"), (FAIL, "503")])
def test_timeouts_of_asyncio(asker: Asker, ask: Callable[[Asker], Awaitable[str]], plan: str, expected: str) -> None:
    """wait_for and anyio's scopes end after their time, also around a thread, and not before a response."""
    run = asker.run(lambda: looping(ask)(asker), plan)
    assert run.value == expected
    waits = [13] if expected == "late" else [0]
    if ask is _in_thread and expected == "late":
        # On a busy machine the thread may begin to wait when the loop has waited already.
        waits.append(23)
    assert any(run.slept == pytest.approx(seconds, abs=0.5) for seconds in waits)


def test_tasks_sleep_at_the_same_time(asker: Asker) -> None:
    """Tasks of a loop wake in the order of their times, and the whole takes as long as the longest one."""
    woken: list[float] = []

    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append(seconds)

    async def work() -> None:
        woken.clear()
        await asyncio.gather(nap(3600), nap(60), asker.ask(), nap(600))

    run = asker.run(lambda: asyncio.run(work()), FAIL, patience=4000)
    assert woken == [60, 600, 3600]
    assert run.slept == pytest.approx(3600, abs=1)


def test_loop_from_before_is_virtual_too(asker: Asker) -> None:
    """So is the loop that a plugin of pytest has made for the test."""
    loop = asyncio.new_event_loop()
    try:
        run = asker.run(lambda: loop.run_until_complete(_waits_for(asker)), LOST)
    finally:
        loop.close()
    assert run.value == "late"


@tenacity.retry(wait=tenacity.wait_exponential(min=2), stop=tenacity.stop_after_attempt(3))
def _tenacity(asker: Asker) -> int:
    requests.get(asker.url, headers=asker.headers, timeout=8).raise_for_status()
    return 200


@tenacity.retry(wait=tenacity.wait_fixed(2), stop=tenacity.stop_after_delay(100))
async def _tenacity_async(asker: Asker) -> int:
    if await asker.ask(8) != 200:
        raise OSError
    return 200


def _urllib3(asker: Asker) -> int:
    retry = urllib3.Retry(3, backoff_factor=2, status_forcelist=[503], backoff_jitter=0)
    return asker.urllib3(8, retry) and asker.urllib3(8, retry)


BACK_OFF: dict[str, tuple[Callable[[Asker], Any], float]] = {
    "tenacity": (_tenacity, 2),
    "tenacity, asyncio": (looping(_tenacity_async), 2),
    # It waits before the second retry.
    "urllib3": (_urllib3, 0),
}


@pytest.mark.parametrize("library", BACK_OFF)
@pytest.mark.parametrize(("plan", "lost"), [(FAIL, 0), (LOST, 8)])
def test_back_off_costs_nothing(asker: Asker, library: str, plan: str, lost: float) -> None:
    """Clients that try again wait by the mock's clock, and are no bad-mannered ones by that."""
    work, wait = BACK_OFF[library]
    run = asker.run(lambda: work(asker), plan)
    assert run.value == 200
    assert run.slept == pytest.approx(wait + lost, abs=0.5)


def test_retry_after_is_obeyed(asker: Asker) -> None:
    """urllib3 waits for as long as the service asks."""
    run = asker.run(lambda: _urllib3(asker), "glance_list_images: 503(retry_after=30) x2")
    assert (run.value, run.slept, run.manners) == (200, 60, {})


def test_threads_ask_at_the_same_time(asker: Asker) -> None:
    """A thread that waits for a lost response does not move the time of one that waits for less."""

    def work() -> list[Any]:
        with futures.ThreadPoolExecutor(2) as pool:
            first = pool.submit(asker.requests, 30)
            with suppress(futures.TimeoutError, TimeoutError):
                return [first.result(timeout=4)]
            time.sleep(10)
            return ["late"]

    run = asker.run(work, LOST)
    assert run.value == ["late"]
    assert run.slept == pytest.approx(30, abs=0.5)


def test_slow_response_takes_the_time_of_the_client(asker: Asker) -> None:
    """What the mock's clock is moved by passes for the client as well."""
    seen: list[float] = []

    def work() -> int:
        before = time.monotonic()
        status = asker.requests()
        seen.append(time.monotonic() - before)
        return status

    asker.run(work, "glance_list_images: drip(5) x1")
    assert seen[0] < 10 < seen[2]


def test_request_to_another_server_is_no_timeout(asker: Asker) -> None:
    """A loop that waits for another server waits for it in real time."""
    with ImsMock() as other:

        async def work() -> int:
            asked = Asker(other)
            return await asyncio.wait_for(asked.ask(3), 4)

        def both() -> list[int]:
            return [asker.requests(), asyncio.run(work())]

        assert asker.run(both, FAIL).value == [503, 200]


def test_server_of_the_work_is_virtual_too(asker: Asker) -> None:
    """A server that the work has itself, and that sleeps, is waited for in virtual time."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        await asyncio.sleep(50)
        writer.write(b"late\n")
        await writer.drain()
        writer.close()

    async def work() -> bytes:
        server = await asyncio.start_server(respond, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"now\n")
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
        server.close()
        return line

    run = asker.run(lambda: (asker.requests(), asyncio.run(work())), FAIL)
    assert run.value == (503, b"late\n")
    assert run.slept == pytest.approx(50, abs=1)


def test_thread_that_goes_on_is_reported(asker: Asker) -> None:
    """Its requests meet the failures of other runs, so the report names it."""
    stop = threading.Event()

    def work() -> int:
        threading.Thread(target=stop.wait, name="heart", daemon=True).start()
        return asker.requests()

    report = asker.mock.sweep(work, only=["*: 503 x1"], pairs=0)
    stop.set()
    assert "threads of the work go on after it, and meet the failures of later runs: heart" in list(report.lines())
