"""Moving windows in a real Redis."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lambdas.rate_limit import RateLimit
from lambdas.rates import Rate, parse_rates
from lambdas.refusals import TooMany
from prosa.redis_client import connect_blocking


@pytest.fixture
def limit(redis_url: str) -> RateLimit:
    return RateLimit(connect_blocking(redis_url))


def _passes(limit: RateLimit, rates: str | tuple[Rate, ...], who: str = "ana") -> bool:
    try:
        limit.count(parse_rates(rates) if isinstance(rates, str) else rates, "reply", who)
    except TooMany:
        return False
    return True


def test_the_amount_passes_and_no_more(limit: RateLimit) -> None:
    assert [_passes(limit, "3/minute") for _ in range(5)] == [True] * 3 + [False] * 2
    assert _passes(limit, "3/minute", "ben")


def test_the_window_moves(limit: RateLimit) -> None:
    assert _passes(limit, "2/second")
    time.sleep(0.5)  # what is tested is time
    assert _passes(limit, "2/second")
    with pytest.raises(TooMany) as refused:
        limit.count(parse_rates("2/second"), "reply", "ana")
    assert refused.value.retry_after_s == 1
    time.sleep(0.55)
    # The first has left the window, the second has not.
    assert [_passes(limit, "2/second") for _ in range(2)] == [True, False]


def test_a_call_that_one_rate_refuses_uses_up_no_other(limit: RateLimit) -> None:
    assert _passes(limit, "1/second;3/minute")
    for _ in range(5):
        assert not _passes(limit, "1/second;3/minute")
    time.sleep(1.05)
    assert _passes(limit, "1/second;3/minute")
    assert _passes(limit, "3/minute")
    assert not _passes(limit, "3/minute")


def test_at_once_no_more_pass_than_one_after_another(redis_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        limits = [RateLimit(connect_blocking(redis_url)) for _ in range(8)]
        calls = [pool.submit(_passes, limits[n % 8], "20/minute") for n in range(80)]
        passed = [call.result() for call in calls]
    assert passed.count(True) == 20


def test_what_is_kept_ends_with_the_window(limit: RateLimit, redis_url: str) -> None:
    assert _passes(limit, "5/minute;7/hour")
    redis = connect_blocking(redis_url)
    ages = [redis.ttl(key) for key in redis.keys("rate:*")]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType]
    assert sorted(ages) == pytest.approx([60, 3600], abs=2)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType]
