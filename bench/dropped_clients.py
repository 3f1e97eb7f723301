"""2,000 clients lose their connections at once, and come back at once.

While events go on: one a second for each of them. Timed from the reset of the connections until
each client has what was said before it, over a new connection with a new ticket; issuing the
tickets is in it, the Lambda that would is not, nor the pause a page makes first. Then every event
must have come to every client, once and in order. No floor: the goals are 20 s, and none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from redis import Redis

from bench.children import Helper
from bench.gateway_process import (
    GatewayProcess,
    blocking_redis,
    gateway_process,
    new_users,
    paths,
)
from bench.report import Figure, figure

CLIENTS = 2_000
ROUNDS = 6
BEFORE_S = 2.0
PROMISE_S = 20.0


def measure(runs: int) -> Iterator[Figure]:
    """Drop them again and again, each time with logs of their own."""
    with ExitStack() as stack:
        gateway = stack.enter_context(gateway_process())
        redis = stack.enter_context(blocking_redis(gateway.redis))
        load = stack.enter_context(Helper("bench.socket_load"))
        writer = stack.enter_context(Helper("bench.log_writer", gateway.redis.url))
        rounds = [_drop(gateway, redis, load, writer) for _ in range(runs)]
    yield figure(
        f"{CLIENTS:,} clients dropped at once, beside the {PROMISE_S:g} s all may take to resume",
        [took for took, _ in rounds],
        [PROMISE_S] * runs,
        unit="s",
        goal=1.0,
    )
    yield figure(
        f"events lost, doubled or out of order meanwhile, of {CLIENTS * ROUNDS * runs:,}, beside 1",
        [float(sum(faults for _, faults in rounds))],
        [1.0],
        unit="",
        goal=0.0,
    )


def _drop(gateway: GatewayProcess, redis: Redis, load: Helper, writer: Helper) -> tuple[float, int]:
    """Gives how long it took, and how many events did not come as they should."""
    users = new_users(CLIENTS)
    load.ask(
        "open",
        group="all",
        port=gateway.port,
        paths=paths(redis, users),
        reader="sequence",
        frames=1,
    )
    writer.order("append", users=users, rounds=ROUNDS, per_s=CLIENTS)
    time.sleep(BEFORE_S)
    found = load.ask(
        "drop_and_resume",
        group="all",
        port=gateway.port,
        redis_url=gateway.redis.url,
        users=users,
    )
    writer.answer()
    faults = load.ask("finish", group="all", newest=ROUNDS - 1, within_s=10)["faults"]
    load.ask("close", group="all")
    return found["took_s"], faults
