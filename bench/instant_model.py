"""A stack whose model answers at once, so that what is timed is everything but the model.

The model is the tests' scriptable provider on loopback, in a process of its own; the worker talks
to it through the real SDK.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from local.process import NotReady
from local.settings import LocalSettings
from local.stack import Stack

MODEL = "openai:instant"
PIECES = 20
_NO_LIMITS = {"PROSA_RATE_SIGN_IN_IP": "100000/minute", "PROSA_RATE_MESSAGES": "100000/minute"}


@contextmanager
def instant_model() -> Generator[str]:
    """Run the provider; gives the base URL for the SDK."""
    command = [sys.executable, "-m", "tests.llm_server", "--pieces", str(PIECES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield f"{_first_line(server.stdout)}/v1"
        finally:
            server.terminate()


def _first_line(stream: IO[str] | None) -> str:
    line = stream.readline().strip() if stream else ""
    if not line:
        raise RuntimeError("the model's server did not start")
    return line


@contextmanager
def stack_with(base_url: str, *, whole: bool, **extra: str) -> Generator[Stack]:
    """Run a stack on free ports: the whole one, or only Redis, the emulator and the resources."""
    with tempfile.TemporaryDirectory(prefix="prosa-bench-") as folder:
        settings = LocalSettings.on_free_ports(state_dir=Path(folder), models=(MODEL,))
        log = (Path(folder) / "log.txt").open("a", encoding="utf-8")

        def write_line(name: str, line: str) -> None:
            log.write(f"{name:<8}| {line}\n")

        stack = Stack(
            settings,
            write_line=write_line,
            environ={"OPENAI_API_KEY": "not-a-real-key"},
            extra={"PROSA_OPENAI_BASE_URL": base_url, **_NO_LIMITS, **extra},
        )
        try:
            stack.start() if whole else stack.start_data()
            os.environ.update(stack.aws_environment)
            yield stack
        except NotReady:
            log.flush()
            sys.stderr.write(Path(log.name).read_text(encoding="utf-8")[-4000:])
            raise
        finally:
            stack.stop()
            log.close()
