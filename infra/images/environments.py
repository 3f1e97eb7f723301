"""Builds what an image would hold, without Docker: the environment its Dockerfile installs and the
folders it copies in, both in a folder of their own.

`python -m infra.images` builds and measures them; whoever wants to run a service as its image would
starts `Built.command` in `Built.app`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from infra.images.dockerfile import read_dockerfile, run_commands

ROOT = Path(__file__).parents[2]
_INHERITED = ("HOME", "LANG", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class Image:
    """A target of a Dockerfile."""

    name: str
    dockerfile: str
    target: str
    module: str
    """What its entrypoint runs: `python -m <module>`."""


IMAGES = {
    image.name: image
    for image in (
        Image("worker-slim", "worker/Dockerfile", "slim", "worker"),
        Image("worker-cpu", "worker/Dockerfile", "cpu", "worker"),
        Image("worker-cuda", "worker/Dockerfile", "cuda", "worker"),
        Image("gateway", "ws_gateway/Dockerfile", "gateway", "ws_gateway"),
    )
}


class InstallFailed(Exception):
    """A command of the Dockerfile failed."""

    def __init__(self, command: str, output: str) -> None:
        self.command = command
        super().__init__(f"{command}\n{output[-4000:]}")


@dataclass(frozen=True, slots=True)
class Built:
    """An image's contents in a folder."""

    image: Image
    folder: Path

    @property
    def app(self) -> Path:
        """The working directory of its process."""
        return self.folder / "app"

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def command(self) -> list[str]:
        """What its entrypoint runs."""
        return [str(self.python), "-m", self.image.module]

    def megabytes(self) -> float:
        """Measure environment and app, as files; the base image is not in it."""
        return sum(p.lstat().st_size for p in self.folder.rglob("*")) / 1e6

    def packages(self) -> set[str]:
        """List what is installed, as `name==version`."""
        (site,) = (self.folder / "venv" / "lib").glob("python*/site-packages")
        found = distributions(path=[str(site)])
        return {f"{each.name.lower().replace('_', '-')}=={each.version}" for each in found}


def build(image: Image, folder: Path, *, arguments: dict[str, str]) -> Built:
    """Make `image` anew in `folder`. `arguments` are its build arguments (`TORCH_INDEX`, ...).

    Raises InstallFailed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    work = folder / "build"
    work.mkdir(parents=True)
    dockerfile = read_dockerfile(ROOT / image.dockerfile)
    stage = dockerfile.installing_stage(image.target)
    for step in run_commands(dockerfile.chain(stage), arguments=arguments):
        if isinstance(step, str):
            _run(step.replace("/opt/venv", str(folder / "venv")), work)
        else:
            _copy(ROOT / step[0], work / step[1])
    for source in dockerfile.sources(image.target):
        _copy(ROOT / source, folder / "app" / source)
    shutil.rmtree(work)
    return Built(image, folder)


def _run(command: str, folder: Path) -> None:
    """Run one RUN, with `python` being this one's base: what a base image has on PATH."""
    shims = folder.parent / "bin"
    if not shims.exists():
        shims.mkdir()
        # Of a virtual environment this is the interpreter it was made from.
        (shims / "python").symlink_to(Path(sys.base_prefix, "bin", "python3"))
    environ = {name: value for name, value in os.environ.items() if name in _INHERITED}
    environ |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environ |= {"PATH": f"{shims}{os.pathsep}{os.defpath}", "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(
        ["/bin/sh", "-ec", command], cwd=folder, env=environ, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise InstallFailed(command, done.stdout + done.stderr)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)
