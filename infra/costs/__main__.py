"""`python -m infra.costs`: write docs/cost.md."""

from __future__ import annotations

from pathlib import Path

from infra.costs.page import page

PATH = Path(__file__).parents[2] / "docs" / "cost.md"

if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
