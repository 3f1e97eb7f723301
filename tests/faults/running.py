"""Runs one scenario: its ground, its faults, its end, and the verdict on its history."""

from __future__ import annotations

import asyncio
import json
import random
import time
import traceback
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import to_jsonable_python

from local.ports import LOOPBACK
from tests.faults.answers import numbered_answers
from tests.faults.checker import check
from tests.faults.ground import Ground
from tests.faults.history import History
from tests.faults.invariants.evidence import Expected, Violation
from tests.faults.proxies.aws_proxy import AwsProxy
from tests.faults.proxies.redis_proxy import RedisProxy
from tests.faults.scenario import Scenario
from tests.faults.surroundings import Surroundings
from tests.llm_server.server import llm_server
from tests.stack.own_redis import OwnRedis


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a scenario. `folder` holds the history, what was stored, and every log."""

    scenario: Scenario
    count: int
    seconds: float
    faults: Mapping[str, int]
    """Injected faults by kind, counted in the history."""
    figures: Mapping[str, int | float]
    violations: Sequence[Violation]
    folder: Path


async def run_scenario(
    scenario: Scenario, count: int, surroundings: Surroundings, *, seed: int, folder: Path
) -> Verdict:
    """Inject `count` faults and check what came of it. `folder` is made; files stay in it."""
    began = time.monotonic()
    await asyncio.to_thread(folder.mkdir, parents=True)
    async with _ground(scenario, surroundings, seed=seed, folder=folder) as ready:
        figures = await _run(scenario, count, ready)
        await ready.settled(scenario.settles_within_s)
        stored = await ready.end()
        lines = ready.history.lines()
        faults, found = dict(ready.history.faults), ready.found
    dumped = json.dumps(to_jsonable_python(stored), indent=1, ensure_ascii=False)
    await asyncio.to_thread((folder / "stored.json").write_text, dumped, encoding="utf-8")
    expected = Expected(
        dead_letters=scenario.dead_letters_per_fault * count, clocks_differ=scenario.clocks_differ
    )
    return Verdict(
        scenario=scenario,
        count=count,
        seconds=time.monotonic() - began,
        faults=faults,
        figures=figures,
        violations=[*found, *check(lines, stored, expected)],
        folder=folder,
    )


async def _run(scenario: Scenario, count: int, ready: Ground) -> Mapping[str, int | float]:
    """One that breaks off has its history checked all the same, and the others run on."""
    try:
        return await scenario.run(ready, count)
    except Exception as exc:  # noqa: BLE001 - a scenario may fail in ways of its own
        ready.history.note(error="".join(traceback.format_exception(exc)))
        ready.require(False, f"broke off: {exc!r}", where=scenario.name)  # noqa: FBT003
        return {}


@asynccontextmanager
async def _ground(
    scenario: Scenario, surroundings: Surroundings, *, seed: int, folder: Path
) -> AsyncGenerator[Ground]:
    """Start the parts of `scenario` in `folder`; they end with the block."""
    async with AsyncExitStack() as closing:
        history = closing.enter_context(History(folder / "history.jsonl"))
        redis = OwnRedis(folder)
        closing.callback(redis.kill)
        llm = closing.enter_context(llm_server())
        llm.choose = numbered_answers()
        proxies = None
        if scenario.behind_proxies:
            to_redis = RedisProxy((LOOPBACK, redis.port), record=history.fault)
            to_aws = AwsProxy(surroundings.aws["AWS_ENDPOINT_URL"], record=history.fault)
            proxies = (
                closing.enter_context(to_redis.running()),
                closing.enter_context(to_aws.running()),
            )
        made = Ground(
            chance=random.Random(f"{seed}/{scenario.name}"),
            folder=folder,
            history=history,
            resources=surroundings.provision(scenario.name),
            surroundings=surroundings,
            redis=redis,
            llm=llm,
            proxies=proxies,
            without=scenario.without,
        )
        closing.push_async_callback(made.close)
        yield made
