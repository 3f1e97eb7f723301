"""I4: the replies of a conversation come in the order of its questions."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from prosa.jobs import Job
from tests.faults.history import Line
from tests.faults.invariants.evidence import FINALS, Evidence, Violation


def check_order(evidence: Evidence) -> Iterator[Violation]:
    """By the log as each client heard it, and by the times in the table."""
    for who, lines in evidence.by_client.items():
        yield from _check_told(evidence, who, lines)
    if not evidence.expected.clocks_differ:
        yield from _check_stored(evidence)


def _check_told(evidence: Evidence, who: str, lines: list[Line]) -> Iterator[Violation]:
    newest: dict[str, Job] = {}
    for line in lines:
        if line["what"] in ("rewound", "resync"):
            newest.clear()  # what was heard is played again
        if line["what"] != "event" or line["frame"]["type"] not in FINALS:
            continue
        job = evidence.jobs.get(line["frame"]["job_id"])
        if job is None or not evidence.is_in_turn(job):
            continue
        before = newest.get(job.conversation_id)
        if before is not None and _turn(job) < _turn(before):
            yield Violation("I4", f"{who} was told it after {before.job_id}", job.job_id)
        newest[job.conversation_id] = job


def _check_stored(evidence: Evidence) -> Iterator[Violation]:
    conversations: dict[str, list[Job]] = defaultdict(list)
    for job in evidence.jobs.values():
        if job.finished_at is not None and evidence.is_in_turn(job):
            conversations[job.conversation_id].append(job)
    for jobs in conversations.values():
        jobs.sort(key=_turn)
        for earlier, later in itertools.pairwise(jobs):
            assert earlier.finished_at is not None
            assert later.finished_at is not None
            if later.finished_at < earlier.finished_at:
                yield Violation("I4", f"ended before {earlier.job_id}", later.job_id)


def _turn(job: Job) -> tuple[str, str]:
    """Message ids sort as the messages were written; two replies to one as they were asked for."""
    return job.message_id, job.created_at.isoformat()
