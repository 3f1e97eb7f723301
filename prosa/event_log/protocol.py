"""What the log's scripts are given and what they give back; both clients speak through this file.

The scripts run inside Redis, each atomically: `append.lua` fences, numbers and stores events and
wakes the gateways, `read.lua` reads them after a cursor, `heads.lua` tells where many logs stand,
`snapshot.lua` finds the cursor of a REST answer, `renew.lua` keeps the connection map,
`acknowledge.lua` notes what clients have seen. `range.lua` and `lease.lua` are parts of them. All
run on Redis 6.2 and 7.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, Literal

from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import (
    connections_key,
    fence_key,
    head_key,
    log_key,
    node_channel,
)
from prosa.ids import JobId, UserId

LOG_LENGTH = 10_000
"""Events a user's log keeps, about: some ten long replies."""

LOG_TTL_S = 24 * 3600
"""A log outlives its newest event by this; who comes back later gets `resync`."""

FENCE_TTL_S = 3600
"""Longer than any job may run, its redeliveries included."""


class Step(StrEnum):
    """An event's place in the life of a reply; decides what the fence checks and remembers."""

    PLAIN = "plain"
    START = "start"
    DELTA = "delta"
    FINAL = "final"


class Verdict(StrEnum):
    """What became of an appended event."""

    APPENDED = "appended"
    ALREADY_FINAL = "already_final"
    FENCED = "fenced"


@dataclass(frozen=True, slots=True)
class Append:
    """An event to append: `payload` is what `prosa.events.encode` wrote.

    `job_id` and `attempt` are those of the reply it belongs to; a plain event has neither.
    """

    user_id: UserId
    payload: str
    step: Step = Step.PLAIN
    job_id: JobId | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of it. `nodes`: the gateways that were woken. `is_cancelled`: the user asked to
    stop this reply."""

    verdict: Verdict
    cursor: Cursor | None
    nodes: tuple[str, ...]
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the log: its cursor and its text, unread."""

    cursor: Cursor
    payload: str


@dataclass(frozen=True, slots=True)
class Range:
    """Events after a cursor, in order and without a gap, and how far the log goes."""

    entries: tuple[Entry, ...]
    head: Cursor


@dataclass(frozen=True, slots=True)
class HistoryLost:
    """The cursor cannot be resumed from: the client must read REST."""

    reason: Literal["epoch_changed", "history_gone"]
    head: Cursor


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """Keys and arguments of one script call."""

    keys: list[str]
    args: list[str | int]


def script(*names: str) -> str:
    """The text of `<name>.lua`, behind those of the parts it needs."""
    folder = files("prosa.event_log")
    return "\n".join(folder.joinpath(f"{name}.lua").read_text() for name in names)


def append_call(appends: Sequence[Append]) -> ScriptCall:
    """Call `append.lua` for all of `appends`, in order."""
    call = ScriptCall([], [LOG_TTL_S, LOG_LENGTH, FENCE_TTL_S, _new_epoch(), node_channel("")])
    for append in appends:
        user = append.user_id
        fence = fence_key(user, append.job_id) if append.job_id else log_key(user)
        call.keys.extend((log_key(user), head_key(user), connections_key(user), fence))
        call.args.extend((user, append.payload, append.step.value, append.attempt))
    return call


def appended(reply: Sequence[Sequence[Any]]) -> list[Appended]:
    """Read the answer of `append.lua`, one item per event."""
    return [_appended(item) for item in reply]


def _appended(item: Sequence[Any]) -> Appended:
    seq = int(item[0])
    if seq > 0:
        cursor = Cursor(str(item[1]), seq)
        return Appended(Verdict.APPENDED, cursor, tuple(item[3:]), bool(int(item[2])))
    verdict = Verdict.ALREADY_FINAL if seq == -1 else Verdict.FENCED
    return Appended(verdict, None, (), is_cancelled=False)


def read_call(user_id: UserId, after: Cursor | None, limit: int) -> ScriptCall:
    """Call `read.lua`; `after` None asks only where the log stands."""
    epoch, seq = (after.epoch, after.seq) if after else ("", 0)
    keys = [log_key(user_id), head_key(user_id)]
    return ScriptCall(keys, [epoch, seq, limit, _new_epoch(), LOG_TTL_S])


def read_result(reply: Sequence[Any]) -> Range | HistoryLost:
    """Read the answer of `read.lua`."""
    status, epoch, newest, raw = reply
    head = Cursor(str(epoch), int(newest))
    if status != "ok":
        return HistoryLost(status, head)
    entries = tuple(
        Entry(Cursor(head.epoch, int(str(entry_id).partition("-")[0])), fields[1])
        for entry_id, fields in raw
    )
    return Range(entries, head)


def heads_call(users: Sequence[UserId]) -> ScriptCall:
    """Call `heads.lua` for the logs of `users`."""
    return ScriptCall([head_key(user_id) for user_id in users], [])


def heads_result(reply: Sequence[tuple[str | None, str | None]]) -> list[Cursor | None]:
    """Read the answer of `heads.lua`; None for a log that is not there."""
    return [Cursor(epoch, int(seq or 0)) if epoch else None for epoch, seq in reply]


def acknowledge_call(seen: Sequence[tuple[UserId, Cursor]]) -> ScriptCall:
    """Call `acknowledge.lua` for each user's newest acknowledged cursor."""
    return ScriptCall(
        [head_key(user_id) for user_id, _ in seen],
        [part for _, cursor in seen for part in (cursor.epoch, cursor.seq)],
    )


def snapshot_call(user_id: UserId, running: Iterable[JobId]) -> ScriptCall:
    """Call `snapshot.lua` for a snapshot that shows the `running` jobs."""
    fences = [fence_key(user_id, job_id) for job_id in running]
    return ScriptCall([log_key(user_id), head_key(user_id), *fences], [_new_epoch(), LOG_TTL_S])


def renew_call(node: str, lease_ms: int, held: Sequence[tuple[UserId, str]]) -> ScriptCall:
    """Call `renew.lua` for the `held` (user, connection id) pairs of `node`."""
    return ScriptCall(
        [connections_key(user_id) for user_id, _ in held],
        [lease_ms, node, *(connection_id for _, connection_id in held)],
    )


def _new_epoch() -> str:
    return secrets.token_hex(6)
