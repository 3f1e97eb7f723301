"""Row 13: clients that stall and clients that crawl, beside healthy ones that must not feel it.

Each slow client is a second page of a healthy user, so that every event is written to both. The
same events are told without the slow ones first, on the same gateway: what a healthy reader waits
with them is held against that. What a slow one missed it gets when it comes back and reads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from tests.faults.audience import all_heard, require_each_once, watching
from tests.faults.ground import Ground
from tests.faults.numbered import Numbered, numbered_events
from tests.faults.processes import GatewayProcess
from tests.faults.scenario import Scenario
from tests.faults.slow_figures import Closing, Run, at, closes, waits
from tests.faults.slow_readers import SlowReader, reading_slowly
from tests.faults.watchers import Watcher
from ws_gateway.close_codes import CloseCode

HEALTHY, STALLED, CRAWLING = 100, 50, 50
FEW_HEALTHY, FEW_STALLED, FEW_CRAWLING = 20, 10, 10
"""In the short form."""

CRAWL_BYTES_PER_S = 1024
TEXT = "x" * 4096
EVERY_S = 0.1
"""Each user's next event: 40 KiB a second, so that a stalled reader's buffers fill in three."""

ROUNDS = 40
"""Without the slow ones; with them, at least."""

STALL_S = 2.0
SEND_BUFFER = 16 * 1024
"""Less than in production, so that it fills sooner: the kernel's, not the gateway's own."""

CLOSED_S = 10.0
"""From the first event it does not read. The gateway's promise is `STALL_S` after its buffers are
full, found out within a sweep."""

MOST_KIB = 256
"""Of the gateway's memory, for a slow connection."""

HARM_S, FEW_HARM_S = 0.1, 1.0
"""Of few events, one hiccup of the machine is a hundredth: it is the seconds for which a gateway
might wait for a stalled reader that would show."""

