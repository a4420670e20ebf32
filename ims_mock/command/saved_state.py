"""`--state`: the saved state that a mock starts with, and the options that may be given beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ims_mock.contract.wording import shown
from ims_mock.service.settings import SETTINGS, Settings, is_saved
from ims_mock.service.snapshots import Snapshot


def load_state(path: Path) -> Snapshot:
    """Return the state of a file; raise ValueError, naming it, when it has none."""
    try:
        if path.is_char_device():
            raise ValueError(f"{path} is a device, which may have no end; name a saved state")
        if path.is_file() and not path.stat().st_size:
            raise ValueError(f"{path}: is empty; name a saved state, or delete the file and add --save")
        return Snapshot.load(path)
    except OSError as error:
        raise ValueError(f"--state: cannot read {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise ValueError(f"--state: {error}") from None


def check_options(state: Snapshot, path: Path, settings: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    """Raise ValueError for settings that were given, and that a state has with another value.

    `sources` says how each one was written. The clock of a state runs as the command says, so its speed can differ.
    """
    saved = Settings().changed(state.records["settings"])
    given = {name: settings[name] for name in SETTINGS if name in sources and is_saved(name) and name != "speed"}
    wanted = Settings(**given)
    others = {
        sources[name]: f"{sources[name]} is {_shown(name, given[name])}, not {_shown(name, getattr(saved, name))}"
        for name in given
        if _comparable(wanted, name) != _comparable(saved, name)
    }
    if "accounts" in sources:
        differing = list(_other_accounts(state, Settings(**saved.saved(), accounts=settings["accounts"])))
        others |= {sources["accounts"]: f"{sources['accounts']} has another {differing[0]}"} if differing else {}
    if others:
        text = f"--state: {path} was saved with other settings: {', '.join(others.values())}"
        raise ValueError(f"{text}; leave out {', '.join(others)}, or name another file")


def _comparable(settings: Settings, name: str) -> Any:
    return settings.start_seconds() if name == "start" else getattr(settings, name)


def _shown(name: str, value: Any) -> str:
    return "another value" if SETTINGS[name].get("writeOnly") else shown(value)


def _other_accounts(state: Snapshot, wanted: Settings) -> Iterator[str]:
    """Yield the projects and users of --accounts that are not the same in a state."""
    records = wanted.first_accounts.to_json()
    for kind in ("projects", "users"):
        names = {item["name"] for item in wanted.accounts.get(kind, ())}
        for record in records[kind]:
            if record["name"] in names and state.records[kind].get(record["name"]) != record:
                yield f"{kind[:-1]} {shown(record['name'])}"
