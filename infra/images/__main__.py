"""`python -m infra.images [name ...]`: build what the images would hold, start the services from
it beside Redis and the emulator, end them, and say what it weighs. `make image-check` calls it.

The environment may hold `TORCH_INDEX`, an index of torch wheels for CPUs. Exit codes: 0 all is
well, 1 something is not.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from infra.images.environments import IMAGES, ROOT, Built, InstallFailed, build
from infra.images.smoke import SmokeFailed, smoke

DEFAULT = ("worker-slim", "worker-cpu", "gateway")
"""The CUDA image is 5 GB of wheels that nothing here can run."""


def main(names: list[str]) -> int:
    """Build and try each of `names`."""
    folder = ROOT / "build" / "images"
    arguments = {name: os.environ[name] for name in ("TORCH_INDEX",) if os.environ.get(name)}
    try:
        built = [_build(name, folder, arguments) for name in names or DEFAULT]
        for line in smoke(built, state_dir=folder / "state"):
            print(line, flush=True)
    except (InstallFailed, SmokeFailed) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


def _build(name: str, folder: Path, arguments: dict[str, str]) -> Built:
    built = build(IMAGES[name], folder / name, arguments=arguments)
    print(f"{name}: {len(built.packages())} packages, {built.megabytes():.0f} MB", flush=True)
    return built


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
