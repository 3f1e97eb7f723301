"""Races for what is good once: a refresh token, and a ticket at the doors of two gateways."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from prosa.clock import to_iso, utc_now
from prosa.store.sessions import GRACE_S
from tests.faults.functions import FUNCTIONS, Functions
from tests.faults.ground import Ground
from tests.faults.handshake_faults import good_handshake
from tests.faults.raw_connections import all_at_once

REFRESHES = 20
SOCKETS = 50

ADMITTED = {"101", "200"}
"""As a socket, as an event stream."""


async def refresh_race(ground: Ground, functions: Functions, token: str) -> str:
    """Use a token 20 times at once, in three processes: all must get one successor, at most.

    Gives the successor.
    """
    ground.history.fault("refresh_race")
    shares = [REFRESHES // FUNCTIONS + (i < REFRESHES % FUNCTIONS) for i in range(FUNCTIONS)]
    calls = [functions.invoke(("refresh_at_once", token, share), {}) for share in shares]
    given = Counter(text for found in await asyncio.gather(*calls) for text in found)
    successors = [text for text in given if text]
    ground.require(len(successors) == 1, f"{len(successors)} successors", where="refresh race")
    # Within the grace the design gives the losers the same: nobody is signed out by a race.
    ground.require(given[""] == 0, f"{given['']} were refused in the grace", where="refresh race")
    return successors[0]


async def grace_is_over(ground: Ground, token: str) -> None:
    """Let the seconds pass in which a used token still gives its successor."""
    user_id, family, *_ = token.split(".")
    then = utc_now() - timedelta(seconds=GRACE_S + 1)
    await asyncio.to_thread(
        ground.provisioner.dynamodb.update_item,
        TableName=ground.resources.table,
        Key={"PK": {"S": f"USER#{user_id}"}, "SK": {"S": f"SESSION#{family}"}},
        UpdateExpression="SET rotated_at = :then",
        ExpressionAttributeValues={":then": {"S": to_iso(then)}},
    )


async def ticket_race(ground: Ground, ticket: str, doors: Sequence[tuple[str, int]]) -> None:
    """Bring a ticket to all doors 50 times at once: one is admitted, the others get 401."""
    ground.history.fault("ticket_race")
    chosen = [doors[number % len(doors)] for number in range(SOCKETS)]
    requests = [(port, good_handshake(door, ticket)) for door, port in chosen]
    found = Counter(await all_at_once(requests))
    admitted = sum(found[answer] for answer in ADMITTED)
    is_right = admitted == 1 and found["401"] == SOCKETS - 1
    ground.require(is_right, f"not one admitted: {dict(found)}", where="ticket race")
