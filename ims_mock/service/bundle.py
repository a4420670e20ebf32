"""Everything about what a mock has done, in one document: what a failed test leaves, and what the page downloads."""

from __future__ import annotations

from typing import Any

from ims_mock.evidence.audit import audit
from ims_mock.evidence.journal import Entry
from ims_mock.service.service import Service


def bundle(service: Service, received: int, entries: list[Entry]) -> dict[str, Any]:
    """Return seed, times, rules, requests, findings, images and jobs.

    `received` is how many requests there were, and `entries` those that the journal has kept of them. Passwords and
    tokens that were sent are masked.
    """
    store = service.store
    with store.transaction():
        images, jobs = list(store.images.values()), list(store.jobs.values())
    return {
        "seed": store.seed,
        "started_at": store.started_at,
        "now": store.clock.now(),
        "rules": [rule.to_json() for rule in service.faults],
        "received": received,
        "requests": [entry.to_json() for entry in entries],
        "findings": [finding.to_json() for finding in audit(entries, images)],
        "images": images,
        "jobs": jobs,
    }
