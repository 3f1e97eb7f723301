"""What has been said so far in a dialogue being written, and what one exchange of it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from training.corpus_files import FactKind, Language, Texts, texts
from training.made_up import ValueMaker

# Values of these kinds read the same in both languages.
_NEUTRAL_KINDS = ("name", "city", "number", "team", "age")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One user message and its answer.

    `skill` names what the answer shows; `value` is the fact told or asked for, empty when none was.
    """

    user: str
    answer: str
    skill: str
    value: str = ""


@dataclass(slots=True)
class Fact:
    """Something told: `row` fills the other fields of its kind's phrases."""

    kind: str
    value: str
    row: dict[str, str]

    @property
    def key(self) -> str:
        """What a correction replaces."""
        return f"{self.kind} {self.row.get('a', '')}"


@dataclass(slots=True)
class Scene:
    """The state of one dialogue: `facts` in the order told, `latest` the key told last,
    `unasked` the keys that no question has been for since they were told."""

    rng: random.Random
    maker: ValueMaker
    language: Language
    source: Callable[[Language], Texts] = texts
    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])
    latest: str = ""
    unasked: set[str] = field(default_factory=set[str])

    @property
    def texts(self) -> Texts:
        """The texts of the language spoken now."""
        return self.source(self.language)

    def kind_of(self, fact: Fact) -> FactKind:
        """The phrases for `fact`."""
        return self.texts.facts[fact.kind]

    def known(self) -> list[Fact]:
        """Facts that can be said in the language spoken now."""
        return [fact for fact in self.facts.values() if fact.row in self.kind_of(fact).rows]

    def remember(self, fact: Fact) -> None:
        """Note `fact` as told."""
        self.facts[fact.key] = fact
        self.latest = fact.key
        self.unasked.add(fact.key)

    def fill(self, phrases: list[str], fact: Fact, *, old: str = "") -> str:
        """Fill one of `phrases` with `fact`."""
        return self.rng.choice(phrases).format(v=fact.value, old=old, **fact.row)

    def switch_language(self) -> None:
        """Go on in the other language, where all that was told can be said in it."""
        if all(fact.kind in _NEUTRAL_KINDS for fact in self.facts.values()):
            self.language = "pt" if self.language == "en" else "en"
