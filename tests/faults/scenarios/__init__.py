"""The scenarios of the fault rig, in the order in which they run."""

from __future__ import annotations

from tests.faults.scenario import Scenario
from tests.faults.scenarios import (
    auth_fuzz,
    aws_faults,
    bad_handshakes,
    clock_skew,
    crash_poison,
    duplicates,
    gateway_kills,
    herds,
    interleavings,
    kills,
    llm_outage,
    llm_storm,
    poison_bodies,
    redis_loss,
    rolling_restarts,
    slow_clients,
    stateful,
    zombies,
)

SCENARIOS: tuple[Scenario, ...] = (
    interleavings.SCENARIO,
    kills.SCENARIO,
    zombies.SCENARIO,
    rolling_restarts.SCENARIO,
    gateway_kills.SCENARIO,
    redis_loss.SCENARIO,
    aws_faults.SCENARIO,
    llm_storm.SCENARIO,
    llm_outage.SCENARIO,
    duplicates.SCENARIO,
    poison_bodies.SCENARIO,
    crash_poison.SCENARIO,
    clock_skew.SCENARIO,
    slow_clients.SCENARIO,
    herds.SCENARIO,
    stateful.SCENARIO,
    bad_handshakes.SCENARIO,
    auth_fuzz.SCENARIO,
)
