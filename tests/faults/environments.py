"""What each part is told: the variables of its settings, with waits that fit a test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.provision import Provisioned

Environment = dict[str, str]

RATES = "100000/minute"
"""More than any scenario asks for: how users are limited is tested elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Environments:
    """Where everything is. `models` is the chain, `retry_attempts` the tries of each model."""

    aws: Environment
    aws_url: str
    """The emulator, or the proxy before it."""
    redis_url: str
    llm_url: str
    resources: Provisioned
    models: str = "openai:first"
    retry_attempts: int = 1

    @property
    def calls_per_attempt(self) -> int:
        """How often one attempt at a reply may call models (I5)."""
        return self.retry_attempts * len(self.models.split(","))

    def common(self) -> Environment:
        """What every part is told."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            **self.aws,
            "AWS_ENDPOINT_URL": self.aws_url,
            "PROSA_STAGE": self.resources.stage,
            "PROSA_TABLE": self.resources.table,
            "PROSA_BUCKET": self.resources.bucket,
            "PROSA_QUEUE_URL": self._queue(self.resources.queue_url),
            "PROSA_DEAD_LETTER_QUEUE_URL": self._queue(self.resources.dead_letter_queue_url),
            "PROSA_PARAMETERS": self.resources.parameters,
            "PROSA_REDIS_URL": self.redis_url,
            "PROSA_MODELS": self.models,
        }

    def worker(self) -> Environment:
        """A worker: two seconds of visibility, and a breaker that its scenario must ask for."""
        return self.common() | {
            "PROSA_OPENAI_BASE_URL": f"{self.llm_url}/v1",
            "PROSA_ANTHROPIC_BASE_URL": self.llm_url,
            "PROSA_WORKER_VISIBILITY_S": "2",
            "PROSA_WORKER_HEARTBEAT_S": "0.6",
            "PROSA_WORKER_POLL_WAIT_S": "1",
            "PROSA_WORKER_BACKOFF_S": "1",
            "PROSA_WORKER_HEALTH_PORT": "0",
            "PROSA_RETRY_ATTEMPTS": str(self.retry_attempts),
            "PROSA_BREAKER_MAX_FAILURES": "1000",
        }

    def gateway(self) -> Environment:
        """A gateway that sweeps often and leaves fast."""
        return self.common() | {
            "PROSA_GATEWAY_PORT": "0",
            "PROSA_GATEWAY_EVENTS_PORT": "0",
            "PROSA_GATEWAY_INTERNAL_PORT": "0",
            "PROSA_GATEWAY_SWEEP_S": "1",
            "PROSA_GATEWAY_DRAIN_S": "0.2",
            "PROSA_GATEWAY_MAX_CONNECTIONS_PER_USER": "100",
        }

    def api(self) -> Environment:
        """The functions of the HTTP API."""
        return self.common() | {
            "PROSA_GUESTS": "on",
            "PROSA_RATE_MESSAGES": RATES,
            "PROSA_RATE_SIGN_IN_IP": RATES,
            "PROSA_RATE_SIGN_IN_ACCOUNT": RATES,
        }

    def _queue(self, url: str) -> str:
        """A queue's address names the emulator: the same path through the proxy."""
        return f"{self.aws_url}{urlsplit(url).path}"
