"""`python -m tests.faults.self_test`: does the rig notice when a safeguard is missing?

Each is taken out (`without.py`), and the smallest scenarios that stand or fall with it are run.
Exit status 1 when one of them finds nothing wrong: then its rows in the report mean nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.faults.running import Verdict, run_scenario
from tests.faults.scenario import Scenario
from tests.faults.scenarios import (
    calm,
    duplicates,
    gateway_kills,
    herds,
    interleavings,
    llm_outage,
    slow_clients,
    zombies,
)
from tests.faults.surroundings import Surroundings, surroundings
from tests.faults.without import SAFEGUARDS

CAUGHT_BY: Mapping[str, Sequence[tuple[Scenario, int]]] = {
    "fence": [(interleavings.SCENARIO, 60), (zombies.SCENARIO, 4)],
    "republish": [(interleavings.SCENARIO, 60)],
    "conditions": [(interleavings.SCENARIO, 60), (duplicates.SCENARIO, 30)],
    "heartbeat": [(calm.SCENARIO, 4)],
    "probe_lease": [(llm_outage.SCENARIO, llm_outage.SCENARIO.short)],
    "resume": [(gateway_kills.SCENARIO, 1)],
    "bound": [(slow_clients.SCENARIO, 1)],
    "spread": [(herds.SCENARIO, 1)],
}
"""What must fail without each safeguard, and with how many faults."""


def main() -> int:
    """Try the safeguards that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.self_test", description=__doc__)
    parser.add_argument("safeguards", nargs="*", choices=[[], *SAFEGUARDS], metavar="safeguard")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="prosa-faults-"))
    unnoticed = 0
    with surroundings(folder) as around:
        for verdict in run_without(
            arguments.safeguards or list(CAUGHT_BY), around, seed=arguments.seed, folder=folder
        ):
            sys.stdout.write(f"{told(verdict)}\n")
            sys.stdout.flush()
            unnoticed += not verdict.violations
    return 1 if unnoticed else 0


def run_without(
    safeguards: Iterable[str], around: Surroundings, *, seed: int, folder: Path
) -> Iterator[Verdict]:
    """Run what must fail without each of `safeguards`; `verdict.scenario.without` names it."""
    for safeguard in safeguards:
        for scenario, count in CAUGHT_BY[safeguard]:
            own = folder / f"without-{safeguard}-{scenario.name}"
            lacking = scenario.lacking(safeguard)
            yield asyncio.run(run_scenario(lacking, count, around, seed=seed, folder=own))


def told(verdict: Verdict) -> str:
    """What came of a run without a safeguard, in a line."""
    found = verdict.violations
    what = f"{len(found)} violations, say {found[0]}" if found else "NOTHING FOUND"
    return f"without {verdict.scenario.without}: {verdict.scenario.name}: {what[:300]}"


if __name__ == "__main__":
    sys.exit(main())
