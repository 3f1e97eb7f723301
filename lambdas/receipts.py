"""Whether the end of a reply reached someone who looks at the page."""

from __future__ import annotations

from redis.exceptions import RedisError

from prosa.event_log.blocking import BlockingEventLog
from prosa.jobs import Job


class Receipts:
    """Asks the event log, which knows for an hour."""

    def __init__(self, log: BlockingEventLog) -> None:
        self._log = log

    def was_seen(self, job: Job) -> bool | None:
        """None when it cannot be told: the job goes on, or ended long ago, or the log is away."""
        if not job.status.is_final:
            return None
        try:
            return self._log.was_seen(job.user_id, job.job_id)
        except RedisError:
            return None
