"""The bucket that limits a client's frames."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ws_gateway.rate_limit import TokenBucket

PER_S, BURST = 10.0, 20.0


def test_a_burst_is_let_through_and_no_more() -> None:
    bucket = TokenBucket(0.0, PER_S, BURST)
    assert [bucket.take(0.0) for _ in range(21)] == [True] * 20 + [False]


def test_an_empty_bucket_fills_at_its_rate() -> None:
    bucket = TokenBucket(0.0, PER_S, BURST)
    for _ in range(20):
        bucket.take(0.0)
    assert not bucket.take(0.05)
    assert bucket.take(0.15)
    assert not bucket.take(0.15)


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=200))
def test_no_more_pass_than_burst_and_rate_allow(pauses: list[float]) -> None:
    bucket, now, passed = TokenBucket(0.0, PER_S, BURST), 0.0, 0
    for pause in pauses:
        now += pause
        passed += bucket.take(now)
        assert passed <= BURST + now * PER_S + 1e-6
