"""Children end when they are told to, with all they started, and say why when they die."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from local.launcher import Launcher, StopRequested
from local.process import Child, ChildDied, NotReady

_PARENT_OF_A_SLEEPER = """
import signal, subprocess, sys
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
child.wait()
"""


def _child(tmp_path: Path, source: str, *arguments: str) -> tuple[Child, list[str]]:
    lines: list[str] = []
    child = Child(
        "child",
        [sys.executable, "-c", source, *arguments],
        env={"PATH": os.defpath},
        cwd=tmp_path,
        write_line=lambda _name, line: lines.append(line),
    )
    child.start()
    return child, lines


def _is_gone(pid: int, *, within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        # An orphan of a container's init may stay a zombie until that reaps it.
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("mood", ["willing", "deaf"])
def test_stop_leaves_neither_the_child_nor_its_children(tmp_path: Path, mood: str) -> None:
    child, lines = _child(tmp_path, _PARENT_OF_A_SLEEPER, mood)
    child.wait_until(lambda: bool(lines), timeout_s=10)
    child.stop(grace_s=0.5)
    assert _is_gone(child.pid)
    assert _is_gone(int(lines[0]))


def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    child, _ = _child(tmp_path, "import time; time.sleep(600)")
    child.stop(grace_s=5)
    child.stop(grace_s=5)
    assert child.poll() is not None


def test_a_child_that_dies_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    child, _ = _child(tmp_path, "print('about to'); raise SystemExit('fail')")
    with pytest.raises(ChildDied) as caught:
        child.wait_until(lambda: False, timeout_s=10)
    assert caught.value.returncode == 1
    assert set(caught.value.tail) == {"about to", "fail"}
    assert "child ended with exit code 1" in str(caught.value)
    child.stop(grace_s=1)


def test_a_child_that_never_gets_ready_is_not_waited_for_forever(tmp_path: Path) -> None:
    child, _ = _child(tmp_path, "import time; time.sleep(600)")
    try:
        with pytest.raises(NotReady, match="not ready after"):
            child.wait_until(lambda: False, timeout_s=0.2)
    finally:
        child.stop(grace_s=5)


def test_a_part_that_dies_while_another_is_waited_for_ends_the_waiting(tmp_path: Path) -> None:
    launcher = Launcher(root=tmp_path, write_line=lambda _name, _line: None, run_file=None)
    env = {"PATH": os.defpath}
    launcher.launch("short", [sys.executable, "-c", "raise SystemExit(3)"], env=env)
    with pytest.raises(ChildDied, match="short ended with exit code 3"):
        launcher.run("long", [sys.executable, "-c", "import time; time.sleep(600)"], env=env)
    assert "long" not in launcher.children


def test_a_program_that_fails_shows_what_it_wrote(tmp_path: Path) -> None:
    shown: list[str] = []
    launcher = Launcher(
        root=tmp_path, write_line=lambda _name, line: shown.append(line), run_file=None
    )
    command = [sys.executable, "-c", "print('half way'); raise SystemExit(1)"]
    with pytest.raises(ChildDied, match="half way"):
        launcher.run("deploy", command, env={"PATH": os.defpath})
    assert shown == []


def test_a_requested_stop_ends_the_waiting(tmp_path: Path) -> None:
    launcher = Launcher(root=tmp_path, write_line=lambda _name, _line: None, run_file=None)
    threading.Timer(0.2, launcher.request_stop).start()
    with pytest.raises(StopRequested):
        launcher.run(
            "long", [sys.executable, "-c", "import time; time.sleep(600)"], env={"PATH": os.defpath}
        )
    assert not launcher.children
