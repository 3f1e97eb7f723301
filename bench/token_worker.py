"""`python -m bench.token_worker <redis URL>`: replies that speak, by the worker's way and bare.

A `Helper`. `say` speaks through `worker.publisher`, as every model does; `publish`
awaits one PUBLISH per token on a channel per conversation. Both say the same tokens at the same
times; what a model costs is in neither. The replies do not speak in chorus, as those of a provider
do not.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Any, cast

from bench.helper_process import obey
from prosa.event_log.log import EventLog
from prosa.ids import UserId
from prosa.multiplexed_redis import MultiplexedRedis
from prosa.redis_client import connect, connection_pool
from tests.builders import an_acceptance
from worker.publisher import Publisher
from worker.reply_feed import ReplyFeed

SLOTS = 10
"""Parts of the time between two tokens of a reply; a tenth of the replies speaks in each."""

TOKEN = "word "
_JOB = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV"


class TokenWorker:
    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._publisher: Publisher | None = None
        self._running: asyncio.Task[None] | None = None
        self._feeds: list[ReplyFeed] = []
        self._open = ExitStack()
        self._redis: Any = None

    async def begin(self, *, users: Sequence[str]) -> dict[str, Any]:
        """Begin a reply for each user, in place of those that were begun before."""
        if self._publisher is None:
            self._publisher = Publisher(
                EventLog(MultiplexedRedis(connection_pool(self._redis_url)))
            )
            self._running = asyncio.create_task(self._publisher.run())
        self._open.close()
        jobs = [an_acceptance(user_id=UserId(user)).job for user in users]
        self._feeds = [self._open.enter_context(self._publisher.open(job)) for job in jobs]
        await asyncio.gather(*(feed.start(model_id="local:bench") for feed in self._feeds))
        return {}

    async def say(self, *, per_s: float, tokens: int) -> dict[str, Any]:
        """Let each reply say so many tokens; gives when the first was said."""
        feeds = self._feeds

        async def speak(reply: int, _: int) -> None:
            feeds[reply].delta(TOKEN)

        return await _in_turn(len(feeds), speak, per_s=per_s, tokens=tokens)

    async def publish(self, *, channels: list[str], per_s: float, tokens: int) -> dict[str, Any]:
        """The same without any of ours; `per_s` 0 is as fast as it goes."""
        redis = self._redis = self._redis or connect(self._redis_url)

        async def speak(reply: int, index: int) -> None:
            said = {"type": "reply.delta", "job_id": _JOB, "attempt": 1}
            await cast(Any, redis).publish(
                channels[reply], json.dumps({**said, "index": index, "text": TOKEN})
            )

        return await _in_turn(len(channels), speak, per_s=per_s, tokens=tokens)


async def _in_turn(
    replies: int, speak: Callable[[int, int], Awaitable[None]], *, per_s: float, tokens: int
) -> dict[str, Any]:
    """Let reply after reply speak; who is late does not shift those after it."""
    loop = asyncio.get_running_loop()
    began, due = time.perf_counter(), loop.time()
    for index in range(tokens):
        for slot in range(SLOTS):
            for reply in range(slot, replies, SLOTS):
                await speak(reply, index)
            if per_s:
                due += 1 / per_s / SLOTS
            await asyncio.sleep(max(0.0, due - loop.time()) if per_s else 0)
    return {"began": began}


def main() -> None:
    worker = TokenWorker(sys.argv[1])
    obey({"begin": worker.begin, "say": worker.say, "publish": worker.publish})


if __name__ == "__main__":
    main()
