"""How one conversation with an Image Management Service differs from the same one with another.

>>> print("\\n".join(compare("cloud.har", ImsMock()).lines()))

The first side is a recording, or what responds at a URL; the second a mock, a URL, or another recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ims_mock.contract.recorded import RecordedExchange
from ims_mock.evidence.correspondence import PATIENCE, RULES, Correspondence
from ims_mock.evidence.differences import Difference, differences
from ims_mock.evidence.recordings.errors import RecordingError
from ims_mock.evidence.recordings.files import read_recording
from ims_mock.mock import ImsMock
from ims_mock.testing.arranging import arrange
from ims_mock.testing.credentials import Credentials
from ims_mock.testing.drift_report import Compared, Drift
from ims_mock.testing.pairing import Pairing
from ims_mock.testing.replaying import Replay
from ims_mock.testing.targets import MockTarget, Target, UnreachableError, UrlTarget
from ims_mock.testing.tour import take_tour

__all__ = [
    "RULES",
    "Compared",
    "Correspondence",
    "Credentials",
    "Difference",
    "Drift",
    "UnreachableError",
    "UrlTarget",
    "compare",
    "differences",
]

Recording = str | Path | Sequence[RecordedExchange]
"""The name of a file, or the exchanges themselves."""


def compare(
    first: Recording | UrlTarget,
    second: Recording | UrlTarget | ImsMock,
    *,
    requests: Recording | None = None,
    ids: Correspondence | None = None,
    report: Drift | None = None,
) -> Drift:
    """Return how the second side differs from the first one.

    Against a mock, or what responds at a URL, the requests of the first are replayed in order; of two recordings the
    same requests are compared. A first side that is a URL is asked what `requests` has or, without it, for what it
    shows without a change. `ids` has the rules that are not to be applied, and what is known to correspond:
    `new_ids` makes it. Images that were there before the recording began are put into a mock first, and those that a
    URL has made are deleted at the end. `report` is filled and returned, so that there is one also where the comparison
    ends early.

    Raises RecordingError for a file that cannot be read, UnreachableError for a URL that does not respond.
    """
    ids = ids or Correspondence()
    drift = report or Drift()
    drift.first, drift.second = _name_of(first), _name_of(second)
    exchanges = _asked(first, requests, drift, ids.patience) if isinstance(first, UrlTarget) else _read(first)
    if isinstance(second, ImsMock):
        drift.notes.extend(arrange(exchanges, second, ids))
        _replay(Replay(exchanges, MockTarget(second), ids), drift)
    elif isinstance(second, UrlTarget):
        _replay(Replay(exchanges, second, ids), drift)
    else:
        drift.exchanges.extend(Pairing(exchanges, _read(second), ids).run())
    return drift


def _replay(replay: Replay, drift: Drift) -> None:
    """Run a replay, and remove what it has made, also where it ends early."""
    try:
        for compared in replay.run():
            drift.exchanges.append(compared)
    finally:
        if not replay.target.is_own:
            drift.notes.extend(replay.made.remove(replay.target, replay.ids.patience))


def _asked(target: Target, requests: Recording | None, drift: Drift, patience: float) -> list[RecordedExchange]:
    """Return what a target responds to the requests of a recording, or to a tour."""
    if requests is None:
        return take_tour(target)
    replay = Replay(_read(requests), target, Correspondence(patience=patience))
    asked = Drift()
    try:
        _replay(replay, asked)
    finally:
        drift.notes.extend(asked.notes)
    return replay.responded


def _read(recording: Recording) -> list[RecordedExchange]:
    """Return the exchanges of a recording; raise RecordingError, which says of which file, for one that is none."""
    if not isinstance(recording, (str, Path)):
        return list(recording)
    try:
        return list(read_recording(Path(recording)))
    except RecordingError as error:
        raise RecordingError(f"{recording}: {error.entry}" if error.entry else str(recording), error.text) from None


def _name_of(side: Recording | UrlTarget | ImsMock) -> str:
    if isinstance(side, ImsMock):
        return "the mock"
    if isinstance(side, UrlTarget):
        return side.name
    return str(side) if isinstance(side, (str, Path)) else "the recording"


def new_ids(
    strict: Iterable[str] = (), same: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> Correspondence:
    """Return a correspondence without some rules, and with what is known to correspond.

    `patience` is how many seconds a job or an image may take longer.
    """
    ids = Correspondence(strict, patience)
    for first, second in (same or {}).items():
        ids.pair(first, second)
        ids.pair_texts(first, second)
    return ids
