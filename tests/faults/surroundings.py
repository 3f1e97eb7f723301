"""What scenarios share: an AWS emulator. Each takes a stage of its own in it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.launcher import Launcher
from local.ministack import aws_environment, start_ministack, wait_for_ministack
from local.parameters import put_parameters
from local.ports import free_ports
from local.provision import Provisioned, Provisioner

_stages = itertools.count(1)


@dataclass(frozen=True)
class Surroundings:
    """A running emulator."""

    aws: dict[str, str]
    """The variables that point an SDK at it."""
    provisioner: Provisioner

    def provision(self, name: str) -> Provisioned:
        """Make a stage: table, bucket, queues and parameters, keys of paid models among them."""
        stage = f"{name[:20].replace('_', '-')}-{os.getpid()}-{next(_stages)}"
        resources = self.provisioner.provision(stage)
        put_parameters(
            self.provisioner,
            resources,
            models="openai:first,anthropic:second",
            redis_url="redis://127.0.0.1:1/0",
            ws_url="ws://127.0.0.1:1/ws",
            allowed_origins="http://127.0.0.1:1",
            environ={"OPENAI_API_KEY": "sk-test", "ANTHROPIC_API_KEY": "sk-test"},
        )
        return resources


@contextmanager
def surroundings(folder: Path) -> Generator[Surroundings]:
    """Run the emulator while the block runs; what it writes is in `folder`."""
    (port,) = free_ports(1)
    launcher = Launcher(root=folder, write_line=lambda _, __: None, run_file=None)
    child = start_ministack(launcher, port=port, folder=None)
    try:
        wait_for_ministack(launcher, child, port)
        environment = aws_environment(port)
        yield Surroundings(environment, Provisioner(environment))
    finally:
        child.stop(grace_s=5)
