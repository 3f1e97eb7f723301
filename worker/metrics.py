"""What the worker counts, for `/metrics`. Names follow Prometheus' conventions: base units."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

MESSAGES_IN_HAND = Gauge("prosa_worker_messages_in_hand", "Messages received and not yet settled")
OUTCOMES = Counter("prosa_worker_outcomes_total", "Messages settled, by outcome", ["outcome"])
REPLIES = Counter("prosa_worker_replies_total", "Jobs ended, by finish reason", ["finish_reason"])
MODEL_ERRORS = Counter("prosa_worker_model_errors_total", "Failed attempts", ["model", "code"])
TOKENS = Counter("prosa_worker_tokens_total", "Tokens of stored replies", ["model", "direction"])
LEASES_LOST = Counter("prosa_worker_leases_lost_total", "Messages that could not be kept invisible")
POLL_FAILURES = Counter("prosa_worker_poll_failures_total", "Receives that SQS did not answer")
PUBLISH_FAILURES = Counter("prosa_worker_publish_failures_total", "Ticks Redis did not take")
FENCED = Counter("prosa_worker_fenced_total", "Attempts stopped because a later one owns the job")
BREAKER_CHANGES = Counter(
    "prosa_worker_breaker_changes_total", "Changes of a circuit seen here", ["model", "state"]
)
BREAKER_REFUSALS = Counter("prosa_worker_breaker_refusals_total", "Calls not made", ["model"])
BREAKER_REDIS_FAILURES = Counter(
    "prosa_worker_breaker_redis_failures_total", "Breaker calls that memory answered for Redis"
)
MODEL_RETRIES = Counter("prosa_worker_model_retries_total", "Calls made again", ["model"])
RETRIES_DENIED = Counter("prosa_worker_retries_denied_total", "Retries over budget", ["model"])
FALLBACKS = Counter("prosa_worker_fallbacks_total", "Replies another model took over", ["model"])

FIRST_TOKEN_S = Histogram(
    "prosa_worker_first_token_seconds",
    "From the start of an attempt to its first text",
    ["model"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32),
)
REPLY_S = Histogram(
    "prosa_worker_reply_seconds",
    "From the receipt of a message to the end of its handling",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256),
)
EVENTS_PER_TICK = Histogram(
    "prosa_worker_events_per_tick",
    "Events appended by one call",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
TICK_S = Histogram(
    "prosa_worker_tick_seconds",
    "Duration of one append call",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2),
)
