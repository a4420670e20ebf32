"""The state of one mock: its images, its clock, its seeded randomness."""

from __future__ import annotations

import random
import threading

from ims_mock.clock import Clock, timestamp
from ims_mock.images import Image


class Backend:
    """All that one mock remembers. Two backends share nothing.

    `lock` is held by whoever changes the state or reads more than one thing of it.
    """

    def __init__(self, clock: Clock, seed: int | str = 0) -> None:
        self.lock = threading.RLock()
        self.images: dict[str, Image] = {}
        self.reset(clock, seed)

    def reset(self, clock: Clock, seed: int | str) -> None:
        """Forget everything and start anew, as if just made."""
        with self.lock:
            self.clock = clock
            self.seed = seed
            self.images.clear()
            # A source each, so that the ids of images do not depend on how many requests came between.
            self._image_ids = random.Random(f"{seed}/images")
            self._request_ids = random.Random(f"{seed}/requests")

    def new_image_id(self) -> str:
        """Return a lower-case UUID from the seeded source that no image has; the caller holds the lock."""
        while True:
            bits = f"{self._image_ids.getrandbits(128):032x}"
            # Version 4, variant 1 (RFC 9562 section 5.4); uuid.UUID takes three times as long.
            image_id = (
                f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:]}"
            )
            if image_id not in self.images:
                return image_id

    def new_request_id(self) -> str:
        """Return 32 hexadecimal digits from the seeded source."""
        return f"{self._request_ids.getrandbits(128):032x}"

    def timestamp(self) -> str:
        """Return the clock's time as the service writes it."""
        return timestamp(self.clock.now())
