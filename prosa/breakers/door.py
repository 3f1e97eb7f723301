"""The breakers for the edge, which only looks: is there a model that may be asked?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prosa.breakers.protocol import breaker_key, probe_key, wait_s

if TYPE_CHECKING:
    from redis import Redis


def wait_for_any(redis: Redis, model_ids: Sequence[str]) -> float:
    """Seconds until the first of `model_ids` may be asked; 0 when one may now.

    One round trip. Raises `redis.RedisError`.
    """
    pipe = redis.pipeline(transaction=False)  # pyright: ignore[reportUnknownMemberType]
    pipe.time()  # pyright: ignore[reportUnknownMemberType]
    for model_id in model_ids:
        pipe.hmget(breaker_key(model_id), ["state", "until"])
        pipe.pttl(probe_key(model_id))
    now, *rest = pipe.execute()
    return min(wait_s(held, ttl, now) for held, ttl in zip(rest[::2], rest[1::2], strict=True))
