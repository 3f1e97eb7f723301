"""Row 12: workers and the API are up to two minutes apart, gateways ten seconds.

Redis' clock decides on leases, breakers and connections, the table on who owns a job; a token may
be five seconds from the future, or past its end, and no more.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lambdas.access_tokens import signing_key
from prosa.ids import new_user_id
from prosa.tokens import sign_access_token
from tests.faults.answers import numbered_answers
from tests.faults.functions import Functions
from tests.faults.ground import Ground
from tests.faults.load import load, reached
from tests.faults.processes import Program
from tests.faults.scenario import Scenario
from tests.integration.lambdas.gateway import a_caller

USERS = 8


@dataclass(frozen=True)
class Clocks:
    """Seconds ahead. The second worker is as far behind as the first is ahead."""

    worker_s: float
    api_s: float
    gateway_s: float


SETTINGS = (
    Clocks(60, -60, 5),
    Clocks(-60, 60, -5),
    Clocks(60, 0, 5),
    Clocks(-60, 0, -5),
    Clocks(0, 60, 5),
    Clocks(0, -60, -5),
)
EDGES_S = ((4.0, True), (6.0, False))
"""How far off a clock is, and whether tokens are still taken: the leeway is 5 s."""


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Answer `count` messages, the same number under each setting; in each a worker is killed."""
    ground.llm.choose = numbered_answers(pieces=12)
    ended = 0
    settings = SETTINGS[: max(1, count // USERS)]
    goal = round(count / len(settings))
    for clocks in settings:
        async with _under(ground, clocks), load(ground, users=USERS) as met:
            await reached(lambda met=met: met.ended, goal // 2, within_s=120)
            victim = ground.workers[-1]
            ground.history.fault("sigkill", worker=victim.name)
            victim.kill()
            await reached(lambda met=met: met.ended, goal, within_s=120)
        ended += met.ended
    checked = await _token_edges(ground)
    return {"jobs_ended": ended, "clock_settings": len(settings), "token_edges": checked}


@asynccontextmanager
async def _under(ground: Ground, clocks: Clocks) -> AsyncGenerator[None]:
    """Run an API, a gateway and two workers with these clocks, and end them with the block."""
    ground.history.fault("clocks", **vars(clocks))
    before, ground.api = ground.api, ground.start_api(_skewed("call", clocks.api_s))
    await asyncio.to_thread(before.close)
    gateway = await ground.start_gateway(program=_skewed("gateway", clocks.gateway_s))
    for sign in (1, -1):
        await ground.start_workers(1, program=_skewed("worker", sign * clocks.worker_s))
    workers = ground.workers[-2:]
    yield
    await ground.settled(60)
    for client in ground.clients:
        await client.drop()
    for process in [gateway, *workers]:
        if process.is_alive:
            process.send(signal.SIGTERM)
            await process.exited(within_s=30)


async def _token_edges(ground: Ground) -> int:
    """Ask API and authorizer with clocks just within the leeway, and just beyond it."""
    values = await asyncio.to_thread(ground.provisioner.parameter_values, ground.resources.stage)
    key = signing_key(values[f"{ground.resources.parameters}/jwt/private-key"])
    for off_s, is_taken in EDGES_S:
        early = ground.start_api(_skewed("authorize", -off_s))
        late = ground.start_api(_skewed("call", off_s))
        # A cold start takes longer than the edges are wide. The function used last is used next.
        await _effect(early, "none")
        await late.call("GET", "/conversations", caller=a_caller())
        token = sign_access_token(key, new_user_id(), "session", token_id="edge")
        effect = await _effect(early, token)
        ground.require(
            (effect == "Allow") is is_taken, f"{effect} for a token {off_s} s from the future"
        )
        answer = await late.call("GET", "/conversations", caller=a_caller(for_s=0))
        ground.require(
            (answer.status == 200) is is_taken, f"{answer.status} {off_s} s after a token's end"
        )
        for functions in (early, late):
            await asyncio.to_thread(functions.close)
    return 2 * len(EDGES_S)


async def _effect(authorizer: Functions, token: str) -> str:
    policy = await authorizer.invoke((f"Bearer {token}",), {})
    return policy["policyDocument"]["Statement"][0]["Effect"]


def _skewed(what: str, ahead_s: float) -> Program:
    return Program(main=f"tests.faults.skewed:{what}", argv=(str(ahead_s),))


SCENARIO = Scenario(
    name="clock_skew",
    row="12",
    title="Workers and API a minute ahead or behind, gateways five seconds",
    full=300,
    short=8,
    run=run,
    clocks_differ=True,
)
