"""The start of the whole stack with nothing changed, beside the start that makes everything.

The second finds the resources, the deployed API and the conversations where the first left them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.report import Figure, figure
from local.settings import LocalSettings
from local.stack import Stack


def measure(runs: int) -> Iterator[Figure]:
    """Start twice per run; at most three runs, as each costs a minute."""
    pairs = [_first_and_second() for _ in range(min(runs, 3))]
    yield figure(
        "start of the stack, unchanged beside first",
        [second for _, second in pairs],
        [first for first, _ in pairs],
        unit="s",
    )


def _first_and_second() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="prosa-bench-") as folder:
        settings = LocalSettings.on_free_ports(state_dir=Path(folder))
        return _start(settings), _start(settings)


def _start(settings: LocalSettings) -> float:
    began = time.perf_counter()
    with Stack(settings, write_line=lambda _name, _line: None, environ={}):
        return time.perf_counter() - began
