"""A breaker of this process alone, for while Redis is away: the rules of `prosa/breakers/*.lua`."""

from __future__ import annotations

import time
from collections import deque

from prosa.breakers.protocol import Admission, BreakerLimits, Outcome, Standing, State


class MemoryBreaker:
    """One model's. Clock: this process's own, in seconds."""

    def __init__(self, limits: BreakerLimits) -> None:
        self._limits = limits
        self._state = State.CLOSED
        self._epoch = 0
        self._until = 0.0
        self._probe: tuple[str, float] | None = None
        self._failures: deque[float] = deque()

    def admit(self, token: str) -> Admission:
        """As `admit.lua`."""
        now = time.monotonic()
        if self._state is State.CLOSED:
            return self._answer()
        if self._state is State.OPEN:
            if now < self._until:
                return self._answer(wait_s=self._until - now)
            self._become(State.HALF_OPEN)
        if self._probe is not None and now < self._probe[1]:
            return self._answer(wait_s=self._probe[1] - now)
        self._probe = (token, now + self._limits.probe_lease_s)
        return self._answer()

    def report(self, token: str, epoch: int, outcome: Outcome) -> Standing:
        """As `report.lua`."""
        if epoch == self._epoch and self._state is State.HALF_OPEN:
            self._end_probe(token, outcome)
        elif epoch == self._epoch and outcome is Outcome.FAILED:
            self.count_failure()
        return Standing(self._state, self._epoch)

    def count_failure(self) -> None:
        """One more; also of a call that Redis let out and would not hear of."""
        now = time.monotonic()
        self._failures.append(now)
        while self._failures[0] <= now - self._limits.window_s:
            self._failures.popleft()
        if self._state is State.CLOSED and len(self._failures) > self._limits.max_failures:
            self._become(State.OPEN)

    def learn(self, admission: Admission) -> None:
        """Take over what Redis said, so that an open circuit stays open when Redis goes away."""
        if not admission.is_admitted:
            self._become(State.OPEN)
            self._until = time.monotonic() + admission.retry_after_s
        elif self._state is not State.CLOSED and admission.state is State.CLOSED:
            self._become(State.CLOSED)

    def _answer(self, *, wait_s: float = 0.0) -> Admission:
        """A wait is a no."""
        return Admission(
            is_admitted=wait_s <= 0,
            state=self._state,
            epoch=self._epoch,
            retry_after_s=wait_s,
        )

    def _end_probe(self, token: str, outcome: Outcome) -> None:
        if self._probe is None or self._probe[0] != token:
            return
        self._probe = None
        if outcome is Outcome.FAILED:
            self._become(State.OPEN)
        elif outcome is Outcome.OK:
            self._become(State.CLOSED)

    def _become(self, state: State) -> None:
        self._state = state
        self._epoch += 1
        self._until = time.monotonic() + self._limits.reset_s
        self._probe = None
        self._failures.clear()
