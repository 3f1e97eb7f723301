"""The checker of the fault rig: every invariant, broken once, is reported, and nothing else is."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from prosa.conversation import FinishReason, Role
from prosa.jobs import JobStatus
from tests.faults.history import Line
from tests.faults.stored import DeadLetter, Memory
from tests.unit.faults.tale import EPOCH, Tale, Turn


@pytest.fixture
def tale() -> Tale:
    return Tale()


def test_a_history_in_which_all_is_well(tale: Tale) -> None:
    assert tale.verdict() == []


class TestPromises:
    """I1."""

    def test_an_accepted_message_without_its_job(self, tale: Tale) -> None:
        others = [job for job in tale.stored.jobs if job != tale.second.job]
        tale.stored = replace(tale.stored, jobs=others)
        assert "I1" in tale.verdict()

    def test_a_job_that_never_ends(self, tale: Tale) -> None:
        tale.change_job(tale.second, status=JobStatus.RUNNING)
        assert "I1" in tale.verdict()

    def test_a_question_that_is_stored_twice(self, tale: Tale) -> None:
        (question,) = [m for m in tale.stored.messages if m.content == tale.first.content]
        again = question.model_copy(update={"message_id": "msg_another"})
        tale.stored = replace(tale.stored, messages=[*tale.stored.messages, again])
        assert tale.verdict() == ["I1"]

    def test_two_promises_for_one_key(self, tale: Tale) -> None:
        (line,) = [
            line
            for line in tale.lines
            if line["what"] == "accepted" and line["key"] == tale.third.key
        ]
        tale.lines.append(line | {"job_id": tale.first.job.job_id})
        assert "I1" in tale.verdict()

    def test_a_job_nobody_asked_for(self, tale: Tale) -> None:
        tale.lines = [line for line in tale.lines if line.get("key") != tale.third.key]
        assert tale.verdict() == ["I1"]

    def test_a_refused_message_that_is_stored(self, tale: Tale) -> None:
        for line in tale.lines:
            if line["what"] == "accepted" and line["key"] == tale.third.key:
                line |= {"what": "refused", "status": 429, "code": "rate_limited"}
        assert tale.verdict() == ["I1"]


class TestReplies:
    """I2."""

    def test_a_job_that_is_done_without_a_reply(self, tale: Tale) -> None:
        left = [m for m in tale.stored.messages if m != tale.third.reply]
        tale.stored = replace(tale.stored, messages=left)
        assert tale.verdict() == ["I2"]

    def test_a_second_reply(self, tale: Tale) -> None:
        again = tale.third.reply.model_copy(update={"message_id": "msg_another"})
        tale.stored = replace(tale.stored, messages=[*tale.stored.messages, again])
        assert tale.verdict() == ["I2"]

    def test_another_text_than_was_told(self, tale: Tale) -> None:
        tale.change_reply(tale.second, content="something else")
        assert tale.verdict() == ["I2"]

    def test_another_text_over_rest(self, tale: Tale) -> None:
        shown = tale.third.reply.model_dump(mode="json") | {"content": "something else"}
        snapshot = {"conversation_id": "cnv_x", "messages": [shown], "running": [], "cursor": None}
        tale.lines.append({"t": 99.0, "who": "rui", "what": "snapshot", **snapshot})
        assert tale.verdict() == ["I2"]

    def test_a_status_that_its_reply_contradicts(self, tale: Tale) -> None:
        tale.change_job(tale.third, status=JobStatus.FAILED)
        assert tale.verdict() == ["I2"]

    def test_an_end_that_is_told_and_not_stored(self, tale: Tale) -> None:
        tale.change_job(tale.third, status=JobStatus.RUNNING, finished_at=None)
        left = [m for m in tale.stored.messages if m != tale.third.reply]
        tale.stored = replace(tale.stored, messages=left)
        assert tale.verdict() == ["I1", "I2"]


class TestStreams:
    """I3."""

    def test_a_lost_event(self, tale: Tale) -> None:
        lost = tale.events("reply.delta", turn=tale.third)[0]
        tale.lines = [line for line in tale.lines if line is not lost]
        assert tale.verdict() == ["I3"]

    def test_a_piece_of_text_that_was_never_said(self, tale: Tale) -> None:
        tale.drop(tale.events("reply.delta", turn=tale.third)[0])
        assert tale.verdict() == ["I3"]

    def test_an_event_that_comes_twice(self, tale: Tale) -> None:
        again = tale.events("reply.delta", turn=tale.third)[0]
        tale.lines.insert(tale.lines.index(again), again)
        assert tale.verdict() == ["I3"]

    def test_a_repeat_of_text_is_no_violation(self, tale: Tale) -> None:
        """A worker says again what it has no answer for; the index says so."""
        _repeat(tale, tale.events("reply.delta", turn=tale.third)[0])
        assert tale.verdict() == []

    def test_a_repeat_with_other_text(self, tale: Tale) -> None:
        _repeat(tale, tale.events("reply.delta", turn=tale.third)[0])["frame"]["text"] = (
            "xxxxxxxxxx"
        )
        assert tale.verdict() == ["I3"]

    def test_an_earlier_attempt_that_goes_on(self, tale: Tale) -> None:
        deltas = tale.events("reply.delta", turn=tale.first)
        zombie = _repeat(tale, deltas[-1])
        zombie["frame"] |= {"attempt": 1, "index": 20, "text": "zombie"}
        assert tale.verdict() == ["I3"]

    def test_two_attempts_in_one_text(self, tale: Tale) -> None:
        (_, second) = tale.events("reply.started", turn=tale.first)
        for line in tale.events("reply.delta", turn=tale.first):
            line["frame"]["attempt"] = 1
        tale.drop(second)
        tale.change_job(tale.first, attempt=1)
        tale.stored = replace(tale.stored, calls={})
        assert tale.verdict() == ["I3"]

    def test_text_after_the_end(self, tale: Tale) -> None:
        late = copy.deepcopy(tale.events("reply.delta", turn=tale.third)[0])
        tale.lines.append(late)
        tale.renumber()
        assert tale.verdict() == ["I3"]

    def test_an_end_that_is_told_twice(self, tale: Tale) -> None:
        tale.lines.append(copy.deepcopy(tale.events("reply.completed", turn=tale.third)[0]))
        tale.renumber()
        assert tale.verdict() == ["I3"]

    def test_another_life_of_the_log_unannounced(self, tale: Tale) -> None:
        for line in tale.events("reply.completed", turn=tale.third):
            line["frame"]["cursor"] = "ccccdddd:1"
        assert tale.verdict() == ["I3"]

    def test_a_resume_where_the_client_was(self, tale: Tale) -> None:
        end = tale.events("reply.completed", turn=tale.third)[0]
        epoch, seq = end["frame"]["cursor"].split(":")
        back = {"cursor": f"{epoch}:{seq}", "after": f"{epoch}:{int(seq) - 1}"}
        at = tale.lines.index(end)
        tale.lines[at:at] = [
            {"t": 0.0, "who": "rui", "what": "closed", "code": None},
            {"t": 0.0, "who": "rui", "what": "connected", **back},
        ]
        assert tale.verdict() == []

    def test_a_log_that_was_lost_begins_anew(self, tale: Tale) -> None:
        end = tale.events("reply.completed", turn=tale.third)[0]
        end["frame"]["cursor"] = "ccccdddd:1"
        at = tale.lines.index(end)
        tale.lines[at:at] = [
            {"t": 0.0, "who": "rui", "what": "resync", "reason": "epoch_changed"},
            {"t": 0.0, "who": "rui", "what": "rewound", "to": "ccccdddd:0"},
        ]
        assert tale.verdict() == []


class TestOrder:
    """I4."""

    def test_a_reply_that_is_told_before_an_earlier_one(self, tale: Tale) -> None:
        end = tale.events("reply.completed", turn=tale.first)[0]
        tale.lines = [line for line in tale.lines if line is not end] + [end]
        tale.renumber()
        assert tale.verdict() == ["I4"]

    def test_a_reply_that_is_stored_before_an_earlier_one(self, tale: Tale) -> None:
        early = tale.first.job.created_at - timedelta(seconds=1)
        tale.change_job(tale.second, finished_at=early)
        assert tale.verdict() == ["I4"]
        assert tale.verdict(clocks_differ=True) == []

    def test_a_stopped_reply_may_end_at_once(self, tale: Tale) -> None:
        _cancel(tale, tale.second)
        tale.change_job(
            tale.second,
            status=JobStatus.CANCELLED,
            finished_at=tale.first.job.created_at - timedelta(seconds=1),
        )
        assert tale.verdict() == []


class TestRemains:
    """I5, I6, I7, I10."""

    def test_a_call_too_many(self, tale: Tale) -> None:
        tale.stored = replace(tale.stored, calls={tale.third.content: 2})
        assert tale.verdict() == ["I5"]

    @pytest.mark.parametrize("left", ["waiting", "in_flight"])
    def test_a_message_that_is_left(self, tale: Tale, left: str) -> None:
        tale.stored = replace(tale.stored, **{left: 1})
        assert tale.verdict() == ["I6"]

    def test_a_dead_letter(self, tale: Tale) -> None:
        letter = DeadLetter(body="{}", group="g", reason=None)
        tale.stored = replace(tale.stored, dead_letters=[letter])
        assert tale.verdict() == ["I6"]
        assert tale.verdict(dead_letters=1) == []

    def test_a_missing_dead_letter(self, tale: Tale) -> None:
        assert tale.verdict(dead_letters=1) == ["I6"]

    def test_a_key_that_stays_for_ever(self, tale: Tale) -> None:
        tale.stored = replace(tale.stored, redis_ttls={"{e01}:log:x": -1})
        assert tale.verdict() == ["I7"]

    def test_a_connection_of_nobody(self, tale: Tale) -> None:
        tale.stored = replace(tale.stored, redis_ttls={"{e01}:conns:x": 40})
        assert tale.verdict() == ["I7"]

    @pytest.mark.parametrize("after", [(111, 10), (100, 20)])
    def test_a_process_that_grows(self, tale: Tale, after: tuple[int, int]) -> None:
        grown = Memory(
            process="gateway-1",
            bytes_before=100,
            bytes_after=after[0],
            files_before=10,
            files_after=after[1],
        )
        tale.stored = replace(tale.stored, memory=[grown])
        assert tale.verdict() == ["I10"]


class TestPrivacy:
    """I8."""

    def test_a_word_in_a_log(self, tale: Tale, tmp_path: Path) -> None:
        log = tmp_path / "worker-1.log"
        log.write_text(f'{{"message": "model_failed", "detail": "{tale.ana.canary}"}}\n')
        tale.stored = replace(tale.stored, logs={"worker-1": log})
        assert tale.verdict() == ["I8"]

    def test_a_word_of_another_user(self, tale: Tale) -> None:
        started = tale.events("reply.started", turn=tale.third)[0]
        started["frame"]["model"] = tale.ana.canary
        assert tale.verdict() == ["I8"]


class TestLiveness:
    """I9."""

    def test_a_user_who_waits_for_ever(self, tale: Tale) -> None:
        tale.drop(tale.events("reply.completed", turn=tale.third)[0])
        assert tale.verdict() == ["I9"]

    def test_a_user_who_left_does_not_wait(self, tale: Tale) -> None:
        tale.drop(tale.events("reply.completed", turn=tale.third)[0])
        tale.lines.append({"t": 99.0, "who": "rui", "what": "left"})
        assert tale.verdict() == []

    def test_leaving_when_all_is_over_hides_nothing(self, tale: Tale) -> None:
        tale.drop(tale.events("reply.completed", turn=tale.third)[0])
        tale.lines.append({"t": 98.0, "who": "rig", "what": "over"})
        tale.lines.append({"t": 99.0, "who": "rui", "what": "left"})
        assert tale.verdict() == ["I9"]

    def test_a_message_that_is_never_answered(self, tale: Tale) -> None:
        posted = {"who": "rui", "what": "posted", "key": "rui-9", "content": "hm"}
        tale.lines.append({"t": 98.0, "user_id": tale.rui.user_id, **posted})
        unanswered = {"who": "rui", "what": "unanswered", "key": "rui-9", "error": "timed out"}
        tale.lines.append({"t": 99.0, **unanswered})
        assert tale.verdict() == ["I9"]


def _repeat(tale: Tale, line: Line) -> Line:
    """Say an event once more, right after itself, with a number of its own."""
    again = copy.deepcopy(line)
    tale.lines.insert(tale.lines.index(line) + 1, again)
    tale.renumber()
    return again


def _cancel(tale: Tale, turn: Turn) -> None:
    tale.change_reply(turn, finish_reason=FinishReason.CANCELLED)
    tale.events("reply.completed", turn=turn)[0]["frame"]["finish_reason"] = "cancelled"


def test_the_tale_is_about_something(tale: Tale) -> None:
    assert {line["frame"]["cursor"].split(":")[0] for line in tale.events("reply.delta")} == {EPOCH}
    assert [m.role for m in tale.stored.messages].count(Role.ASSISTANT) == 3