HEARD_S = 15.0


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Open the slow ones `count` times, until the stalled are closed."""
    is_full = count >= SCENARIO.full
    gateway = await ground.start_gateway(
        PROSA_GATEWAY_STALL_S=str(STALL_S), PROSA_GATEWAY_SEND_BUFFER=str(SEND_BUFFER)
    )
    runs: list[Run] = []
    async with (
        numbered_events(ground.redis.url, text=TEXT) as told,
        watching(ground, HEALTHY if is_full else FEW_HEALTHY) as watchers,
    ):
        for number in range(count):
            alone = await _alone(watchers, told)
            if not number:  # warm by now
                ground.baseline(gateway)
            slow = _slow_ones(ground, watchers, is_full=is_full)
            runs.append(await _beside(ground, gateway, watchers, slow, told, alone))
        require_each_once(ground, watchers, told)
    alone = [wait for each in runs for wait in each.alone]
    beside = [wait for each in runs for wait in each.beside]
    _require_no_harm(ground, alone, beside, is_full=is_full)
    as_slow = await asyncio.to_thread(closes, gateway, CloseCode.SLOW_READER)
    stalled = sum(len(each.closed_s) for each in runs)
    ground.require(as_slow >= stalled, f"{as_slow} were closed as slow, not {stalled}")
    slow_kib = max(each.kib_per_slow for each in runs)
    returned_kib = max(each.kib_per_returned for each in runs)
    ground.require(slow_kib <= MOST_KIB, f"a slow connection cost {slow_kib:.0f} KiB")
    ground.require(returned_kib <= MOST_KIB, f"one that came back cost {returned_kib:.0f} KiB")
    return {
        "alone_p50_ms": at(0.5, alone) * 1000,
        "alone_p99_ms": at(0.99, alone) * 1000,
        "beside_p50_ms": at(0.5, beside) * 1000,
        "beside_p99_ms": at(0.99, beside) * 1000,
        "stalled_closed_max_s": max(
            (wait for each in runs for wait in each.closed_s), default=CLOSED_S
        ),
        "closed_as_slow": as_slow,
        "kib_per_slow_max": slow_kib,
        "kib_per_returned_max": returned_kib,
    }


def _slow_ones(ground: Ground, watchers: Sequence[Watcher], *, is_full: bool) -> list[SlowReader]:
    """Beside the first of the users those that stall, beside the next those that crawl."""
    stalled, crawling = (STALLED, CRAWLING) if is_full else (FEW_STALLED, FEW_CRAWLING)
    paces = [0] * stalled + [CRAWL_BYTES_PER_S] * crawling
    return [
        SlowReader(ground, watcher.user_id, bytes_per_s=pace)
        for watcher, pace in zip(watchers, paces, strict=True)
    ]


async def _alone(watchers: Sequence[Watcher], told: Numbered) -> Sequence[float]:
    """Seconds each event took to each healthy reader, with nobody slow."""
    first = told.count(watchers[0].user_id)
    await _feed(watchers, told, is_over=lambda rounds: rounds >= ROUNDS)
    await all_heard(watchers, told, within_s=HEARD_S)
    return waits(watchers, told, first)


async def _beside(
    ground: Ground,
    gateway: GatewayProcess,
    watchers: Sequence[Watcher],
    slow: Sequence[SlowReader],
    told: Numbered,
    alone: Sequence[float],
) -> Run:
    """Feed both until the stalled are closed; then let the slow ones come back."""
    first, (before, _) = told.count(slow[0].user_id), gateway.memory()
    for reader in slow:
        ground.history.fault("stalled_client" if reader.is_stalled else "crawling_client")
    async with reading_slowly(slow):
        left = {reader.connection_id for reader in slow if reader.is_stalled}
        closing = Closing(gateway, left)
        await _feed(
            watchers,
            told,
            is_over=lambda rounds: closing.look(within_s=CLOSED_S) and rounds >= ROUNDS,
        )
    ground.require(not left, f"{len(left)} stalled clients stayed for {CLOSED_S:.0f} s")
    await all_heard(watchers, told, within_s=HEARD_S)
    beside = waits(watchers, told, first)
    after = await _come_back(ground, gateway, slow, told, first)
    return Run(
        alone=alone,
        beside=beside,
        closed_s=closing.closed_s,
        kib_per_slow=(closing.most_bytes - before) / 1024 / len(slow),
        kib_per_returned=(after - before) / 1024 / len(slow),
    )


async def _feed(
    watchers: Sequence[Watcher], told: Numbered, *, is_over: Callable[[int], bool]
) -> None:
    """Tell every user the next event, at an even pace, until `is_over(rounds)`."""
    users, rounds, due_at = [watcher.user_id for watcher in watchers], 0, time.monotonic()
    while not is_over(rounds):
        await told.tell(users)
        rounds, due_at = rounds + 1, due_at + EVERY_S
        await asyncio.sleep(max(0.0, due_at - time.monotonic()))


async def _come_back(
    ground: Ground,
    gateway: GatewayProcess,
    slow: Sequence[SlowReader],
    told: Numbered,
    first: int,
) -> int:
    """Let the slow ones resume at a page that reads: each must have missed nothing.

    Gives the bytes of the gateway when all have read everything, and stay.
    """
    async with AsyncExitStack() as pages:
        for reader in slow:
            wanted = list(range(first, told.count(reader.user_id)))
            await pages.enter_async_context(reader.resumed(len(wanted)))
            detail = f"came back and heard {reader.numbers[-20:]}"
            ground.require(reader.numbers == wanted, detail, where=reader.connection_id)
        return gateway.memory()[0]


def _require_no_harm(
    ground: Ground, alone: Sequence[float], beside: Sequence[float], *, is_full: bool
) -> None:
    """On a machine where healthy readers wait for longer without the slow ones, it is that long."""
    alone_s, beside_s = at(0.99, alone), at(0.99, beside)
    ground.require(
        beside_s <= max(HARM_S if is_full else FEW_HARM_S, 3 * alone_s),
        f"a healthy reader waited {beside_s:.3f} s (p99), without the slow ones {alone_s:.3f} s",
    )


SCENARIO = Scenario(
    name="slow_clients",
    row="13",
    title="Clients that stall and crawl beside healthy ones",
    full=3,
    short=1,
    run=run,
)
