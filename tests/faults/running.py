"""Runs one scenario: its ground, its faults, its end, and the verdict on its history."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import to_jsonable_python

from tests.faults.checker import check
from tests.faults.ground import ground
from tests.faults.invariants.evidence import Expected, Violation
from tests.faults.scenario import Scenario
from tests.faults.surroundings import Surroundings


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
    async with ground(scenario, surroundings, seed=seed, folder=folder) as ready:
        figures = await scenario.run(ready, count)
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
