"""`make run` as a person meets it: one command, one address, one Ctrl-C."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.ports import is_free
from local.settings import ROOT, LocalSettings

START_S = 120.0
STOP_S = 60.0

pytestmark = pytest.mark.timeout(400)


class Run:
    """A `python -m local` of a test's own."""

    def __init__(self, settings: LocalSettings, **environ: str) -> None:
        variables = {variable: str(port) for port, variable in settings.ports().values()}
        self.settings = settings
        self.output: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.environ["HOME"],
                "PROSA_STATE_DIR": str(settings.state_dir),
                **variables,
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, text: str, *, timeout_s: float) -> None:
        """Return when a line holds `text`; fail when the run ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=0.5)
            except queue.Empty:
                continue
            assert line is not None, "it ended:\n" + "\n".join(self.output)
            if text in line:
                return
        pytest.fail(f"no {text!r} in {timeout_s} s:\n" + "\n".join(self.output))

    def wait_until_up(self) -> None:
        """Wait for the banner."""
        self.wait_for(f"Prosa runs at {self.settings.edge_url}", timeout_s=START_S)

    def children(self) -> list[int]:
        """Ids of the processes it started."""
        run = json.loads((self.settings.state_dir / "run.json").read_text())
        return [pid for pid, _ in run["children"].values()]

    def send(self, signum: signal.Signals) -> None:
        """Signal the supervisor alone."""
        self._process.send_signal(signum)

    def wait(self) -> int:
        """Wait for the end. Returns the exit code."""
        return self._process.wait(timeout=STOP_S)

    def end(self) -> None:
        """Make sure nothing is left, whatever the test did."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=STOP_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                self.output.append(line.rstrip())
                self._lines.put(line)
        self._lines.put(None)


@contextmanager
def _run(settings: LocalSettings, **environ: str) -> Generator[Run]:
    run = Run(settings, **environ)
    try:
        yield run
    finally:
        run.end()


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings.on_free_ports(state_dir=tmp_path / "state")


def _call(settings: LocalSettings, method: str, path: str, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(settings.edge_url + path, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.loads(response.read())


def _process_groups() -> set[int]:
    groups: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            groups.add(int(fields[2]))
    return groups


def test_it_starts_serves_ends_on_ctrl_c_and_remembers(settings: LocalSettings) -> None:
    with _run(settings) as first:
        first.wait_until_up()
        with urllib.request.urlopen(settings.edge_url, timeout=5) as page:
            assert b"<div id=" in page.read()
        token = _call(settings, "POST", "/api/auth/guest")["access_token"]
        assert _call(settings, "GET", "/api/conversations", token) is not None
        children = first.children()
        assert len(children) >= 5
        first.send(signal.SIGINT)
        assert first.wait() == 0
        assert not _process_groups() & set(children)
        assert all(is_free(port) for port, _ in settings.ports().values())

    with _run(settings) as second:
        second.wait_until_up()
        assert any("unchanged since the last deploy" in line for line in second.output)
        assert _call(settings, "GET", "/api/conversations", token) is not None
        stopped = subprocess.run(
            [sys.executable, "-m", "local", "stop"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PROSA_STATE_DIR": str(settings.state_dir)},
            capture_output=True,
            text=True,
            timeout=STOP_S,
            check=False,
        )
        assert (stopped.returncode, stopped.stdout) == (0, "Stopped.\n")
        assert second.wait() == 0


def test_a_taken_port_ends_it_with_the_way_out(settings: LocalSettings) -> None:
    with socket.create_server(("127.0.0.1", settings.edge_port)), _run(settings) as run:
        assert run.wait() == 1
    assert any("make run PROSA_EDGE_PORT=<port>" in line for line in run.output)


def test_a_part_that_dies_at_its_start_ends_it_with_its_last_words(
    settings: LocalSettings,
) -> None:
    with _run(settings, PROSA_MODELS="local:no-such-model") as run:
        assert run.wait() == 1
    assert any("worker ended with exit code" in line for line in run.output)
    assert all(is_free(port) for port, _ in settings.ports().values())


def test_stop_says_when_there_is_nothing_to_stop(tmp_path: Path) -> None:
    stopped = subprocess.run(
        [sys.executable, "-m", "local", "stop"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PROSA_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=STOP_S,
        check=False,
    )
    assert (stopped.returncode, stopped.stdout) == (0, "Nothing is running.\n")
