"""`python -m tests.faults`: break everything, as often as the plan says, and report what held.

Exit status: 0 when nothing was violated, 1 when something was, or nothing in a run that lacks a
safeguard; the histories are then kept.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.report import Run, report
from tests.faults.running import Verdict, run_scenario
from tests.faults.scenario import Scenario
from tests.faults.scenarios import SCENARIOS
from tests.faults.self_test import CAUGHT_BY, run_without, told
from tests.faults.surroundings import surroundings


def main() -> int:
    """Run what the command line asks for."""
    arguments = _parser().parse_args()
    # As an exception, so that every process of the rig is ended on the way out.
    signal.signal(signal.SIGTERM, _stop)
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(2**31)
    _say(f"seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix="prosa-faults-"))
    began_at = datetime.now(UTC)
    verdicts: list[Verdict] = []
    lacking: list[Verdict] = []

    def write_report() -> None:
        if arguments.report is not None:
            run = Run(seed=seed, began_at=began_at, verdicts=verdicts, lacking=lacking)
            arguments.report.write_text(report(run), encoding="utf-8")

    with surroundings(folder) as around:
        for scenario in _chosen(arguments.only, arguments.without):
            count = arguments.count or (scenario.short if arguments.short else scenario.full)
            _say(f"{scenario.name}: {scenario.title}, {count} times")
            run = run_scenario(scenario, count, around, seed=seed, folder=folder / scenario.name)
            verdicts.append(asyncio.run(run))
            _tell(verdicts[-1])
            write_report()  # so far: an hour is long
        if arguments.report is not None:
            for verdict in run_without(CAUGHT_BY, around, seed=seed, folder=folder):
                _say(told(verdict))
                lacking.append(verdict)
                write_report()
    unnoticed = any(not verdict.violations for verdict in lacking)
    if unnoticed or any(verdict.violations for verdict in verdicts):
        _say(f"seed {seed}; histories and logs: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="of an earlier run, to replay its faults")
    parser.add_argument("--only", help="scenarios, by name and comma")
    parser.add_argument("--short", action="store_true", help="as often as `make test` does")
    parser.add_argument("--count", type=int, help="faults of each scenario")
    parser.add_argument("--without", help="a safeguard to leave out; the run must then fail")
    parser.add_argument(
        "--report", type=Path, help="file to write the report to, the self-test with it"
    )
    return parser


def _chosen(only: str | None, safeguard: str | None) -> Sequence[Scenario]:
    names = only.split(",") if only else [scenario.name for scenario in SCENARIOS]
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        sys.exit(f"no such scenario: {', '.join(unknown)}; there are {', '.join(by_name)}")
    return [by_name[name].lacking(safeguard) for name in names]


def _tell(verdict: Verdict) -> None:
    counted = {**verdict.faults, **verdict.figures}
    figures = ", ".join(f"{name} {round(value, 2)}" for name, value in counted.items())
    _say(f"  {verdict.seconds:.0f} s; {figures}; {len(verdict.violations)} violations")
    for violation in verdict.violations[:20]:
        _say(f"  {violation}")


def _stop(number: int, _: object) -> None:
    sys.exit(f"stopped by signal {number}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
