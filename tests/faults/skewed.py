"""Services whose clock is wrong: `Program(main="tests.faults.skewed:worker", argv=("-60",))`.

The wall clock only, as in life: what measures spans of time goes by the monotonic one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import cache
from types import ModuleType
from typing import Any

import jwt.api_jwt

from prosa import clock

NANOSECONDS = 1_000_000_000


def worker() -> int:
    """`worker`, whose clock is `argv[1]` seconds ahead."""
    set_clock_from_arguments()
    from worker.__main__ import main

    return main()


def gateway() -> int:
    """`ws_gateway`, likewise."""
    set_clock_from_arguments()
    from ws_gateway.__main__ import main

    return main()


def call(*arguments: Any, **keywords: Any) -> Any:
    """The HTTP API, likewise."""
    set_clock_from_arguments()
    from tests.integration.lambdas.gateway import call as answer

    return answer(*arguments, **keywords)


def authorize(*arguments: Any, **keywords: Any) -> Any:
    """The authorizer, likewise."""
    set_clock_from_arguments()
    from tests.integration.lambdas.gateway import authorize as decide

    return decide(*arguments, **keywords)


@cache
def set_clock_from_arguments() -> None:
    """Set this process's clock, once."""
    set_clock(float(sys.argv[1]))


def set_clock(ahead_s: float) -> None:
    """Let this process believe that it is `ahead_s` later than it is."""
    read, read_ns = time.time, time.time_ns
    _replace(time, "time", lambda: read() + ahead_s)
    _replace(time, "time_ns", lambda: read_ns() + round(ahead_s * NANOSECONDS))

    class Skewed(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(seconds=ahead_s)

    for module in (clock, jwt.api_jwt):
        _replace(module, "datetime", Skewed)


def _replace(module: ModuleType, name: str, value: Callable[..., Any]) -> None:
    if not hasattr(module, name):
        raise LookupError(f"{module.__name__} has no {name} by now: its clock would go on")
    setattr(module, name, value)
