"""Row 7: AWS fails in five ways, before and after it did what it was asked, at the API and the
workers alike.

Every call has its own fate (`proxies/schedule.py`); spells of them outlast the SDK's two retries.
When the faults are over, each message is sent once more with its key, through faults again: the
answer must be the first one's, which the checker compares (I1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from tests.faults.answers import numbered_answers
from tests.faults.clients import Client
from tests.faults.functions import FunctionGone
from tests.faults.ground import Ground
from tests.faults.history import Line
from tests.faults.load import load, reached
from tests.faults.proxies.aws_calls import API
from tests.faults.proxies.schedule import Schedule
from tests.faults.scenario import Scenario
from tests.integration.lambdas.gateway import a_caller

WORKERS = 3
USERS = 20
RATE = 0.08
"""Of calls begin a spell of 2.4 ruined ones: a fifth of all calls goes wrong."""

WORKER_SIDE = "worker"
RESEND_TRIES = 20


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """`count` faults while users talk, a third of them at least on either side; then resends."""
    ground.llm.choose = numbered_answers(pieces=10, pieces_per_s=20)
    await ground.start_gateway()
    await ground.start_workers(WORKERS, AWS_SDK_UA_APP_ID=WORKER_SIDE)
    proxy, seed = ground.aws_proxy, ground.random.getrandbits(32)
    async with load(ground, users=USERS) as met:
        proxy.ruin(Schedule(seed, rate=RATE))
        try:
            await reached(lambda: sum(_by_side(ground).values()), count, within_s=900)
            await reached(lambda: min(_by_side(ground).values()), count // 3, within_s=300)
        finally:
            proxy.ruin(None)
    by_side = _by_side(ground)
    proxy.ruin(Schedule(seed + 1, rate=RATE))
    try:
        resent = await _resend_all(ground, ground.history.lines())
    finally:
        proxy.ruin(None)
    return {
        "jobs_ended": met.ended,
        "left_waiting": met.outcomes["left_waiting"],
        **{f"faults_{side}": faults for side, faults in by_side.items()},
        "calls": proxy.calls.total(),
        "resent": resent,
    }


def _by_side(ground: Ground) -> dict[str, int]:
    found: dict[str, int] = {API: 0, WORKER_SIDE: 0}
    for (side, _, _), count in list(ground.aws_proxy.faults.items()):
        found[side] += count
    return found


async def _resend_all(ground: Ground, lines: Sequence[Line]) -> int:
    """Send every accepted message again; gives how many were answered."""
    accepted = {line["key"] for line in lines if line["what"] == "accepted"}
    posted = [line for line in lines if line["what"] == "posted" and line["key"] in accepted]
    clients = {client.name: client for client in ground.clients}
    answered = await asyncio.gather(*(_resend(ground, clients[p["who"]], p) for p in posted))
    return sum(answered)


async def _resend(ground: Ground, client: Client, posted: Line) -> bool:
    body = {name: posted[name] for name in ("content", "conversation_id") if name in posted}
    headers = {"idempotency-key": posted["key"]}
    for _ in range(RESEND_TRIES):
        try:
            answer = await ground.api.call(
                "POST", "/chat", body=body, headers=headers, caller=a_caller(client.user_id)
            )
        except FunctionGone:
            continue
        if answer.status == 202:
            ground.history.write(client.name, "accepted", key=posted["key"], **answer.json)
            return True
        ground.require(
            answer.status >= 500, f"a resend was refused: {answer.code}", where=posted["key"]
        )
    return False


SCENARIO = Scenario(
    name="aws_faults",
    row="7",
    title="AWS failing in five ways, refused and applied with the answer lost",
    full=1_000,
    short=40,
    run=run,
    behind_proxies=True,
    settles_within_s=120.0,
)
