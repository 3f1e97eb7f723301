"""The scenarios of the fault rig, in the order in which they run."""

from __future__ import annotations

from tests.faults.scenario import Scenario
from tests.faults.scenarios import kills

SCENARIOS: tuple[Scenario, ...] = (kills.SCENARIO,)
