"""From an append to the frame at the client: one socket, a conversation in which little is said.

From before `EventLog.append` in one process to the parsed frame in another; one event every 5 ms,
so that everybody sleeps in between. Floor: an echo over TCP between two processes that sleep as
long, both of them blocking.
"""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench.gateway_process import new_users, paths
from bench.helper_process import Helper
from bench.log_writer import event
from bench.report import Figure, figure
from bench.rig import start_rig

EVENTS = 300
PAUSE_S = 0.005


def measure(runs: int) -> Iterator[Figure]:
    """Events and echoes in turn; the first round warms."""
    with ExitStack() as stack:
        rig = start_rig(stack)
        floor = stack.enter_context(Helper("bench.socket_floor"))
        peer = stack.enter_context(
            socket.create_connection(("127.0.0.1", floor.ask("echo")["port"]))
        )
        users = new_users(1)
        rig.load.ask(
            "open",
            group="one",
            port=rig.gateway.port,
            paths=paths(rig.redis, users),
            reader="delays",
            frames=1,
        )
        ours: list[float] = []
        echoes: list[float] = []
        for run in range(runs + 1):
            rig.writer.ask("append", users=users, rounds=EVENTS, per_s=1 / PAUSE_S)
            found = rig.load.ask("expect", group="one", frames=EVENTS * (run + 1) + 1)
            ours.append(found["p50_ms"])
            echoes.append(_echo_ms(peer))
    yield figure("append to client, p50, idle", ours[1:], echoes[1:], unit="ms", goal=7.0)


def _echo_ms(peer: socket.socket) -> float:
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    text = event(EVENTS).encode()
    times: list[float] = []
    for _ in range(EVENTS):
        began = time.perf_counter()
        peer.sendall(text)
        peer.recv(4096)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_S)  # as idle as the conversation is
    return statistics.median(times)
