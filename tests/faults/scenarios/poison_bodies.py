"""Row 10: bodies that make no sense, through the real queue to real workers, beside real users."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from prosa.job_queue import BATCH, JobQueue
from tests.faults.answers import numbered_answers
from tests.faults.ground import Ground
from tests.faults.load import load, reached
from tests.faults.poison import bodies
from tests.faults.scenario import Scenario
from tests.faults.stored import depths, jobs_of

WORKERS = 2
USERS = 8
CALM_REPLIES = 24
"""Answers before the first poison, to compare with."""

CHUNK = 25
MOST_WAITING = 100
IN_A_CONVERSATION = 0.1
"""The share that comes in the group of a user's conversation, between their questions."""

SLOWER = 2.0
"""How much longer a user may wait while others' groups are poisoned: other groups are isolated,
but the cores are shared. And `SLACK_S` on top."""
SLACK_S = 1.5

DEAD = "dead-letter queue"


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Send `count` bodies; each must come to lie in the dead-letter queue, with its reason."""
    ground.llm.choose = numbered_answers(pieces=12)
    await ground.start_gateway()
    await ground.start_workers(WORKERS)
    sent = await asyncio.to_thread(bodies, count, ground.random.getrandbits(32))
    async with load(ground, users=USERS) as met:
        await reached(lambda: met.ended, CALM_REPLIES, within_s=120)
        calm = len(met.waits)
        await _send_all(ground, sent)
        await reached(lambda: len(met.waits), calm + USERS, within_s=120)
    await ground.settled(60)
    before, during = _p99(met.waits[:calm]), _p99(met.waits[calm:])
    ground.require(
        during <= SLOWER * before + SLACK_S,
        f"users waited {during:.1f} s beside poison, {before:.1f} s before it",
    )
    await asyncio.to_thread(_take_dead_letters, ground, sent)
    return {"jobs_ended": met.ended, "wait_p99_before_s": before, "wait_p99_during_s": during}


async def _send_all(ground: Ground, sent: Sequence[str]) -> None:
    queue = JobQueue(ground.provisioner.sqs, ground.resources.queue_url)
    for begin in range(0, len(sent), CHUNK):
        await asyncio.to_thread(_send, ground, queue, sent[begin : begin + CHUNK], begin)
        await reached(lambda: MOST_WAITING - _waiting(ground), 0, within_s=60)


def _send(ground: Ground, queue: JobQueue, chunk: Sequence[str], begin: int) -> None:
    jobs = jobs_of(ground.provisioner, ground.resources.table)
    conversations = sorted({job.conversation_id for job in jobs if not job.status.is_final})
    for number, body in enumerate(chunk, begin):
        group = f"poison-{number}"
        if conversations and ground.random.random() < IN_A_CONVERSATION:
            group = ground.random.choice(conversations)
        ground.history.fault("poison_body", group=group, number=number)
        queue.send_body(body, group=group, deduplication_id=f"poison-{number}")


def _waiting(ground: Ground) -> int:
    return depths(ground.provisioner, ground.resources.queue_url).waiting


def _take_dead_letters(ground: Ground, sent: Sequence[str]) -> None:
    """Take all of them out: each body once, as it was, and why. None must be left (I6)."""
    queue = JobQueue(ground.provisioner.sqs, ground.resources.dead_letter_queue_url)
    found: Counter[str] = Counter()
    while letters := queue.receive(BATCH, wait_s=0, visibility_s=60):
        for letter in letters:
            found[letter.body] += 1
            ground.require(
                bool(letter.reason), f"no worker said why: {letter.body[:200]!r}", where=DEAD
            )
        queue.delete([letter.receipt for letter in letters])
    wanted = Counter(sent)
    for body, times in (wanted - found).items():
        ground.require(False, f"{times} are missing of {body[:200]!r}", where=DEAD)  # noqa: FBT003 - found
    for body, times in (found - wanted).items():
        ground.require(False, f"{times} too many of {body[:200]!r}", where=DEAD)  # noqa: FBT003 - found


def _p99(waits: Sequence[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.99)]


SCENARIO = Scenario(
    name="poison_bodies",
    row="10",
    title="Bodies without sense, made by Hypothesis, through the queue to the workers",
    full=5_000,
    short=150,
    run=run,
)
