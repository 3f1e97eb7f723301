"""I5, I6, I7, I10: what is left. Calls that were paid for, messages, keys, memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.faults.invariants.evidence import Evidence, Violation

FOR_EVER = -1
GROWTH = 1.1
FILES_SLACK = 4
"""Connections of pools, which come and go."""


def check_calls(evidence: Evidence) -> Iterator[Violation]:
    """I5: a question costs no more calls than its attempts may make."""
    attempts: Counter[str] = Counter()
    for job in evidence.jobs.values():
        question = evidence.messages.get(job.message_id)
        if question is not None:
            attempts[question.content] += job.attempt
    most = evidence.stored.calls_per_attempt
    for question, calls in evidence.stored.calls.items():
        if question in attempts and calls > attempts[question] * most:
            yield Violation("I5", f"{calls} calls for {attempts[question]} attempts", question)


def check_queues(evidence: Evidence) -> Iterator[Violation]:
    """I6: nothing waits, nothing is in flight, and only dead letters that were meant to be."""
    stored, expected = evidence.stored, evidence.expected
    if stored.waiting or stored.in_flight:
        detail = f"{stored.waiting} messages wait, {stored.in_flight} are in flight"
        yield Violation("I6", detail, "queue")
    if len(stored.dead_letters) != expected.dead_letters:
        reasons = Counter(letter.reason for letter in stored.dead_letters)
        detail = f"{len(stored.dead_letters)} letters, not {expected.dead_letters}: {dict(reasons)}"
        yield Violation("I6", detail, "dead-letter queue")


def check_keys(evidence: Evidence) -> Iterator[Violation]:
    """I7: every key of Redis ends by itself, and nobody is entered as connected."""
    for key, ttl in evidence.stored.redis_ttls.items():
        if ttl == FOR_EVER:
            yield Violation("I7", "stays for ever", key)
        if ":conns:" in key:
            yield Violation("I7", "every gateway has gone, and this connection stands", key)


def check_memory(evidence: Evidence) -> Iterator[Violation]:
    """I10: a process that lived through it all holds no more than before."""
    for memory in evidence.stored.memory:
        if memory.bytes_after > memory.bytes_before * GROWTH:
            detail = f"{memory.bytes_before >> 10} KiB became {memory.bytes_after >> 10} KiB"
            yield Violation("I10", detail, memory.process)
        if memory.files_after > memory.files_before * GROWTH + FILES_SLACK:
            detail = f"{memory.files_before} open files became {memory.files_after}"
            yield Violation("I10", detail, memory.process)
