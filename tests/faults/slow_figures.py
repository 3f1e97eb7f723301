"""What slow clients cost, and whom: what `slow_clients` measures of a gateway and of readers."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from tests.faults.numbered import Numbered
from tests.faults.processes import GatewayProcess
from tests.faults.watchers import Watcher
from ws_gateway.close_codes import CloseCode


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of opening the slow ones once.

    `alone` and `beside` are the seconds each event took to each healthy reader, without them and
    with them; `closed_s` those until each stalled one was closed.
    """

    alone: Sequence[float]
    beside: Sequence[float]
    closed_s: Sequence[float]
    kib_per_slow: float
    """By which the gateway grew at most, for each slow connection."""
    kib_per_returned: float
    """By which it had grown when those were back, and had read everything."""


class Closing:
    """Watches a gateway close those in `left`, which it takes out, and its memory meanwhile."""

    def __init__(self, gateway: GatewayProcess, left: set[str]) -> None:
        self.closed_s: list[float] = []
        self.most_bytes = 0
        self._gateway = gateway
        self._left = left
        self._began = time.monotonic()

    def look(self, *, within_s: float) -> bool:
        """Whether all are closed by now, or had their time."""
        self.most_bytes = max(self.most_bytes, self._gateway.memory()[0])
        passed_s = time.monotonic() - self._began
        closed = {line["connection_id"] for line in self._gateway.logged("connection_closed")}
        self.closed_s += [passed_s] * len(self._left & closed)
        self._left -= closed
        return not self._left or passed_s > within_s


def waits(watchers: Sequence[Watcher], told: Numbered, first: int) -> Sequence[float]:
    """Seconds from the writing of each event, from number `first` on, to each reader."""
    return [
        heard_at - told.told_at[watcher.user_id][number]
        for watcher in watchers
        for number, heard_at in zip(watcher.numbers, watcher.heard_at, strict=True)
        if number >= first
    ]


def at(share: float, values: Sequence[float]) -> float:
    """The value that this share of all is not over."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def closes(gateway: GatewayProcess, code: CloseCode) -> int:
    """How many sockets the gateway closed with `code`, as its metrics tell."""
    port = gateway.logged("gateway_listening")[0]["internal_port"]
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        text = response.read().decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "prosa_gateway_closes_total" and sample.labels["code"] == str(code):
                return int(sample.value)
    return 0
