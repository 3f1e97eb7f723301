"""What scenarios measure, on hand-made histories: a measure that is blind proves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.follower import earliest
from tests.faults.history import History, Line, read_history
from tests.faults.invariants.evidence import Violation
from tests.faults.report import Run, report
from tests.faults.running import Verdict
from tests.faults.scenarios.herds import most_within
from tests.faults.scenarios.kills import SCENARIO, healthy_starts, unblocked_after
from tests.faults.slow_figures import at


def _kill(t: float, **jobs: int) -> Line:
    return {"t": t, "who": "rig", "what": "fault", "kind": "sigkill", "jobs": jobs}


def _event(t: float, kind: str, job_id: str, **fields: Any) -> Line:
    frame = {"type": kind, "job_id": job_id, **fields}
    return {"t": t, "who": "ana", "what": "event", "frame": frame}


def test_a_cut_reply_goes_on_with_a_higher_attempt() -> None:
    lines = [
        _kill(1.0, a=1, b=2),
        _event(1.1, "reply.started", "a", attempt=1),  # was on its way
        _event(1.2, "reply.delta", "b", attempt=2),
        _event(3.0, "reply.started", "a", attempt=2),
        _event(3.5, "reply.started", "b", attempt=3),
        _event(5.0, "reply.completed", "a"),
    ]
    assert list(unblocked_after(lines)) == [2.0, 2.5]


def test_an_end_that_was_stored_before_the_kill_is_told() -> None:
    lines = [_kill(1.0, a=1), _event(3.0, "reply.completed", "a")]
    assert list(unblocked_after(lines)) == [2.0]


def test_a_reply_that_is_cut_again_waits_from_then() -> None:
    lines = [_kill(1.0, a=1), _kill(4.0, a=2), _event(6.0, "reply.started", "a", attempt=3)]
    assert list(unblocked_after(lines)) == [2.0]


def _accepted(t: float, job_id: str, conversation_id: str) -> Line:
    ids = {"job_id": job_id, "conversation_id": conversation_id}
    return {"t": t, "who": "ana", "what": "accepted", **ids}


def test_the_floor_is_a_start_that_nothing_stood_in_the_way_of() -> None:
    lines = [
        _accepted(1.0, "a", "x"),
        _accepted(1.1, "b", "x"),  # waits for a
        _event(1.5, "reply.started", "a", attempt=1),
        _event(2.0, "reply.completed", "a", conversation_id="x"),
        _event(4.0, "reply.started", "b", attempt=1),
        _accepted(4.9, "c", "y"),
        _kill(5.0, b=1),
        _event(7.0, "reply.started", "c", attempt=1),
        _accepted(5.5, "d", "z"),  # a dead poll may have had it
        _event(7.6, "reply.started", "d", attempt=1),
        _accepted(8.0, "e", "w"),
        _event(8.2, "reply.started", "e", attempt=1),
    ]
    assert [round(start, 1) for start in healthy_starts(lines)] == [0.5, 0.2]


@pytest.mark.parametrize(
    ("cursors", "place"),
    [
        (["e:7", "e:5", "e:12"], "e:5"),
        (["e:7", None], None),  # one page could not say
        (["e:7", "f:5"], None),  # the log was lost while they were read
        ([], None),
    ],
)
def test_where_a_lost_log_goes_on(cursors: list[str | None], place: str | None) -> None:
    assert earliest(cursors) == place


def test_a_history_whose_run_was_killed_can_be_read(tmp_path: Path) -> None:
    with History(tmp_path / "history.jsonl") as history:
        history.fault("sigkill", worker="worker-1")
        history.note(said="Olá")
    with history.path.open("a") as file:
        file.write('{"t": 1.0, "who": "ri')

    first, second = read_history(history.path)

    assert (first["what"], first["kind"]) == ("fault", "sigkill")
    assert second["said"] == "Olá"
    assert history.faults == {"sigkill": 1}


def test_a_report_says_what_was_broken_and_found(tmp_path: Path) -> None:
    verdict = Verdict(
        scenario=SCENARIO,
        count=200,
        seconds=61.0,
        faults={"sigkill": 200},
        figures={"unblocked_max_s": 2.134},
        violations=[Violation("I3", "a gap", "job_1")],
        folder=tmp_path,
    )
    lacking = replace(verdict, scenario=SCENARIO.lacking("fence"))
    began_at = datetime(2026, 1, 31, tzinfo=UTC)
    page = report(Run(seed=7, began_at=began_at, verdicts=[verdict], lacking=[lacking]))

    assert "| 2 | Workers killed in mid-stream (SIGKILL) | sigkill 200 |" in page
    assert "unblocked_max_s 2.13 | 61 | 1 |" in page
    assert "seed `7`" in page
    assert "**1 violations**" in page
    assert "| fence | kills | 200 | 1 | I3 |" in page


@pytest.mark.parametrize(
    ("moments", "most"),
    [([], 0), ([5.0], 1), ([3.0, 0.0, 0.9, 1.0, 1.1, 2.05], 3), ([1.0, 1.0, 1.0], 3)],
)
def test_a_peak_is_the_fullest_window_wherever_it_begins(moments: list[float], most: int) -> None:
    assert most_within(1.0, moments) == most


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100), (0.0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert at(share, list(range(100, 0, -1))) == value
