"""I3: what one client is told. Every event of its log once and in order; of a reply, every letter.

A client may begin in the middle of a log (its first connection, or after the log was lost): what it
cannot have seen is not asked of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.history import Line
from tests.faults.invariants.evidence import FINALS, Evidence, Violation


@dataclass
class _Heard:
    """What a client heard of one reply. `text` None: it came in the middle of it."""

    attempt: int = 0
    text: str | None = None
    is_final: bool = False


@dataclass
class _Reader:
    """One client's way along its log."""

    who: str
    evidence: Evidence
    epoch: str | None = None
    seq: int | None = None
    heard: dict[str, _Heard] = field(default_factory=dict[str, _Heard])

    def read(self, line: Line) -> Iterator[Violation]:
        match line["what"]:
            case "connected" if line["after"] is None:
                self._begin(line["cursor"])
            case "rewound":
                self._begin(line["to"])
            case "event":
                yield from self._follow(line["frame"])
            case _:
                pass

    def _begin(self, cursor: str | None) -> None:
        self.epoch, self.seq = _split(cursor) if cursor else (None, None)
        self.heard.clear()

    def _follow(self, frame: dict[str, Any]) -> Iterator[Violation]:
        epoch, seq = _split(frame["cursor"])
        if self.epoch is not None and epoch != self.epoch:
            yield self._violation("another life of the log, and no resync", frame["cursor"])
        elif self.seq is not None and seq <= self.seq:
            yield self._violation(f"came after {self.seq}", frame["cursor"])
        elif self.seq is not None and seq != self.seq + 1:
            yield self._violation(f"events were left out after {self.seq}", frame["cursor"])
        self.epoch, self.seq = epoch, seq
        match frame["type"]:
            case "reply.started":
                yield from self._started(frame)
            case "reply.delta":
                yield from self._delta(frame)
            case kind if kind in FINALS:
                yield from self._final(frame)
            case _:
                pass

    def _started(self, frame: dict[str, Any]) -> Iterator[Violation]:
        heard = self.heard.setdefault(frame["job_id"], _Heard(text=""))
        attempt = frame["attempt"]
        if attempt < heard.attempt:
            yield self._violation(
                f"attempt {attempt} began after attempt {heard.attempt}", frame["job_id"]
            )
        if heard.is_final and not self._was_redriven(frame["job_id"]):
            yield self._violation("began after its end", frame["job_id"])
        if attempt > heard.attempt:
            self.heard[frame["job_id"]] = _Heard(attempt, "")

    def _delta(self, frame: dict[str, Any]) -> Iterator[Violation]:
        job_id, index, text = frame["job_id"], frame["index"], frame["text"]
        heard = self.heard.get(job_id)
        if heard is None:
            self.heard[job_id] = _Heard(frame["attempt"])
            return
        if heard.is_final:
            yield self._violation("text after its end", job_id)
        if frame["attempt"] != heard.attempt:
            yield self._violation(
                f"text of attempt {frame['attempt']} in attempt {heard.attempt}", job_id
            )
            return
        if heard.text is None:
            return
        if index > len(heard.text):
            yield self._violation(f"text at {index} after {len(heard.text)} characters", job_id)
        had = heard.text[index : index + len(text)]
        if not text.startswith(had):
            yield self._violation(f"other text than before at {index}", job_id)
        heard.text = heard.text[:index] + text + heard.text[index + len(text) :]

    def _final(self, frame: dict[str, Any]) -> Iterator[Violation]:
        heard = self.heard.setdefault(frame["job_id"], _Heard())
        if heard.is_final:
            yield self._violation("told its end twice", frame["job_id"])
        heard.is_final = True
        job = self.evidence.jobs.get(frame["job_id"])
        if frame["type"] == "reply.failed" or heard.text is None or job is None:
            return
        is_the_writer = heard.attempt == job.attempt
        if is_the_writer and not frame["message"]["content"].startswith(heard.text):
            yield self._violation("its end does not begin with what was streamed", frame["job_id"])

    def _was_redriven(self, job_id: str) -> bool:
        job = self.evidence.jobs.get(job_id)
        return job is not None and bool(job.redrives)

    def _violation(self, detail: str, where: str) -> Violation:
        return Violation("I3", f"{self.who}: {detail}", where)


def check_streams(evidence: Evidence) -> Iterator[Violation]:
    """I3, for every client."""
    for who, lines in evidence.by_client.items():
        reader = _Reader(who, evidence)
        for line in lines:
            yield from reader.read(line)


def _split(cursor: str) -> tuple[str, int]:
    epoch, _, seq = cursor.partition(":")
    return epoch, int(seq)
