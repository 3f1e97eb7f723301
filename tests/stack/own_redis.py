"""A Redis of one test's own, for those that kill or freeze it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from local.launcher import Launcher
from local.ports import free_ports
from local.process import Child
from local.redis_server import redis_url, start_redis, wait_for_redis


class OwnRedis:
    """A Redis that this test may kill and freeze; it forgets everything when it ends."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self._launcher = Launcher(root=folder, write_line=lambda _, __: None, run_file=None)
        self._child = self._start()

    @property
    def url(self) -> str:
        return redis_url(self.port)

    def kill(self) -> None:
        self._child.stop(grace_s=0)

    def start_again(self) -> None:
        self._child = self._start()

    def freeze(self) -> None:
        os.kill(self._child.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._child.pid, signal.SIGCONT)

    def _start(self) -> Child:
        child = start_redis(self._launcher, port=self.port, folder=None)
        wait_for_redis(self._launcher, child, self.url)
        return child
