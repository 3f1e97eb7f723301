"""The log for the asyncio services: the worker appends, the gateway reads and renews.

None of these calls is retried here. An append whose answer was lost may have happened; appending
it again is safe for a reply's `final` step only, which the fence lets in once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis

from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import (
    connections_key,
    fence_key,
)
from prosa.event_log.protocol import (
    FENCE_TTL_S,
    Append,
    Appended,
    HistoryLost,
    Range,
    ScriptCall,
    acknowledge_call,
    append_call,
    appended,
    heads_call,
    heads_result,
    read_call,
    read_result,
    renew_call,
    script,
)
from prosa.ids import ConnectionId, JobId, UserId
from prosa.key_tags import tag_of


class EventLog:
    """All users' logs, and the map of who is connected where.

    Every method raises `redis.RedisError` (and `TimeoutError`) when Redis does not answer.
    `cluster` splits calls by key tag, as a Redis cluster demands; a single server takes a whole
    tick in one call.
    """

    def __init__(self, redis: Redis, *, cluster: bool = False) -> None:
        self._redis = redis
        self._cluster = cluster
        self._append = redis.register_script(script("append"))
        self._read = redis.register_script(script("range", "read"))
        self._heads = redis.register_script(script("heads"))
        self._acknowledge = redis.register_script(script("acknowledge"))
        self._renew = redis.register_script(script("lease", "renew"))

    async def append(self, appends: Sequence[Append]) -> list[Appended]:
        """Append events in order and wake the gateways; the results stand in the same order.

        One script call, or on a cluster one per tag, that publishes one message per gateway node.
        """
        results: list[Appended | None] = [None] * len(appends)
        for indices in self._batches([a.user_id for a in appends]):
            call = append_call([appends[i] for i in indices])
            for i, result in zip(indices, appended(await _run(self._append, call)), strict=True):
                results[i] = result
        return cast(list[Appended], results)

    async def read(
        self, user_id: UserId, after: Cursor, *, limit: int = 500
    ) -> Range | HistoryLost:
        """Read up to `limit` events after `after`, oldest first."""
        return read_result(await _run(self._read, read_call(user_id, after, limit)))

    async def head(self, user_id: UserId) -> Cursor:
        """Where the log stands; begins one for a user who has none."""
        result = read_result(await _run(self._read, read_call(user_id, None, 1)))
        return result.head

    async def heads(self, users: Sequence[UserId]) -> list[Cursor | None]:
        """Where many logs stand; None for a log that is not there.

        One script call, or on a cluster one per tag.
        """
        found: list[Cursor | None] = [None] * len(users)
        for indices in self._batches(users):
            call = heads_call([users[i] for i in indices])
            heads = heads_result(await _run(self._heads, call))
            for i, head in zip(indices, heads, strict=True):
                found[i] = head
        return found

    async def cancel(self, user_id: UserId, job_id: JobId) -> None:
        """Ask whoever writes this reply to stop; its next append tells it."""
        key = fence_key(user_id, job_id)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(key, "cancelled", "1")
            pipe.expire(key, FENCE_TTL_S)
            await pipe.execute()

    async def is_cancelled(self, user_id: UserId, job_id: JobId) -> bool:
        """Whether `cancel` was called for this job in the last hour."""
        return bool(await self._redis.hexists(fence_key(user_id, job_id), "cancelled"))

    async def are_cancelled(self, jobs: Sequence[tuple[UserId, JobId]]) -> list[bool]:
        """The same for many jobs, in one round trip."""
        if not jobs:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for user_id, job_id in jobs:
                pipe.hexists(fence_key(user_id, job_id), "cancelled")
            return [bool(mark) for mark in await pipe.execute()]

    async def renew(
        self, node: str, held: Sequence[tuple[UserId, ConnectionId]], *, lease_s: float
    ) -> None:
        """Enter connections of `node` into the map, or prolong their leases."""
        for indices in self._batches([user_id for user_id, _ in held]):
            await _run(
                self._renew, renew_call(node, int(lease_s * 1000), [held[i] for i in indices])
            )

    async def forget(self, user_id: UserId, connection_id: ConnectionId) -> None:
        """Take a closed connection out of the map."""
        await self._redis.hdel(connections_key(user_id), connection_id)

    async def acknowledge(self, seen: Sequence[tuple[UserId, Cursor]]) -> int:
        """Note how far users have seen their logs; gives how many moved on. May be repeated."""
        moved = 0
        for indices in self._batches([user_id for user_id, _ in seen]):
            call = acknowledge_call([seen[i] for i in indices])
            moved += int(await _run(self._acknowledge, call))
        return moved

    async def connections(self, user_id: UserId) -> Mapping[str, str]:
        """The user's map entries, `connection_id -> <lease end, ms>:<node>`; for diagnosis."""
        return cast(dict[str, str], await self._redis.hgetall(connections_key(user_id)))

    def _batches(self, users: Sequence[UserId]) -> list[list[int]]:
        """Indices that may go into one call: all of them, or on a cluster those of one tag."""
        if not self._cluster:
            return [list(range(len(users)))] if users else []
        by_tag: dict[str, list[int]] = {}
        for i, user_id in enumerate(users):
            by_tag.setdefault(tag_of(user_id), []).append(i)
        return list(by_tag.values())


async def _run(registered: Any, call: ScriptCall) -> Any:
    return await registered(keys=call.keys, args=call.args)
