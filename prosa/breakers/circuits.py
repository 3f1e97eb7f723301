"""The breakers for the worker: one script call before a call to a model, at most one after it."""

from __future__ import annotations

from redis.asyncio import Redis

from prosa.breakers.protocol import (
    Admission,
    BreakerLimits,
    Outcome,
    Standing,
    admission,
    admit_args,
    breaker_key,
    failures_key,
    probe_key,
    report_args,
    script,
    standing,
)


class SharedBreakers:
    """All models' breakers. Both methods raise `redis.RedisError` when Redis does not answer."""

    def __init__(self, redis: Redis, limits: BreakerLimits) -> None:
        self.limits = limits
        self._admit = redis.register_script(script("admit"))
        self._report = redis.register_script(script("report"))

    async def admit(self, model_id: str, token: str) -> Admission:
        """Ask whether the call `token` may go out."""
        keys = [breaker_key(model_id), probe_key(model_id)]
        answer = await self._admit(keys=keys, args=admit_args(token, self.limits))
        return admission(answer)

    async def report(self, model_id: str, token: str, epoch: int, outcome: Outcome) -> Standing:
        """Tell how it went; of an epoch that is over it changes nothing."""
        keys = [breaker_key(model_id), probe_key(model_id), failures_key(model_id)]
        args = report_args(token, epoch, outcome, self.limits)
        return standing(await self._report(keys=keys, args=args))
