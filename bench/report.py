"""Figures: JSON lines for programs, a table for people."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing beside its floor, both medians of `runs` interleaved runs.

    `ratio` is the median of the runs' own ratios. `goal` is the ratio aimed at: None where there
    is none. `higher_is_better` tells which side of the goal is the good one.
    """

    name: str
    measured: float
    floor: float
    ratio: float
    unit: str
    runs: int
    goal: float | None = None
    higher_is_better: bool = False

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        met = self.ratio >= self.goal if self.higher_is_better else self.ratio <= self.goal
        return "met" if met else "MISSED"


def figure(
    name: str,
    measured: Sequence[float],
    floor: Sequence[float],
    *,
    unit: str,
    goal: float | None = None,
    higher_is_better: bool = False,
) -> Figure:
    """Summarise runs; `measured[i]` and `floor[i]` were timed side by side."""
    ratios = [m / f for m, f in zip(measured, floor, strict=True)]
    return Figure(
        name,
        measured=round(statistics.median(measured), 2),
        floor=round(statistics.median(floor), 2),
        ratio=round(statistics.median(ratios), 3),
        unit=unit,
        runs=len(ratios),
        goal=goal,
        higher_is_better=higher_is_better,
    )


def print_json(found: Figure) -> None:
    """One line for programs."""
    print(json.dumps({**asdict(found), "verdict": found.verdict or None}), flush=True)


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table of all figures."""
    rows = ["| what | measured | floor | ratio | goal | |", "|---|---:|---:|---:|---:|---|"]
    for f in figures:
        sign = "" if f.goal is None else (">= " if f.higher_is_better else "<= ") + f"{f.goal}"
        rows.append(
            f"| {f.name} | {f.measured:g} {f.unit} | {f.floor:g} {f.unit} | {f.ratio:g} "
            f"| {sign} | {f.verdict} |"
        )
    return "\n".join(rows)
