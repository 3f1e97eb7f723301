"""The package that goes to Lambda holds all its functions need.

MiniStack runs them beside the environment of the tests, which would hide a missing requirement;
here they get the package alone.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from local.deploy import SERVERLESS
from local.parameters import put_parameters
from local.provision import Provisioner
from local.settings import ROOT

HANDLERS = sorted(
    path.stem for path in (ROOT / "lambdas" / "handlers").glob("*.py") if path.stem != "__init__"
)
_IMPORT_ALONE = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    module = importlib.import_module(f"lambdas.handlers.{name}")
    assert callable(module.lambda_handler), name
    assert module.__file__.startswith(sys.argv[1]), module.__file__
"""


@pytest.fixture
def package(provisioner: Provisioner, aws: dict[str, str], tmp_path: Path) -> Path:
    """Build the package of the stage `dev`, for this machine, and unpack it."""
    put_parameters(
        provisioner,
        provisioner.provision("dev"),
        models="local:prosa-tiny",
        redis_url="redis://127.0.0.1:1/0",
        ws_url="ws://127.0.0.1:1/ws",
        allowed_origins="http://127.0.0.1:1",
        environ={},
    )
    target = tmp_path / "package"
    command = ["node", str(SERVERLESS), "package", "--stage", "dev", "--package", str(target)]
    command += ["--param", f"python={sys.version_info.major}.{sys.version_info.minor}"]
    command += ["--param", f"machine={platform.machine()}"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, **aws, "PATH": path, "NODE_NO_WARNINGS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with ZipFile(target / "prosa.zip") as archive:
        archive.extractall(tmp_path / "task")
    return tmp_path / "task"


@pytest.mark.timeout(400)
def test_every_handler_starts_from_the_package_alone(package: Path) -> None:
    # -I ignores the environment and the folder, -S the installed packages.
    command = [sys.executable, "-I", "-S", "-c", _IMPORT_ALONE, str(package), *HANDLERS]
    env = {"AWS_REGION": "us-east-1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert HANDLERS
    top = {each.name for each in package.iterdir()}
    assert not top & {"worker", "ws_gateway", "local", "web", "tests", "cli", "training"}
