"""How a breaker is kept in Redis: its keys, its scripts' arguments and answers. Pure.

`circuits.py` asks for the worker, `door.py` for the edge; nobody else knows the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

KEPT_MS = 24 * 60 * 60 * 1000
"""A model nobody asked for a day starts anew, closed."""


class State(StrEnum):
    """Of a circuit; the words are pybreaker's."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Outcome(StrEnum):
    """How a call went, as far as the model's health goes."""

    OK = "ok"
    FAILED = "failed"
    ABANDONED = "abandoned"
    """It says nothing about the model: its user stopped it, or the request was at fault."""


@dataclass(frozen=True, kw_only=True)
class BreakerLimits:
    """More than `max_failures` within `window_s` open a circuit for `reset_s`."""

    max_failures: int
    window_s: float
    reset_s: float
    probe_lease_s: float
    """After this a probe that told nothing is given up; longer than a probe can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a call may go out. `epoch` is what its report must name."""

    is_admitted: bool
    state: State
    epoch: int
    retry_after_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A circuit after a report."""

    state: State
    epoch: int


def breaker_key(model_id: str) -> str:
    """Hash `{state, epoch, until}`; `until` is in ms of Redis' clock."""
    return f"cb:{{{model_id}}}"


def probe_key(model_id: str) -> str:
    """The token of the call that tries a half-open model out; expires with its lease."""
    return f"cb:{{{model_id}}}:probe"


def failures_key(model_id: str) -> str:
    """Sorted set of the tokens of failed calls, by the time they failed."""
    return f"cb:{{{model_id}}}:failures"


def script(name: str) -> str:
    """The text of `<name>.lua`."""
    return Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")


def admit_args(token: str, limits: BreakerLimits) -> list[str | int]:
    return [token, _ms(limits.probe_lease_s)]


def report_args(token: str, epoch: int, outcome: Outcome, limits: BreakerLimits) -> list[str | int]:
    return [
        token,
        epoch,
        outcome.value,
        limits.max_failures,
        _ms(limits.window_s),
        _ms(limits.reset_s),
        KEPT_MS,
    ]


def admission(answer: Sequence[Any]) -> Admission:
    admitted, state, epoch, wait_ms = answer
    return Admission(
        is_admitted=int(admitted) == 1,
        state=State(state),
        epoch=int(epoch),
        retry_after_s=max(0, int(wait_ms)) / 1000,
    )


def standing(answer: Sequence[Any]) -> Standing:
    state, epoch = answer
    return Standing(State(state), int(epoch))


def wait_s(held: Sequence[str | None], probe_ttl_ms: int, now: tuple[int, int]) -> float:
    """Seconds until a call may be admitted, 0 when one may now.

    `held` is `state, until` of the hash, `now` the answer of TIME. A circuit whose time is over
    waits for somebody to try it out: that one must get in.
    """
    state, until_ms = held
    if state == State.HALF_OPEN:
        return max(0, probe_ttl_ms) / 1000
    if state != State.OPEN:
        return 0.0
    now_ms = now[0] * 1000 + now[1] // 1000
    return max(0, int(until_ms or 0) - now_ms) / 1000


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
