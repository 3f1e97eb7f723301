"""Cold import of each Lambda: a fresh interpreter imports the handler, as a cold start does.

Floor: `boto3.client("sqs")` alone in a fresh interpreter, the least a function that enqueues pays.
The count of modules has no noise; the time has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.report import Figure, figure

HANDLERS = sorted(
    path.stem
    for path in (Path(__file__).parents[1] / "lambdas" / "handlers").glob("*.py")
    if path.stem != "__init__"
)
GOAL = 1.4
_FLOOR = "import boto3; boto3.client('sqs')"
_TIMED = """
import time, sys, json
began = time.perf_counter()
{code}
print(json.dumps([(time.perf_counter() - began) * 1000, len(sys.modules)]))
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
    """Time every handler and the floor, interleaved."""
    codes = {"floor": _FLOOR} | {name: f"import lambdas.handlers.{name}" for name in HANDLERS}
    timed = [{name: _import(code) for name, code in codes.items()} for _ in range(runs + 1)]
    # The first round filled the page cache for the others.
    rounds = timed[1:]
    for name in HANDLERS:
        yield figure(
            f"cold import, {name}",
            [r[name][0] for r in rounds],
            [r["floor"][0] for r in rounds],
            unit="ms",
            goal=GOAL,
        )
        yield figure(
            f"modules imported, {name}",
            [r[name][1] for r in rounds],
            [r["floor"][1] for r in rounds],
            unit="",
        )


def _import(code: str) -> tuple[float, float]:
    answer = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code=code)],
        env=_ENVIRONMENT,
        capture_output=True,
        check=True,
        text=True,
    )
    ms, modules = json.loads(answer.stdout.splitlines()[-1])
    return ms, modules
