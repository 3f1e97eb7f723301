"""The cost page is what its data gives."""

from __future__ import annotations

import pytest

from infra.costs.__main__ import PATH
from infra.costs.data import Price, as_of, assumed, prices, sizes
from infra.costs.model import month, units
from infra.costs.page import page


def test_the_page_is_the_one_that_is_computed() -> None:
    assert PATH.read_text(encoding="utf-8") == page(), "make costs"


def test_a_price_in_tiers_is_paid_step_by_step() -> None:
    price = Price(
        "x", 10.0, ((100.0, 2.0), (float("inf"), 1.0)), "x", "https://x", is_confirmed=True
    )
    assert price.of(50) == pytest.approx(10)
    assert price.of(100) == pytest.approx(20)
    assert price.of(150) == pytest.approx(25)


def test_every_price_has_a_source_and_the_file_a_date() -> None:
    assert as_of().year >= 2025
    for price in prices().values():
        assert price.source.startswith("https://")
        assert price.unit


def test_transactions_cost_twice_and_indexes_once_more() -> None:
    # Two transactions of 3 and 4 items, 2 index writes, one claim, all of them of 1 KB at most.
    assert units().writes == 2 * 7 + 2 + 1


@pytest.mark.parametrize("size", sizes(), ids=lambda size: size["name"])
def test_the_sum_is_that_of_its_lines_and_the_tasks_carry_the_peak(size: dict[str, int]) -> None:
    found = month(size)
    assert found.total == pytest.approx(sum(found.lines.values()))
    assert all(amount >= 0 for amount in found.lines.values())
    running = found.messages_per_s * assumed()["reply_seconds"]
    assert found.workers * size["concurrency"] >= running
