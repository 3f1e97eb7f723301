"""What a warm function's own code costs: CPU of one `POST /chat`, beside one bare `send_message`.

The handler runs in this process against the emulator and Redis of a stack, so that only its own
work is counted and not that of those it calls: process time, both client libraries included.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, cast

from bench.instant_model import instant_model, stack_with
from bench.report import Figure, figure
from local.stack import Stack
from prosa.aws import client
from prosa.clock import to_epoch_ms, utc_now
from prosa.ids import new_user_id

CALLS = 50
GOAL = 2.0


def measure(runs: int) -> Iterator[Figure]:
    """Alternate rounds of messages and of bare sends."""
    with instant_model() as base_url, stack_with(base_url, whole=False) as stack:
        os.environ.update(_function_environment(stack))
        send, chat = _sender(stack.provisioned.queue_url), _chat()
        for warm in (send, chat):
            _cpu_ms(warm)
        rounds = [(_cpu_ms(chat), _cpu_ms(send)) for _ in range(runs)]
    yield figure(
        "warm handler, POST /chat",
        [chat_ms for chat_ms, _ in rounds],
        [send_ms for _, send_ms in rounds],
        unit="ms CPU",
        goal=GOAL,
    )


def _function_environment(stack: Stack) -> dict[str, str]:
    return {name: value for name, value in stack.environment.items() if name.startswith("PROSA_")}


def _cpu_ms(call: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - began) * 1000 / CALLS


def _sender(queue_url: str) -> Callable[[], None]:
    sqs = client("sqs")

    def send() -> None:
        name = uuid.uuid4().hex
        sqs.send_message(
            QueueUrl=queue_url,
            MessageBody="x" * 150,
            MessageGroupId=name,
            MessageDeduplicationId=name,
        )

    return send


def _chat() -> Callable[[], None]:
    from lambdas.handlers.chat import lambda_handler

    user = new_user_id()

    class Context:
        aws_request_id = "bench"

    def send() -> None:
        answer = lambda_handler(_event(user), cast(Any, Context()))
        if answer["statusCode"] != 202:
            raise RuntimeError(answer["body"])

    return send


def _event(user_id: str) -> dict[str, Any]:
    headers = {"content-type": "application/json", "idempotency-key": uuid.uuid4().hex}
    ends_at = to_epoch_ms(utc_now()) + 900_000
    caller = {"user_id": user_id, "session_id": "bench", "session_ends_at": str(ends_at)}
    return {
        "resource": "/chat",
        "path": "/chat",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "requestContext": {"requestId": "bench", "authorizer": caller, "stage": "bench"},
        "body": '{"content": "What is Prosa?"}',
        "isBase64Encoded": False,
    }
