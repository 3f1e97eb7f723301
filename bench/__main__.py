"""`python -m bench`: measure, print JSON lines as they come, then the table."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterator

from bench import (
    append_to_client,
    cancel,
    cold_import,
    connects,
    dropped_clients,
    fan_out,
    first_paint,
    held_connections,
    queue_costs,
    round_trip,
    second_start,
    stalled_readers,
    streams,
    tokens,
    warm_handler,
    worker_jobs,
)
from bench.report import Figure, print_json, table

_ALL: dict[str, Callable[[int], Iterator[Figure]]] = {
    "cold_import": cold_import.measure,
    "warm_handler": warm_handler.measure,
    "round_trip": round_trip.measure,
    "worker_jobs": worker_jobs.measure,
    "queue_costs": queue_costs.measure,
    "streams": streams.measure,
    "cancel": cancel.measure,
    "held_connections": held_connections.measure,
    "connects": connects.measure,
    "fan_out": fan_out.measure,
    "append_to_client": append_to_client.measure,
    "tokens": tokens.measure,
    "stalled_readers": stalled_readers.measure,
    "dropped_clients": dropped_clients.measure,
    "second_start": second_start.measure,
    "first_paint": first_paint.measure,
}


def main() -> None:
    """Run the chosen measurements, all by default."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", choices=_ALL, action="append", help="measure just this")
    parser.add_argument("--runs", type=int, default=5, help="interleaved runs (default 5)")
    arguments = parser.parse_args()
    figures: list[Figure] = []
    for name in arguments.only or _ALL:
        for found in _ALL[name](arguments.runs):
            print_json(found)
            figures.append(found)
    print(f"\n{platform.machine()}, Python {platform.python_version()}\n")
    print(table(figures))


if __name__ == "__main__":
    main()
