"""Every scenario in its short form: part of `make test`. `make faults` runs them at full count."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.provision import Provisioner
from tests.faults.running import run_scenario
from tests.faults.scenario import Scenario
from tests.faults.scenarios import SCENARIOS
from tests.faults.surroundings import Surroundings

SEED = 20260131
"""The same faults at the same places in every run; `make faults` draws a new one."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_nothing_is_violated(
    scenario: Scenario, aws: dict[str, str], provisioner: Provisioner, tmp_path: Path
) -> None:
    around = Surroundings(aws, provisioner)
    folder = tmp_path / scenario.name

    verdict = await run_scenario(scenario, scenario.short, around, seed=SEED, folder=folder)

    assert verdict.violations == []
