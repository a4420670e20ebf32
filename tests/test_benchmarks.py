"""The command that measures."""

from __future__ import annotations

import pytest

from benchmarks import __main__
from benchmarks.__main__ import BENCHMARKS, main


def test_unknown_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is not there is an error that lists what there is, and nothing is measured."""
    monkeypatch.setattr(__main__, "BENCHMARKS", dict.fromkeys(BENCHMARKS, pytest.fail))
    with pytest.raises(SystemExit, match=r"there is no benchmark 'nosuch'; name some of operations, .*, jobs, "):
        main(["lists", "nosuch"])
