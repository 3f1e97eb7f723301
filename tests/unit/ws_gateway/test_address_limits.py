"""What one address may hold, and how often it may try."""

from __future__ import annotations

from ws_gateway.address_limits import TRIES_BURST, TRIES_PER_S, AddressLimits

NETWORK, ANOTHER = "203.0.113.7", "203.0.113.8"


def _tries(limits: AddressLimits, network: str | None, count: int, now: float) -> int:
    """How many of `count` connections, each over at once, came in."""
    came_in = [limits.enter(network, now) for _ in range(count)]
    for _ in range(sum(came_in)):
        limits.leave(network)
    return sum(came_in)


def test_an_address_holds_so_many_and_a_place_given_back_is_taken_again() -> None:
    limits = AddressLimits(most=2)
    assert [limits.enter(NETWORK, 0.0) for _ in range(3)] == [True, True, False]
    assert limits.enter(ANOTHER, 0.0)
    limits.leave(NETWORK)
    assert [limits.enter(NETWORK, 0.0) for _ in range(2)] == [True, False]


def test_an_address_that_comes_and_goes_is_slowed_down_and_no_other() -> None:
    limits = AddressLimits(most=1_000)
    assert _tries(limits, NETWORK, 500, now=0.0) == TRIES_BURST
    assert _tries(limits, ANOTHER, 10, now=0.0) == 10
    assert _tries(limits, NETWORK, 500, now=1.0) == TRIES_PER_S


def test_what_has_no_network_has_no_limit() -> None:
    assert _tries(AddressLimits(most=1), None, 1_000, now=0.0) == 1_000
