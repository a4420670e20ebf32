"""The options of the suite, as pytest has them. Importing this module imports nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROFILES = ("huawei", "glance")

MARKERS: Mapping[str, str] = {
    "native": "the API of Glance",
    "own": "IMS's own API",
    "iam": "the identity service",
    "writes": "makes or changes something; left out with --ims-read-only",
    "slow": "waits for a job",
    "needs_two_projects": "needs the credentials of a second project",
    "fuzz": "sends generated requests; left out without --ims-fuzz",
}
"""What the tests are marked with."""

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "endpoint": {"metavar": "URL", "help": "the service that the suite of ims_mock.conformance asks"},
    "iam-endpoint": {"metavar": "URL", "help": "its identity service; without it the tests of it are skipped"},
    "ca-file": {"metavar": "FILE", "help": "the certificates, in PEM, of the authorities that are trusted"},
    "profile": {"choices": PROFILES, "default": "huawei", "help": "what the service is: huawei, or a Glance"},
    "read-only": {"action": "store_true", "help": "send no request that writes"},
    "fuzz": {"type": int, "default": 0, "metavar": "N", "help": "so many generated requests more of each operation"},
    "strict": {
        "action": "store_true",
        "help": "exit with 7 where there is drift alone",
    },
    "poll": {
        "type": float,
        "default": 5.0,
        "metavar": "SECONDS",
        "help": "the time between two looks at a job",
    },
    "timeout": {"type": float, "default": 1800.0, "metavar": "SECONDS", "help": "how long to wait for a job at most"},
    "report": {"metavar": "FILE", "help": "write what was reached, and what was found, as JSON"},
}
"""The options by their names without "--ims-", as argparse takes them."""


@dataclass(frozen=True)
class Options:
    """What is given for a run of the suite. `report` is "" where none is to be written."""

    endpoint: str
    iam_endpoint: str
    ca_file: str
    profile: str
    read_only: bool
    fuzz: int
    strict: bool
    poll: float
    timeout: float
    report: str


def add_options(parser: Any) -> None:
    """Add the options to pytest's command line."""
    group = parser.getgroup("ims_mock.conformance")
    for name, words in _OPTIONS.items():
        group.addoption(f"--ims-{name}", **words)


def options_of(config: Any) -> Options:
    """Return the options of a run of pytest."""
    names = [name.replace("-", "_") for name in _OPTIONS]
    return Options(**{name: config.getoption(f"ims_{name}") or _nothing(name) for name in names})


def _nothing(name: str) -> Any:
    kind = Options.__annotations__[name]
    return {"str": "", "bool": False}.get(kind, 0)
