"""Plays schedules one after another and gathers what was wrong. For the rig and for `make test`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from local.provision import Provisioned
from tests.faults.interleavings.incarnation import Outside
from tests.faults.interleavings.play import play
from tests.faults.interleavings.schedules import Schedule
from tests.faults.interleavings.verdict import violations

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Wrong:
    """One play that went wrong: its schedule, what a reader saw, and all that happened."""

    schedule: Schedule
    violations: tuple[str, ...]
    script: tuple[str, ...]

    def __str__(self) -> str:
        faults = ", ".join(map(str, self.schedule))
        return "\n  ".join([f"[{faults}]", *self.violations, *(f"| {s}" for s in self.script)])


@dataclass
class Tally:
    """What was done; the figures of the report."""

    plays: int = 0
    deliveries: int = 0
    llm_calls: int = 0
    zombies: int = 0


@asynccontextmanager
async def outside_of(
    resources: Provisioned, redis_url: str, dynamodb: DynamoDBClient, s3: S3Client
) -> AsyncGenerator[Outside]:
    """What plays stand in. The database of `redis_url` is emptied again and again."""
    async with Redis.from_url(redis_url, decode_responses=True) as redis:  # pyright: ignore[reportUnknownMemberType]
        yield Outside(dynamodb, s3, resources.table, resources.bucket, redis)


async def run(
    schedules: Iterable[Schedule], outside: Outside, *, tally: Tally | None = None
) -> AsyncGenerator[Wrong]:
    """Play them, and give each that went wrong at once: a caller may stop at the first."""
    tally = tally or Tally()
    for schedule in schedules:
        done = await play(schedule, outside)
        tally.plays += 1
        tally.deliveries += done.message.deliveries
        tally.llm_calls += outside.llm_calls
        tally.zombies += sum(1 for line in done.script if line.endswith("wakes"))
        found = await violations(done, outside)
        if found:
            yield Wrong(schedule, tuple(found), tuple(done.script))
