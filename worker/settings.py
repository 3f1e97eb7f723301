"""What the worker reads from its environment, and the limits it holds.

A field `worker_concurrency` is read from `PROSA_WORKER_CONCURRENCY`. Read once, by `__main__.py`.
"""

from __future__ import annotations

import secrets
import socket

from pydantic import Field

from prosa.aws import LONG_POLL_S
from prosa.settings import CommaSeparated, QueueSettings, RedisSettings, StoreSettings


def _name() -> str:
    return f"{socket.gethostname()}-{secrets.token_hex(3)}"


class WorkerSettings(RedisSettings, StoreSettings, QueueSettings):
    """Times are seconds."""

    dead_letter_queue_url: str
    """Where messages go that no reader understands, with the reason."""

    parameters: str = "/prosa/local"
    """Prefix of the SSM parameters that hold the API keys."""

    models: CommaSeparated = ("local:prosa-tiny",)
    """Models to offer, as `provider:name`; the first answers who did not choose."""

    openai_base_url: str = "https://api.openai.com/v1"
    anthropic_base_url: str = "https://api.anthropic.com"

    external_context_tokens: int = Field(default=32_000, ge=1_000)
    """Prompt and reply of a paid model together. Below every current model's window on purpose:
    it bounds what one message can cost."""

    max_output_tokens: int = Field(default=2_048, ge=1)
    """The longest reply, where the model's context leaves that much room."""

    model_connect_timeout_s: float = Field(default=3.0, gt=0)
    model_read_timeout_s: float = Field(default=20.0, gt=0)
    """The longest silence of a provider: before its answer begins, and between two pieces."""

    model_first_token_timeout_s: float = Field(default=20.0, gt=0)
    model_idle_timeout_s: float = Field(default=15.0, gt=0)
    """The longest wait for text: for the first piece, and for each further one. Unlike the read
    timeout, a provider's pings do not help it over them."""

    breaker_max_failures: int = Field(default=5, ge=0)
    """One more within `breaker_window_s` opens a model's circuit, for all workers."""

    breaker_window_s: float = Field(default=10.0, gt=0)
    breaker_reset_s: float = Field(default=30.0, gt=0)
    """How long a circuit stays open before one call tries the model out."""

    breaker_redis_timeout_s: float = Field(default=0.25, gt=0)
    """How long Redis may take to say whether a circuit is open; then this worker decides alone."""

    retry_attempts: int = Field(default=3, ge=1)
    """Calls of one model for one attempt at a reply, all before its first token."""

    retry_backoff_s: float = Field(default=0.5, ge=0)
    """The first retry comes within this; doubles for the next."""

    retry_longest_wish_s: float = Field(default=2.0, ge=0)
    """The longest `Retry-After` that is waited out here, in a place that another reply could use.
    After a longer one the next model is asked; with none left the job waits in the queue."""

    retry_budget_ratio: float = Field(default=0.1, ge=0)
    """Retries that each call allows, over all models of this process."""

    retry_reserve: float = Field(default=3.0, ge=0)
    """Retries that may be made at once after a quiet time."""

    worker_name: str = Field(default_factory=_name)
    """Who claims a job; shown in its attempts."""

    worker_concurrency: int = Field(default=16, ge=1)
    """Messages in hand at once. Those that wait for an earlier one of their conversation count."""

    worker_visibility_s: int = Field(default=30, ge=1)
    """A crashed worker's conversation goes on elsewhere after this."""

    worker_heartbeat_s: float = Field(default=10.0, gt=0)
    """How often held messages are kept invisible; two beats may fail before visibility ends."""

    worker_poll_wait_s: int = Field(default=LONG_POLL_S, ge=0, le=LONG_POLL_S)
    """Length of a long poll. A poll is never cut short, so it must fit `worker_stop_timeout_s`."""

    worker_deadline_s: float = Field(default=300.0, gt=0)
    """How long a model may take for one reply."""

    worker_backoff_s: int = Field(default=2, ge=0)
    """Wait before the second attempt; doubles for each further one."""

    worker_stop_timeout_s: float = Field(default=25.0, ge=0)
    """From SIGTERM until running replies are given back. ECS kills after 30 s by default."""

    worker_health_host: str = "127.0.0.1"
    worker_health_port: int = Field(default=8083, ge=0, le=65535)
    """For probes and metrics; 0 takes any free port."""
