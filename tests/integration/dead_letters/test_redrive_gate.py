"""`prosa dlq redrive` waits for models that may be asked, and never floods the workers."""

from __future__ import annotations

import asyncio
import time

import pytest

from cli.dlq_gate import INTERVAL_S, ModelsAway, RedriveGate
from cli.dlq_tools import DlqTools, every
from local.ports import free_ports
from prosa import aws
from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import BreakerLimits, Outcome
from prosa.dead_letters import MOVED_BY_SQS, DeadLetters
from prosa.job_queue import JobQueue
from prosa.redis_client import connect
from tests.integration.dead_letters.conftest import Cli, Morgue, Watch
from tests.integration.worker.world import World

MODELS = ("openai:a", "anthropic:b")
FRAGILE = BreakerLimits(max_failures=0, window_s=10, reset_s=30, probe_lease_s=30)


async def open_circuit(world: World, model_id: str) -> None:
    """Fail as a worker does."""
    redis = connect(world.redis_url)
    breakers = SharedBreakers(redis, FRAGILE)
    admission = await breakers.admit(model_id, "a call")
    await breakers.report(model_id, "a call", admission.epoch, Outcome.FAILED)
    await redis.aclose()


@pytest.fixture
def operator(cli: Cli) -> Cli:
    return Cli({**cli.environment, "PROSA_MODELS": ",".join(MODELS)})


@pytest.mark.parametrize("which", ["one", "reason", "all"])
async def test_it_refuses_while_every_circuit_is_open(
    world: World, morgue: Morgue, watch: Watch, operator: Cli, which: str
) -> None:
    job = morgue.dead_job()
    watch()
    before = world.job(job)
    arguments = {"one": [job.job_id], "reason": ["--reason", MOVED_BY_SQS], "all": ["--all"]}
    for model_id in MODELS:
        await open_circuit(world, model_id)
    refused = await asyncio.to_thread(operator.run, "redrive", *arguments[which])

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("No model may be asked now")
    wait_s = int(refused.stderr.partition("another ")[2].partition(" s.")[0])
    assert 1 <= wait_s <= 30
    assert world.job(job) == before
    assert world.is_queue_empty()
    assert morgue.bodies() == [world.message_of(job)]


async def test_one_model_that_may_be_asked_is_enough(
    world: World, morgue: Morgue, watch: Watch, operator: Cli
) -> None:
    morgue.dead_job()
    watch()
    await open_circuit(world, MODELS[0])
    (done,) = await operator.json("redrive", "--all")
    assert done["action"] == "redriven"
    assert world.waiting() == 1


async def test_it_stops_when_the_circuits_open_on_the_way(
    world: World, morgue: Morgue, watch: Watch
) -> None:
    for n in range(3):
        morgue.dead_job(f"Question {n}")
    watch()
    dead = JobQueue(aws.client("sqs"), world.resources.dead_letter_queue_url)
    tools = DlqTools(DeadLetters(dead), world.queue, world.jobs)
    redriving = tools.redrive(every(), RedriveGate(world.redis, MODELS))
    assert next(redriving).action == "redriven"
    for model_id in MODELS:
        await open_circuit(world, model_id)
    with pytest.raises(ModelsAway):
        next(redriving)
    assert world.waiting() == 1
    assert len(morgue.bodies()) == 2  # given back, for the next time


async def test_without_redis_it_refuses_and_says_why(
    world: World, morgue: Morgue, watch: Watch, operator: Cli
) -> None:
    job = morgue.dead_job()
    watch()
    (port,) = free_ports(1)
    blind = Cli({**operator.environment, "PROSA_REDIS_URL": f"redis://127.0.0.1:{port}/0"})
    refused = await asyncio.to_thread(blind.run, "redrive", "--all")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Redis does not say")
    assert morgue.bodies() == [world.message_of(job)]
    assert world.is_queue_empty()


@pytest.mark.parametrize("missing", ["PROSA_REDIS_URL", "PROSA_MODELS"])
async def test_it_guesses_neither_redis_nor_models(operator: Cli, missing: str) -> None:
    environment = {k: v for k, v in operator.environment.items() if k != missing}
    refused = await asyncio.to_thread(Cli(environment).run, "redrive", "--all")
    assert refused.returncode == 2
    assert missing in refused.stderr


async def test_many_go_back_at_ten_a_second(world: World, morgue: Morgue, watch: Watch) -> None:
    for n in range(5):
        morgue.dead_job(f"Question {n}")
    watch()
    dead = JobQueue(aws.client("sqs"), world.resources.dead_letter_queue_url)
    tools = DlqTools(DeadLetters(dead), world.queue, world.jobs)
    times = [time.monotonic() for _ in tools.redrive(every(), RedriveGate(world.redis, MODELS))]
    assert len(times) == 5
    assert times[-1] - times[0] >= 4 * INTERVAL_S
