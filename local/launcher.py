"""Starts the children of one stack, remembers them on disk, stops waiting when told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.process import Child, WriteLine
from local.runfile import RunFile


class StopRequested(Exception):
    """Somebody wants the stack to end while it is still starting."""


class Launcher:
    """Makes and watches the children of one stack."""

    def __init__(self, *, root: Path, write_line: WriteLine, run_file: RunFile | None) -> None:
        """Children run in `root`; `run_file` lets a later run find those a crash left behind."""
        self.root = root
        self._write_line = write_line
        self._run_file = run_file
        self._stopping = threading.Event()
        self._children: dict[str, Child] = {}

    @property
    def children(self) -> Mapping[str, Child]:
        """The started children that were not stopped, by name, in the order of starting."""
        return self._children

    def launch(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], is_quiet: bool = False
    ) -> Child:
        """Start a child; what a quiet one writes is shown only if it dies.

        Raises StopRequested, or FileNotFoundError for an unknown program.
        """
        self._raise_if_stopping()
        write_line = _ignore if is_quiet else self._write_line
        child = Child(name, command, env=env, cwd=self.root, write_line=write_line)
        child.start()
        self._children[name] = child
        if self._run_file is not None:
            self._run_file.add(name, child.pid)
        return child

    def wait_until(self, child: Child, is_ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Wait for a child. Raises ChildDied, if any child dies, NotReady or StopRequested."""

        def asked() -> bool:
            self._raise_if_stopping()
            self._check_all()
            return is_ready()

        child.wait_until(asked, timeout_s=timeout_s)

    def run(self, name: str, command: Sequence[str], *, env: Mapping[str, str]) -> None:
        """Run a program to its end, quietly.

        Raises ChildDied when that end is not a success or another child dies meanwhile.
        """
        child = self.launch(name, command, env=env, is_quiet=True)
        try:
            while child.poll() is None:
                self._check_all(but=name)
                if self._stopping.wait(timeout=0.05):
                    raise StopRequested
            if child.poll() != 0:
                child.check()
        finally:
            self.stop(name, grace_s=2)

    def watch(self) -> None:
        """Return when a stop is requested; raise ChildDied when a child ends before."""
        while not self._stopping.wait(timeout=0.2):
            self._check_all()

    def request_stop(self) -> None:
        """Make every wait end soon. Called from signal handlers and other threads."""
        self._stopping.set()

    def stop(self, name: str, *, grace_s: float) -> None:
        """Stop one child, if it was started."""
        child = self._children.pop(name, None)
        if child is not None:
            child.stop(grace_s=grace_s)

    def kill(self, name: str) -> None:
        """Kill a child and all it started, as a crash would, and forget it."""
        self._children.pop(name).kill()

    def write_line(self, line: str, *, name: str = "stack") -> None:
        """Say something in the name of the stack, or of a part of it."""
        self._write_line(name, line)

    def _check_all(self, *, but: str | None = None) -> None:
        for name, child in list(self._children.items()):
            if name != but:
                child.check()

    def _raise_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise StopRequested


def _ignore(_name: str, _line: str) -> None:
    pass
