"""What a person sees: each line under the name, in the colour, of the part that wrote it.

`stack` and its children write here from several threads.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TextIO

from local.log_lines import readable

_RESET = "\x1b[0m"
_COLOURS = {
    "stack": "\x1b[1m",
    "redis": "\x1b[31m",
    "aws": "\x1b[33m",
    "deploy": "\x1b[35m",
    "api": "\x1b[95m",
    "worker": "\x1b[32m",
    "gateway": "\x1b[36m",
    "edge": "\x1b[34m",
}
_WIDTH = max(map(len, _COLOURS))

LEGEND = {
    "redis": "the event log",
    "aws": "MiniStack: queue, table, bucket, parameters, Lambdas",
    "deploy": "serverless deploy of the API",
    "worker": "takes jobs from the queue, asks the model",
    "gateway": "plays the event log to browsers",
    "api": "what the Lambda functions log",
    "edge": "the page, /api and /ws behind one address",
}
"""Each prefix and what writes under it, in the order of starting."""


class Console:
    """Labelled lines on one stream."""

    def __init__(self, stream: TextIO | None = None, *, colour: bool | None = None) -> None:
        """Write to `stream` (stdout); `colour` None decides by terminal and NO_COLOR."""
        self._stream = sys.stdout if stream is None else stream
        self._colour = _wants_colour(self._stream) if colour is None else colour
        self._lock = threading.Lock()

    def write_line(self, name: str, line: str) -> None:
        """Write one line of `name`."""
        label = f"{name:<{_WIDTH}} |"
        # worker-2 is coloured as worker is.
        if self._colour and (colour := _COLOURS.get(name.partition("-")[0])):
            label = f"{colour}{label}{_RESET}"
        # The terminal may be gone, or whoever reads our pipe: the stack must still end in order.
        with self._lock, suppress(OSError):
            for each in readable(line):
                print(f"{label} {each}", file=self._stream, flush=True)

    def banner(self, url: str, *, models: str) -> None:
        """Say that everything runs, where, and how to read what follows."""
        lines = ["", f"Prosa runs at {url}", f"Models: {models}", ""]
        lines += [f"  {name:<{_WIDTH}} | {what}" for name, what in LEGEND.items()]
        lines += ["", "Ctrl-C ends it. What was said stays in .local/ for the next run.", ""]
        for line in lines:
            self.write_line("stack", line)


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")
