"""A service with one safeguard taken out: what proves that the rig would notice its loss.

`python -m tests.faults.without fence -- worker` is `python -m worker` without the log's fence. The
switches are patches, made here and in `without_gateway.py` alone: the services have none.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from prosa.breakers import circuits
from prosa.event_log import blocking, log
from prosa.jobs import Job
from prosa.store.table import Key, Table
from tests.faults.without_gateway import GATEWAY_SAFEGUARDS
from worker.handle_job import HandleJob
from worker.leases import Leases
from worker.outcome import Done, Outcome


@contextmanager
def _no_fence() -> Generator[None]:
    """The log takes every event, of whatever attempt and after whatever end."""
    before, after = "if step == 'plain' then return nil, 0 end", "if true then return nil, 0 end"
    with _script(log, "append", before, after), _script(blocking, "append", before, after):
        yield


@contextmanager
def _no_republish() -> Generator[None]:
    """A finished job that comes again is not told."""

    async def done(handle: HandleJob, job: Job) -> Outcome:
        _ = handle, job
        return Done()

    with patch.object(HandleJob, "_tell_again", done):
        yield


@contextmanager
def _no_conditions() -> Generator[None]:
    """Claims and ends of jobs are written whoever holds them, and so are replies."""
    with ExitStack() as patches:
        for name in ("update", "write_update", "write_put"):
            patches.enter_context(patch.object(Table, name, _unconditional(getattr(Table, name))))
        yield


@contextmanager
def _no_heartbeat() -> Generator[None]:
    """No message is kept invisible for longer than its first visibility."""

    async def idle(leases: Leases) -> None:
        _ = leases
        await asyncio.Event().wait()

    with patch.object(Leases, "keep", idle):
        yield


@contextmanager
def _no_probe_lease() -> Generator[None]:
    """Every call may try a half-open model out."""
    before = "if redis.call('SET', probe, token, 'NX', 'PX', lease_ms) then"
    with _script(circuits, "admit", before, "if redis.call('SET', probe, token) then"):
        yield


SAFEGUARDS: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    "fence": _no_fence,
    "republish": _no_republish,
    "conditions": _no_conditions,
    "heartbeat": _no_heartbeat,
    "probe_lease": _no_probe_lease,
    **GATEWAY_SAFEGUARDS,
}
"""How each is taken out, while a block runs and for parts that are made in it."""


def _script(module: Any, name: str, before: str, after: str) -> AbstractContextManager[Any]:
    """Let `module` load another text of one Lua script."""
    original: Callable[..., str] = module.script
    if before not in original(name):
        raise LookupError(f"{name}.lua reads otherwise by now: nothing would be taken out")

    def script(*wanted: str) -> str:
        text = original(*wanted)
        return text.replace(before, after) if name in wanted else text

    return patch.object(module, "script", script)


def _unconditional(method: Callable[..., Any]) -> Callable[..., Any]:
    """A write of `Table` that ignores its condition on jobs and messages."""

    def write(table: Table, key: Key, *arguments: Any, condition: str | None = None) -> Any:
        if condition is None or not key[1].startswith(("JOB", "MSG#")):
            return method(table, key, *arguments, condition=condition)
        # DynamoDB refuses values that no expression names.
        if len(arguments) == 2:
            expression, values = arguments
            arguments = (expression, {k: v for k, v in values.items() if k in expression})
        return method(table, key, *arguments)

    return write


def main() -> int:
    """Run a service without a safeguard; gives its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("safeguard", choices=SAFEGUARDS)
    parser.add_argument("program", choices=["worker", "gateway"])
    arguments = parser.parse_args()
    from worker.__main__ import main as worker
    from ws_gateway.__main__ import main as gateway

    with SAFEGUARDS[arguments.safeguard]():
        return worker() if arguments.program == "worker" else gateway()


if __name__ == "__main__":
    sys.exit(main())
