"""What a client makes of each fault: one call while a rule is armed, and the requests that the mock then has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from interop.client import Client
from interop.running import Ended, ProgramError, run
from interop.server import Started

LONGEST = 8.0
"""Seconds after its first request, after which a client counts as waiting for ever; some give up after 10."""

FOR_EVER = f"still waiting after {LONGEST:g} s"
"""What is recorded then."""


@dataclass(frozen=True)
class Trial:
    """A fault, and the call that meets it."""

    kind: str
    """The fault's kind, as in schemas/faults/kinds."""

    rule: str
    """The fault as the option --fault takes it, with an operation before it if need be."""

    call: str
    shown: str
    """How the fault is written in Python."""


TRIALS = (
    Trial("fail", "503", "list", "Fail(503)"),
    Trial("fail", "fail(429, retry_after=2)", "list", "Fail(429, retry_after=2)"),
    Trial("throttle", "throttle(limit=1, per=600)", "list", "Throttle"),
    Trial("redirect", "redirect", "list", "Redirect"),
    *(
        Trial("garble", f"garble({mode})", "list", f'Garble("{mode}")')
        for mode in ("html_200", "html_502", "text", "empty", "invalid_json", "invalid_utf8", "content_type")
    ),
    Trial("mutate", "*list_images: mutate(/images/0/size, mode=retype)", "list", 'Mutate("/images/0/size", "retype")'),
    Trial("delay", "delay(1, real_time=true)", "list", "Delay(1)"),
    Trial("lose_response", "lose_response(reset)", "create", 'LoseResponse("reset")'),
    Trial("lose_response", "lose_response(timeout)", "create", 'LoseResponse("timeout")'),
    Trial("lose_response", "lose_response(503)", "create", "LoseResponse(503)"),
    Trial("reset", "reset", "list", "Reset"),
    Trial("hangup", "hangup", "list", "Hangup"),
    Trial("truncate", "truncate(10)", "list", "Truncate(10)"),
    Trial("drip", "drip(20000, real_time=true)", "list", "Drip(20000)"),
    Trial("stall", "stall(1)", "list", "Stall(1)"),
    Trial("fail_job", 'fail_job(reason="")', "job", 'FailJob(reason="")'),
    Trial("bad_job", "bad_job(no_image_id)", "job", 'BadJob("no_image_id")'),
    Trial("bad_job", "bad_job(no_image)", "job", 'BadJob("no_image")'),
)
"""What each client with calls of its own is tried with."""


def observe_faults(client: Client, mock: Started, before: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a client made of each fault: what it raised or returned, its requests, and how long it waited.

    `before` is what it saw at an earlier time, by fault. Where it did not wait then and does now, it is tried once
    more: a busy machine can be the cause.

    Raises:
        ProgramError: a call prints another thing than one outcome
    """
    rows = []
    for trial in TRIALS:
        if trial.call in client.calls:
            row = _observed(client, mock, trial)
            if row["seen"] == FOR_EVER != before.get(trial.shown, FOR_EVER):
                row = _observed(client, mock, trial)
            rows.append(row)
    return rows


def _observed(client: Client, mock: Started, trial: Trial) -> dict[str, Any]:
    control = mock.control
    control.reset()
    control.add_image(name="there", data=b"...")
    control.faults.add(f"{trial.rule} path /v[12]*")
    if trial.kind == "throttle":
        # The first call is the one that passes.
        run(client, mock, trial.call, LONGEST)
    mark = control.journal.mark()
    ended = run(client, mock, trial.call, LONGEST)
    # Without those of a log-in: the rule is for the others alone.
    entries = [entry for entry in control.journal.since(mark)[1] if entry.path.startswith(("/v1", "/v2"))]
    times = [entry.received_at for entry in entries]
    if not any(entry.rules for entry in entries):
        raise ProgramError(f"{client.name} {trial.call} did not meet {trial.shown}: {ended.printed} {ended.log}")
    return {
        "fault": trial.shown,
        "kind": trial.kind,
        "seen": _seen(client, trial, ended),
        "requests": len(entries),
        "waits": [round(later - earlier, 1) for earlier, later in pairwise(times[:11])],
    }


def _seen(client: Client, trial: Trial, ended: Ended) -> str:
    """Return what the caller of a client saw."""
    if ended.exit_code is None:
        return FOR_EVER
    if len(ended.printed) != 1:
        if ended.exit_code:
            return "the process crashed"
        raise ProgramError(f"{client.name} {trial.call} printed {len(ended.printed)} lines, not one: {ended.log}")
    line = ended.printed[0]
    return f"`{line['raised']}`" if "raised" in line else f"no error: {line['returned']}"
