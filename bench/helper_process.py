"""Helper processes: each takes orders as JSON lines on its standard input, one at a time.

What loads a server, or stands beside it as a floor, runs in one of these, so that its CPU is no
part of what is measured and can be told apart.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import uvloop

from worker.gc_tuning import tune_gc

ANSWER_S = 300.0
"""Longest wait for an answer: no benchmark hangs for good."""

_LINE_BYTES = 64 * 1024 * 1024
_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024

Order = Callable[..., Awaitable[dict[str, Any]]]


class Helper:
    """A running helper: a context manager that ends it."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._name = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(timeout=5)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, order: str, **fields: object) -> dict[str, Any]:
        """Give an order and wait until it is carried out."""
        self.order(order, **fields)
        return self.answer()

    def order(self, order: str, **fields: object) -> None:
        """Give an order; `answer` must be called before the next one."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"order": order, **fields}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the order's end. Raises RuntimeError when the helper died or says nothing."""
        stdout = self._process.stdout
        assert stdout is not None
        # One order, one line: nothing waits unseen in the reader's own buffer.
        ready, _, _ = select.select([stdout], [], [], ANSWER_S)
        line = stdout.readline() if ready else ""
        if not line:
            raise RuntimeError(f"{self._name} {'ended' if ready else 'does not answer'}")
        return json.loads(line)


def obey(orders: Mapping[str, Order]) -> None:
    """The helper's side: carry out orders until standard input ends. A fault ends the process."""
    uvloop.run(_obey(orders))


async def _obey(orders: Mapping[str, Order]) -> None:
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    tune_gc()  # as worker and gateway do: no floor is slow for the collector's sake
    while line := await reader.readline():
        fields: dict[str, Any] = json.loads(line)
        found = await orders[fields.pop("order")](**fields)
        print(json.dumps(found), flush=True)


def cpu_s_of(pid: int) -> float:
    """CPU seconds a process has spent, user and system, all its threads; in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib_of(pid: int) -> float:
    """Resident memory of a process. What the kernel buffers for its sockets is no part of it."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_KIB
