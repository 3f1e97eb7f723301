"""One worker process, as far as one job sees it: the real parts in this loop, stopped at each call.

It gets one delivery. `kill` ends it as SIGKILL would: no call of it happens any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from prosa.conversation import FinishReason, Usage
from prosa.event_log.log import EventLog
from prosa.event_log.protocol import Append, Appended
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table
from tests.faults.interleavings.message import OneMessage, QueueOfOne, no_answer
from tests.faults.interleavings.steps import Killed, Steps
from worker.consumer import Consumer, ConsumerLimits
from worker.handle_job import HandleJob, ReplyLimits
from worker.jobs_in_hand import JobsInHand
from worker.leases import Leases
from worker.llm.chain import Chain
from worker.llm.model import Chunk, ModelRequest, StreamEnd, TextDelta
from worker.publisher import Publisher
from worker.queue_threads import QueueThreads
from worker.store_threads import StoreThreads

PIECES = 3
NEVER_S = 3600

LIMITS = ConsumerLimits(concurrency=1, visibility_s=NEVER_S, poll_wait_s=0)


@dataclass
class Outside:
    """What all workers of a play share. `llm_calls` numbers the answers: no two are alike."""

    dynamodb: Any
    s3: Any
    table: str
    bucket: str
    redis: Redis
    llm_calls: int = 0
    commits: list[str] = field(default_factory=list[str])
    """The tokens of the transactions that were carried out, each once."""


class SteppedTable:
    """boto3's client, each call a step."""

    def __init__(self, outside: Outside, steps: Steps) -> None:
        self._outside = outside
        self._steps = steps

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._outside.dynamodb, operation)

        def call(**arguments: Any) -> Any:
            def happen() -> Any:
                answer = method(**arguments)
                token = arguments.get("ClientRequestToken")
                if token and token not in self._outside.commits:
                    self._outside.commits.append(token)
                return answer

            return self._steps.in_thread(operation, happen, no_answer())

        return call


class SteppedLog(EventLog):
    """The log, each append a step. `took` is set whenever one was answered."""

    def __init__(self, redis: Redis, steps: Steps) -> None:
        super().__init__(redis)
        self._steps = steps
        self.took = asyncio.Event()

    async def append(self, appends: Sequence[Append]) -> list[Appended]:
        name = "+".join(append.step.value for append in appends)
        append = super().append
        results = await self._steps.in_loop(
            name, lambda: append(appends), RedisConnectionError("Redis does not answer.")
        )
        self.took.set()
        return results


class Storyteller:
    """A model that never says the same twice, and waits until each piece is in the log."""

    model_id = "local:storyteller"
    context_tokens = 4_000

    def __init__(self, outside: Outside, log: SteppedLog) -> None:
        self._outside = outside
        self._log = log

    def count_tokens(self, text: str) -> int:
        return len(text)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        _ = request
        self._outside.llm_calls += 1
        call = self._outside.llm_calls
        for piece in range(PIECES):
            self._log.took.clear()
            yield TextDelta(f"call {call} piece {piece}; ")
            await self._log.took.wait()
        yield StreamEnd(FinishReason.STOP, Usage(input_tokens=1, output_tokens=PIECES))

    async def aclose(self) -> None:
        return


class Incarnation:
    """A worker. Its parts begin to run at once."""

    def __init__(self, number: int, outside: Outside, message: OneMessage) -> None:
        self.number = number
        self.steps = Steps()
        self.step = 0
        """How many calls it has made."""
        self.is_over = False
        log = SteppedLog(outside.redis, self.steps)
        self._queue_of_one = QueueOfOne(message, self.steps)
        self._queue = _queue(self._queue_of_one)
        self._store = _store(outside, self.steps, name=f"worker {number}")
        publisher = Publisher(log)
        limits = ReplyLimits(max_output_tokens=100, deadline_s=NEVER_S, backoff_s=0)
        hand = JobsInHand(self._store, log)
        chain = Chain([Storyteller(outside, log)])
        self.handle = HandleJob(self._store, hand, publisher, chain, limits)
        leases = Leases(self._queue.extend, visibility_s=NEVER_S, heartbeat_s=NEVER_S)
        consumer = Consumer(self._queue, self.handle, leases, LIMITS, on_stop=hand.stopped)
        self._tasks = [asyncio.create_task(publisher.run()), asyncio.create_task(consumer.run())]

    async def kill(self) -> None:
        """End it as it stands."""
        self.is_over = True
        self.steps.kill()
        self._queue_of_one.kill()
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._queue.close()
        self._store.close()
        for end in ends:
            _raise_unless_killed(end)


def _raise_unless_killed(end: BaseException | None) -> None:
    if end is None or isinstance(end, asyncio.CancelledError | Killed):
        return
    if isinstance(end, BaseExceptionGroup):
        for each in cast(BaseExceptionGroup[BaseException], end).exceptions:
            _raise_unless_killed(each)
        return
    raise end


def _queue(queue: QueueOfOne) -> QueueThreads:
    parts: Any = queue
    return QueueThreads(polls=parts, acks=parts, dead_letters=parts)


def _store(outside: Outside, steps: Steps, *, name: str) -> StoreThreads:
    client: Any = SteppedTable(outside, steps)
    table = Table(client, outside.table)
    texts = LongTexts(outside.s3, outside.bucket)
    return StoreThreads(JobStore(table, texts), ConversationStore(table, texts), worker_name=name)
