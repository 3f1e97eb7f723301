"""What `prosa dlq` reads from its environment; AWS itself by the variables every AWS SDK knows."""

from __future__ import annotations

from pydantic import Field

from prosa.settings import CommaSeparated, DeadLetterSettings, QueueSettings, StoreSettings


class DlqSettings(StoreSettings, QueueSettings, DeadLetterSettings):
    """The queues, and the table that knows what became of a job."""


class RedriveSettings(DlqSettings):
    """What a redrive asks besides: whether any model may be asked."""

    redis_url: str
    """No default: the circuits of another stage say nothing."""

    models: CommaSeparated = Field(min_length=1)
    """As the workers have them."""
