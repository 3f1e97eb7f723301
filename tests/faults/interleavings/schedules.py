"""What goes wrong in one play, and where: all single faults, all pairs, and random ones by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

STEPS = 9
"""Calls of an undisturbed worker: claim, start, read, three deltas, commit, tell, delete; and the
place after them."""

CALM = 6
"""Deliveries of which random faults may hit one; those after them are left alone."""


class Kind(StrEnum):
    """What happens at a step."""

    CRASH = "crash"
    """The process ends before the call. Before the next one is the same as after this one."""
    REFUSED = "refused"
    """The call fails and did nothing."""
    LOST = "lost"
    """The call is carried out, and fails."""
    FREEZE = "freeze"
    """The process stops here while others go on, and wakes as a zombie."""
    CANCEL = "cancel"
    """The user asks to stop the reply, just before the call."""
    FORGET = "forget"
    """Redis loses all it knew, just before the call."""


DEADLY = (Kind.CRASH, Kind.FREEZE)
FAILING = (Kind.REFUSED, Kind.LOST)


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Before the `step`-th call of the worker that got the `delivery`-th delivery."""

    delivery: int
    step: int


@dataclass(frozen=True, slots=True)
class Fault:
    """`wakes_at` is where another worker is when a frozen one goes on; None: all is over."""

    place: Place
    kind: Kind
    wakes_at: Place | None = None

    def __str__(self) -> str:
        where = f"{self.kind}@{self.place.delivery}.{self.place.step}"
        if self.wakes_at is None:
            return where
        return f"{where} until {self.wakes_at.delivery}.{self.wakes_at.step}"


Schedule = tuple[Fault, ...]


def singles() -> Iterator[Schedule]:
    """Each kind of fault at each step of a first delivery."""
    for step in range(STEPS):
        for kind in Kind:
            yield (Fault(Place(1, step), kind),)


def doubles() -> Iterator[Schedule]:
    """Each pair: a second fault in the same delivery, or in the one that a first fault led to."""
    for first in range(STEPS):
        place = Place(1, first)
        for kind in FAILING:
            for second in range(first + 1, STEPS + 1):
                yield from _pairs(Fault(place, kind), Place(1, second))
        for second in range(STEPS):
            again = Place(2, second)
            yield from _pairs(Fault(place, Kind.CRASH), again)
            yield from _pairs(Fault(place, Kind.FREEZE), again)
            # The zombie wakes where the other one crashes, freezes, or just goes on.
            yield (Fault(place, Kind.FREEZE, wakes_at=again),)
            for kind in DEADLY:
                yield (Fault(place, Kind.FREEZE, wakes_at=again), Fault(again, kind))


def randoms(seed: int) -> Iterator[Schedule]:
    """Up to six faults in up to six deliveries, for ever."""
    chance = random.Random(f"{seed} interleavings")
    while True:
        places = {_place(chance) for _ in range(chance.randint(1, 6))}
        yield tuple(_random_fault(chance, place) for place in sorted(places))


def of_size(count: int, seed: int) -> list[Schedule]:
    """`count` of them: all single faults, then three pairs for two random ones."""
    found, pairs = list(singles()), list(doubles())
    random.Random(f"{seed} pairs").shuffle(pairs)
    found += pairs[: max(0, count - len(found)) * 3 // 5]
    found += islice(randoms(seed), max(0, count - len(found)))
    return found[:count]


def _pairs(first: Fault, second: Place) -> Iterator[Schedule]:
    for kind in (*DEADLY, *FAILING):
        yield (first, Fault(second, kind))


def _place(chance: random.Random) -> Place:
    return Place(min(1 + int(chance.expovariate(0.8)), CALM), chance.randrange(STEPS + 2))


def _random_fault(chance: random.Random, place: Place) -> Fault:
    kind = chance.choices(tuple(Kind), weights=(3, 2, 3, 4, 1, 1))[0]
    if kind is not Kind.FREEZE or chance.random() < 0.3:
        return Fault(place, kind)
    later = Place(place.delivery + chance.randint(1, 2), chance.randrange(STEPS))
    return Fault(place, kind, wakes_at=later)
