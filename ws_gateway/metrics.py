"""What the gateway counts, and how Prometheus reads it.

The hot path adds to plain integers; the collector turns them into samples when it is scraped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ws_gateway.hub import Hub


@dataclass(slots=True)
class Counts:
    """Totals since the process started. Only the event loop's thread touches them."""

    accepted: int = 0
    delivered: int = 0
    catch_ups: int = 0
    pokes: int = 0
    subscriptions: int = 0
    inbound: int = 0
    receipts: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    resyncs: Counter[str] = field(default_factory=Counter[str])
    closed: Counter[int] = field(default_factory=Counter[int])


class GatewayCollector(Collector):
    """Exports the counts and the size of the hub as `prosa_gateway_*`."""

    def __init__(self, counts: Counts, hub: Hub) -> None:
        self._counts = counts
        self._hub = hub

    def collect(self) -> Iterable[Metric]:
        counts = self._counts
        yield GaugeMetricFamily(
            "prosa_gateway_connections", "Sockets held now", value=len(self._hub)
        )
        for name, text, total in (
            ("accepted", "Sockets admitted", counts.accepted),
            ("delivered_events", "Events of the log written to sockets", counts.delivered),
            ("catch_ups", "Times a socket read from the log", counts.catch_ups),
            ("pokes", "Events that pokes carried here", counts.pokes),
            ("subscriptions", "Times the wake-up channel was subscribed to", counts.subscriptions),
            ("client_frames", "Frames clients sent", counts.inbound),
            ("receipts", "Times a user was known to have seen more", counts.receipts),
        ):
            yield CounterMetricFamily(f"prosa_gateway_{name}", text, value=total)
        yield _labelled("refused_handshakes", "Sockets refused", "reason", counts.refused)
        yield _labelled("resyncs", "Clients whose history was lost", "reason", counts.resyncs)
        yield _labelled("closes", "Sockets this node closed", "code", counts.closed)


def _labelled(
    name: str, text: str, label: str, totals: Counter[str] | Counter[int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"prosa_gateway_{name}", text, labels=[label])
    for value, total in totals.items():
        family.add_metric([str(value)], total)
    return family
