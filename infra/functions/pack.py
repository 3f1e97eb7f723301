"""One archive per function, with what the function reaches and nothing else.

`pack.js` runs it for every deploy to AWS. Needs pip and nothing besides. Archives are the same for
the same input, so that a function which did not change is not deployed.

    python -m infra.functions.pack --out .serverless/functions
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import py_compile
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from infra.functions.reach import HANDLERS, ROOT, Reached, reached_by

REQUIREMENTS = ROOT / "lambdas" / "requirements.txt"
CACHE = ROOT / ".local" / "requirements-cache"
# Amazon Linux 2023 has glibc 2.34; pip takes each tag literally, so all that it can load are named.
_PLATFORMS = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
_LEFT_OUT = (".pyi", ".pyc", ".typed", ".exe")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Pack all functions, or those that are named."""
    parser = argparse.ArgumentParser(prog="pack", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for <function>.zip")
    parser.add_argument("--python", default="3.12", help="Python of the functions")
    parser.add_argument("--machine", default="aarch64", help="processor of the functions")
    parser.add_argument("functions", nargs="*", default=HANDLERS)
    arguments = parser.parse_args()
    site = install(python=arguments.python, machine=arguments.machine)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.functions:
        pack(name, site, arguments.out / f"{name}.zip", python=arguments.python)


def install(*, python: str, machine: str) -> Path:
    """The folder with all requirements for that Python and processor, installed once.

    Wheels only, and of where the functions run, wherever this runs: no Docker, no compiler.
    """
    key = f"{REQUIREMENTS.read_text()}{python}{machine}{_PLATFORMS}".encode()
    site = CACHE / hashlib.sha256(key).hexdigest()[:16]
    if site.exists():
        return site
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command += [f"--platform={platform}_{machine}" for platform in _PLATFORMS]
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        target = Path(folder) / "site"
        command += ["--target", str(target), "--requirement", str(REQUIREMENTS)]
        subprocess.run(command, check=True)  # noqa: S603 - our own words
        target.rename(site)
    return site


def pack(function: str, site: Path, archive: Path, *, python: str) -> None:
    """Write the archive of one function."""
    reached = reached_by(function)
    found = {path.relative_to(ROOT).as_posix(): path for path in reached.files()}
    found |= dict(_requirements(reached, site))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(found):
            _add(packed, name, found[name].read_bytes())
            # Where the functions run nothing can be written: without its bytecode every cold start
            # would compile every module anew.
            if name.endswith(".py") and python == f"{sys.version_info[0]}.{sys.version_info[1]}":
                _add(packed, importlib.util.cache_from_source(name), _bytecode(found[name], name))


def _add(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    packed.writestr(entry, content)


def _requirements(reached: Reached, site: Path) -> Iterator[tuple[str, Path]]:
    known = {_normal(d.name): d for d in importlib.metadata.distributions(path=[str(site)])}
    wanted = {_normal(name) for name in _distributions(reached.packages, known.values())}
    while True:
        more = {n for name in wanted for n in _requires(known[name])} & known.keys()
        if more <= wanted:
            break
        wanted |= more
    for name in wanted:
        for file in known[name].files or ():
            path = Path(str(file.locate()))
            if path.is_file() and _is_needed(file.as_posix(), reached.services):
                yield path.relative_to(site).as_posix(), path


def _distributions(
    packages: Iterable[str], known: Iterable[importlib.metadata.Distribution]
) -> Iterator[str]:
    """Which distributions hold these packages."""
    wanted = set(packages)
    for distribution in known:
        tops = {file.parts[0].partition(".")[0] for file in distribution.files or ()}
        if tops & wanted:
            yield distribution.name


def _requires(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    for line in distribution.requires or ():
        if "extra ==" not in line:
            yield _normal(re.split(r"[^\w.-]", line, maxsplit=1)[0])


def _is_needed(name: str, services: set[str]) -> bool:
    if name.endswith(_LEFT_OUT) or name.startswith(("..", "bin/")):
        return False
    match name.split("/"):
        case ["botocore", "data", service, _, *_]:  # one folder per service of AWS: 25 MB
            return service in services
            return False
        case [folder, file, *_] if folder.endswith(".dist-info"):
            return file == "METADATA"  # some packages ask for their own version
        case _:
            return True


@cache
def _bytecode(path: Path, name: str) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".pyc") as file:
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(path), file.name, dfile=name, invalidation_mode=mode, doraise=True)
        return Path(file.name).read_bytes()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
