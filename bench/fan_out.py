"""What a delivered frame costs the gateway, from Redis to the socket, and how many it can send.

CPU per frame: 1,000 users with a socket each, every event for one of them, in ticks as a worker
appends them. Frames per second: one user with 1,000 sockets, every event for all of them. Floor of
both: a bare loop over `websockets.broadcast`, fed in memory. CPU is the server's alone: neither
Redis', nor that of who appends or reads. Per second counts everybody, and on two cores they are in
each other's way.
"""

from __future__ import annotations

from collections import Counter
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
)
from bench.held_connections import CURSOR_BYTES
from bench.helper_process import Helper, cpu_s_of
from bench.log_writer import event
from bench.report import Figure, figure
from prosa.ids import UserId

SOCKETS = 1_000
ROUNDS = 40
FAN_OUTS = 100
FAN_OUT_TICK = 4
"""Events of a user in one tick."""


@dataclass(frozen=True, slots=True)
class Sent:
    """CPU microseconds per frame, frames per second."""

    cpu_us: float
    per_s: float


def measure(runs: int) -> Iterator[Figure]:
    """Both ways of sending, by both servers in turn; the first round warms."""
    with ExitStack() as stack:
        gateway = stack.enter_context(gateway_process(max_per_user=SOCKETS))
        redis = stack.enter_context(blocking_redis(gateway.redis))
        ours = _Ours(gateway, redis, stack)
        bare = _Bare(stack)
        rounds = [
            (ours.one_by_one(), bare.one_by_one(), ours.fan_out(), bare.fan_out())
            for _ in range(runs + 1)
        ][1:]
    yield figure(
        "CPU per delivered frame, Redis in to socket out",
        [one.cpu_us for one, _, _, _ in rounds],
        [floor.cpu_us for _, floor, _, _ in rounds],
        unit="us",
        goal=2.0,
    )
    yield figure(
        f"fan-out to {SOCKETS:,} sockets",
        [fan.per_s for _, _, fan, _ in rounds],
        [floor.per_s for _, _, _, floor in rounds],
        unit="frames/s",
        goal=0.9,
        higher_is_better=True,
    )
    yield figure(
        f"CPU per frame of a fan-out to {SOCKETS:,} sockets",
        [fan.cpu_us for _, _, fan, _ in rounds],
        [floor.cpu_us for _, _, _, floor in rounds],
        unit="us",
    )


class _Sender:
    """A server and its two groups of sockets."""

    def __init__(self, pid: int, load: Helper) -> None:
        self._pid = pid
        self._load = load
        self._read: Counter[str] = Counter()

    def _send(self, group: str, frames: int, sender: Helper, order: str, **fields: object) -> Sent:
        cpu_began = cpu_s_of(self._pid)
        sender.order(order, **fields)
        self._read[group] += frames
        found = self._load.ask("expect", group=group, frames=self._read[group])
        said = sender.answer()
        cpu_s = cpu_s_of(self._pid) - cpu_began
        return Sent(cpu_s / frames * 1e6, frames / (found["at"] - said["began"]))


class _Ours(_Sender):
    def __init__(self, gateway: GatewayProcess, redis: Redis, stack: ExitStack) -> None:
        super().__init__(gateway.pid, stack.enter_context(Helper("bench.socket_load")))
        self._writer = stack.enter_context(Helper("bench.log_writer", gateway.redis.url))
        self._users = new_users(SOCKETS)
        (self._one,) = new_users(1)
        self._open("each", gateway.port, paths(redis, self._users))
        self._open("all", gateway.port, paths(redis, [self._one] * SOCKETS))

    def _open(self, group: str, port: int, asked: list[str]) -> None:
        self._load.ask("open", group=group, port=port, paths=asked, frames=1)
        self._read[group] = len(asked)  # `connected`

    def one_by_one(self) -> Sent:
        return self._append("each", self._users, rounds=ROUNDS)

    def fan_out(self) -> Sent:
        users = [self._one] * FAN_OUT_TICK
        return self._append("all", users, rounds=FAN_OUTS // FAN_OUT_TICK, frames=SOCKETS)

    def _append(self, group: str, users: list[UserId], *, rounds: int, frames: int = 1) -> Sent:
        total = len(users) * rounds * frames
        return self._send(group, total, self._writer, "append", users=users, rounds=rounds)


class _Bare(_Sender):
    def __init__(self, stack: ExitStack) -> None:
        floors = {g: stack.enter_context(Helper("bench.socket_floor")) for g in ("each", "all")}
        super().__init__(0, stack.enter_context(Helper("bench.socket_load")))
        self._floors = floors
        self._text = event(ROUNDS) + " " * CURSOR_BYTES
        for group, floor in floors.items():
            port = floor.ask("serve")["port"]
            asked = [f"/{n}" for n in range(SOCKETS)]
            self._load.ask("open", group=group, port=port, paths=asked)

    def one_by_one(self) -> Sent:
        return self._order("each", "one_by_one", rounds=ROUNDS)

    def fan_out(self) -> Sent:
        return self._order("all", "fan_out", rounds=FAN_OUTS)

    def _order(self, group: str, order: str, *, rounds: int) -> Sent:
        floor = self._floors[group]
        self._pid = floor.pid
        return self._send(group, SOCKETS * rounds, floor, order, rounds=rounds, text=self._text)
