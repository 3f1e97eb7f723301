"""What an operator can do with a dead letter: look at it, give it a second chance, drop it.

`dlq.py` is the command line over it. A promise never gets a second reply by it: what may be sent
again is decided by the job's item in the table (docs/adr/0010).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from cli.dlq_gate import RedriveGate
from cli.dlq_settings import DlqSettings
from prosa import aws
from prosa.clock import to_iso, utc_now
from prosa.dead_letters import DeadLetter, DeadLetters
from prosa.errors import Fenced, Superseded
from prosa.ids import JobId
from prosa.job_queue import JobQueue
from prosa.jobs import Job, JobStatus
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table

Chosen = Callable[[DeadLetter], bool]

REDRIVEN = "redriven"


@dataclass(frozen=True)
class Row:
    """A dead letter as it is listed. `job_status` is None when there is no such job.

    `receives` are counted by SQS, the watch's looks among them; `attempts` are the workers', of
    which `excused` do not count.
    """

    message_id: str
    conversation_id: str | None
    job_id: str | None
    job_status: str | None
    attempts: int
    excused: int
    reason: str
    age_s: int
    receives: int


@dataclass(frozen=True)
class Done:
    """What was done to a message: `redriven`, `dropped` or `kept`, and why."""

    message_id: str
    job_id: str | None
    action: str
    note: str


class DlqTools:
    """Methods raise `prosa.errors.Unavailable` for an outage."""

    def __init__(self, letters: DeadLetters, queue: JobQueue, jobs: JobStore) -> None:
        self._letters = letters
        self._queue = queue
        self._jobs = jobs

    @classmethod
    def from_settings(cls, settings: DlqSettings) -> DlqTools:
        sqs = aws.client("sqs")
        table = Table(aws.client("dynamodb"), settings.table)
        return cls(
            DeadLetters(JobQueue(sqs, settings.dead_letter_queue_url)),
            JobQueue(sqs, settings.queue_url),
            JobStore(table, LongTexts(aws.client("s3"), settings.bucket)),
        )

    def rows(self) -> list[Row]:
        """All dead letters, by conversation and reason, the oldest first."""
        with self._letters.held() as letters:
            rows = [self._row(letter) for letter in letters]
        return sorted(rows, key=lambda r: (r.conversation_id or "", r.reason, -r.age_s))

    def show(self, chosen: Chosen) -> list[dict[str, object]]:
        """Each chosen message with its body and its job."""
        with self._letters.held() as letters:
            return [self._whole(letter) for letter in letters if chosen(letter)]

    def redrive(self, chosen: Chosen, gate: RedriveGate) -> Iterator[Done]:
        """Send chosen messages to the workers again, where that cannot make a second reply.

        Raises what `gate` raises, before the message it does not let pass.
        """
        with self._letters.held() as letters:
            for letter in letters:
                if chosen(letter):
                    gate.wait()
                    done = _done(letter, *self._redrive(letter))
                    if done.action == REDRIVEN:
                        gate.passed()
                    yield done

    def drop(self, chosen: Chosen) -> Iterator[Done]:
        """Remove chosen messages whose promise is kept, or that hold none."""
        with self._letters.held() as letters:
            for letter in letters:
                if chosen(letter):
                    yield _done(letter, *self._drop(letter))

    def _redrive(self, letter: DeadLetter) -> tuple[str, str]:
        if letter.message is None:
            return "kept", "its body is unreadable: no worker would understand it"
        job = self._jobs.find(letter.message.job_id)
        if job is None:
            return "kept", "there is no such job"
        if job.status in (JobStatus.DONE, JobStatus.CANCELLED):
            self._letters.remove(letter)
            return "dropped", f"its job is {job.status} already"
        try:
            self._jobs.redrive(job)
        except Superseded:
            return "kept", "superseded: its conversation went on, or is gone"
        except Fenced:
            return "kept", "its job changed meanwhile: look again"
        # Sent first: a crash here leaves it in both queues, and the fence makes one reply of that.
        # The attempt is part of the id: what failed again within the five minutes of SQS's
        # deduplication must not be swallowed.
        self._queue.send_body(
            letter.delivery.body,
            group=letter.delivery.group,
            deduplication_id=f"redrive-{letter.delivery.message_id}-{job.attempt}",
            traceparent=letter.delivery.traceparent,
        )
        self._letters.remove(letter)
        return REDRIVEN, f"attempt {job.attempt + 1} comes next"

    def _drop(self, letter: DeadLetter) -> tuple[str, str]:
        job = self._job(letter)
        if job is not None and not job.status.is_final:
            return "kept", f"its job is {job.status}: the watch ends it within minutes"
        self._letters.remove(letter)
        return "dropped", f"its job is {job.status}" if job else "no job belongs to it"

    def _job(self, letter: DeadLetter) -> Job | None:
        return self._jobs.find(letter.message.job_id) if letter.message else None

    def _row(self, letter: DeadLetter) -> Row:
        job = self._job(letter)
        return Row(
            message_id=letter.delivery.message_id,
            conversation_id=letter.message.conversation_id if letter.message else None,
            job_id=letter.message.job_id if letter.message else None,
            job_status=job.status.value if job else None,
            attempts=job.attempt if job else 0,
            excused=sum(a.excused is not None for a in job.attempts) if job else 0,
            reason=letter.reason,
            age_s=max(0, int((utc_now() - letter.sent_at).total_seconds())),
            receives=letter.delivery.received,
        )

    def _whole(self, letter: DeadLetter) -> dict[str, object]:
        job = self._job(letter)
        return {
            **asdict(self._row(letter)),
            "sent_at": to_iso(letter.sent_at),
            "traceparent": letter.delivery.traceparent,
            "body": letter.delivery.body,
            "job": job.model_dump(mode="json", exclude_none=True) if job else None,
        }


def one(identifier: str) -> Chosen:
    """The message with this id, or of the job with this id."""

    def is_it(letter: DeadLetter) -> bool:
        job_id = letter.message.job_id if letter.message else None
        return identifier in (letter.delivery.message_id, job_id)

    return is_it


def with_reason(reason: str) -> Chosen:
    """All messages with this reason."""
    return lambda letter: letter.reason == reason


def every() -> Chosen:
    """All messages."""
    return lambda _: True


def _done(letter: DeadLetter, action: str, note: str) -> Done:
    job_id: JobId | None = letter.message.job_id if letter.message else None
    return Done(letter.delivery.message_id, job_id, action, note)
