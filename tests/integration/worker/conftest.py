"""Fixtures of the worker's tests on real parts: the world it stands in, workers in this process
and workers as processes. All are fast in what they wait for: visibility is 2 s."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from local.provision import Provisioned, Provisioner
from tests.integration.worker.processes import WorkerProcess
from tests.integration.worker.world import World
from tests.llm_server.server import LlmServer, llm_server
from worker import bootstrap
from worker.settings import WorkerSettings

RunWorker = Callable[..., AbstractAsyncContextManager[None]]
StartWorker = Callable[..., WorkerProcess]


@pytest.fixture(scope="session")
def llm_process() -> Iterator[LlmServer]:
    with llm_server() as server:
        yield server


@pytest.fixture
def llm(llm_process: LlmServer) -> LlmServer:
    """A scriptable model provider on loopback, without the scripts of earlier tests."""
    llm_process.forget()
    return llm_process


@pytest.fixture
def world(resources: Provisioned, provisioner: Provisioner, redis_url: str) -> Iterator[World]:
    prefix = resources.parameters
    keys = {f"{prefix}/openai-api-key": "sk-test", f"{prefix}/anthropic-api-key": "sk-test"}
    provisioner.put_parameters(resources.stage, keys)
    world = World(resources, redis_url)
    yield world
    world.close()


@pytest.fixture
def environment(world: World, aws: dict[str, str], llm: LlmServer) -> dict[str, str]:
    """What a worker is told here."""
    resources = world.resources
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        **aws,
        "PROSA_TABLE": resources.table,
        "PROSA_BUCKET": resources.bucket,
        "PROSA_QUEUE_URL": resources.queue_url,
        "PROSA_DEAD_LETTER_QUEUE_URL": resources.dead_letter_queue_url,
        "PROSA_PARAMETERS": resources.parameters,
        "PROSA_REDIS_URL": world.redis_url,
        "PROSA_MODELS": "openai:test",
        "PROSA_OPENAI_BASE_URL": llm.openai_base_url,
        "PROSA_ANTHROPIC_BASE_URL": llm.anthropic_base_url,
        "PROSA_WORKER_VISIBILITY_S": "2",
        "PROSA_WORKER_HEARTBEAT_S": "0.6",
        "PROSA_WORKER_POLL_WAIT_S": "1",
        "PROSA_WORKER_BACKOFF_S": "1",
        # Most tests look at what stands above these; test_model_outage.py sets them, and a chain.
        "PROSA_RETRY_ATTEMPTS": "1",
        "PROSA_BREAKER_MAX_FAILURES": "1000",
    }


@pytest.fixture
def run_worker(environment: dict[str, str]) -> RunWorker:
    """Run a worker in this event loop while a block runs; `PROSA_...` arguments are its settings.

    It ends by a drain.
    """

    @asynccontextmanager
    async def run(**extra: str) -> AsyncGenerator[None]:
        settings = WorkerSettings.from_environ({**environment, **extra})
        async with bootstrap.worker(settings) as parts, asyncio.TaskGroup() as tasks:
            publishing = tasks.create_task(parts.publisher.run())
            consuming = tasks.create_task(parts.consumer.run())
            try:
                yield
            finally:
                parts.consumer.stop_receiving()
                parts.consumer.cut_short()
                await consuming
                publishing.cancel()

    return run


@pytest.fixture
def start_worker(environment: dict[str, str]) -> Iterator[StartWorker]:
    """Start `python -m worker`; all are ended with the test."""
    started: list[WorkerProcess] = []

    def start(*, is_ready: bool = True, **extra: str) -> WorkerProcess:
        process = WorkerProcess({**environment, **extra})
        started.append(process)
        if is_ready:
            process.wait_ready()
        return process

    yield start
    for process in started:
        process.stop()
