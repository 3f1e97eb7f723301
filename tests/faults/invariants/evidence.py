"""What the checker goes by: the history, indexed, and what was stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from prosa.conversation import Message, Role
from prosa.jobs import Job, JobStatus
from tests.faults.history import RIG, Line
from tests.faults.stored import Stored

FINALS = frozenset({"reply.completed", "reply.failed"})


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise. `where` says what to look for in the history: a client, job or key."""

    invariant: str
    detail: str
    where: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.where}: {self.detail}"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a scenario does on purpose."""

    dead_letters: int = 0
    clocks_differ: bool = False


@dataclass(frozen=True)
class Evidence:
    """Lines in the order of the history; everything else is looked up in them."""

    lines: Sequence[Line]
    stored: Stored
    expected: Expected

    @cached_property
    def by_client(self) -> dict[str, list[Line]]:
        """Each client's lines."""
        found: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            if line["who"] != RIG:
                found[line["who"]].append(line)
        return found

    def of(self, what: str) -> Iterator[Line]:
        """All lines of one kind."""
        return (line for line in self.lines if line["what"] == what)

    @cached_property
    def users(self) -> dict[str, str]:
        """Client to user id."""
        return {line["who"]: line["user_id"] for line in self.of("came")}

    @cached_property
    def jobs(self) -> dict[str, Job]:
        return {job.job_id: job for job in self.stored.jobs}

    @cached_property
    def messages(self) -> dict[str, Message]:
        return {message.message_id: message for message in self.stored.messages}

    @cached_property
    def replies(self) -> dict[str, list[Message]]:
        """Stored replies by their job."""
        found: dict[str, list[Message]] = defaultdict(list)
        for message in self.stored.messages:
            if message.role is Role.ASSISTANT and message.job_id is not None:
                found[message.job_id].append(message)
        return found

    @cached_property
    def abandoned(self) -> set[str]:
        """Jobs whose conversation was deleted: there is no place for their reply."""
        left = set(self.stored.conversations)
        return {job.job_id for job in self.stored.jobs if job.conversation_id not in left}

    def is_in_turn(self, job: Job) -> bool:
        """Whether a job must end in the order of its conversation: one that its user stopped may
        end at once, and one that an operator sent again comes late."""
        return job.status is not JobStatus.CANCELLED and not job.redrives
