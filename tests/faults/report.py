"""`docs/faults.md`: what was broken, how often, and what was found. Written by a full run."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.faults.running import Verdict

_INTRODUCTION = """# What was broken, and what held

`make faults` runs the real services, breaks them on purpose, and checks what their users saw and
what is stored against ten invariants (`tests/faults/invariants`). This page is what its last full
run found; `make faults FAULTS_ARGS="--seed {seed}"` replays its schedule of faults.
"""

_INVARIANTS = """## The invariants

| | holds after every scenario |
|---|---|
| I1 | each accepted message is stored once, and has one job, which has its end |
| I2 | each job has one reply, and every client was told that one, to the letter |
| I3 | a client gets every event once and in order, every letter, and nothing after the end |
| I4 | the replies of a conversation come in the order of its questions |
| I5 | a job costs no more calls of a model than its attempts may make |
| I6 | nothing waits, nothing is in flight, and only meant letters are in the dead-letter queue |
| I7 | every key in Redis ends by itself, and nobody is entered as connected |
| I8 | no word of a user is in a log or with another user |
| I9 | everyone who stayed was told the end of what they asked |
| I10 | a process that lived through it holds no more memory and files than before |
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the rig."""

    seed: int
    began_at: datetime
    verdicts: Sequence[Verdict]
    lacking: Sequence[Verdict] = ()
    """Runs without a safeguard, which must find violations."""


def report(run: Run) -> str:
    """The page, as Markdown."""
    minutes = sum(verdict.seconds for verdict in run.verdicts) / 60
    found = sum(len(verdict.violations) for verdict in run.verdicts)
    lines = [
        _INTRODUCTION.format(seed=run.seed),
        f"{run.began_at:%Y-%m-%d %H:%M} UTC, seed `{run.seed}`, {minutes:.0f} minutes, "
        f"Python {platform.python_version()} on {platform.system()}: **{found} violations**.\n",
        "| row | scenario | faults injected | measured | s | violations |",
        "|---|---|---|---|---|---|",
        *(_row(verdict) for verdict in run.verdicts),
        "",
        _bound(run.verdicts),
        *(_lacking(run.lacking) if run.lacking else ()),
        _INVARIANTS,
    ]
    return "\n".join(lines)


def _lacking(verdicts: Sequence[Verdict]) -> list[str]:
    return [
        "## Without a safeguard",
        "",
        "Each run lacks one safeguard of the worker or the gateway, and must find violations: "
        "else the rows above would mean nothing.",
        "",
        "| without | scenario | faults | violations | of |",
        "|---|---|---|---|---|",
        *(
            f"| {verdict.scenario.without} | {verdict.scenario.name} | {verdict.count:,} "
            f"| {len(verdict.violations):,} "
            f"| {', '.join(sorted({each.invariant for each in verdict.violations}))} |"
            for verdict in verdicts
        ),
        "",
    ]


def _row(verdict: Verdict) -> str:
    cells = [
        verdict.scenario.row,
        verdict.scenario.title,
        _listed(verdict.faults),
        _listed(verdict.figures),
        f"{verdict.seconds:.0f}",
        str(len(verdict.violations)),
    ]
    return f"| {' | '.join(cells)} |"


def _listed(figures: object) -> str:
    assert isinstance(figures, dict)
    return ", ".join(f"{name} {_number(value)}" for name, value in figures.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _number(value: float) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _bound(verdicts: Sequence[Verdict]) -> str:
    """The rule of three: what a run without violations says of how rare they are."""
    fewest = min((verdict.count for verdict in verdicts), default=0)
    if not fewest or any(verdict.violations for verdict in verdicts):
        return ""
    return (
        f"No violation in n faults of a kind bounds their rate at 3/n with 95 % confidence: at "
        f"{300 / fewest:.1f} % for the rarest kind here.\n"
    )
