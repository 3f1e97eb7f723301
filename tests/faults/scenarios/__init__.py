"""The scenarios of the fault rig, in the order in which they run."""

from __future__ import annotations

from tests.faults.scenario import Scenario
from tests.faults.scenarios import (
    aws_faults,
    kills,
    llm_outage,
    llm_storm,
    redis_loss,
    rolling_restarts,
    zombies,
)

SCENARIOS: tuple[Scenario, ...] = (
    kills.SCENARIO,
    zombies.SCENARIO,
    rolling_restarts.SCENARIO,
    redis_loss.SCENARIO,
    aws_faults.SCENARIO,
    llm_storm.SCENARIO,
    llm_outage.SCENARIO,
)
