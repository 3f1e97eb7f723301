"""Several gateways on one host that share the clients' ports (SO_REUSEPORT), one per processor.

Each is a node of its own: with a name in the connection map and an internal port of its own. The
parent serves nobody; it starts those that die again, and ends all when it is told to.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import secrets
import signal
import time
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from types import FrameType

from ws_gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

HASTY_S = 10.0
"""One that lived for less than this did not end by a mishap of a client's making."""

MOST_HASTY = 5
"""Hasty ends in a row until all is given up: whoever started us should hear that nothing works."""

Run = Callable[[GatewaySettings, int], int]
"""Runs one gateway until SIGTERM, or until the file descriptor reads its end; gives the status."""

# Nothing runs yet that a fork could inherit half done: no loop, no thread, no connection.
_forks = multiprocessing.get_context("fork")


class Processes:
    """`run` is called in each child."""

    def __init__(self, settings: GatewaySettings, run: Run) -> None:
        self._settings = settings
        self._run = run
        self._children: dict[int, tuple[ForkProcess, float]] = {}
        self._hasty = 0
        self._is_stopping = False
        # Its writing end lives in the parent only: when that is gone, killed even, the children
        # read an end, and drain.
        self._lifeline, self._held = os.pipe()

    def serve(self) -> int:
        """Run until SIGTERM or SIGINT. Gives 0 after all drained, 1 when they cannot be kept."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for index in range(self._settings.gateway_processes):
            self._start(index)
        while not self._is_stopping:
            connection.wait([child.sentinel for child, _ in self._children.values()], timeout=1.0)
            self._replace_dead()
        self._end_all()
        statuses = [child.exitcode for child, _ in self._children.values()]
        return 1 if self._hasty >= MOST_HASTY or any(statuses) else 0

    def _start(self, index: int) -> None:
        port = self._settings.gateway_internal_port
        settings = self._settings.model_copy(
            update={
                "gateway_node": f"{self._settings.gateway_node}-{index}-{secrets.token_hex(3)}",
                "gateway_internal_port": port + index if port else 0,
            }
        )
        child = _forks.Process(target=self._be_child, args=(settings,), name=f"gateway-{index}")
        child.start()
        self._children[index] = (child, time.monotonic())

    def _be_child(self, settings: GatewaySettings) -> None:
        os.close(self._held)
        raise SystemExit(self._run(settings, self._lifeline))

    def _replace_dead(self) -> None:
        for index, (child, started_at) in list(self._children.items()):
            if child.is_alive() or self._is_stopping:
                continue
            is_hasty = time.monotonic() - started_at < HASTY_S
            self._hasty = self._hasty + 1 if is_hasty else 0
            log.error("gateway_died", extra={"child": child.name, "status": child.exitcode})
            if self._hasty >= MOST_HASTY:
                self._is_stopping = True
                return
            self._start(index)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True

    def _end_all(self) -> None:
        for child, _ in self._children.values():
            if child.is_alive():
                child.terminate()
        for child, _ in self._children.values():
            child.join()
