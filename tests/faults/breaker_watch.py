"""What the circuit breakers were asked and answered, heard on the wire between workers and Redis.

Redis decides for all workers, so what passes there is all there is: who was let out, who failed,
when a circuit changed. `findings` replays it against the rules.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prosa.breakers.protocol import Outcome, State, admission, standing

_PREFIX, _SUFFIX = b"cb:{", b"}"
_KEYS_OF_ADMIT = 2
SLACK_S = 0.1
"""Between Redis' clock and the time the proxy hears of it, on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call of `admit.lua` (`outcome` None) or `report.lua`, with the circuit as it was then."""

    at: float
    model_id: str
    token: str
    state: State
    epoch: int
    is_admitted: bool = False
    outcome: Outcome | None = None
    reported_epoch: int = -1

    @property
    def is_probe(self) -> bool:
        """Whether it let a call out to try the model."""
        return self.is_admitted and self.state is State.HALF_OPEN


class BreakerWatch:
    """`proxy.observe(watch)`; then `heard`, per model."""

    def __init__(self) -> None:
        self._heard: list[Asked] = []
        self._lock = threading.Lock()

    def __call__(self, command: Sequence[bytes], reply: Any) -> None:
        """Hear one command with its answer."""
        asked = _asked(command, reply)
        if asked is not None:
            with self._lock:
                self._heard.append(asked)

    def heard(self, model_id: str) -> list[Asked]:
        """All that was asked about a model, in Redis' order as far as one connection sees it."""
        with self._lock:
            return [asked for asked in self._heard if asked.model_id == model_id]


def _asked(command: Sequence[bytes], reply: Any) -> Asked | None:
    if command[0].upper() != b"EVALSHA" or not command[3].startswith(_PREFIX):
        return None
    if isinstance(reply, Exception):  # Redis does not know the script yet: it comes again
        return None
    model_id = command[3].removeprefix(_PREFIX).removesuffix(_SUFFIX).decode()
    keys = int(command[2])
    arguments = [argument.decode() for argument in command[3 + keys :]]
    answer = [part.decode() if isinstance(part, bytes) else part for part in reply]
    if keys == _KEYS_OF_ADMIT:
        let = admission(answer)
        return Asked(
            at=time.monotonic(),
            model_id=model_id,
            token=arguments[0],
            state=let.state,
            epoch=let.epoch,
            is_admitted=let.is_admitted,
        )
    now = standing(answer)
    return Asked(
        at=time.monotonic(),
        model_id=model_id,
        token=arguments[0],
        state=now.state,
        epoch=now.epoch,
        outcome=Outcome(arguments[2]),
        reported_epoch=int(arguments[1]),
    )


def probes(heard: Sequence[Asked]) -> list[Asked]:
    """The calls that were let out to try a model."""
    return [asked for asked in heard if asked.is_probe]


def openings(heard: Sequence[Asked]) -> int:
    """How often the circuit opened, after failures or after a probe's."""
    return len({asked.epoch for asked in heard if asked.outcome and asked.state is State.OPEN})


def findings(
    heard: Sequence[Asked], *, max_failures: int, window_s: float, reset_s: float
) -> Iterator[str]:
    """What one model's circuit did that it must not, in words."""
    yield from _openings(heard, max_failures=max_failures, window_s=window_s)
    yield from _probes_too_soon(heard, reset_s=reset_s)


def _openings(heard: Sequence[Asked], *, max_failures: int, window_s: float) -> Iterator[str]:
    """It opens at the failure after `max_failures` within `window_s`: no earlier and no later."""
    failed = [asked for asked in heard if asked.outcome is Outcome.FAILED]
    for epoch in {asked.reported_epoch for asked in failed} - _probed(heard):
        borne = [asked.at for asked in failed if asked.reported_epoch == asked.epoch == epoch]
        for at in borne:
            count = sum(1 for other in borne if at - window_s + SLACK_S < other <= at)
            if count > max_failures:
                yield f"{heard[0].model_id} is closed after {count} failures within {window_s} s"
        # The first to hear of the new epoch opened it; the others failed before and come late.
        opened = [a.at for a in failed if a.reported_epoch == epoch and a.epoch == epoch + 1]
        if opened:
            count = 1 + sum(1 for at in borne if at > opened[0] - window_s - SLACK_S)
            if count <= max_failures:
                yield f"{heard[0].model_id} opened after {count} failures"


def _probed(heard: Sequence[Asked]) -> set[int]:
    """The epochs in which the circuit was half-open: one failure opens it again."""
    return {asked.epoch for asked in heard if asked.state is State.HALF_OPEN}


def _probes_too_soon(heard: Sequence[Asked], *, reset_s: float) -> Iterator[str]:
    """One probe per reset period: none while one is out, none until its failure is so old."""
    abandoned = {asked.token for asked in heard if asked.outcome is Outcome.ABANDONED}
    last: Asked | None = None
    for probe in probes(heard):
        if last is not None and last.token not in abandoned:
            gap = probe.at - last.at
            if gap < reset_s - SLACK_S:
                yield f"{probe.model_id} was probed again after {gap:.2f} s, not {reset_s} s"
        last = probe
