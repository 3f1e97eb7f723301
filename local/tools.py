"""The programs the stack needs that no lock file brings: which are missing, and how to get them.

`make` runs it before it builds anything, so it stands on the standard library alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec

NODE_AT_LEAST = (20, 19)
PYTHON_AT_LEAST = (3, 11)


@dataclass(frozen=True)
class Problem:
    """A tool that is missing or too old."""

    tool: str
    needed_for: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.tool}: needed for {self.needed_for}. {self.remedy}"


def find_problems() -> list[Problem]:
    """List what is missing or too old; empty when all is there."""
    return [problem for check in (_python, _venv, _node, _npm) if (problem := check()) is not None]


def main() -> int:
    """Print each problem. Exit code 1 if there is one."""
    problems = find_problems()
    for problem in problems:
        print(f"Missing {problem}", file=sys.stderr)
    return 1 if problems else 0


def _python() -> Problem | None:
    if sys.version_info >= PYTHON_AT_LEAST:
        return None
    found = ".".join(map(str, sys.version_info[:2]))
    return Problem("python3 3.11 or newer", "everything", f"Found {found} at {sys.executable}.")


def _venv() -> Problem | None:
    if find_spec("ensurepip") is not None:
        return None
    return Problem("python3-venv", "the virtual environment", "Debian: apt install python3-venv")


def _node() -> Problem | None:
    needed = ".".join(map(str, NODE_AT_LEAST))
    tool, purpose = f"node {needed} or newer", "serverless and the page"
    if shutil.which("node") is None:
        return Problem(tool, purpose, "See https://nodejs.org/en/download")
    asked = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    version = asked.stdout.strip().removeprefix("v")
    if _numbers(version) < NODE_AT_LEAST:
        return Problem(tool, purpose, f"Found {version}. See https://nodejs.org/en/download")
    return None


def _npm() -> Problem | None:
    if shutil.which("npm") is not None:
        return None
    return Problem("npm", "serverless and the page", "It comes with Node; Debian: apt install npm")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


if __name__ == "__main__":
    sys.exit(main())
