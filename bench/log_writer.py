"""`python -m bench.log_writer <redis URL>`: appends events to users' logs, many in a call.

A `Helper`. It calls `EventLog.append`, as a worker's publisher does with each tick:
so each call wakes the gateway with one message. Every event's text begins with when it was said.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from bench.bare_socket import stamp
from bench.helper_process import obey
from prosa.event_log.log import EventLog
from prosa.event_log.protocol import Append
from prosa.events import ReplyDelta, encode
from prosa.ids import JobId, UserId
from prosa.multiplexed_redis import MultiplexedRedis
from prosa.redis_client import connection_pool

TICK = 32
"""Events in a call: half of what a worker says in one at most."""

_NUMBER, _STAMP = 1_000_000_007, "STAMP"  # found nowhere else in the event
_JOB = JobId("job_01ARZ3NDEKTSV4RRFFQ69G5FAV")


def event(number: int, *, pad: int = 0) -> str:
    """An event that carries its number, and the time when it was all but appended."""
    before, between, after = _around(pad)
    return f"{before}{number}{between}{stamp()}{after}"


@cache
def _around(pad: int) -> list[str]:
    """What stands around the number and the time in an event.

    To make and to check an event takes 80 µs when all caches are cold, and is no part of what is
    timed from the stamp on.
    """
    text = f"{_STAMP}{'x' * pad}"
    made = encode(ReplyDelta(job_id=_JOB, attempt=1, index=_NUMBER, text=text))
    return made.replace(_STAMP, str(_NUMBER)).split(str(_NUMBER))


class Writer:
    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._log: EventLog | None = None

    async def append(
        self,
        *,
        users: Sequence[str],
        rounds: int,
        tick: int = TICK,
        per_s: float = 0,
        first: int = 0,
        pad: int = 0,
    ) -> dict[str, Any]:
        """Append an event to each user's log, `rounds` times, `tick` in a call.

        `per_s` events a second, or as fast as it goes. Gives when it began, and each user's last
        cursor.
        """
        log = self._log = self._log or EventLog(MultiplexedRedis(connection_pool(self._redis_url)))
        loop = asyncio.get_running_loop()
        began, due = time.perf_counter(), loop.time()
        cursors: dict[str, str] = {}
        for number in range(first, first + rounds):
            for at in range(0, len(users), tick):
                share = users[at : at + tick]
                appends = [Append(UserId(user), event(number, pad=pad)) for user in share]
                for user, done in zip(share, await log.append(appends), strict=True):
                    cursors[user] = str(done.cursor)
                if per_s:
                    due += len(share) / per_s
                    await asyncio.sleep(max(0.0, due - loop.time()))
        return {"began": began, "cursors": [cursors[user] for user in users]}


def main() -> None:
    obey({"append": Writer(sys.argv[1]).append})


if __name__ == "__main__":
    main()
