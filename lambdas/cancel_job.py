"""Stopping a reply, wherever its job is: in a worker, in the queue, or waiting for its next try.

Who writes it is told through the log. A job that nobody holds is ended here, in the table, as no
worker may come by for a minute; the delivery that comes then finds it ended (docs/adr/0015).
"""

from __future__ import annotations

from redis.exceptions import RedisError

from lambdas.request_log import logger
from prosa.errors import Fenced, NotFound, Unavailable
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.protocol import Append, Step
from prosa.events import encode
from prosa.jobs import Job, JobStatus
from prosa.replies import cancelled_reply, end_event
from prosa.store.jobs import JobStore

LOOKS = 3
"""A job can be claimed and given back between a look and the write; hardly more than once."""


class CancelJob:
    """`stop` a job. What has its end already stays as it is."""

    def __init__(self, *, jobs: JobStore, log: BlockingEventLog) -> None:
        self._jobs = jobs
        self._log = log

    def stop(self, job: Job) -> Job:
        """Ask for the job's end, and give it as it is then. Raises Unavailable."""
        if job.status.is_final:
            return job
        is_asked = self._ask_the_worker(job)
        for _ in range(LOOKS):
            # Looked at only now: who gives a job back looks for the mark after that, so one of
            # both sees the other.
            job = self._jobs.find(job.job_id) or job
            if job.status is not JobStatus.QUEUED:
                break
            try:
                return self._end(job)
            except Fenced:
                continue
            except NotFound:  # its conversation was deleted: a worker finds that out as well
                return job
        if not is_asked and not job.status.is_final:
            raise Unavailable("Redis does not take the cancellation.")
        return job

    def _ask_the_worker(self, job: Job) -> bool:
        try:
            self._log.cancel(job.user_id, job.job_id)
        except RedisError:
            logger().warning("not_marked", extra={"job_id": job.job_id})
            return False
        return True

    def _end(self, job: Job) -> Job:
        reply = cancelled_reply(job)
        ended = self._jobs.cancel(job, reply)
        payload = encode(end_event(ended, reply))
        append = Append(job.user_id, payload, Step.FINAL, job.job_id, job.attempt)
        try:
            self._log.append_all([append])
        except RedisError:
            # The delivery of its message tells it.
            logger().warning("not_told", extra={"job_id": job.job_id})
        return ended
