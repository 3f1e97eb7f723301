"""Draws the values a user names: real ones from the corpus and made-up ones.

Made-up words are what teaches copying: a model that only sees real names learns those names.
Held-out values are never drawn, so what evaluation asks was never seen.
"""

from __future__ import annotations

import random
from functools import cache

from training.corpus_files import values

_REAL_SHARE = 0.3
_TWO_WORDS_SHARE = 0.1
_WORD_SHARES = (5, 4, 1)  # spliced, syllables, letters
_LOWER_POOLS = ("colors", "foods", "jobs")


class ValueMaker:
    """Draws values from a seeded generator; the same seed gives the same values."""

    def __init__(self, rng: random.Random, *, held_out: bool = False) -> None:
        self._rng = rng
        self._held_out = held_out

    def draw(self, pool: str) -> str:
        """Draw a value of `pool`: a key of `values.toml`, or `numbers`, or `anything`."""
        if pool == "numbers":
            return self._number()
        if pool == "anything":
            pool = self._rng.choice(["people", "people", "cities", "pets"])
        if self._held_out:
            return self._rng.choice(values().held_out[pool])
        if self._rng.random() < _REAL_SHARE:
            return self._rng.choice(values().train[pool])
        return self._made_up(is_proper=not pool.startswith(_LOWER_POOLS))

    def word(self, *, is_proper: bool) -> str:
        """Make up one word that is no held-out value."""
        while True:
            kinds = (self._spliced, self._syllables, self._letters)
            word = self._rng.choices(kinds, _WORD_SHARES)[0]()
            if word not in _held_out_words():
                return word.capitalize() if is_proper else word

    def _made_up(self, *, is_proper: bool) -> str:
        count = 2 if self._rng.random() < _TWO_WORDS_SHARE else 1
        return " ".join(self.word(is_proper=is_proper) for _ in range(count))

    def _number(self) -> str:
        return str(self._rng.randrange(10 ** self._rng.randint(1, 5)))

    def _spliced(self) -> str:
        """Join the beginning of one real word to the end of another: new, with real tokens."""
        first, last = self._rng.choice(_real_words()), self._rng.choice(_real_words())
        cut_first = self._rng.randint(1, len(first))
        return first[:cut_first] + last[self._rng.randint(0, len(last) - 1) :]

    def _letters(self) -> str:
        return "".join(self._rng.choices("abcdefghijklmnopqrstuvwxyz", k=self._rng.randint(3, 7)))

    def _syllables(self) -> str:
        pick, parts_of = self._rng.choice, values().made_up
        parts = [
            pick(parts_of["onsets"]) + pick(parts_of["vowels"]) + pick(parts_of["codas"])
            for _ in range(self._rng.randint(1, 3))
        ]
        if self._rng.random() < 0.3:
            parts[0] = parts[0].lstrip("".join(parts_of["onsets"])) or parts[0]
        return "".join(parts) + pick(parts_of["endings"])


@cache
def _real_words() -> tuple[str, ...]:
    pools = values().train.values()
    return tuple(word.lower() for pool in pools for value in pool for word in value.split())


@cache
def _held_out_words() -> frozenset[str]:
    pools = values().held_out.values()
    return frozenset(word.lower() for pool in pools for value in pool for word in value.split())
