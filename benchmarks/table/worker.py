"""One build of the mock in a process of its own, which does what it is asked and says what that cost.

It is started as a script (processes.build), with the folder of the build before all others on the path. So it imports
nothing of `benchmarks`, and uses what an earlier build has too. Each line of its input names one of its methods and has
the arguments.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ims_mock
from ims_mock import ImsMock

PLATFORMS = ("CentOS 7.6 64bit", "Ubuntu 22.04 server 64bit")


class Worker:
    """A mock that serves, and what is done to it inside its process."""

    def __init__(self) -> None:
        self.mock = ImsMock(start="2026-01-01T00:00:00Z").start()
        self.kept: Any = None

    def address(self) -> dict[str, Any]:
        """Return the port, the project whose images are listed, and where the mock was imported from."""
        port, file = int(self.mock.url.rpartition(":")[2]), str(ims_mock.__file__)
        return {"port": port, "project": self.mock.project_id, "file": file}

    def fill(self, count: int) -> list[str]:
        """Add images that differ in what can be filtered and sorted, and return the ids.

        One alone is named image-7, has the tag t7, is active, is of CentOS, is another project's, and is shared with
        this one and pending.
        """
        ids = []
        for number in range(count):
            self.mock.clock.advance(1)
            is_one = number == count // 2
            image = self.mock.add_image(
                name=f"image-{number * 7919 % count}",
                status="active" if is_one else "queued",
                tags=[f"t{number}"],
                size=number * 31 % 1000,
                __os_version=PLATFORMS[not is_one],
            )
            ids.append(str(image["id"]))
        project = self.mock.project_id
        self.mock.add_image(name="one", owner="other", visibility="public", __os_version=PLATFORMS[1])
        self.mock.add_image(name="shared", owner="another", visibility="shared", members={project: "pending"})
        return ids

    def renew(self, images: int = 25) -> str:
        """Reset the mock, add so many images, and return the id of the last."""
        self.mock.reset()
        image_id = [str(self.mock.add_image(name=f"image-{number}")["id"]) for number in range(images)][-1]
        gc.collect()
        return image_id

    def cpu(self) -> float:
        """Return the seconds of CPU that the process has used."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def memory(self) -> int:
        """Return the bytes of the process that are in memory, and let `peak` begin again."""
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        return self._status("VmRSS")

    def peak(self) -> int:
        """Return the most bytes that the process has had in memory since `memory`."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0]) * 1024

    def trace(self) -> None:
        """Reset the mock, and trace what is allocated from now on."""
        self.mock.reset()
        gc.collect()
        tracemalloc.start()

    def traced(self) -> int:
        """Return the bytes that were allocated since `trace` and are still used."""
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    def add(self, count: int) -> None:
        """Add images that have a name and no more."""
        for number in range(count):
            self.mock.add_image(name=f"image-{number}")

    def clear(self) -> float:
        """Reset the mock, and return the seconds that took."""
        return _timed(self.mock.reset)

    def snapshot(self) -> float:
        """Change two images, take a snapshot that is kept, and return the seconds of the second."""
        self._change()

        def take() -> None:
            self.kept = self.mock.snapshot()

        self.kept = None
        return _timed(take)

    def restore(self, after_reset: bool = False) -> float:
        """Change two images or everything, go back to the snapshot, and return the seconds of the second."""
        self.kept = self.kept or self.mock.snapshot()
        if after_reset:
            self.mock.reset()
        else:
            self._change()
        return _timed(lambda: self.mock.restore(self.kept))

    def _change(self) -> None:
        self.mock.add_image(name="new")
        self.mock.images[next(iter(self.mock.images))]["name"] = "edited"

    def save(self) -> float:
        """Write a snapshot into a file, and return the seconds without those of taking it."""
        snapshot = self.mock.snapshot()
        with tempfile.TemporaryDirectory() as folder:
            return _timed(lambda: snapshot.save(Path(folder, "state.json")))

    def load(self) -> float:
        """Read a file with a snapshot, and return the seconds of reading and going back to it."""
        with tempfile.TemporaryDirectory() as folder:
            path, snapshot = Path(folder, "state.json"), self.mock.snapshot()
            snapshot.save(path)
            return _timed(lambda: self.mock.restore(type(snapshot).load(path)))


def _timed(work: Callable[[], object]) -> float:
    """Return the seconds that work takes, without garbage of what was before it."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Do what each line of the input asks, until it ends."""
    worker = Worker()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(worker, name)(**arguments)), flush=True)
    worker.mock.stop()


if __name__ == "__main__":
    main()
