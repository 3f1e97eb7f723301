"""The end of jobs whose messages no worker could end: the promise of a 202 holds for them too.

Each is claimed, which fences off whoever may still hold it, and ended with a stored failure its
user is told of. The message stays: whether the job gets a second chance is an operator's decision
(`prosa dlq`). That a message was seen to is remembered by its job having an end.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from redis.exceptions import RedisError

from lambdas.request_log import logger
from prosa.clock import utc_now
from prosa.conversation import Failure
from prosa.dead_letters import DeadLetter, DeadLetters
from prosa.errors import Fenced, NotFound
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.protocol import FENCE_TTL_S, Append, Step, Verdict
from prosa.events import encode
from prosa.jobs import Job
from prosa.replies import end_event, failed_reply
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import AlreadyFinished, JobStore

JOB_FAILED = Failure(
    code="job_failed",
    detail="This could not be answered, although it was tried several times. You may try again.",
    retryable=True,
)

NAME = "dlq-watch"
"""Who claims; shown among the job's attempts."""

REDRIVE_GRACE = timedelta(minutes=15)
"""A job that was redriven this recently is the workers': its message may still lie here, when the
tool that moved it died between sending and deleting."""

TELL_AGAIN = timedelta(seconds=FENCE_TTL_S / 2)
"""While an end is this young it is told again, should the first time have failed. The fence lets
the end in once, and is remembered for longer than this."""


class EndDeadJobs:
    """Call `run`, as often as wanted: what was ended before stays as it is."""

    def __init__(
        self,
        *,
        letters: DeadLetters,
        jobs: JobStore,
        conversations: ConversationStore,
        log: BlockingEventLog,
    ) -> None:
        self._letters = letters
        self._jobs = jobs
        self._conversations = conversations
        self._log = log

    def run(self, *, for_s: float) -> Counter[str]:
        """Go through the dead-letter queue for `for_s` seconds at most.

        Gives how many messages met which fate. Raises Unavailable for an outage.
        """
        fates: Counter[str] = Counter()
        with self._letters.held(for_s=for_s) as letters:
            for letter in letters:
                fate = self._see_to(letter)
                fates[fate] += 1
                logger().warning("dead_letter", extra={**_fields(letter), "fate": fate})
        return fates

    def _see_to(self, letter: DeadLetter) -> str:
        if letter.message is None:
            return "unreadable"
        job = self._jobs.find(letter.message.job_id)
        if job is None:
            return "unknown_job"
        if job.status.is_final:
            return self._tell_again(job)
        if job.redrives and utc_now() - job.redrives[-1].at < REDRIVE_GRACE:
            return "redriven"
        return self._end(job)

    def _end(self, job: Job) -> str:
        claim = self._jobs.claim(job.job_id, NAME)
        if isinstance(claim, AlreadyFinished):
            return self._tell_again(claim.job)
        try:
            ended = self._jobs.finish(claim.job, failed_reply(claim.job, JOB_FAILED, model_id=None))
        except Fenced:
            return "taken_over"  # a worker claimed it after us: it is in good hands
        except NotFound:
            return self._abandon(claim.job)
        self._tell(ended)
        return "failed"

    def _abandon(self, job: Job) -> str:
        try:
            self._jobs.abandon(job)
        except Fenced:
            return "taken_over"
        return "conversation_deleted"

    def _tell_again(self, job: Job) -> str:
        if job.finished_at is not None and utc_now() - job.finished_at < TELL_AGAIN:
            return "told_again" if self._tell(job) else "ended_before"
        return "ended_before"

    def _tell(self, job: Job) -> bool:
        """Append the stored end, unless the log has it. An outage leaves it to the next run."""
        try:
            reply = self._conversations.message(job.conversation_id, job.reply_id)
            payload = encode(end_event(job, reply))
            append = Append(job.user_id, payload, Step.FINAL, job.job_id, job.attempt)
            [told] = self._log.append_all([append])
        except NotFound:
            return False  # its conversation was deleted
        except RedisError:
            logger().warning("not_told", extra={"job_id": job.job_id})
            return False
        return told.verdict is Verdict.APPENDED


def _fields(letter: DeadLetter) -> dict[str, object]:
    return {
        "sqs_message_id": letter.delivery.message_id,
        "reason": letter.reason,
        "job_id": letter.message and letter.message.job_id,
        "conversation_id": letter.message and letter.message.conversation_id,
    }
