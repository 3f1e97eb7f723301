"""Workers as they are deployed: `python -m worker`, which a test may kill, freeze and stop."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.ports import free_ports
from local.process import Child

ROOT = Path(__file__).parents[3]
READY_S = 60.0


class WorkerProcess:
    """One worker. `start` returns at once, `wait_ready` when it takes work."""

    def __init__(self, env: Mapping[str, str]) -> None:
        (self.health_port,) = free_ports(1)
        self.lines: list[str] = []
        self._child = Child(
            "worker",
            [sys.executable, "-m", "worker"],
            env={**env, "PROSA_WORKER_HEALTH_PORT": str(self.health_port)},
            cwd=ROOT,
            write_line=lambda _, line: self.lines.append(line),
        )
        self._child.start()

    def wait_ready(self) -> None:
        self._child.wait_until(lambda: self.get("/readyz")[0] == 200, timeout_s=READY_S)

    def get(self, path: str) -> tuple[int, str]:
        """Ask the health port; status 0 when it does not answer."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.health_port}{path}", timeout=5
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, exc.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, ""

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def send(self, number: signal.Signals) -> None:
        os.kill(self._child.pid, number)

    @property
    def is_idle(self) -> bool:
        """Whether it has no message in hand."""
        return "prosa_worker_messages_in_hand 0.0" in self.get("/metrics")[1]

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The log lines with this message."""
        found = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [line for line in found if line["message"] == message]

    def has_loaded(self, library: str) -> bool:
        """Whether a shared library is in the process; for Linux."""
        return library in Path(f"/proc/{self._child.pid}/maps").read_text()

    def stop(self) -> None:
        """End it, frozen or not."""
        if self._child.poll() is None:
            self.send(signal.SIGCONT)
        self._child.stop(grace_s=10)
