"""I1, I2: what a 202 promises. One message, one job, one reply, and everyone is told that one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from prosa.conversation import FinishReason, Message, Role
from prosa.ids import UserId, job_id_for
from prosa.jobs import Job, JobStatus
from tests.faults.history import Line
from tests.faults.invariants.evidence import FINALS, Evidence, Violation

_STATUS = {
    FinishReason.STOP: JobStatus.DONE,
    FinishReason.LENGTH: JobStatus.DONE,
    FinishReason.CANCELLED: JobStatus.CANCELLED,
    FinishReason.FAILED: JobStatus.FAILED,
}


def check_promises(evidence: Evidence) -> Iterator[Violation]:
    """I1: each accepted key has one question and one job, and each job a key that was sent."""
    posted = {line["key"]: line for line in evidence.of("posted")}
    promised: dict[str, tuple[object, ...]] = {}
    for line in evidence.of("accepted"):
        ids = (line["job_id"], line["message_id"], line["reply_id"], line["conversation_id"])
        if promised.setdefault(line["key"], ids) != ids:
            yield Violation("I1", "the same key was promised two replies", line["key"])
        yield from _check_accepted(evidence, line, posted[line["key"]])
    said = Counter(m.content for m in evidence.stored.messages if m.role is Role.USER)
    for content, count in said.items():
        if count > 1:
            yield Violation("I1", f"stored {count} times", content)
    yield from _check_unasked(evidence, posted)


def _check_unasked(evidence: Evidence, posted: Mapping[str, Line]) -> Iterator[Violation]:
    for line in evidence.of("refused"):
        user_id = UserId(posted[line["key"]]["user_id"])
        if job_id_for(user_id, line["key"]) in evidence.jobs:
            yield Violation("I1", f"refused with {line['status']}, and stored", line["key"])
    asked = {job_id_for(UserId(line["user_id"]), key) for key, line in posted.items()}
    users = set(evidence.users.values())
    for job in evidence.jobs.values():
        if job.user_id in users and job.job_id not in asked:
            yield Violation("I1", "nobody asked for this job", job.job_id)


def _check_accepted(evidence: Evidence, line: Line, posted: Line) -> Iterator[Violation]:
    job = evidence.jobs.get(line["job_id"])
    if job is None:
        yield Violation("I1", "accepted, and no job is stored", line["key"])
        return
    if not job.status.is_final:
        yield Violation("I1", f"accepted, and still {job.status}", line["key"])
    if job.job_id in evidence.abandoned:
        return
    question = evidence.messages.get(line["message_id"])
    if question is None:
        yield Violation("I1", "accepted, and no question is stored", line["key"])
    elif question.content != posted["content"]:
        yield Violation("I1", "another question is stored than was sent", line["key"])


def check_replies(evidence: Evidence) -> Iterator[Violation]:
    """I2: a job that has its end has one reply, and every client was told that one."""
    for job in evidence.jobs.values():
        replies = evidence.replies.get(job.job_id, [])
        if job.job_id in evidence.abandoned:
            if replies:
                yield Violation("I2", "its conversation was deleted, its reply stands", job.job_id)
        elif job.status.is_final and len(replies) != 1:
            yield Violation("I2", f"{job.status} with {len(replies)} replies", job.job_id)
        elif not job.status.is_final and replies:
            yield Violation("I2", f"{job.status}, and a reply is stored", job.job_id)
        elif replies:
            yield from _check_end(job, replies[0])
    for who, lines in evidence.by_client.items():
        yield from _check_told(evidence, who, lines)


def _check_end(job: Job, reply: Message) -> Iterator[Violation]:
    if reply.message_id != job.reply_id:
        yield Violation("I2", "its reply has another id than was promised", job.job_id)
    if reply.finish_reason is None or _STATUS[reply.finish_reason] is not job.status:
        yield Violation("I2", f"{job.status}, its reply {reply.finish_reason}", job.job_id)
    if reply.parent_id != job.message_id:
        yield Violation("I2", "its reply stands below another message", job.job_id)


def _check_told(evidence: Evidence, who: str, lines: list[Line]) -> Iterator[Violation]:
    for line in lines:
        if line["what"] == "event" and line["frame"]["type"] in FINALS:
            yield from _check_final(evidence, who, line["frame"])
        elif line["what"] == "snapshot":
            for shown in line["messages"]:
                stored = evidence.messages.get(shown["message_id"])
                job = evidence.jobs.get(shown.get("job_id") or "")
                if stored is None or (job is not None and job.redrives):
                    continue  # deleted since, or written anew
                if shown["content"] != stored.content:
                    yield Violation("I2", f"REST showed {who} another text", shown["message_id"])


def _check_final(evidence: Evidence, who: str, frame: Line) -> Iterator[Violation]:
    job_id = frame["job_id"]
    job, replies = evidence.jobs.get(job_id), evidence.replies.get(job_id, [])
    if job_id in evidence.abandoned:
        return
    if job is None or not replies:
        yield Violation("I2", f"{who} was told an end that is not stored", job_id)
    elif frame["type"] == "reply.failed":
        failure = replies[0].failure
        if not job.redrives and (failure is None or failure.code != frame["code"]):
            yield Violation("I2", f"{who} was told {frame['code']}, stored is another", job_id)
    elif frame["message"]["content"] != replies[0].content:
        yield Violation("I2", f"{who} was told another text than is stored", job_id)
    elif frame["finish_reason"] != replies[0].finish_reason:
        yield Violation("I2", f"{who} was told another end than is stored", job_id)
