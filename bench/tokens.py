"""What a token costs on its way from a reply to its socket: worker, Redis and gateway together.

100 replies of a user each say 50 tokens a second, through the worker's publisher, the log and the
gateway. Floor: one awaited PUBLISH per token on a channel per conversation, redis-py's pub/sub, and
`await ws.send`, on a Redis of its own. The model is in neither. CPU is that of the three processes,
start-up left out.

Most tokens per second: the floor says them as fast as each is taken; ours is offered eight times as
many as a floor takes on a quiet machine, and joins what one reply says within a tick into one
event, as it always does. Redis' commands are counted in a
run of their own, by MONITOR, which costs CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from redis import Redis

from bench.gateway_process import (
    GatewayProcess,
    blocking_redis,
    gateway_process,
    new_users,
    paths,
    redis_process,
)
from bench.helper_process import Helper, cpu_s_of
from bench.redis_commands import CommandCount
from bench.report import Figure, figure

REPLIES, PER_S, TOKENS = 100, 50.0, 200
MOST_REPLIES, MOST_PER_S, MOST_TOKENS = 300, 200.0, 500
FLOOR_TOKENS = 100
COUNTED_TOKENS = 100


@dataclass(frozen=True, slots=True)
class Spoken:
    """CPU microseconds of the three per token, tokens per second from first said to last read."""

    cpu_us: float
    per_s: float


def measure(runs: int) -> Iterator[Figure]:
    """The chains in turn; the first round warms."""
    with ExitStack() as stack:
        gateway = stack.enter_context(gateway_process())
        redis = stack.enter_context(blocking_redis(gateway.redis))
        ours = _Ours(gateway, redis, stack)
        bare = _Bare(stack)
        steady = [(ours.steady(), bare.steady()) for _ in range(runs + 1)][1:]
        most = [(ours.most(), bare.most()) for _ in range(runs)]
        counts = [ours.commands() for _ in range(runs)]
    yield figure(
        f"CPU per token, worker + Redis + gateway, {REPLIES} replies x {PER_S:.0f}/s",
        [chain.cpu_us for chain, _ in steady],
        [floor.cpu_us for _, floor in steady],
        unit="us",
        goal=0.2,
    )
    yield figure(
        f"tokens/s through one worker and one gateway, of {MOST_REPLIES * MOST_PER_S:,.0f} offered",
        [chain.per_s for chain, _ in most],
        [floor.per_s for _, floor in most],
        unit="/s",
        goal=3.0,
        higher_is_better=True,
    )
    yield figure(
        f"Redis commands sent per token, {REPLIES} replies",
        [sent for sent, _ in counts],
        [1.0] * runs,
        unit="",
        goal=0.1,
    )
    yield figure(
        "Redis commands per token, those that scripts run inside Redis included",
        [run for _, run in counts],
        [1.0] * runs,
        unit="",
    )


class _Ours:
    def __init__(self, gateway: GatewayProcess, redis: Redis, stack: ExitStack) -> None:
        self._gateway = gateway
        self._redis = redis
        self._load = stack.enter_context(Helper("bench.socket_load"))
        self._worker = stack.enter_context(Helper("bench.token_worker", gateway.redis.url))

    def steady(self) -> Spoken:
        return self._say(REPLIES, per_s=PER_S, tokens=TOKENS)

    def most(self) -> Spoken:
        return self._say(MOST_REPLIES, per_s=MOST_PER_S, tokens=MOST_TOKENS)

    def commands(self) -> tuple[float, float]:
        """Redis commands per token: sent, and those that scripts ran besides."""
        count = CommandCount(self._gateway.redis, self._redis)
        self._say(REPLIES, per_s=PER_S, tokens=COUNTED_TOKENS, counting=count)
        total = REPLIES * COUNTED_TOKENS
        return count.sent / total, count.run / total

    def _say(
        self, replies: int, *, per_s: float, tokens: int, counting: CommandCount | None = None
    ) -> Spoken:
        users = new_users(replies)
        asked = paths(self._redis, users)
        self._load.ask("open", group="all", port=self._gateway.port, paths=asked, frames=1)
        self._worker.ask("begin", users=users)
        if counting is not None:
            counting.begin()
        cpu_began = self._cpu_s()
        began = self._worker.ask("say", per_s=per_s, tokens=tokens)["began"]
        at = self._load.ask("expect", group="all", tokens=replies * tokens)["at"]
        cpu_s = self._cpu_s() - cpu_began
        if counting is not None:
            counting.end()
        self._load.ask("close", group="all")
        total = replies * tokens
        return Spoken(cpu_s / total * 1e6, total / (at - began))

    def _cpu_s(self) -> float:
        pids = (self._worker.pid, self._gateway.redis.pid, self._gateway.pid)
        return sum(cpu_s_of(pid) for pid in pids)


class _Bare:
    def __init__(self, stack: ExitStack) -> None:
        redis = stack.enter_context(redis_process())
        floor = stack.enter_context(Helper("bench.socket_floor"))
        self._load = stack.enter_context(Helper("bench.socket_load"))
        self._worker = stack.enter_context(Helper("bench.token_worker", redis.url))
        self._pids = (self._worker.pid, redis.pid, floor.pid)
        self._channels = [f"/{n}" for n in range(REPLIES)]
        self._read = 0
        port = floor.ask("serve")["port"]
        self._load.ask("open", group="all", port=port, paths=self._channels)
        floor.ask("relay", redis_url=redis.url, channels=self._channels)

    def steady(self) -> Spoken:
        return self._say(per_s=PER_S, tokens=TOKENS)

    def most(self) -> Spoken:
        return self._say(per_s=0, tokens=FLOOR_TOKENS)

    def _say(self, *, per_s: float, tokens: int) -> Spoken:
        total = REPLIES * tokens
        cpu_began = self._cpu_s()
        said = self._worker.ask("publish", channels=self._channels, per_s=per_s, tokens=tokens)
        self._read += total
        at = self._load.ask("expect", group="all", tokens=self._read)["at"]
        cpu_s = self._cpu_s() - cpu_began
        return Spoken(cpu_s / total * 1e6, total / (at - said["began"]))

    def _cpu_s(self) -> float:
        return sum(cpu_s_of(pid) for pid in self._pids)
