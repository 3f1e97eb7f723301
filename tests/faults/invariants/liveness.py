"""I9: nobody is left waiting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.faults.history import Line
from tests.faults.invariants.evidence import FINALS, Evidence, Violation


def check_liveness(evidence: Evidence) -> Iterator[Violation]:
    """When all is over, everyone who stayed knows the end of what they asked."""
    for who, lines in evidence.by_client.items():
        if _is_there(lines):
            asked = {line["job_id"] for line in lines if line["what"] == "accepted"}
            for job_id in asked - _told(lines) - evidence.abandoned:
                yield Violation("I9", f"{who} was never told its end", job_id)
    answered = {line["key"] for what in ("accepted", "refused") for line in evidence.of(what)}
    errors = {line["key"]: line["error"] for line in evidence.of("unanswered")}
    for key, error in errors.items():
        if key not in answered:
            yield Violation("I9", f"never answered: {error}", key)


def _is_there(lines: Sequence[Line]) -> bool:
    came_or_left = [line["what"] for line in lines if line["what"] in ("connected", "left")]
    return came_or_left[-1:] == ["connected"]


def _told(lines: Sequence[Line]) -> set[str]:
    """The jobs whose end a client saw, as an event or in what it read."""
    told: set[str] = set()
    for line in lines:
        if line["what"] == "event" and line["frame"]["type"] in FINALS:
            told.add(line["frame"]["job_id"])
        elif line["what"] == "snapshot":
            told |= {message["job_id"] for message in line["messages"] if message.get("job_id")}
    return told
