"""Real processes of Prosa that the rig may kill, freeze and stop: workers, gateways, functions.

A worker spends two seconds of CPU on imports before it takes its first message, and the rig starts
hundreds. So they are forked from a server process that has imported everything once, and run from
there what `python -m worker` runs. The server has no threads and no connections: there is nothing
a fork could inherit half done.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLL_S = 0.02
READY_S = 60.0
_PR_SET_PDEATHSIG = 1

forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload(
    [
        "uvloop",
        "worker.__main__",
        "worker.bootstrap",
        "worker.llm.openai_model",
        "worker.llm.anthropic_model",
        "ws_gateway.__main__",
        "tests.integration.lambdas.gateway",
        "tests.faults.processes",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a forked process runs: `main`, a `module:function` that gives the exit status.

    It finds `argv` in `sys.argv`, as a program that is started by name does.
    """

    main: str
    argv: tuple[str, ...] = ()


WORKER = Program(main="worker.__main__:main")
GATEWAY = Program(main="ws_gateway.__main__:main")


class ServiceProcess:
    """One process. What it writes is in `log_path`."""

    def __init__(
        self, name: str, program: Program, environment: Mapping[str, str], log_path: Path
    ) -> None:
        self.name = name
        self.log_path = log_path
        log_path.touch()
        self._process = forks.Process(
            target=_run, args=(program, dict(environment), str(log_path)), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative number of the signal that ended it."""
        return self._process.exitcode

    @property
    def is_alive(self) -> bool:
        return self.exit_code is None

    def send(self, number: signal.Signals) -> None:
        """Signal it. Raises ProcessLookupError when it is gone."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, frozen or not, and wait for its end."""
        self._process.kill()
        self._process.join()

    async def exited(self, *, within_s: float) -> int:
        """Wait for its end; gives the exit status. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while (code := self.exit_code) is None:  # noqa: ASYNC110 - nothing tells but the kernel
                await asyncio.sleep(POLL_S)
        return code

    def stop(self, *, grace_s: float) -> None:
        """SIGTERM, and SIGKILL to one that is still there after `grace_s`."""
        if self.is_alive:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
            self._process.join(grace_s)
        if self.is_alive:
            self.kill()

    def logged(self, message: str | None = None) -> list[dict[str, Any]]:
        """The lines of its log with this message, or all."""
        found: list[dict[str, Any]] = []
        for text in self.log_path.read_text(encoding="utf-8", errors="replace").splitlines():
            if text.startswith("{") and (message is None or f'"message": "{message}"' in text):
                try:
                    found.append(json.loads(text))
                except json.JSONDecodeError:  # cut by a SIGKILL
                    continue
        return found

    async def has_logged(self, message: str, *, within_s: float = READY_S) -> dict[str, Any]:
        """Wait for a log line. Raises TimeoutError, or RuntimeError when the process ends first."""
        deadline = time.monotonic() + within_s
        while not (found := self.logged(message)):
            if not self.is_alive:
                raise RuntimeError(f"{self.name} ended: {self.log_path.read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} has not logged {message}")
            await asyncio.sleep(POLL_S)
        return found[0]

    def memory(self) -> tuple[int, int]:
        """Resident bytes and open files, now; for Linux."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        files = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
        return pages * os.sysconf("SC_PAGESIZE"), files


class WorkerProcess(ServiceProcess):
    """A worker; it is ready when it has logged `started`."""


class GatewayProcess(ServiceProcess):
    """A gateway; `port` is known when it is ready."""

    port = 0


def resolve(name: str) -> Any:
    """Find `module:function`."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def become(program: Program, environment: Mapping[str, str], log_path: str) -> None:
    """Leave the server's shell behind: a session, an environment and an output of its own."""
    sys.argv = [program.main, *program.argv]
    os.setsid()
    die_with_parent()
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.close(output)


def die_with_parent() -> None:
    """End when the rig ends, also when it was killed and could not say so; for Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _run(program: Program, environment: Mapping[str, str], log_path: str) -> None:
    become(program, environment, log_path)
    sys.exit(resolve(program.main)())


def stop_all(processes: Sequence[ServiceProcess], *, grace_s: float) -> None:
    """Stop all at once: their graces run side by side."""
    for process in processes:
        if process.is_alive:
            process.send(signal.SIGCONT)
            process.send(signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    for process in processes:
        process.stop(grace_s=max(0.0, deadline - time.monotonic()))
