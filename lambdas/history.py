"""What was said: a page of messages, and where to go on in the event log.

The page is read from the table, the log goes on meanwhile. So the cursor is taken before the table
is read and again after it, and the earlier one is given: an event that comes in between is played
twice, which changes nothing, rather than missed.
"""

from __future__ import annotations

from collections.abc import Iterable

from redis.exceptions import RedisError

from lambdas.request_log import logger
from lambdas.schemas import MessagePage
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.cursor import Cursor
from prosa.ids import ConversationId, JobId, UserId
from prosa.jobs import Job
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import JobStore


class History:
    """Reads; an outage of the log costs the cursor, never the page."""

    def __init__(
        self, *, conversations: ConversationStore, jobs: JobStore, log: BlockingEventLog
    ) -> None:
        self._conversations = conversations
        self._jobs = jobs
        self._log = log

    def page(
        self, user_id: UserId, conversation_id: ConversationId, *, limit: int, cursor: str | None
    ) -> MessagePage:
        """A page of a conversation. Raises NotFound, InvalidCursor, Unavailable."""
        before = self._log_cursor(user_id, ())
        state = self._conversations.require(user_id, conversation_id)
        page = self._conversations.messages(conversation_id, limit=limit, cursor=cursor)
        running = self._running(state.active_jobs)
        # Of the jobs as they were before the messages were read: one that ended in between has its
        # reply in the log, not in the page.
        after = self._log_cursor(user_id, state.active_jobs) if before else None
        return MessagePage(
            items=list(page.items),
            next_cursor=page.next_cursor,
            log_cursor=str(before.no_later_than(after)) if before and after else None,
            running=running,
        )

    def _running(self, active: Iterable[JobId]) -> list[Job]:
        found = [self._jobs.find(job_id) for job_id in sorted(active)]
        running = [job for job in found if job is not None and not job.status.is_final]
        return sorted(running, key=lambda job: job.created_at)

    def _log_cursor(self, user_id: UserId, running: Iterable[JobId]) -> Cursor | None:
        try:
            return self._log.snapshot_cursor(user_id, running)
        except RedisError:
            logger().warning("no_log_cursor")
            return None
