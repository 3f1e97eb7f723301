"""Row 6: Redis dies and comes back empty, freezes, refuses, and loses single answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prosa.event_log.protocol import Step
from tests.faults.ground import Ground
from tests.faults.load import load, reached
from tests.faults.processes import stop_all
from tests.faults.proxies.redis_proxy import Command
from tests.faults.scenario import Scenario

WORKERS = 2
GATEWAYS = 2
USERS = 12
LEASE_S = 3.0
DOWN_S = (0.1, 1.0)
FROZEN_S = 3.0
"""Longer than the services wait for an answer (2 s): they give up, and Redis does it all the same
when it thaws."""
REFUSED_S = (0.3, 2.0)
"""Of the plan's 10 s: an outage is told from none after the first refusal."""
BETWEEN_S = (0.3, 1.5)
LOSS, LOSS_OF_ENDS = 0.01, 0.25
"""The end of a reply is what must not be said twice, and is rare among deltas."""
COMMANDS_PER_FAULT = 5_000 / 90
SETTLED_S, STOP_S = 60.0, 15.0


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """A third of `count` each; then reply loss over commands in proportion."""
    for _ in range(GATEWAYS):
        await ground.start_gateway(
            PROSA_GATEWAY_LEASE_S=str(LEASE_S), PROSA_GATEWAY_RENEW_S=str(LEASE_S / 3)
        )
    await ground.start_workers(WORKERS)
    kinds = [_restart, _freeze, _refuse]
    schedule = [kinds[i % len(kinds)] for i in range(count)]
    ground.random.shuffle(schedule)
    async with load(ground, users=USERS) as met:
        for fault in schedule:
            await asyncio.sleep(ground.random.uniform(*BETWEEN_S))
            await fault(ground)
        await asyncio.sleep(BETWEEN_S[1])
        before = _commands(ground)
        ground.redis_proxy.lose(_loss, ground.random)
        goal = round(count * COMMANDS_PER_FAULT)
        try:
            await reached(lambda: _commands(ground) - before, goal, within_s=600)
        finally:
            ground.redis_proxy.lose_none()
    await _leases_run_out(ground)
    return {
        "jobs_ended": met.ended,
        "left_waiting": met.outcomes["left_waiting"],
        "commands_under_loss": _commands(ground) - before,
        "replies_lost": ground.redis_proxy.lost.total(),
    }


async def _leases_run_out(ground: Ground) -> None:
    """A gateway cannot take a connection off the map while Redis is away: its lease does."""
    await ground.settled(SETTLED_S)
    await asyncio.to_thread(stop_all, ground.gateways, grace_s=STOP_S)
    await asyncio.sleep(LEASE_S)


def _loss(command: Command) -> float:
    return LOSS_OF_ENDS if Step.FINAL.value.encode() in command else LOSS


def _commands(ground: Ground) -> int:
    return ground.redis_proxy.operations.total()


async def _restart(ground: Ground) -> None:
    down_s = ground.random.uniform(*DOWN_S)
    ground.history.fault("redis_restart", down_s=down_s)
    await asyncio.to_thread(ground.redis.kill)
    await asyncio.sleep(down_s)
    await asyncio.to_thread(ground.redis.start_again)


async def _freeze(ground: Ground) -> None:
    ground.history.fault("redis_freeze", frozen_s=FROZEN_S)
    ground.redis.freeze()
    try:
        await asyncio.sleep(FROZEN_S)
    finally:
        ground.redis.thaw()


async def _refuse(ground: Ground) -> None:
    refused_s = ground.random.uniform(*REFUSED_S)
    ground.history.fault("redis_refusal", refused_s=refused_s)
    ground.redis_proxy.block()
    try:
        await asyncio.sleep(refused_s)
    finally:
        ground.redis_proxy.unblock()


SCENARIO = Scenario(
    name="redis_loss",
    row="6",
    title="Redis restarted empty, frozen, refusing, and losing answers after it applied them",
    full=90,
    short=3,
    run=run,
    behind_proxies=True,
)
