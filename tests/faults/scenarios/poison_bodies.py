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
BESIDE = 4
"""Users whose conversations stay clean: how long they wait is measured."""

AMONG = 4
"""Users with poison between their questions."""

ROUNDS = 10
CALM = 8
"""Answers in a while without poison."""

CHUNK = 25
MOST_WAITING = 100
IN_A_CONVERSATION = 0.1
"""The share that comes in the group of a conversation, between the questions of `AMONG`."""

SLOWER = 2.0
"""How much longer a user may wait while others' groups are poisoned: other groups are isolated,
but the cores are shared. And `SLACK_S` on top."""
SLACK_S = 1.5

DEAD = "dead-letter queue"


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Send `count` bodies; each must come to lie in the dead-letter queue, with its reason.

    In rounds, each after a while of calm: what else the machine does is then in both.
    """
    ground.llm.choose = numbered_answers(pieces=12)
    await ground.start_gateway()
    await ground.start_workers(WORKERS)
    sent = await asyncio.to_thread(bodies, count, ground.random.getrandbits(32))
    share = max(CHUNK, -(-count // ROUNDS))
    calm: list[float] = []
    poisoned: list[float] = []
    async with load(ground, users=BESIDE) as beside, load(ground, users=AMONG) as among:
        await reached(lambda: min(beside.ended, among.ended), BESIDE, within_s=120)
        for begin in range(0, count, share):
            seen = len(beside.waits)
            await reached(lambda seen=seen: len(beside.waits) - seen, CALM, within_s=120)
            calm += beside.waits[seen:]
            seen = len(beside.waits)
            await _send_all(ground, sent[begin : begin + share], begin)
            await reached(lambda seen=seen: len(beside.waits) - seen, CALM, within_s=120)
            poisoned += beside.waits[seen:]
    await ground.settled(60)
    before, during = _p99(calm), _p99(poisoned)
    ground.require(
        during <= SLOWER * before + SLACK_S,
        f"users waited {during:.1f} s beside poison, {before:.1f} s without",
    )
    await asyncio.to_thread(_take_dead_letters, ground, sent)
    ended = beside.ended + among.ended
    return {"jobs_ended": ended, "wait_p99_calm_s": before, "wait_p99_poisoned_s": during}


async def _send_all(ground: Ground, sent: Sequence[str], first: int) -> None:
    queue = JobQueue(ground.provisioner.sqs, ground.resources.queue_url)
    for begin in range(0, len(sent), CHUNK):
        chunk = sent[begin : begin + CHUNK]
        await asyncio.to_thread(_send, ground, queue, chunk, first + begin)
        await reached(lambda: MOST_WAITING - _waiting(ground), 0, within_s=60)


def _send(ground: Ground, queue: JobQueue, chunk: Sequence[str], begin: int) -> None:
    among = {client.user_id for client in ground.clients[BESIDE:]}
    jobs = jobs_of(ground.provisioner, ground.resources.table)
    open_jobs = [job for job in jobs if job.user_id in among and not job.status.is_final]
    conversations = sorted({job.conversation_id for job in open_jobs})
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
    short=50,
    run=run,
)
