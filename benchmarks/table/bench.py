"""What a measurement has at hand: how much of everything, the builds that are compared, and the peers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.table.peers import PEERS
from benchmarks.table.processes import ROOT, Build, Generator


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Rounds, seconds of a turn, turns of a warm-up at most, images of a large and of a small mock and of a state, creates
    that fit into a journal, bytes of an upload, and tests.
    """

    rounds: int = 9
    seconds: float = 0.5
    warm_up: int = 40
    many: int = 100_000
    few: int = 1_000
    records: int = 10_000
    creates: int = 900
    upload: int = 1024 * 1024 * 1024
    tests: int = 500


QUICK = Scale(
    rounds=1, seconds=0.05, warm_up=1, many=400, few=100, records=100, creates=50, upload=4 * 1024 * 1024, tests=20
)
"""Enough to see that everything runs; the figures mean nothing."""


def default_peers() -> Path:
    """Return the folder into which peers.sh installs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ims_mock", "peers")


@dataclass
class Bench:
    """What is compared: this checkout, and another one where there is one.

    `busiest` is the part of a core that a load generator has used at most, `notes` is what could not be measured.
    """

    scale: Scale = field(default_factory=Scale)
    against: Path | None = None
    peers: Path = field(default_factory=default_peers)
    busiest: float = 0.0
    has_peers: bool = True
    notes: list[str] = field(default_factory=list)

    def folders(self) -> dict[str, Path]:
        """Return the folders of the builds by name."""
        return {"ours": ROOT, **({"today": self.against} if self.against else {})}

    def version(self, peer: str) -> str | None:
        """Return the version of a peer that is installed, and None without it."""
        return PEERS[peer].version(self.peers) if self.has_peers else None

    def versions(self) -> dict[str, str | None]:
        """Return the version of each peer, and None for one that is not installed."""
        return {name: self.version(name) for name in PEERS}

    @contextmanager
    def builds(self) -> Iterator[dict[str, Build]]:
        """Start a process of each build."""
        with ExitStack() as stack:
            yield {name: stack.enter_context(Build(folder)) for name, folder in self.folders().items()}

    @contextmanager
    def generator(self) -> Iterator[Generator]:
        """Start a load generator, and note what it has used at most."""
        with Generator() as generator:
            yield generator
            self.busiest = max(self.busiest, generator.busiest)

    def in_turns(self, works: Mapping[str, Callable[[], Any]], most: int = 1000) -> dict[str, list[Any]]:
        """Do each work once a round, of so many at most, another one first each time; return the values by name."""
        values: dict[str, list[Any]] = {name: [] for name in works}
        for number in range(min(self.scale.rounds, most)):
            for name in rotated(list(works), number):
                values[name].append(works[name]())
        return values


def rotated(names: Sequence[str], number: int) -> list[str]:
    """Return names in the order of a round: each is first in its turn."""
    start = number % len(names) if names else 0
    return [*names[start:], *names[:start]]


def commit(folder: Path) -> str:
    """Return what a checkout is at, with a + where files were changed since; its folder's name without git."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or folder.name


def machine() -> str:
    """Return what is known of the machine, and of what it has done in the last minute."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}"


def is_busy() -> bool:
    """Return whether the machine has something else to do, as it seems before anything is measured."""
    return os.getloadavg()[0] > 0.25 * (os.cpu_count() or 1)


def new_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is deleted at the end of a block."""
    return tempfile.TemporaryDirectory(prefix="ims_mock-benchmarks-", ignore_cleanup_errors=True)
