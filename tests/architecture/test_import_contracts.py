"""Parts import each other as the contracts of `pyproject.toml` allow, and no other way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.settings import ROOT


def test_no_contract_is_broken() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
