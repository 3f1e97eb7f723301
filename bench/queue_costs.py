"""What the worker's way with the queue costs, with a handler that does nothing.

Measured: the real `Consumer`, `Leases`, `QueueThreads` and `JobQueue`. Floor: a bare boto3 loop in
the same process (receive ten, delete ten in a batch) over a queue of the same shape, with as many
messages, on the same emulator. Calls are counted by botocore's own hooks, CPU is the process's.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvloop

from bench.instant_model import stack_with
from bench.report import Figure, figure
from prosa.aws import client
from prosa.job_queue import Delivery, JobQueue
from worker.consumer import Consumer, ConsumerLimits
from worker.leases import Leases
from worker.outcome import Done, Outcome
from worker.queue_threads import ACK_THREADS, QueueThreads
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MESSAGES = 1_000
_NO_MODEL = "http://127.0.0.1:9/v1"


@dataclass
class Run:
    """What one run saw: times are seconds."""

    calls: int = 0
    answered_at: float = 0.0
    waits: list[float] = field(default_factory=list[float])
    """From SQS's answer, before it is parsed, to the first line of the handler."""
    deleted: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    _began: tuple[float, float] = (0.0, 0.0)

    def watch(self, sqs: SQSClient) -> SQSClient:
        """Count the client's requests, retries included."""
        events: Any = sqs.meta.events
        events.register("before-send.sqs", self._sent)
        events.register("before-parse.sqs.ReceiveMessage", self._answered)
        events.register("after-call.sqs.DeleteMessageBatch", self._deleted)
        return sqs

    def begin(self) -> None:
        self._began = (time.perf_counter(), time.process_time())

    def handle(self) -> None:
        """The first line of a handler."""
        self.waits.append(time.perf_counter() - self.answered_at)

    def _sent(self, **_: object) -> None:
        self.calls += 1

    def _answered(self, **_: object) -> None:
        self.answered_at = time.perf_counter()

    def _deleted(self, parsed: dict[str, list[object]], **_: object) -> None:
        self.deleted += len(parsed["Successful"])
        if self.deleted == MESSAGES:
            wall, cpu = self._began
            self.wall_s, self.cpu_s = time.perf_counter() - wall, time.process_time() - cpu


def measure(runs: int) -> Iterator[Figure]:
    """Take as many messages off two queues, one after the other, `runs` times."""
    ours: list[Run] = []
    bare: list[Run] = []
    with stack_with(_NO_MODEL, whole=False):
        for _ in range(runs + 1):
            bare.append(_bare_loop(_full_queue()))
            ours.append(_consume(_full_queue()))
    del bare[0], ours[0]  # warmed what they use
    yield figure(
        "no-op jobs/s",
        [MESSAGES / run.wall_s for run in ours],
        [MESSAGES / run.wall_s for run in bare],
        unit="/s",
        goal=0.6,
        higher_is_better=True,
    )
    yield figure(
        "SQS calls per no-op job, of 1",
        [run.calls / MESSAGES for run in ours],
        [1.0] * len(ours),
        unit="",
        goal=0.3,
    )
    yield figure(
        "CPU per no-op job",
        [run.cpu_s / MESSAGES * 1e6 for run in ours],
        [run.cpu_s / MESSAGES * 1e6 for run in bare],
        unit="us",
    )
    yield figure(
        "receive to start, p50",
        [statistics.median(run.waits) * 1e6 for run in ours],
        [statistics.median(run.waits) * 1e6 for run in bare],
        unit="us",
        goal=2.0,
    )


def _consume(url: str) -> Run:
    run = Run()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_consumed(url, run))
    return run


async def _consumed(url: str, run: Run) -> None:
    acks = run.watch(client("sqs", pool=ACK_THREADS))
    queue = QueueThreads(
        polls=JobQueue(run.watch(client("sqs", pool=1)), url),
        acks=JobQueue(acks, url),
        dead_letters=JobQueue(acks, url),
    )
    defaults = WorkerSettings.model_fields
    concurrency, visibility_s = defaults["worker_concurrency"], defaults["worker_visibility_s"]

    async def handle(delivery: Delivery) -> Outcome:
        run.handle()
        del delivery
        if len(run.waits) == MESSAGES:
            consumer.stop_receiving()
        return Done()

    leases = Leases(queue.extend, visibility_s=visibility_s.default, heartbeat_s=10.0)
    limits = ConsumerLimits(
        concurrency=concurrency.default, visibility_s=visibility_s.default, poll_wait_s=1
    )
    consumer = Consumer(queue, handle, leases, limits)
    run.begin()
    await consumer.run()
    queue.close()


def _bare_loop(url: str) -> Run:
    run = Run()
    sqs: Any = run.watch(client("sqs", pool=1))
    run.begin()
    while run.deleted < MESSAGES:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        messages = answer.get("Messages", [])
        for _ in messages:
            run.handle()
        entries = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return run


def _full_queue() -> str:
    """A FIFO queue like the worker's, each message in a group of its own."""
    sqs: Any = client("sqs")
    attributes = {
        "FifoQueue": "true",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
    }
    name = f"bench-{uuid.uuid4().hex}.fifo"
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    for begin in range(0, MESSAGES, 10):
        entries = [
            {
                "Id": str(n),
                "MessageBody": "x" * 150,
                "MessageGroupId": f"group-{n}",
                "MessageDeduplicationId": f"message-{n}",
            }
            for n in range(begin, begin + 10)
        ]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return url
