"""Cold import of each Lambda: a fresh interpreter imports the handler from the function's package.

The packages are those that are deployed, made for this machine, bytecode included; nothing else is
on the path. Floor: `boto3.client("sqs")` alone in a fresh interpreter, the least a function that
enqueues would pay. Time is the process's own (CPU), so that neighbours do not count; the number of
modules has no noise at all. The floor of a package's size is one package for all functions.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

from bench.report import Figure, figure
from infra.functions.pack import install, pack
from infra.functions.reach import HANDLERS

GOAL = 1.4
_FLOOR = "import boto3; boto3.client('sqs')"
# -I and -S: neither the environment, nor the folder, nor the installed packages are on the path.
_TIMED = """
import time, sys, json
sys.path.insert(0, {path!r})
began = time.process_time()
{code}
print(json.dumps([(time.process_time() - began) * 1000, len(sys.modules)]))
"""
_ENVIRONMENT = {
    "PATH": os.defpath,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "PROSA_TABLE": "bench",
    "PROSA_BUCKET": "bench",
    "PROSA_QUEUE_URL": "http://127.0.0.1:9/bench.fifo",
    "PROSA_PARAMETERS": "/prosa/bench",
    "PROSA_MODELS": "local:prosa-tiny",
}


def measure(runs: int) -> Iterator[Figure]:
    """Weigh every package, then time every handler and the floor, interleaved."""
    with tempfile.TemporaryDirectory(prefix="prosa-bench-") as folder:
        archives = _packages(Path(folder))
        yield from _sizes(archives)
        codes = {"floor": (sysconfig.get_path("purelib"), _FLOOR)}
        for name, archive in archives.items():
            task = str(archive.with_suffix(""))
            codes[name] = (task, f"import lambdas.handlers.{name}")
        timed = [{name: _import(*code) for name, code in codes.items()} for _ in range(runs + 1)]
    # The first round filled the page cache for the others.
    yield from _times(timed[1:])


def _packages(folder: Path) -> dict[str, Path]:
    """Pack and unpack every function; gives the archives, unpacked beside them."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    site = install(python=python, machine=platform.machine())
    archives = {name: folder / f"{name}.zip" for name in HANDLERS}
    for name, archive in archives.items():
        pack(name, site, archive, python=python)
        with ZipFile(archive) as packed:
            packed.extractall(archive.with_suffix(""))
    return archives


def _sizes(archives: Mapping[str, Path]) -> Iterator[Figure]:
    everything: dict[str, int] = {}
    for archive in archives.values():
        with ZipFile(archive) as packed:
            everything |= {entry.filename: entry.compress_size for entry in packed.infolist()}
    whole = sum(everything.values()) / 2**20
    for name, archive in archives.items():
        yield figure(f"package, {name}", [archive.stat().st_size / 2**20], [whole], unit="MB")


def _times(rounds: Sequence[Mapping[str, tuple[float, float]]]) -> Iterator[Figure]:
    for name in HANDLERS:
        yield figure(
            f"cold import, {name}",
            [r[name][0] for r in rounds],
            [r["floor"][0] for r in rounds],
            unit="ms CPU",
            goal=GOAL,
        )
        yield figure(
            f"modules imported, {name}",
            [r[name][1] for r in rounds],
            [r["floor"][1] for r in rounds],
            unit="",
        )


def _import(path: str, code: str) -> tuple[float, float]:
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _TIMED.format(path=path, code=code)],
        env=_ENVIRONMENT,
        capture_output=True,
        check=True,
        text=True,
    )
    ms, modules = json.loads(answer.stdout.splitlines()[-1])
    return ms, modules
