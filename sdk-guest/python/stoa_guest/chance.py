"""Python's own clocks and dice, answered by the host: the component has no WASI, and its seed was thrown when it was built."""

from __future__ import annotations

import os
import random
import time

from . import host


def _urandom(size: int) -> bytes:
    # The host gives at most 4,096 at a time.
    pieces = [host.random.bytes(min(4096, size - at)) for at in range(0, size, 4096)]
    return b"".join(pieces)


def install() -> None:
    """Puts the host behind ``os.urandom``, ``random``, ``secrets``, ``uuid.uuid4`` and ``time.time``."""
    os.urandom = _urandom
    random._urandom = _urandom
    dice = random.SystemRandom()
    for name in (
        "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "getrandbits", "randbytes",
        "gauss", "betavariate", "expovariate", "normalvariate", "triangular",
    ):
        setattr(random, name, getattr(dice, name))
    time.time = lambda: host.clock.now_ms() / 1000
    time.time_ns = lambda: host.clock.now_ms() * 1_000_000
