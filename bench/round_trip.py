"""One message, from the POST that sends it to the `reply.completed` that ends it.

Floor: the bare sum of the same hops (`hops.py`), timed between the messages of the same run. Above
the floor are the HTTP edge, the emulated API Gateway with its authorizer and its Lambda, the
worker's long poll, and the model's HTTP call; the emulator runs on the same cores as everything.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.hops import BareHops
from bench.instant_model import instant_model, stack_with
from bench.report import Figure, figure
from local.stack import Stack
from prosa.events import ReplyCompleted, ReplyDelta, decode

MESSAGES = 20


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds after the POST was sent."""

    accepted: float
    first_text: float
    completed: float


def measure(runs: int) -> Iterator[Figure]:
    """Send messages one at a time, a floor's worth of bare hops between each two."""
    with instant_model() as base_url, stack_with(base_url, whole=True) as stack:
        hops = BareHops(
            table=stack.provisioned.table, queue_url=_own_queue(), redis_url=stack.redis_url
        )
        hops.run()
        rounds = asyncio.run(_rounds(stack, hops, runs))
    floors = [statistics.median(floor for _, floor in row) for row in rounds]
    for name in ("accepted", "first_text", "completed"):
        times = [statistics.median(getattr(timing, name) for timing, _ in row) for row in rounds]
        yield figure(f"round trip, POST to {name.replace('_', ' ')}", times, floors, unit="ms")


def _own_queue() -> str:
    """A queue that no worker empties."""
    answer = boto3.client("sqs").create_queue(  # pyright: ignore[reportUnknownMemberType]
        QueueName="bench.fifo", Attributes={"FifoQueue": "true"}
    )
    return answer["QueueUrl"]


async def _rounds(stack: Stack, hops: BareHops, runs: int) -> list[list[tuple[Timing, float]]]:
    async with httpx.AsyncClient(base_url=f"{stack.settings.edge_url}/api", timeout=30) as http:
        guest = (await http.post("/auth/guest")).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {guest['access_token']}"
        ticket = (await http.post("/ws-tickets")).raise_for_status().json()
        url = f"{ticket['url']}?ticket={ticket['ticket']}"
        async with connect(url, compression=None) as socket:
            await socket.recv()
            await _one(http, socket)  # warms every Lambda and connection
            return [
                [
                    (await _one(http, socket), await asyncio.to_thread(hops.run))
                    for _ in range(MESSAGES)
                ]
                for _ in range(runs)
            ]


async def _one(http: httpx.AsyncClient, socket: ClientConnection) -> Timing:
    began = time.perf_counter()

    def passed() -> float:
        return (time.perf_counter() - began) * 1000

    accepted = asyncio.create_task(_send(http, passed))
    first_text = 0.0
    while True:
        frame, _ = decode(await socket.recv())
        if isinstance(frame, ReplyDelta):
            first_text = first_text or passed()
        if isinstance(frame, ReplyCompleted):
            completed = passed()
            return Timing(await accepted, first_text, completed)


async def _send(http: httpx.AsyncClient, passed: Callable[[], float]) -> float:
    answer = await http.post(
        "/chat", json={"content": "Hello"}, headers={"Idempotency-Key": str(uuid.uuid4())}
    )
    answer.raise_for_status()
    return passed()
