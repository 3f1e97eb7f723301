"""Attackers in their processes, the tickets they bring, and whether each got what it must get."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from websockets.exceptions import InvalidStatus

from prosa.ids import UserId, new_user_id
from prosa.socket_access.keys import ticket_key
from tests.faults.attack import Order, Outcome
from tests.faults.functions import FUNCTIONS, Functions
from tests.faults.ground import Ground
from tests.faults.handshake_faults import BAD_HANDSHAKES
from tests.faults.processes import Program
from tests.faults.raw_connections import CLOSED, SLOW
from tests.faults.socket_faults import BOMBS, FLOODS, HARM
from tests.integration.ws_gateway.clients import Writer, connected

BATCH = 60
"""Faults handed to a process at a time: their tickets live for 30 s, on a busy machine, too."""

CALL_S = 60.0

ATTACK = Program(main="tests.faults.attack:attack")

TCP = Path("/proc/net/tcp")
_HELD = {"01", "08"}
"""Established, and those that only the other side has closed."""

Fault = tuple[str, str]
"""A kind, and the door it goes to."""


class Siege:
    """Attacks one gateway. `ports` are those of its doors."""

    def __init__(self, ground: Ground, ports: dict[str, int], *, open_timeout_s: float) -> None:
        self.outcomes: list[Outcome] = []
        self.late = 0
        """Handshakes that were cut off by the gateway's timeout rather than answered."""
        self._ground = ground
        self._ports = ports
        self._open_timeout_s = open_timeout_s
        self._writer = Writer.of(ground.redis.url)
        self._attackers: Functions = ground.start_api(ATTACK, timeout_s=CALL_S)

    def close(self) -> None:
        """End the attackers."""
        self._attackers.close()
        self._writer.redis.close()

    def held(self) -> int:
        """How many connections the gateway holds at its doors, as the kernel counts; for Linux."""
        rows = [line.split() for line in TCP.read_text(encoding="ascii").splitlines()[1:]]
        ports = {f"{port:04X}" for port in self._ports.values()}
        return sum(row[1][-4:] in ports and row[3] in _HELD for row in rows)

    async def commit(self, faults: Sequence[Fault], *, all_at_once: bool = False) -> float:
        """Commit all, in batches or `all_at_once`; gives the seconds it took.

        What is not answered as it must be is a violation.
        """
        share = -(-len(faults) // FUNCTIONS)
        size = share if all_at_once else min(BATCH, share)
        began = time.monotonic()
        for begin in range(0, len(faults), FUNCTIONS * size):
            wave = faults[begin : begin + FUNCTIONS * size]
            await self._wave([wave[i : i + size] for i in range(0, len(wave), size)])
        return time.monotonic() - began

    async def _wave(self, batches: Sequence[Sequence[Fault]]) -> None:
        tickets = await self._tickets()
        orders = [[self._order(fault, tickets) for fault in batch] for batch in batches]
        told = {"ports": self._ports, "timeout_s": self._open_timeout_s}
        found = await asyncio.gather(*(self._attackers.invoke((each,), told) for each in orders))
        for outcome in [outcome for each in found for outcome in each]:
            self._judge(outcome)
        await self._is_good_still(tickets["good"])

    async def _is_good_still(self, ticket: str) -> None:
        """What was refused for another reason has not cost its ticket."""
        try:
            async with connected(self._ports["sockets"], ticket):
                return
        except InvalidStatus as refused:
            self._ground.require(False, f"{refused}", where="a ticket not taken")  # noqa: FBT003 - found

    async def _tickets(self) -> dict[str, str]:
        """One of each kind that bad handshakes bring."""
        used, expired, user_id = self._ticket(), self._ticket(), new_user_id()
        async with connected(self._ports["sockets"], used):
            pass
        await asyncio.to_thread(self._expire, expired)
        over = self._writer.ticket(user_id, session_s=-60)
        return {"none": "", "good": self._ticket(), "used": used, "expired": expired, "over": over}

    def _order(self, fault: Fault, tickets: dict[str, str]) -> Order:
        kind, door = fault
        self._ground.history.fault(_group(kind), name=kind, door=door)
        ticket = self._ticket() if kind in HARM else ""
        if kind in BAD_HANDSHAKES:
            ticket = tickets[BAD_HANDSHAKES[kind].ticket]
        chance = self._ground.random.getrandbits(32)
        return Order(kind=kind, door=door, chance=chance, ticket=ticket)

    def _judge(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        wanted = _wanted(outcome.kind)
        # A request that is not whole in time is cut off, as one that never will be: on a machine
        # that is busy, that is the right answer.
        is_late = CLOSED == outcome.answer != wanted and outcome.seconds >= self._open_timeout_s
        is_right = outcome.answer == wanted or is_late
        self.late += is_late
        self._ground.require(
            is_right,
            f"{outcome.answer} after {outcome.seconds:.1f} s, not {wanted}",
            where=f"{outcome.door} {outcome.kind}",
        )

    def _ticket(self) -> str:
        return self._writer.ticket(new_user_id())

    def _expire(self, ticket: str) -> None:
        user_id = UserId(ticket.partition(".")[0])
        self._writer.redis.expireat(ticket_key(user_id, ticket), 1)


def _wanted(kind: str) -> str:
    if kind in SLOW:
        return CLOSED
    return str(HARM[kind].code) if kind in HARM else BAD_HANDSHAKES[kind].answer


def _group(kind: str) -> str:
    """What the report counts it as."""
    if kind in BAD_HANDSHAKES:
        return "bad_handshake"
    if kind in SLOW:
        return "slowloris"
    if kind in BOMBS:
        return "bomb"
    return "flood" if kind in FLOODS else "oversize"
