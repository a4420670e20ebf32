"""Runs real clients against the mock: `python -m interop` those of CI, `python -m interop CLIENT...` others too.

Each runs as its users would run it: the mock is a process, and `ims-mock env` says how to reach it. The outcomes are
compared with those in interop/results. `--record` writes them there.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from interop.client import Client, WrongFileError, all_clients
from interop.faulted import observe_faults
from interop.outcomes import Result, broken, differences, record, recorded, summary
from interop.running import ProgramError, StoppedError, build, run, stopping
from interop.server import Started, started

Check = dict[str, str]
"""A check as a program prints it: its name as `check`, its `outcome`, and perhaps a `note`."""


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments name.

    Returns:
        0 if all is as recorded, 1 if something differs, 2 for a wrong name or a wrong client.json
    """
    try:
        clients = all_clients()
    except WrongFileError as error:
        print(error, file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser("python -m interop", description=__doc__)
    parser.add_argument("client", nargs="*", help=f"one of {', '.join(clients)} (default: those of CI)")
    parser.add_argument("--jobs", type=_number, default=2, metavar="N", help="run so many clients at once (default: 2)")
    parser.add_argument("--record", action="store_true", help="write the outcomes to interop/results")
    parser.add_argument("--no-faults", action="store_true", help="leave out what each client makes of faults")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.client) - set(clients))
    if unknown:
        parser.error(f"there is no client {', '.join(unknown)}; there are {', '.join(clients)}")
    if given.record and given.no_faults:
        parser.error("--record needs the faults too: leave out --no-faults")
    wanted = [clients[name] for name in given.client] or [client for client in clients.values() if client.in_ci]
    pool = ThreadPoolExecutor(given.jobs)
    try:
        outcomes = list(pool.map(lambda client: _tried(client, given), wanted))
    except BaseException:
        stopping.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    not_run = [client.name for client, is_good in zip(wanted, outcomes, strict=True) if is_good is None]
    if not_run:
        print(f"not run, because a command that they need is missing: {', '.join(not_run)}")
    if given.client and not_run:
        return 1
    return 1 if False in outcomes else 0


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {text}")
    return int(text)


def _tried(client: Client, given: argparse.Namespace) -> bool | None:
    """Build and run a client, and print what came out: whether it is as recorded, or None if it was not run."""
    if client.missing:
        print(f"{client.name}: not run: there is no {', '.join(client.missing)}", flush=True)
        return None
    began = time.monotonic()
    try:
        build(client)
        built = time.monotonic()
        before = recorded(client.name) if not given.record else None
        result = _result(client, before or {}, with_faults=not given.no_faults)
    except StoppedError:
        return False
    except (ProgramError, RuntimeError, OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"{client.name}: {error}", flush=True)
        return False
    if before and given.no_faults:
        before = {**before, "faults": []}
    found = list(broken(result) if given.record else differences(client, before, result))
    if given.record and not found:
        record(client.name, result)
    times = f"built in {built - began:.0f} s, run in {time.monotonic() - built:.0f} s"
    print("\n    ".join([f"{client.name}: {summary(result)} ({times})", *found]), flush=True)
    return not found


def _result(client: Client, before: Result, *, with_faults: bool) -> Result:
    """Run a client's program, also over TLS, and each fault if it has single calls; `before` is what is recorded.

    Raises:
        ProgramError: it does not do what its folder promises, or other things over TLS
    """
    with started(client.mock) as mock:
        checks = _checks(client, mock)
        served = {entry.operation for entry in mock.control.journal if entry.status < 400 and entry.operation}
        result = {"packages": dict(client.packages), "checks": checks, "operations": sorted(served)}
        if client.calls and with_faults:
            result["faults"] = observe_faults(
                client, mock, {row["fault"]: row["seen"] for row in before.get("faults", ())}
            )
    if client.tls:
        with started([*client.mock, "--tls"]) as mock:
            result["checks"] = [*checks, *_others(checks, _checks(client, mock))]
    return result


def _others(checks: Sequence[Check], over_tls: Sequence[Check]) -> Iterator[Check]:
    """Yield the checks that ended otherwise over TLS, and those that were not made there."""
    for check in over_tls:
        if check not in checks:
            yield {**check, "check": f"over TLS: {check['check']}"}
    for name in sorted({check["check"] for check in checks} - {check["check"] for check in over_tls}):
        yield {"check": f"over TLS: {name}", "outcome": "broken", "note": "the check was not made"}


def _checks(client: Client, mock: Started) -> list[Check]:
    """Run a client's program, and return the outcomes of its checks."""
    ended = run(client, mock)
    checks = [_checked(line) for line in ended.printed]
    if ended.exit_code is None:
        raise ProgramError(f"did not end within {client.timeout:g} s, after {len(checks)} checks: {ended.log}")
    twice = [name for name, count in Counter(check["check"] for check in checks).items() if count > 1]
    if twice:
        raise ProgramError(f"printed more than one outcome of {', '.join(twice)}: give each check a name of its own")
    is_broken = any(check["outcome"] == "broken" for check in checks)
    if not checks or ended.exit_code != is_broken:
        raise ProgramError(f"ended with {ended.exit_code} after {len(checks)} checks: {ended.log}")
    return checks


def _checked(line: Mapping[str, object]) -> Check:
    """Return a line as the outcome of a check.

    Raises:
        ProgramError: it is none
    """
    if {"check", "outcome"} <= line.keys() <= {"check", "outcome", "note"}:
        return {name: str(value) for name, value in line.items()}
    raise ProgramError(f"printed what is no check: {line}")


if __name__ == "__main__":
    # What ends this process ends the mocks and the programs too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
