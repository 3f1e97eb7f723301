"""Many watchers at once (`watchers.py`): who is connected, and did each hear everything once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from prosa.ids import UserId, new_user_id
from tests.faults.ground import Ground
from tests.faults.load import reached
from tests.faults.numbered import Numbered
from tests.faults.watchers import NoTicket, Watcher
from tests.integration.lambdas.gateway import a_caller

FIRST_S = 60.0


@asynccontextmanager
async def watching(ground: Ground, count: int) -> AsyncGenerator[list[Watcher]]:
    """Let `count` users watch while the block runs; it begins when all are connected."""
    chance = random.Random(ground.random.getrandbits(64))

    async def ticket(user_id: UserId) -> str:
        answer = await ground.api.call("POST", "/ws-tickets", caller=a_caller(user_id))
        if answer.status != 201:
            raise NoTicket(f"status {answer.status}")
        return answer.json["ticket"]

    watchers = [
        Watcher(
            f"watcher-{number}",
            new_user_id(),
            ticket=ticket,
            gateways=ground.gateway_ports,
            history=ground.history,
            chance=random.Random(chance.getrandbits(64)),
        )
        for number in range(1, count + 1)
    ]
    try:
        for watcher in watchers:
            watcher.start()
        await reached(lambda: len(connected(watchers)), count, within_s=FIRST_S)
        yield watchers
    finally:
        await asyncio.gather(*(watcher.drop() for watcher in watchers))


def connected(watchers: Sequence[Watcher], ports: Sequence[int] | None = None) -> list[Watcher]:
    """Those with a socket, at one of these ports or at any."""
    return [
        each for each in watchers if each.port is not None and (not ports or each.port in ports)
    ]


async def all_heard(watchers: Sequence[Watcher], told: Numbered, *, within_s: float) -> None:
    """Wait until each has as many events as its user. Raises TimeoutError."""

    def up_to_date() -> int:
        return sum(len(each.numbers) >= told.count(each.user_id) for each in watchers)

    await reached(up_to_date, len(watchers), within_s=within_s)


def require_each_once(ground: Ground, watchers: Sequence[Watcher], told: Numbered) -> None:
    """Hold everyone's events to be all of their user's, once and in order."""
    for watcher in watchers:
        wanted = list(range(told.count(watcher.user_id)))
        ground.require(
            watcher.numbers == wanted,
            f"heard {watcher.numbers[-20:]} of {len(wanted)} numbered events",
            where=watcher.name,
        )
