"""How long the page's main thread was ever busy at a stretch, by Chromium's own trace.

The clock of a page counts what other programs take of the processor; the trace also knows the
time of the thread itself, which a busy machine does not lengthen much.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

_TASK = "RunTask"


@dataclass(slots=True)
class Task:
    """The longest task of a stretch; zeros until the stretch has ended."""

    cpu_ms: float = 0.0
    wall_ms: float = 0.0


@contextmanager
def longest_task(browser: Browser, page: Page, trace: Path) -> Generator[Task]:
    """Trace `page` while the block runs, and tell its longest task after it."""
    longest = Task()
    browser.start_tracing(page=page, path=trace, categories=["toplevel", "devtools.timeline"])
    yield longest
    browser.stop_tracing()
    events: list[dict[str, Any]] = json.loads(trace.read_text())["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    for event in events:
        if event["name"].endswith(_TASK) and (event["pid"], event["tid"]) in mains:
            longest.cpu_ms = max(longest.cpu_ms, event.get("tdur", 0) / 1000)
            longest.wall_ms = max(longest.wall_ms, event.get("dur", 0) / 1000)
