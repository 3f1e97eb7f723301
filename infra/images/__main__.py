"""`python -m infra.images [name ...]`: put what the images would hold into `build/images/<name>`,
and say what it weighs. A service then starts as its image would:

    cd build/images/gateway/app && ../venv/bin/python -m ws_gateway

The environment may hold `TORCH_INDEX`, an index of torch wheels for CPUs. Exit codes: 0 done, 1 an
install failed, 2 there is no such image.
"""

from __future__ import annotations

import os
import sys

from infra.images.environments import IMAGES, ROOT, InstallFailed, build

DEFAULT = ("worker-slim", "worker-cpu", "gateway")
"""The CUDA image is 5 GB of wheels that most machines cannot run."""


def main(names: list[str]) -> int:
    """Build each of `names`."""
    if not set(names) <= set(IMAGES):
        print(f"Images: {', '.join(IMAGES)}", file=sys.stderr)
        return 2
    arguments = {name: os.environ[name] for name in ("TORCH_INDEX",) if os.environ.get(name)}
    for name in names or DEFAULT:
        try:
            built = build(IMAGES[name], ROOT / "build" / "images" / name, arguments=arguments)
        except InstallFailed as exc:
            print(exc, file=sys.stderr)
            return 1
        print(f"{name}: {len(built.packages())} packages, {built.megabytes():.0f} MB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
