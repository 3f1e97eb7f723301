"""The file that says a stack is running: who runs it, and which processes it started.

`python -m local stop` finds the stack by it. A lock on it, which the kernel gives up with its
holder, tells a running stack from one that was killed; what a killed one left running is ended by
the next start.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TypedDict

POLL_S = 0.1


class _Run(TypedDict):
    pid: int
    children: dict[str, tuple[int, str]]
    """Name to process id and, against its reuse, the time of the start."""


class AlreadyRunning(Exception):
    """Another stack holds the state folder."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        super().__init__(f"Prosa runs already (process {pid}). End it with: make stop")


class RunFile:
    """The run file of one state folder."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "run.json"
        self._file: IO[str] | None = None
        self._children: dict[str, tuple[int, str]] = {}

    def acquire(self) -> list[str]:
        """Take the folder for this process; end and name what a killed run left.

        Raises AlreadyRunning.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise AlreadyRunning(_read(self._path)["pid"]) from None
        self._file = file
        ended = [
            name
            for name, (pid, started) in _read(self._path)["children"].items()
            if _end_leftover(pid, started)
        ]
        self._write()
        return ended

    def add(self, name: str, pid: int) -> None:
        """Remember a child."""
        self._children[name] = (pid, _started_at(pid) or "")
        self._write()

    def release(self) -> None:
        """Give the folder back. Every child must have ended."""
        if self._file is not None:
            self._children.clear()
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def _write(self) -> None:
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
            json.dump({"pid": os.getpid(), "children": self._children}, self._file)
            self._file.flush()


def stop_running(state_dir: Path, *, timeout_s: float) -> bool:
    """End the stack that holds `state_dir`, and wait for it. False when there is none.

    Raises TimeoutError when it does not end in time.
    """
    path = state_dir / "run.json"
    if not path.exists():
        return False
    deadline = time.monotonic() + timeout_s
    asked = False
    with path.open("r+", encoding="utf-8") as file:
        while not _lock_is_free(file):
            if not asked:
                os.kill(_read(path)["pid"], signal.SIGTERM)
                asked = True
            if time.monotonic() > deadline:
                raise TimeoutError(f"the stack did not end within {timeout_s:.0f} s")
            time.sleep(POLL_S)
    return asked


def _lock_is_free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def _read(path: Path) -> _Run:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"pid": 0, "children": {}}


def _end_leftover(pid: int, started: str) -> bool:
    """Kill the group of a process of a killed run, unless its number now means another process."""
    if not started or _started_at(pid) != started:
        return False
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return True


def _started_at(pid: int) -> str | None:
    """Say when a process was started, in whatever unit the system has; None if there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        with suppress(OSError):
            # Field 22; the name in field 2 may hold spaces and parentheses.
            return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        return None
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None
