"""A missing program is named before the stack starts, with the way to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def _run(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.tools"],
        env={"PATH": str(path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _program(folder: Path, name: str, says: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {says}\n")
    program.chmod(0o755)


def test_missing_node_and_npm_are_named(tmp_path: Path) -> None:
    done = _run(tmp_path)
    assert done.returncode == 1
    assert "Missing node 20.19 or newer" in done.stderr
    assert "Missing npm" in done.stderr


@pytest.mark.parametrize("version", ["v18.20.4", "v20.9.0"])
def test_a_node_that_is_too_old_is_named_with_its_version(tmp_path: Path, version: str) -> None:
    _program(tmp_path, "node", version)
    _program(tmp_path, "npm", "11.0.0")
    done = _run(tmp_path)
    assert done.returncode == 1
    assert f"Found {version.removeprefix('v')}" in done.stderr


@pytest.mark.parametrize("version", ["v20.19.0", "v22.1.0"])
def test_nothing_is_said_when_all_is_there(tmp_path: Path, version: str) -> None:
    _program(tmp_path, "node", version)
    _program(tmp_path, "npm", "11.0.0")
    done = _run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
