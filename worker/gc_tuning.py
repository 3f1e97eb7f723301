"""Keeps Python's garbage collector off the event loop. Called once, when a worker is ready.

By default it walks every object again and again: the SDKs' modules and hundreds of streams, half
a second at a time on a busy machine, while no token moves.
"""

from __future__ import annotations

import gc


def tune_gc() -> None:
    """Take what start-up made out of the collector's sight, and let it look seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
