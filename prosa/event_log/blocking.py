"""The log for Lambdas: the same scripts over a blocking client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from redis import Redis

from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import fence_key, head_key
from prosa.event_log.protocol import (
    FENCE_TTL_S,
    Append,
    Appended,
    append_call,
    appended,
    script,
    snapshot_call,
)
from prosa.ids import JobId, UserId


class BlockingEventLog:
    """One user's log at a time. Every method raises `redis.RedisError` when Redis is silent."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._append = redis.register_script(script("append"))
        self._snapshot = redis.register_script(script("snapshot"))

    def append(self, user_id: UserId, payloads: Sequence[str]) -> list[Appended]:
        """Append plain events of one user, in order, and wake the gateways that hold them."""
        return self.append_all([Append(user_id, payload) for payload in payloads])

    def append_all(self, appends: Sequence[Append]) -> list[Appended]:
        """Append events of one user, fenced ones too, and wake the gateways that hold them."""
        call = append_call(appends)
        reply: Any = self._append(keys=call.keys, args=call.args)
        return appended(reply)

    def snapshot_cursor(self, user_id: UserId, running: Iterable[JobId]) -> Cursor:
        """The cursor just before the first event of any of the `running` jobs, else the newest.

        A REST answer takes it before it reads the table, too, and gives the lower of both: an event
        that comes in between is then played again, which changes nothing, rather than missed.
        """
        call = snapshot_call(user_id, running)
        epoch, seq = cast(list[Any], self._snapshot(keys=call.keys, args=call.args))
        return Cursor(str(epoch), int(seq))

    def was_seen(self, user_id: UserId, job_id: JobId) -> bool | None:
        """Whether a client acknowledged the end of this reply; None when that cannot be told.

        It can for an hour after the end, as long as the log's life lasts.
        """
        pipe: Any = cast(Any, self._redis).pipeline(transaction=False)
        pipe.hget(fence_key(user_id, job_id), "ended")
        pipe.hmget(head_key(user_id), ["epoch", "seen"])
        ended, (epoch, seen) = pipe.execute()
        place = Cursor.parse(ended) if ended else None
        if place is None or place.epoch != epoch:
            return None
        return int(seen or 0) >= place.seq

    def cancel(self, user_id: UserId, job_id: JobId) -> None:
        """Ask whoever writes this reply to stop; its next append tells it."""
        key = fence_key(user_id, job_id)
        pipe: Any = cast(Any, self._redis).pipeline(transaction=False)
        pipe.hset(key, "cancelled", "1")
        pipe.expire(key, FENCE_TTL_S)
        pipe.execute()
