"""The data the cost page is computed from: `prices.toml` and `counts.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Price:
    """What one `per` costs in US dollars, in tiers: (up to this many a month, price).

    The last tier has no end. `is_confirmed`: looked up when the file was dated, not remembered.
    """

    name: str
    per: float
    tiers: tuple[tuple[float, float], ...]
    unit: str
    source: str
    is_confirmed: bool

    def of(self, amount: float) -> float:
        """What `amount` units cost in a month."""
        total, begin = 0.0, 0.0
        for end, price in self.tiers:
            total += max(0.0, min(amount, end) - begin) / self.per * price
            begin = end
        return total


@cache
def prices() -> dict[str, Price]:
    return {name: _price(name, row) for name, row in _read("prices.toml")["price"].items()}


@cache
def as_of() -> date:
    """When the prices were gone through."""
    return _read("prices.toml")["as_of"]


@cache
def counted() -> dict[str, int]:
    """Calls per message, as the code makes them."""
    return _read("counts.toml")["counted"]


@cache
def assumed() -> dict[str, float]:
    """What depends on people and models."""
    return _read("counts.toml")["assumed"]


@cache
def sizes() -> list[dict[str, Any]]:
    """What stands there, by messages a month."""
    return _read("counts.toml")["sizes"]


def _price(name: str, row: dict[str, Any]) -> Price:
    usd = row["usd"]
    tiers = [(float(end), float(price)) for end, price in row.get("tiers", [])]
    return Price(
        name,
        per=float(row.get("per", 1)),
        tiers=(*tiers, (float("inf"), float(usd))),
        unit=row["unit"],
        source=row["source"],
        is_confirmed=row.get("confirmed", False),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
