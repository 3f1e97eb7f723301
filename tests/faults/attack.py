"""The attackers' processes: bad handshakes, idlers and harmful sockets, many side by side.

Apart from the rig's own process, which measures what good clients feel of it:
`Program(main="tests.faults.attack:attack")`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import uvloop

from tests.faults.handshake_faults import BAD_HANDSHAKES, endless, refused
from tests.faults.raw_connections import SLOW, answer_to
from tests.faults.socket_faults import HARM, closed_with

AT_ONCE = 64
"""Handshakes of one process under way. Idlers all are."""

PATIENCE_S = 3.0
"""Beyond the gateway's timeout; a machine that is busy is late."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One fault to commit, at `door`; `chance` decides what its kind leaves open."""

    kind: str
    door: str
    chance: int
    ticket: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one: a status, a close code, or what `raw_connections.py` calls it."""

    kind: str
    door: str
    answer: str
    seconds: float


def attack(orders: Sequence[Order], *, ports: dict[str, int], timeout_s: float) -> list[Outcome]:
    """Commit all of them; `ports` by door, `timeout_s` is the gateway's for a handshake."""
    # asyncio's own transports raise when one is aborted that has closed with a full buffer.
    return uvloop.run(_attack(orders, ports, timeout_s))


async def _attack(
    orders: Sequence[Order], ports: dict[str, int], timeout_s: float
) -> list[Outcome]:
    room = asyncio.Semaphore(AT_ONCE)

    async def commit(order: Order) -> Outcome:
        if order.kind in SLOW:
            return await _commit(order, ports[order.door], timeout_s)
        async with room:
            return await _commit(order, ports[order.door], timeout_s)

    return list(await asyncio.gather(*(commit(order) for order in orders)))


async def _commit(order: Order, port: int, timeout_s: float) -> Outcome:
    began = time.monotonic()
    answer = await _answer(order, port, timeout_s + PATIENCE_S)
    seconds = time.monotonic() - began
    return Outcome(kind=order.kind, door=order.door, answer=answer, seconds=seconds)


async def _answer(order: Order, port: int, within_s: float) -> str:
    if order.kind in HARM:
        harm = HARM[order.kind]
        return await closed_with(port, order.ticket, harm, order.chance, within_s=within_s)
    if order.kind in SLOW:
        request = refused(order.door) if order.kind == "lingering" else endless(order.door)
        return await SLOW[order.kind](port, request, within_s=within_s)
    kind = BAD_HANDSHAKES[order.kind]
    request = kind.write(order.ticket, random.Random(order.chance))
    return await answer_to(request, port, within_s=within_s)
