"""`python -m local`: run the stack until Ctrl-C. `python -m local stop`: end one that runs.
`python -m local environ`: print what an operator's tools need to reach it.

Exit codes: 0 it ended as asked, 1 it could not start or a part died, 2 wrong usage.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError

from local.console import Console
from local.function_logs import FunctionLogs
from local.launcher import StopRequested
from local.operator import operator_environment
from local.parameters import MissingApiKey
from local.ports import PortTaken
from local.process import ChildDied, NotReady
from local.provision import TableDiffers
from local.runfile import AlreadyRunning, stop_running
from local.services import MissingPage
from local.settings import STAGE, LocalSettings
from local.stack import Stack
from local.tools import find_problems
from prosa.errors import SettingsError

STOP_TIMEOUT_S = 75.0

_SAID_PLAINLY = (
    AlreadyRunning,
    ChildDied,
    MissingApiKey,
    MissingPage,
    NotReady,
    PortTaken,
    TableDiffers,
)
"""What can go wrong at the start and reads as a sentence: a traceback would only hide it."""


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    if arguments not in ([], ["stop"], ["environ"]):
        print("Usage: python -m local [stop | environ]", file=sys.stderr)
        return 2
    try:
        settings = LocalSettings.from_environ(os.environ)
    except SettingsError as exc:
        print(exc, file=sys.stderr)
        return 2
    acts = {"stop": _stop, "environ": _print_environ}
    return acts[arguments[0]](settings) if arguments else _run(settings)


def _run(settings: LocalSettings) -> int:
    console = Console()
    if problems := find_problems():
        for problem in problems:
            console.write_line("stack", f"Missing {problem}")
        return 1
    stack = Stack(settings, write_line=console.write_line)
    _on_stop_signals(stack.launcher.request_stop)
    try:
        stack.start()
        console.banner(settings.edge_url, models=", ".join(settings.models))
        _watch(stack, console)
    except StopRequested:
        return 0
    except _SAID_PLAINLY as exc:
        for line in str(exc).splitlines():
            console.write_line("stack", line)
        return 1
    finally:
        console.write_line("stack", "Stopping.")
        stack.stop()
        console.write_line("stack", "Stopped.")
    return 0


def _watch(stack: Stack, console: Console) -> None:
    """Show what the functions log until somebody wants the stack to end, or a part dies."""
    logs = FunctionLogs(
        stack.aws_environment, prefix=f"prosa-{STAGE}-", write_line=console.write_line
    )
    logs.start()
    try:
        stack.launcher.watch()
    finally:
        logs.stop()


def _on_stop_signals(act: Callable[[], None]) -> None:
    def handle(_signal: int, _frame: object) -> None:
        act()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, handle)


def _stop(settings: LocalSettings) -> int:
    try:
        stopped = stop_running(settings.state_dir, timeout_s=STOP_TIMEOUT_S)
    except TimeoutError as exc:
        print(exc, file=sys.stderr)
        return 1
    print("Stopped." if stopped else "Nothing is running.")
    return 0


def _print_environ(settings: LocalSettings) -> int:
    try:
        found = operator_environment(settings)
    except (BotoCoreError, KeyError):
        print("No stack is running. `make run` starts it.", file=sys.stderr)
        return 1
    for name, value in found.items():
        print(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
