"""Telling a user's open pages what a request changed, as far as the event log answers.

Nothing is lost without it: a page that reads over REST finds the same. So an outage of Redis is
noted in the log, and the request that was carried out stays carried out.
"""

from __future__ import annotations

from collections.abc import Iterable

from redis.exceptions import RedisError

from lambdas.request_log import logger
from prosa.event_log.blocking import BlockingEventLog
from prosa.events import ConversationDeleted, ConversationUpdated, MessageAccepted, encode
from prosa.ids import JobId, UserId

Event = ConversationUpdated | ConversationDeleted | MessageAccepted


class Announcements:
    """Writes to the event log; none of its methods raises for an outage."""

    def __init__(self, log: BlockingEventLog) -> None:
        self._log = log

    def tell(self, user_id: UserId, *events: Event) -> None:
        """Append events of one user, in order."""
        try:
            self._log.append(user_id, [encode(event) for event in events])
        except RedisError:
            logger().warning("not_announced", extra={"events": [e.type for e in events]})

    def stop(self, user_id: UserId, jobs: Iterable[JobId]) -> None:
        """Ask whoever writes these replies to stop. One that goes on is not stored any more."""
        try:
            for job_id in jobs:
                self._log.cancel(user_id, job_id)
        except RedisError:
            logger().warning("not_stopped")
