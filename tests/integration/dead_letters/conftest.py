"""Dead letters on real parts: the worker's world, the watch, `prosa dlq` as a process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas import bootstrap
from lambdas.handlers import dlq_watch
from prosa.jobs import Job
from prosa.store.jobs import Claimed
from tests.function_roles import as_function
from tests.integration.lambdas.conftest import forget
from tests.integration.worker.conftest import (
    StartWorker,
    environment,
    llm,
    llm_process,
    start_worker,
    world,
)
from tests.integration.worker.processes import ROOT
from tests.integration.worker.world import World

__all__ = ["StartWorker", "environment", "llm", "llm_process", "start_worker", "world"]

Watch = Callable[[], dict[str, int]]


@dataclass
class Morgue:
    """Makes dead letters: of readable jobs and of nonsense."""

    world: World
    _made: int = field(default=0)

    def bury(self, job: Job, *, reason: str | None = None) -> None:
        """Put the job's message where SQS, or a worker with its `reason`, would put it."""
        self.bury_body(self.world.message_of(job), group=job.conversation_id, reason=reason)

    def bury_body(self, body: str, *, group: str = "g", reason: str | None = None) -> None:
        self._made += 1
        attributes: Any = {}
        if reason is not None:
            attributes["reason"] = {"DataType": "String", "StringValue": reason}
        self.world.sqs.send_message(
            QueueUrl=self.world.resources.dead_letter_queue_url,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=f"dead-{self._made}",
            MessageAttributes=attributes,
        )

    def dead_job(self, content: str = "Who are you?", *, attempts: int = 0, **where: Any) -> Job:
        """A job that `attempts` workers began and none ended, its message here."""
        job = self.world.accept(content, **where)
        for n in range(attempts):
            assert isinstance(self.world.jobs.claim(job.job_id, f"dead-{n}"), Claimed)
        self.bury(job)
        return job

    def bodies(self) -> list[str]:
        """What lies here now, visible."""
        return [letter["Body"] for letter in self.world.dead_letters()]


@pytest.fixture
def morgue(world: World) -> Morgue:
    return Morgue(world)


class _Context:
    """What Lambda tells a function about its invocation."""

    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def watch(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Invoke the watch under its role; gives the fates of the messages."""
    resources = world.resources
    settings = {
        "TABLE": resources.table,
        "BUCKET": resources.bucket,
        "QUEUE_URL": resources.queue_url,
        "DEAD_LETTER_QUEUE_URL": resources.dead_letter_queue_url,
        "PARAMETERS": resources.parameters,
        "REDIS_URL": world.redis_url,
        "MODELS": "openai:test",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PROSA_{name}", value)
    forget()
    assert bootstrap.end_dead_jobs.cache_info().currsize == 0

    def run() -> dict[str, int]:
        with as_function("dlq_watch"):
            return dlq_watch.lambda_handler({}, _Context())  # pyright: ignore[reportArgumentType]

    yield run
    forget()


@dataclass(frozen=True)
class Cli:
    """`prosa dlq` as an operator runs it."""

    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from cli.app import main; main()", "dlq", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    async def json(self, *arguments: str) -> list[dict[str, Any]]:
        """Run it with `--json`; it must succeed."""
        done = await asyncio.to_thread(self.run, *arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def cli(environment: dict[str, str]) -> Cli:
    return Cli(environment)
