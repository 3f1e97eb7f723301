"""All single faults and some pairs, and the proof that the plays notice what they are for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain, islice
from unittest.mock import patch
from weakref import WeakKeyDictionary

import pytest

from local.provision import Provisioned
from prosa import aws
from prosa.conversation import Message
from tests.faults.interleavings.incarnation import PIECES, Outside
from tests.faults.interleavings.play import play
from tests.faults.interleavings.run import Tally, outside_of, run
from tests.faults.interleavings.schedules import STEPS, doubles, of_size, randoms, singles
from tests.faults.interleavings.verdict import violations
from tests.faults.without import SAFEGUARDS
from worker.consumer import Consumer
from worker.handle_job import HandleJob
from worker.leases import Lease
from worker.outcome import Outcome
from worker.reply_feed import ReplyFeed

SEED = 2026
"""`make faults` plays them all, and under another seed each time."""

PLAYS = 300


@pytest.fixture
async def outside(resources: Provisioned, redis_url: str) -> AsyncGenerator[Outside]:
    clients = aws.client("dynamodb"), aws.client("s3")
    async with outside_of(resources, redis_url, *clients) as outside:
        yield outside


async def test_an_undisturbed_job_makes_the_calls_that_faults_are_placed_at(
    outside: Outside,
) -> None:
    """STEPS counts them: were there one more, nothing would ever go wrong at it."""
    done = await play((), outside)

    assert await violations(done, outside) == []
    calls = [line.partition(" ")[2] for line in done.script]
    pieces = ["delta"] * PIECES
    commit = ["transact_write_items", "final", "delete"]
    assert calls == ["update_item", "start", "query", *pieces, *commit]
    assert len(calls) == STEPS


@pytest.mark.timeout(300)
async def test_no_fault_shows(outside: Outside) -> None:
    tally = Tally()
    schedules = of_size(PLAYS, SEED)
    wrong = [each async for each in run(schedules, outside, tally=tally)]

    assert not wrong, "\n".join(map(str, wrong))
    assert tally.plays == PLAYS
    assert tally.zombies > PLAYS // 6


@contextmanager
def _delete_before_tell() -> Generator[None]:
    """The message goes first, and then its user is told."""
    untold: WeakKeyDictionary[HandleJob, tuple[ReplyFeed, Message]] = WeakKeyDictionary()
    tell, settle = HandleJob._tell, Consumer._settle  # pyright: ignore[reportPrivateUsage]

    async def tell_later(handle: HandleJob, feed: ReplyFeed, reply: Message) -> None:
        untold[handle] = feed, reply

    async def settle_and_tell(consumer: Consumer, lease: Lease, outcome: Outcome) -> bool:
        settled = await settle(consumer, lease, outcome)
        handle = consumer._handle  # pyright: ignore[reportPrivateUsage]
        assert isinstance(handle, HandleJob)
        if handle in untold:
            earlier, reply = untold.pop(handle)
            with handle._publisher.open(earlier.job) as feed:  # pyright: ignore[reportPrivateUsage]
                await tell(handle, feed, reply)
        return settled

    with (
        patch.object(HandleJob, "_tell", tell_later),
        patch.object(Consumer, "_settle", settle_and_tell),
    ):
        yield


@pytest.mark.parametrize(
    ("taken_out", "seen"),
    [
        (SAFEGUARDS["fence"](), "after the end"),
        (SAFEGUARDS["fence"](), "a stale piece of attempt"),
        (SAFEGUARDS["republish"](), "the end was never told"),
        (SAFEGUARDS["conditions"](), "ends were stored"),
        (_delete_before_tell(), "the end was never told"),
    ],
    ids=["fence", "fence, stale", "republish", "conditions", "delete before tell"],
)
async def test_a_safeguard_that_is_missing_shows(
    outside: Outside, taken_out: AbstractContextManager[None], seen: str
) -> None:
    schedules = chain(singles(), doubles(), islice(randoms(SEED), 100))
    with taken_out:
        async for wrong in run(schedules, outside):
            if any(seen in violation for violation in wrong.violations):
                return
    pytest.fail(f"nobody saw: {seen}")
