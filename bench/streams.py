"""What a paid model's stream costs a worker: CPU per chunk, and how 500 at once hold the loop up.

The provider is a process of its own (`provider.py`), so CPU is the reader's alone. Floor of the
chunks: aiohttp's client, line by line, one JSON decode per event. Floor of the lag: the same probe
in the same process before the streams begin.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
import uvloop

from bench.instant_model import stack_with
from bench.report import Figure, figure
from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import BreakerLimits
from prosa.conversation import Role
from prosa.event_log.log import EventLog
from prosa.ids import ConnectionId
from prosa.jobs import Job
from prosa.redis_client import connect
from tests.builders import an_acceptance
from worker.gc_tuning import tune_gc
from worker.generation import generate
from worker.llm.anthropic_model import AnthropicModel
from worker.llm.chain import Chain, Guards
from worker.llm.external import ProviderLimits
from worker.llm.model import Model, ModelRequest, TextDelta, Turn
from worker.llm.openai_model import OpenAIModel
from worker.llm.retry import RetryBudget, RetryLimits
from worker.llm.timeouts import Silences
from worker.publisher import Publisher

CHUNK_STREAMS, CHUNK_RATE, CHUNK_PIECES = 100, 50.0, 100
STREAMS, RATE = 500, 20.0
START_S, PROBE_S, STEP_S = 6.0, 5.0, 0.005
PIECES = int(RATE * (START_S + PROBE_S + 2))
"""So many that the first stream still runs when all were probed."""

REQUEST = ModelRequest((Turn(Role.USER, "Hello"),), max_output_tokens=1_000)
LIMITS = ProviderLimits(context_tokens=32_000, connect_timeout_s=3.0, read_timeout_s=20.0)


@dataclass(frozen=True, slots=True)
class Held:
    """What the process was like with all streams running."""

    idle_p99_s: float
    p99_s: float
    cpu_share: float
    tokens_per_s: float


def measure(runs: int) -> Iterator[Figure]:
    """CPU per chunk, each model beside the bare loop; then the 500 streams."""
    rounds = uvloop.run(_chunk_rounds(runs))
    floors = [costs["floor"] for costs in rounds]
    for name, goal in (("openai", 2.0), ("anthropic", 2.0), ("openai, all wrappers", None)):
        yield figure(
            f"CPU per chunk, {name}",
            [costs[name] for costs in rounds],
            floors,
            unit="us",
            goal=goal,
        )
    with stack_with("http://127.0.0.1:9/v1", whole=False) as stack:
        tune_gc()  # as a worker does
        held = [uvloop.run(_hold(stack.redis_url)) for _ in range(runs)]
    yield figure(
        f"loop lag p99, {STREAMS} streams of {RATE:.0f} tokens/s",
        [run.p99_s * 1000 for run in held],
        [run.idle_p99_s * 1000 for run in held],
        unit="ms",
        goal=3.0,
    )
    yield figure(
        "tokens/s read and published, of those offered",
        [run.tokens_per_s for run in held],
        [STREAMS * RATE] * runs,
        unit="/s",
        higher_is_better=True,
    )
    yield figure(
        "CPU of the worker meanwhile, of one core",
        [run.cpu_share for run in held],
        [1.0] * runs,
        unit="",
    )


@contextmanager
def _provider(*, rate: float, pieces: int) -> Generator[str]:
    command = [sys.executable, "-m", "bench.provider", "--rate", str(rate)]
    command += ["--pieces", str(pieces)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


async def _chunk_rounds(runs: int) -> list[dict[str, float]]:
    """CPU microseconds per chunk of each reader, interleaved; the first round warms."""
    with _provider(rate=CHUNK_RATE, pieces=CHUNK_PIECES) as url:
        openai, anthropic = _models(url)
        guarded = _guarded(openai, "redis://127.0.0.1:9")
        unlimited = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=unlimited) as session:
            readers: dict[str, Callable[[], Awaitable[int]]] = {
                "floor": lambda: _bare_loop(session, url),
                "openai": lambda: _read(openai),
                "anthropic": lambda: _read(anthropic),
                "openai, all wrappers": lambda: _read(guarded),
            }
            rounds = [
                {name: await _cpu_us_per_chunk(reader) for name, reader in readers.items()}
                for _ in range(runs + 1)
            ]
        await openai.aclose()
        await anthropic.aclose()
    return rounds[1:]


async def _cpu_us_per_chunk(reader: Callable[[], Awaitable[int]]) -> float:
    began = time.process_time()
    read = sum(await asyncio.gather(*(reader() for _ in range(CHUNK_STREAMS))))
    if read != CHUNK_STREAMS * CHUNK_PIECES:
        raise RuntimeError(f"{read} pieces came")
    return (time.process_time() - began) / read * 1e6


async def _bare_loop(session: aiohttp.ClientSession, url: str) -> int:
    read = 0
    async with session.post(f"{url}/v1/responses", json={}) as response:
        async for line in response.content:
            if line.startswith(b"data: "):
                said = json.loads(line[6:])
                if said["type"] == "response.output_text.delta" and said["delta"]:
                    read += 1
    return read


async def _read(model: Model) -> int:
    chunks = model.stream(REQUEST)
    return sum([1 async for chunk in chunks if isinstance(chunk, TextDelta)])


async def _hold(redis_url: str) -> Held:
    redis = connect(redis_url)
    log = EventLog(redis)
    with _provider(rate=RATE, pieces=PIECES) as url:
        openai, anthropic = _models(url)
        chain = Chain([_guarded(openai, redis_url)])
        jobs = [an_acceptance().job for _ in range(STREAMS)]
        # Their users' pages are open: what is published wakes a gateway.
        await log.renew("bench", [(j.user_id, ConnectionId(j.job_id)) for j in jobs], lease_s=60)
        idle = _p99(await _lags(PROBE_S))
        async with _publishing(log) as publisher:
            replies = [
                asyncio.create_task(_reply(chain, publisher, job, START_S * n / STREAMS))
                for n, job in enumerate(jobs)
            ]
            await asyncio.sleep(START_S + 1)
            cpu, began = time.process_time(), time.perf_counter()
            busy = _p99(await _lags(PROBE_S))
            cpu_share = (time.process_time() - cpu) / (time.perf_counter() - began)
            spans = await asyncio.gather(*replies)
        await anthropic.aclose()
        await chain.aclose()
    await redis.aclose()
    rate = STREAMS * PIECES / (max(end for _, end in spans) - min(begin for begin, _ in spans))
    return Held(idle, busy, cpu_share, rate)


async def _reply(
    chain: Chain, publisher: Publisher, job: Job, delay_s: float
) -> tuple[float, float]:
    """One reply; gives when it began and ended."""
    await asyncio.sleep(delay_s)
    with publisher.open(job) as feed:
        await feed.start(model_id="openai:bench")
        began = time.perf_counter()
        await generate(chain.resolve(None), REQUEST, feed, deadline_s=60)
        return began, time.perf_counter()


@asynccontextmanager
async def _publishing(log: EventLog) -> AsyncGenerator[Publisher]:
    publisher = Publisher(log)
    running = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        running.cancel()


async def _lags(seconds: float) -> list[float]:
    """How late the loop wakes a sleeper, again and again."""
    loop = asyncio.get_running_loop()
    lags: list[float] = []
    until = loop.time() + seconds
    while (now := time.perf_counter()) and loop.time() < until:
        await asyncio.sleep(STEP_S)
        lags.append(time.perf_counter() - now - STEP_S)
    return lags


def _p99(lags: list[float]) -> float:
    return statistics.quantiles(lags, n=100)[98]


def _models(url: str) -> tuple[OpenAIModel, AnthropicModel]:
    async def key() -> str:
        return "not-a-real-key"

    return (
        OpenAIModel("openai:bench", base_url=f"{url}/v1", fetch_key=key, limits=LIMITS),
        AnthropicModel("anthropic:bench", base_url=url, fetch_key=key, limits=LIMITS),
    )


def _guarded(model: Model, redis_url: str) -> Model:
    breakers = SharedBreakers(
        connect(redis_url), BreakerLimits(max_failures=5, window_s=10, reset_s=30, probe_lease_s=30)
    )
    guards = Guards(
        breakers=breakers,
        redis_timeout_s=0.25,
        silences=Silences(first_token_s=20, idle_s=15),
        retry=RetryLimits(attempts=3, backoff_s=0.5, longest_wish_s=2.0),
        budget=RetryBudget(ratio=0.1, reserve=3),
    )
    return guards.around(model)
