"""How many jobs a second one worker process answers, against a bare boto3 loop.

Floor: receive 10, delete 10 in a batch, over as many messages in the same emulator: a consumer that
does nothing; its CPU per message stands beside the worker's per job, start-up left out. A job of
ours also claims, reads the branch, asks the model, streams, and commits in one transaction: some
seven calls to an emulator that shares the cores.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3

from bench.instant_model import instant_model, stack_with
from bench.report import Figure, figure
from local.ports import free_ports
from local.stack import Stack
from prosa.aws import client
from prosa.ids import new_user_id
from prosa.job_queue import JobQueue
from prosa.jobs import Job, JobMessage
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table
from tests.builders import an_acceptance

JOBS = 100
DEADLINE_S = 120.0


def measure(runs: int) -> Iterator[Figure]:
    """Fill the queue, start a worker, wait until all is answered; beside it the bare loop."""
    jobs: list[float] = []
    cpu: list[float] = []
    bare: list[tuple[float, float]] = []
    with instant_model() as base_url, stack_with(base_url, whole=False) as stack:
        _answer_all(stack, 5)  # warms the emulator
        for _ in range(runs):
            bare.append(_bare_loop(JOBS))
            jobs.append(_answer_all(stack, JOBS))
            cpu.append(_cpu_us_per_job(stack, JOBS))
    rates = [rate for rate, _ in bare]
    yield figure("jobs/s of one worker", jobs, rates, unit="/s", higher_is_better=True)
    yield figure("CPU per whole job", cpu, [cpu_us for _, cpu_us in bare], unit="us")


def _answer_all(stack: Stack, count: int) -> float:
    """Jobs per second from the first answer to the last, the worker's own start left out."""
    store, queue = _store(stack), _queue(stack)
    promised = _promise(store, queue, count)
    (port,) = free_ports(1)
    stack.start_worker("worker", health_port=port)
    try:
        finished = _wait_until_all_end(store, promised)
    finally:
        stack.launcher.stop("worker", grace_s=30)
    starts = [job.attempts[0].started_at for job in finished]
    ends = [job.finished_at for job in finished if job.finished_at]
    return count / (max(ends) - min(starts)).total_seconds()


def _cpu_us_per_job(stack: Stack, count: int) -> float:
    """CPU microseconds of a worker that waited for the jobs."""
    store, queue = _store(stack), _queue(stack)
    (port,) = free_ports(1)
    pid = stack.start_worker("worker", health_port=port).pid
    try:
        _wait_until_all_end(store, _promise(store, queue, 5))
        began = _cpu_s_of(pid)
        _wait_until_all_end(store, _promise(store, queue, count))
        return (_cpu_s_of(pid) - began) / count * 1e6
    finally:
        stack.launcher.stop("worker", grace_s=30)


def _cpu_s_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def _store(stack: Stack) -> JobStore:
    return JobStore(
        Table(client("dynamodb", pool=20), stack.provisioned.table),
        LongTexts(client("s3"), stack.provisioned.bucket),
    )


def _queue(stack: Stack) -> JobQueue:
    return JobQueue(client("sqs", pool=20), stack.provisioned.queue_url)


def _promise(store: JobStore, queue: JobQueue, count: int) -> list[Job]:
    user = new_user_id()

    def promise(n: int) -> Job:
        job = store.accept(an_acceptance(user_id=user, key=f"job-{n}-{uuid.uuid4()}"))
        queue.send(
            JobMessage(job_id=job.job_id, user_id=job.user_id, conversation_id=job.conversation_id)
        )
        return job

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(promise, range(count)))


def _wait_until_all_end(store: JobStore, promised: list[Job]) -> list[Job]:
    deadline = time.monotonic() + DEADLINE_S
    # The last in the queue ends last, or nearly: ask for it seldom, then for all.
    for job in reversed(promised):
        while True:
            now = store.find(job.job_id)
            if now is not None and now.status.is_final:
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{job.job_id} has no end after {DEADLINE_S} s")
            time.sleep(0.05)
    return [found for job in promised if (found := store.find(job.job_id))]


def _bare_loop(count: int) -> tuple[float, float]:
    """Messages per second that a plain receive-and-delete loop takes off a queue, and the CPU
    microseconds of each."""
    sqs: Any = boto3.client("sqs")  # pyright: ignore[reportUnknownMemberType]
    attributes = {"FifoQueue": "true"}
    url = sqs.create_queue(QueueName=f"floor-{uuid.uuid4().hex}.fifo", Attributes=attributes)
    url = url["QueueUrl"]
    for begin in range(0, count, 10):
        ids = [f"m{n}" for n in range(begin, begin + 10)]
        sqs.send_message_batch(
            QueueUrl=url,
            Entries=[
                {
                    "Id": i,
                    "MessageBody": "x" * 150,
                    "MessageGroupId": i,
                    "MessageDeduplicationId": i,
                }
                for i in ids
            ],
        )
    began, cpu_began, taken = time.perf_counter(), time.process_time(), 0
    while taken < count:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        entries = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        taken += len(messages)
    cpu_us = (time.process_time() - cpu_began) / count * 1e6
    return count / (time.perf_counter() - began), cpu_us
