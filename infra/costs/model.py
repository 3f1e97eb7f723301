"""What a month costs at one size, line by line, in US dollars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.costs.data import assumed, counted, prices

HOURS = 730
SECONDS = HOURS * 3600
KB_PER_GB = 1024**2
ALARMS = 12
MODELS = ("gpt-5-mini", "claude-haiku-4-5")


@dataclass(frozen=True, slots=True)
class Month:
    """One size: its lines without the model, the model's cost by name, and what stands there."""

    messages: int
    name: str
    lines: dict[str, float]
    models: dict[str, float]
    workers: int
    gateways: int
    messages_per_s: float
    """In the busiest hour."""

    @property
    def total(self) -> float:
        return sum(self.lines.values())


@dataclass(frozen=True, slots=True)
class Units:
    """What one message uses, of what is billed by use."""

    api_requests: float
    lambda_requests: float
    gb_seconds: float
    sqs_requests: float
    writes: float
    reads: float


def units() -> Units:
    """Of the calls that were counted and of what is assumed about people."""
    c, a = counted(), assumed()
    kb, reads = math.ceil(a["item_kb"]), a["reads_per_message"]
    # Each KB of an item written in a transaction is two units, in an index one.
    in_transactions = 2 * (c["accept_writes"] + c["finish_writes"]) * kb
    history_units = math.ceil(a["history_kb"] / 4)
    return Units(
        api_requests=1 + reads,
        lambda_requests=1 + reads + a["authorizer_calls_per_message"],
        gb_seconds=0.5
        * (
            a["chat_ms"]
            + reads * a["read_ms"]
            + a["authorizer_calls_per_message"] * a["authorizer_ms"]
        )
        / 1000,
        sqs_requests=c["queue_sends"] + 1 + c["queue_deletes"],
        writes=in_transactions + c["accept_index_writes"] * kb + c["claims"] * kb,
        reads=c["function_gets"] + (c["worker_queries"] + reads) * history_units,
    )


def month(size: Mapping[str, Any]) -> Month:
    """Compute one size of `counts.toml`."""
    n: int = size["messages"]
    a = assumed()
    rate = n / SECONDS * a["peak"]
    workers = max(size["workers"], math.ceil(rate * a["reply_seconds"] / size["concurrency"]))
    sockets = rate * 60 / a["messages_per_minute_of_use"]
    gateways = max(size["gateways"], math.ceil(sockets / size["sockets_per_gateway"]))
    # Tasks follow the load: beyond the least there are, the mean hour counts, not the busiest.
    mean_workers = max(size["workers"], workers / a["peak"])
    mean_gateways = max(size["gateways"], gateways / a["peak"])
    lines = {
        **_by_use(n),
        "Fargate: workers": _tasks(mean_workers, size["worker_vcpu"], size["worker_gb"]),
        "Fargate: gateways": _tasks(mean_gateways, size["gateway_vcpu"], size["gateway_gb"]),
        "Redis (ElastiCache)": prices()[size["cache_node"]].of(size["cache_nodes"] * HOURS),
        "Load balancer": _balancer(n, sockets / a["peak"]),
        "NAT gateways": _nat(size["nat_gateways"], n * a["model_kb"] / KB_PER_GB),
        "Alarms, key": prices()["alarm"].of(ALARMS) + prices()["kms_key"].of(1),
    }
    models = {name: _model(name, n) for name in MODELS}
    return Month(n, size["name"], lines, models, workers, gateways, rate)


def _by_use(n: int) -> dict[str, float]:
    a, p, u = assumed(), prices(), units()
    return {
        "API Gateway": p["api_request"].of(n * u.api_requests),
        "Lambda": p["lambda_request"].of(n * u.lambda_requests)
        + p["lambda_gb_second"].of(n * u.gb_seconds),
        "SQS": p["sqs_request"].of(n * u.sqs_requests),
        "DynamoDB: requests": p["dynamodb_write"].of(n * u.writes)
        + p["dynamodb_read"].of(n * u.reads),
        "DynamoDB: what one month adds": p["dynamodb_storage"].of(n * a["kept_kb"] / KB_PER_GB),
        "CloudFront": p["edge_request"].of(n * u.api_requests)
        + p["out_gb"].of(n * a["socket_kb"] / KB_PER_GB),
        "Logs": p["log_gb"].of(n * a["log_kb"] / KB_PER_GB),
        "Traces": p["trace"].of(n * u.api_requests * a["traced"]),
    }


def endpoints_month(*, endpoints: int, zones: int) -> float:
    """What interface endpoints cost where they stand in for NAT."""
    return prices()["endpoint_hour"].of(endpoints * zones * HOURS)


def _tasks(tasks: float, vcpu: float, gb: float) -> float:
    hour = prices()["fargate_vcpu"].of(vcpu) + prices()["fargate_gb"].of(gb)
    return tasks * HOURS * hour


def _balancer(n: int, sockets: float) -> float:
    per_hour = max(n * assumed()["socket_kb"] / KB_PER_GB / HOURS, sockets / 3000)
    return prices()["alb_hour"].of(HOURS) + prices()["alb_unit"].of(per_hour * HOURS)


def _nat(gateways: int, gb: float) -> float:
    """With a public address for each, and one of the balancer in each zone."""
    p = prices()
    addresses = p["public_ipv4"].of(2 * gateways * HOURS)
    return p["nat_hour"].of(gateways * HOURS) + p["nat_gb"].of(gb) + addresses


def _model(name: str, n: int) -> float:
    a, p = assumed(), prices()
    return p[f"{name} in"].of(n * a["input_tokens"]) + p[f"{name} out"].of(n * a["output_tokens"])
