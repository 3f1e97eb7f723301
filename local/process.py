"""One child process of the stack: in a session of its own, its output labelled, its end sure.

Used by every part of the stack that is a program (`redis_server`, `ministack`, `services`, `edge`).
Ctrl-C in a terminal reaches the whole foreground process group at once; a session per child keeps
it from them, so that `stack` can end them in their order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TAIL_LINES = 30
POLL_S = 0.05

WriteLine = Callable[[str, str], None]
"""Receives (name of the child, one line without its end). Called from the child's reader thread."""


class ChildDied(Exception):
    """A child ended that should run. `tail` holds the last lines it wrote."""

    def __init__(self, name: str, returncode: int, tail: Sequence[str]) -> None:
        self.name = name
        self.returncode = returncode
        self.tail = tuple(tail)
        super().__init__(name)

    def __str__(self) -> str:
        lines = "\n".join(f"    {line}" for line in self.tail) or "    (it wrote nothing)"
        return f"{self.name} ended with exit code {self.returncode}. Its last lines:\n{lines}"


class NotReady(Exception):
    """A child runs but did not become ready in its time."""

    def __init__(self, name: str, timeout_s: float, tail: Sequence[str]) -> None:
        self.name = name
        self.tail = tuple(tail)
        lines = "\n".join(f"    {line}" for line in self.tail)
        super().__init__(f"{name} was not ready after {timeout_s:.0f} s. Its last lines:\n{lines}")


class Child:
    """A program that runs until it is stopped."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        write_line: WriteLine,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._env = dict(env)
        self._cwd = cwd
        self._write_line = write_line
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The process id, which is its session's and process group's id too."""
        return self._started().pid

    def start(self) -> None:
        """Start the program. Raises FileNotFoundError when there is none of this name."""
        self._process = subprocess.Popen(
            self._command,
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"{self.name}-output", daemon=True)
        self._reader.start()

    def poll(self) -> int | None:
        """Ask for the exit code; None while it runs."""
        return self._started().poll()

    def check(self) -> None:
        """Raise ChildDied if the program has ended."""
        code = self._started().poll()
        if code is not None:
            self._join_reader()
            raise ChildDied(self.name, code, self._tail)

    def wait_until(self, is_ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Ask `is_ready` until it says so. Raises ChildDied or NotReady."""
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise NotReady(self.name, timeout_s, self._tail)
            time.sleep(POLL_S)

    def stop(self, *, grace_s: float) -> None:
        """Ask the program to end, kill what is left of its group after `grace_s`. Idempotent.

        The group outlives its leader where a program leaves children behind (npm its node,
        MiniStack its Lambda processes), hence the last kill in any case.
        """
        if self._process is None:
            return
        if self._process.poll() is None:
            _signal_group(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(timeout=grace_s)
            except subprocess.TimeoutExpired:
                self._write_line(self.name, f"still there after {grace_s:.0f} s: killed")
        self.kill()

    def kill(self) -> None:
        """End the program and all it started at once, without a word to it."""
        process = self._started()
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
        self._join_reader()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process

    def _read(self) -> None:
        stdout = self._started().stdout
        if stdout is None:
            return
        with stdout:
            for line in stdout:
                self._tail.append(line.rstrip())
                self._write_line(self.name, line.rstrip())

    def _join_reader(self) -> None:
        # A grandchild may hold the pipe open for ever; its words are not worth waiting for.
        if self._reader is not None:
            self._reader.join(timeout=1)


def _signal_group(pgid: int, signum: signal.Signals) -> None:
    try:
        os.killpg(pgid, signum)
    except ProcessLookupError:
        return
    except PermissionError:
        # macOS answers EPERM, not ESRCH, for a group of zombies only.
        if sys.platform != "darwin":
            raise
