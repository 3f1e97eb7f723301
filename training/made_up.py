"""Draws the values a user names: real ones from the corpus and made-up ones.

Made-up words are what teaches copying: a model that only sees real names learns those names.
What is kept back for the exam is never drawn.
"""

from __future__ import annotations

import random
from functools import cache

from training.corpus_files import Language, values, written_words
from training.kept_back import held_out_texts, held_out_values, is_kept_back

_REAL_SHARE = 0.3
_OUT_OF_PLACE_SHARE = 0.4  # of the real ones
_WORD_COUNTS, _COUNT_SHARES = (1, 2, 3), (60, 30, 10)
_WORD_SHARES = (6, 2, 1)  # spliced, syllables, letters
_PROPER_POOLS = ("people", "cities", "pets", "teams", "things")
_MONTHS: dict[Language, str] = {
    "en": "January February March April May June July August September October November December",
    "pt": "janeiro fevereiro março abril maio junho julho"
    " agosto setembro outubro novembro dezembro",
}


class ValueMaker:
    """Draws values from a seeded generator; the same seed gives the same values.

    With `held_out` it draws for the exam, and only what training never does.
    """

    def __init__(self, rng: random.Random, *, held_out: bool = False) -> None:
        self._rng = rng
        self._held_out = held_out

    def draw(self, pool: str) -> str:
        """Draw of `pool`: a key of `values.toml`, `numbers`, `ages` or `dates.<language>`."""
        if pool == "anything":
            pool = self._rng.choice(["things", "people", "cities", "pets"])
        if pool == "numbers" or pool == "ages" or pool.startswith("dates"):
            return self._counted(pool)
        if self._held_out:
            return self._rng.choice(held_out_values()[pool])
        while True:
            value = self._value(pool)
            if value.lower() not in held_out_texts():
                return value

    def word(self, *, is_proper: bool) -> str:
        """Make up one word that the exam does not use."""
        while True:
            kinds = (self._spliced, self._syllables, self._letters)
            word = self._rng.choices(kinds, _WORD_SHARES)[0]()
            if word not in held_out_texts():
                return word.capitalize() if is_proper else word

    def summands(self, operator: str) -> tuple[int, int]:
        """Draw two numbers from 0 to 99 to add or to subtract."""
        while True:
            first, second = self._rng.randrange(100), self._rng.randrange(100)
            if is_kept_back(f"{first}{operator}{second}") == self._held_out:
                return first, second

    def _value(self, pool: str) -> str:
        draw = self._rng.random()
        kind, _, language = pool.partition(".")
        if kind in ("books", "plans") and draw > 0.15:
            return self._composed(kind, language)
        is_proper = kind in _PROPER_POOLS
        if draw < _REAL_SHARE * _OUT_OF_PLACE_SHARE:
            return self._out_of_place(is_proper=is_proper)
        if draw < _REAL_SHARE:
            return self._rng.choice(values().train[pool])
        (count,) = self._rng.choices(_WORD_COUNTS, _COUNT_SHARES)
        words = [self.word(is_proper=is_proper) for _ in range(count)]
        if count > 1 and self._rng.random() < 0.5:  # partly real, as in "dark mauve"
            real = self._rng.choice(values().train[pool]).split()[0]
            words[self._rng.randrange(count)] = real
        return " ".join(words)

    def _out_of_place(self, *, is_proper: bool) -> str:
        """A real value of any pool: a colour that is a dish, a husband that is a town.

        Where a value tells by itself what it is, a model need not learn to look at what was said
        of it, and fails on values it has never seen.
        """
        value = self._rng.choice(self._rng.choice(list(values().train.values())))
        return value.title() if is_proper else value.lower()

    def _composed(self, kind: str, language: str) -> str:
        """A title or a plan of two parts, one of them made up now and then."""
        parts = values().parts
        first, second = ("first", "second") if kind == "books" else ("verbs", "objects")
        words = [
            self._rng.choice(parts[f"{first}.{language}"]),
            self._rng.choice(parts[f"{second}.{language}"]),
        ]
        draw = self._rng.random()
        if draw < 0.5:
            words[draw < 0.25] = self.word(is_proper=kind == "books")
        if kind == "plans" and self._rng.random() < 0.3:
            words.append(self.word(is_proper=self._rng.random() < 0.3))
        return " ".join(words)

    def _counted(self, pool: str) -> str:
        while True:
            if pool == "numbers":
                text = str(self._rng.randrange(10 ** self._rng.randint(1, 5)))
            elif pool == "ages":
                text = str(self._rng.randint(5, 99))
            else:
                text = self._date("pt" if pool.endswith("pt") else "en")
            if is_kept_back(text) == self._held_out:
                return text

    def _date(self, language: Language) -> str:
        month = self._rng.choice(_MONTHS[language].split())
        day = self._rng.randint(1, 28)
        if language == "pt":
            return f"{day} de {month}"
        return f"{month} {day}" if self._rng.random() < 0.7 else f"{day} {month}"

    def _spliced(self) -> str:
        """Join the beginning of one real word to the end of another: new, with real tokens.

        A beginning may come from any word of the corpus: a model copies well only what it has seen
        begin a value, and few tokens begin one of the names and foods there.
        """
        beginnings = _real_words() if self._rng.random() < 0.5 else written_words()
        first, last = self._rng.choice(beginnings), self._rng.choice(_real_words())
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
