"""The counts the cost page computes with are those of the code: one message, every AWS call seen.

A real `POST /chat` in the function, a real worker in this process, a scripted model.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, cast

import pytest

from infra.costs.data import counted
from lambdas import bootstrap
from local.provision import Provisioned
from prosa import aws
from prosa.ids import new_user_id
from tests.integration.lambdas.conftest import forget
from tests.integration.lambdas.gateway import a_caller, call
from tests.integration.worker.conftest import (
    RunWorker,
    environment,
    llm,
    llm_process,
    run_worker,
    world,
)
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

__all__ = ["environment", "llm", "llm_process", "run_worker", "world"]


class Meter:
    """Counts AWS calls of this process, and what DynamoDB bills a transaction's writes by."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.transaction_writes = 0
        self.index_writes = 0

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls[f"{model.service_model.service_name}:{model.name}"] += 1
        for item in params.get("TransactItems", []):
            self.transaction_writes += 1
            [write] = item.values()
            in_index = "GSI1PK" in write.get("Item", {}) or "GSI1SK" in str(
                write.get("UpdateExpression")
            )
            self.index_writes += in_index


@pytest.fixture
def api(world: World, resources: Provisioned, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "TABLE": resources.table,
        "BUCKET": resources.bucket,
        "QUEUE_URL": resources.queue_url,
        "PARAMETERS": resources.parameters,
        "REDIS_URL": world.redis_url,
        "MODELS": "openai:test",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PROSA_{name}", value)
    forget()
    assert bootstrap.jobs.cache_info().currsize == 0


@pytest.mark.usefixtures("api")
async def test_one_message_of_a_conversation_costs_what_the_page_says(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(text="I am Prosa."), Script(text="I am Prosa."))
    world.user_id = new_user_id()
    meter = Meter()
    async with run_worker():
        first = await _ask(world, {"content": "Who are you?"}, "message-1")
        cast("Any", aws)._session().register("before-parameter-build.*.*", meter.note)
        # What is metered are clients made from now on: those of a function that starts anew.
        forget()
        await _ask(world, {"content": "And?", "conversation_id": first}, "message-2")
        in_function = meter.calls.copy()
        in_function_writes = meter.transaction_writes, meter.index_writes
        await eventually(world.is_queue_empty)  # else the next worker is given it again
    async with run_worker():
        await _ask(world, {"content": "Well?", "conversation_id": first}, "message-3")
        await eventually(world.is_queue_empty)
    _compare(meter, in_function, in_function_writes)


def _compare(meter: Meter, in_function: Counter[str], in_function_writes: tuple[int, int]) -> None:
    counts = counted()
    function, whole = dict(in_function), meter.calls
    for quiet in ("ssm:GetParameter", "sqs:ReceiveMessage"):  # by time, not by message
        function.pop(quiet, None)
    assert function == {
        "dynamodb:GetItem": counts["function_gets"],
        "dynamodb:TransactWriteItems": 1,
        "sqs:SendMessage": counts["queue_sends"],
    }
    # The second metered message was asked by the same function and answered by a metered worker.
    worker = whole - in_function - in_function
    assert worker["dynamodb:UpdateItem"] == counts["claims"]
    assert worker["dynamodb:GetItem"] == 0
    assert worker["dynamodb:Query"] == counts["worker_queries"]
    assert worker["sqs:DeleteMessageBatch"] == counts["queue_deletes"]
    assert in_function_writes == (counts["accept_writes"], counts["accept_index_writes"])
    ended = meter.transaction_writes - 2 * in_function_writes[0]
    assert ended == counts["finish_writes"]


async def _ask(world: World, body: dict[str, str], key: str) -> str:
    headers = {"idempotency-key": key}
    caller = a_caller(world.user_id)
    answer = await asyncio.to_thread(
        call, "POST", "/chat", body=body, headers=headers, caller=caller
    )
    assert answer.status == 202, answer.text
    accepted = answer.json
    await eventually(lambda: _has_ended(world, accepted["job_id"]))
    return accepted["conversation_id"]


def _has_ended(world: World, job_id: Any) -> bool:
    job = world.jobs.find(job_id)
    return job is not None and job.status.is_final
