"""What `prosa dlq` reads from its environment; AWS itself by the variables every AWS SDK knows."""

from __future__ import annotations

from prosa.settings import DeadLetterSettings, QueueSettings, StoreSettings


class DlqSettings(StoreSettings, QueueSettings, DeadLetterSettings):
    """The queues, and the table that knows what became of a job."""
