"""What training never draws, so that the exam can ask for it.

Words and names stand in `held_out/values.toml`; numbers, dates, ages and pairs of summands are
kept back by a checksum, one in sixteen. Training reads nothing else of the exam.
"""

from __future__ import annotations

import tomllib
import zlib
from functools import cache
from pathlib import Path

HELD_OUT = Path(__file__).parent / "held_out"
_ONE_IN = 16


def is_kept_back(text: str) -> bool:
    """Report whether a number, a date or a sum belongs to the exam."""
    return zlib.crc32(text.encode()) % _ONE_IN == 0


@cache
def held_out_values() -> dict[str, list[str]]:
    """Read the values of the exam, by pool."""
    return tomllib.loads((HELD_OUT / "values.toml").read_text("utf-8"))


@cache
def held_out_texts() -> frozenset[str]:
    """All values of the exam and their longer words, in lower case."""
    whole = {value.lower() for pool in held_out_values().values() for value in pool}
    return frozenset(whole | {word for value in whole for word in value.split() if len(word) > 3})
