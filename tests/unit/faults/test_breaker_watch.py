"""The watch over the breakers finds what it is for, each made up once."""

from __future__ import annotations

import pytest

from prosa.breakers.protocol import Outcome, State
from tests.faults.breaker_watch import Asked, BreakerWatch, findings, probes

MODEL = "openai:first"


def failed(at: float, *, epoch: int, state: State = State.CLOSED, now: int | None = None) -> Asked:
    return Asked(
        at=at,
        model_id=MODEL,
        token=f"call-{at}",
        state=state,
        epoch=epoch if now is None else now,
        outcome=Outcome.FAILED,
        reported_epoch=epoch,
    )


def probe(at: float, *, epoch: int) -> Asked:
    return Asked(
        at=at,
        model_id=MODEL,
        token=f"probe-{at}",
        state=State.HALF_OPEN,
        epoch=epoch,
        is_admitted=True,
    )


def found(*heard: Asked) -> list[str]:
    return list(findings(heard, max_failures=5, window_s=10.0, reset_s=3.0))


def opening(count: int, *, epoch: int = 0, begins: float = 0.0) -> list[Asked]:
    """`count` failures a second apart, the last of which opens the circuit."""
    borne = [failed(begins + i, epoch=epoch) for i in range(count - 1)]
    last = failed(begins + count - 1, epoch=epoch, state=State.OPEN, now=epoch + 1)
    return [*borne, last]


def test_the_sixth_opens() -> None:
    assert found(*opening(6)) == []


def test_stragglers_change_nothing() -> None:
    late = [failed(5.01 + i, epoch=0, state=State.OPEN, now=1) for i in range(3)]
    assert found(*opening(6), *late) == []


@pytest.mark.parametrize(("count", "words"), [(5, "opened after 5"), (7, "is closed after 6")])
def test_too_early_and_too_late_are_found(count: int, words: str) -> None:
    assert words in found(*opening(count))[0]


def test_old_failures_do_not_count() -> None:
    old = [failed(-20.0 + i / 10, epoch=0) for i in range(5)]
    assert found(*old, *opening(6)) == []
    assert "opened after 4" in found(*old, *opening(4))[0]


def test_one_probe_per_reset_is_well() -> None:
    heard = [
        *opening(6),
        probe(8.0, epoch=2),
        failed(8.1, epoch=2, state=State.OPEN, now=3),
        probe(11.2, epoch=4),
    ]
    assert found(*heard) == []
    assert [asked.at for asked in probes(heard)] == [8.0, 11.2]


def test_a_second_probe_is_found() -> None:
    heard = [*opening(6), probe(8.0, epoch=2), probe(8.5, epoch=2)]
    assert found(*heard) == [f"{MODEL} was probed again after 0.50 s, not 3.0 s"]


def test_a_probe_that_says_nothing_is_followed_at_once() -> None:
    first = probe(8.0, epoch=2)
    gone = Asked(
        at=8.2,
        model_id=MODEL,
        token=first.token,
        state=State.HALF_OPEN,
        epoch=2,
        outcome=Outcome.ABANDONED,
        reported_epoch=2,
    )
    assert found(*opening(6), first, gone, probe(8.3, epoch=2)) == []


def test_the_wire_is_read() -> None:
    watch = BreakerWatch()
    key = b"cb:{openai:first}"
    watch([b"GET", b"a"], b"1")
    watch([b"EVALSHA", b"sha", b"2", key, key + b":probe", b"t1", b"900"], [1, b"closed", 4, 0])
    report = [b"EVALSHA", b"sha", b"3", key, key + b":probe", key + b":failures", b"t1", b"4"]
    watch([*report, b"failed", b"5", b"1", b"1", b"1"], [b"open", 5])
    watch([*report, b"failed", b"5", b"1", b"1", b"1"], ValueError("NOSCRIPT"))
    admitted, reported = watch.heard(MODEL)
    assert (admitted.is_admitted, admitted.state, admitted.epoch) == (True, State.CLOSED, 4)
    assert (reported.outcome, reported.reported_epoch) == (Outcome.FAILED, 4)
    assert (reported.state, reported.epoch, reported.token) == (State.OPEN, 5, "t1")
    assert watch.heard("anthropic:second") == []
