"""From the stop a user asks for to the `reply.completed(cancelled)` that ends the reply.

In each place a job can be: its model silent, its model writing, behind another message of its
conversation, and waiting for its next try after the provider asked to wait for a minute. By the
way the page takes: DELETE through the edge, and the socket. Floor: a write to Redis that another
connection hears of by pub/sub, timed between the stops of the same run.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

import httpx
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from bench.instant_model import stack_with
from bench.report import Figure, figure
from local.stack import Stack
from prosa.conversation import FinishReason
from prosa.events import ReplyCompleted, ReplyDelta, ReplyStarted, decode
from prosa.redis_client import connect as redis_client
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer, llm_server

STOPS = 10
"""Of each kind in each run."""

PROMISE_MS = 200.0
CHANNEL = "bench:stop"

_SILENT = Script(fault=Fault.HANG)
_WRITING = Script(text="word " * 10_000, piece_chars=5, pieces_per_s=50)
_BUSY = Script(fault=Fault.STATUS, status=429, headers={"retry-after": "60"})


def measure(runs: int) -> Iterator[Figure]:
    """Stop replies of each kind in turn, one at a time."""
    with llm_server() as llm, stack_with(llm.openai_base_url, whole=True) as stack:
        times, floors = asyncio.run(_rounds(stack, llm, runs))
    for kind, rounds in times.items():
        medians = [statistics.median(row) for row in rounds]
        yield figure(f"stop while {kind}, p50", medians, floors, unit="ms")
        worst = _p99([each for row in rounds for each in row])
        name = f"stop while {kind}, p99, beside the {PROMISE_MS:g} ms that are promised"
        yield figure(name, [worst], [PROMISE_MS], unit="ms", goal=1.0)


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


FrameT = TypeVar("FrameT", ReplyStarted, ReplyDelta, ReplyCompleted)
Times = dict[str, list[list[float]]]


async def _rounds(stack: Stack, llm: LlmServer, runs: int) -> tuple[Times, list[float]]:
    async with AsyncExitStack() as closing:
        user = await _User.sign_in(stack, llm, closing)
        hop = await _Hop.between(stack.redis_url, closing)
        kinds: dict[str, Callable[[], Awaitable[float]]] = {
            "its model is silent": user.stop_silent,
            "its model writes": user.stop_writing,
            "it is queued": user.stop_queued,
            "it waits for its next try": user.stop_waiting,
        }
        for stop in kinds.values():
            await stop()  # warms every Lambda and connection
        times: Times = {kind: [] for kind in kinds}
        floors: list[float] = []
        for _ in range(runs):
            hops: list[float] = []
            for kind, stop in kinds.items():
                times[kind].append([await stop() for _ in range(STOPS)])
                hops += [await hop.time() for _ in range(STOPS)]
            floors.append(statistics.median(hops))
        return times, floors


class _User:
    """A guest whose socket is open."""

    def __init__(self, http: httpx.AsyncClient, socket: ClientConnection, llm: LlmServer) -> None:
        self._http = http
        self._socket = socket
        self._llm = llm

    @classmethod
    async def sign_in(cls, stack: Stack, llm: LlmServer, closing: AsyncExitStack) -> _User:
        http = await closing.enter_async_context(
            httpx.AsyncClient(base_url=f"{stack.settings.edge_url}/api", timeout=30)
        )
        guest = (await http.post("/auth/guest")).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {guest['access_token']}"
        ticket = (await http.post("/ws-tickets")).raise_for_status().json()
        url = f"{ticket['url']}?ticket={ticket['ticket']}"
        socket = await closing.enter_async_context(connect(url, compression=None))
        await socket.recv()
        return cls(http, socket, llm)

    async def stop_silent(self) -> float:
        job = await self._ask(_SILENT)
        await self._until(ReplyStarted, job)
        return await self._stop(job)

    async def stop_writing(self) -> float:
        job = await self._ask(_WRITING)
        await self._until(ReplyDelta, job)
        return await self._stop(job)

    async def stop_queued(self) -> float:
        first = await self._ask(_SILENT)
        await self._until(ReplyStarted, first)
        found = await self._job(first)
        second = await self._ask(_SILENT, conversation_id=found["conversation_id"])
        took = await self._stop(second)
        await self._stop(first)
        return took

    async def stop_waiting(self) -> float:
        job = await self._ask(_BUSY)
        await self._until(ReplyStarted, job)
        while (await self._job(job))["status"] != "queued":
            pass  # each look is a whole request
        return await self._stop(job)

    async def _ask(self, script: Script, **where: str) -> str:
        question = str(uuid.uuid4())
        self._llm.answer(question, script)
        answer = await self._http.post(
            "/chat", json={"content": question, **where}, headers={"Idempotency-Key": question}
        )
        return answer.raise_for_status().json()["job_id"]

    async def _job(self, job_id: str) -> dict[str, Any]:
        return (await self._http.get(f"/jobs/{job_id}")).raise_for_status().json()

    async def _until(self, kind: type[FrameT], job_id: str) -> FrameT:
        while True:
            frame, _ = decode(await self._socket.recv())
            if isinstance(frame, kind) and frame.job_id == job_id:
                return frame

    async def _stop(self, job_id: str) -> float:
        began = time.perf_counter()
        stopping = asyncio.create_task(self._http.delete(f"/jobs/{job_id}"))
        end = await self._until(ReplyCompleted, job_id)
        took = (time.perf_counter() - began) * 1000
        if end.finish_reason is not FinishReason.CANCELLED:
            raise RuntimeError(f"it ended by itself: {end.finish_reason}")
        (await stopping).raise_for_status()
        return took


class _Hop:
    """The floor: what is written on one connection is heard on another."""

    def __init__(self, redis: Redis, pubsub: object) -> None:
        self._redis: Any = redis
        self._pubsub: Any = pubsub

    @classmethod
    async def between(cls, redis_url: str, closing: AsyncExitStack) -> _Hop:
        redis = redis_client(redis_url)
        closing.push_async_callback(redis.aclose)
        pubsub: Any = cast(Any, redis).pubsub(ignore_subscribe_messages=True)
        closing.push_async_callback(pubsub.aclose)
        await pubsub.subscribe(CHANNEL)
        await pubsub.get_message(timeout=1)
        return cls(redis, pubsub)

    async def time(self) -> float:
        began = time.perf_counter()
        await self._redis.hset(CHANNEL, "cancelled", "1")
        await self._redis.publish(CHANNEL, "stop")
        while await self._pubsub.get_message(timeout=1) is None:
            pass
        return (time.perf_counter() - began) * 1000
