"""Writes the exam: questions with known answers, in words and about values never trained on.

    python -m training.exam        # writes training/held_out/exam.jsonl, the same each time

`training/held_out/phrasings.*.toml` and `values.toml` were written by someone who had not seen
`training/corpus`. `evaluate` reads the exam; nothing that trains does.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, TypeVar

from training.corpus_files import LANGUAGES, Language, Text, Texts, Unknown, texts
from training.fact_talk import ask, ask_untold, correct, recap, tell
from training.kept_back import HELD_OUT
from training.made_up import ValueMaker
from training.other_talk import add_or_subtract, manual, small_talk, unknown
from training.scene import Exchange, Scene

SEED = 4_812  # not the training's
EXAM = HELD_OUT / "exam.jsonl"
_COUNTS = {
    "recall": 600,
    "recall, new words": 300,
    "first and last": 100,
    "manual, new words": 200,
    "sums": 200,
    "unknown": 100,
    "not told": 80,
    "other language": 40,
    "small talk": 40,
}
_ALONE = ("manual, new words", "sums", "unknown", "small talk")
_FAR = 12  # turns between a fact and the question for it, at most
_MAX_FACTS = 5
_CORRECTED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Question:
    """What a user says turn by turn; the reply to the last turn is judged.

    Right is a reply that holds `value`, or, where that is empty, is `answer` word for word.
    `language` is the one the last turn is asked in.
    """

    row: str
    language: Language
    turns: list[str]
    answer: str
    value: str


def write_exam() -> list[Question]:
    """Write all questions. The same each time."""
    rng = random.Random(SEED)
    writers: dict[str, Callable[[Scene], Iterator[Exchange | None]]] = {
        "recall": _recall,
        "recall, new words": _recall,
        "first and last": _first_or_last,
        "manual, new words": _alone(manual),
        "sums": _alone(add_or_subtract),
        "unknown": _alone(unknown),
        "not told": _untold,
        "other language": _other_language,
        "small talk": _alone(small_talk),
    }
    has_new_words = {"recall, new words", "first and last", "manual, new words", "sums", "unknown"}
    questions: list[Question] = []
    for row, count in _COUNTS.items():
        source = in_new_words if row in has_new_words else texts
        asked_before: set[str] = set()
        for attempt in itertools.count():
            if len(asked_before) == count:
                break
            language = LANGUAGES[attempt % 2]
            scene = Scene(rng, ValueMaker(rng, held_out=True), language, source)
            said = [exchange for exchange in writers[row](scene) if exchange is not None]
            asked, turns = said[-1], [exchange.user for exchange in said]
            # Of a question without a dialogue before it, twice the same would say nothing more.
            alone = turns[-1] if row in _ALONE else "\n".join(turns)
            if alone in asked_before:
                continue
            asked_before.add(alone)
            questions.append(Question(row, scene.language, turns, asked.answer, asked.value))
    return questions


def read_exam() -> list[Question]:
    """Read the questions as they are kept in the repository."""
    return [Question(**json.loads(line)) for line in EXAM.read_text("utf-8").splitlines()]


@cache
def in_new_words(language: Language) -> Texts:
    """The texts of `language`, every question of theirs asked in words never trained on."""
    known = texts(language)
    path = HELD_OUT / f"phrasings.{language}.toml"
    new: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    facts = {
        kind: _reworded(phrases, new["facts"][kind]).model_copy(update={"ask_row": []})
        for kind, phrases in known.facts.items()
    }
    return known.model_copy(
        update={
            "facts": facts,
            "manual": {
                k: _reworded(topic, {"ask": new["manual"][k]}) for k, topic in known.manual.items()
            },
            "recap": {
                k: _reworded(topic, {"ask": new["recap"][k]}) if k in new["recap"] else topic
                for k, topic in known.recap.items()
            },
            "unknown": _reworded(known.unknown, {"ask": new["unknown"]}),
            "sums": _reworded(known.sums, new["sums"]),
        }
    )


_T = TypeVar("_T", bound=Text)


def _reworded(known: _T, new: dict[str, list[str]]) -> _T:
    """Put `new` phrasings in place of those of training; one that training can say is left out."""
    fillers: dict[str, Callable[[str], bool]] = {"n": _is_number}
    if isinstance(known, Unknown):
        names, words = frozenset(map(plain, known.names)), frozenset(known.words)
        fillers |= {"w": names.__contains__, "l": words.__contains__}
    update: dict[str, list[str]] = {}
    for field, phrasings in new.items():
        trained = [_Phrasing(phrasing, fillers) for phrasing in getattr(known, field)]
        update[field] = [
            words for words in phrasings if not any(one.can_say(plain(words)) for one in trained)
        ]
        if not update[field]:
            raise ValueError(f"every phrasing of {field!r} is trained on: {phrasings}")
    return known.model_copy(update=update)


def _is_number(text: str) -> bool:
    return text.isdecimal()


class _Phrasing:
    """What a phrasing with gaps can say; `fillers` tell what may stand in a gap, by its letter."""

    def __init__(self, phrasing: str, fillers: Mapping[str, Callable[[str], bool]]) -> None:
        parts = re.split(rf"\{{([{''.join(fillers)}])\}}", plain(phrasing))
        self._pattern = re.compile("(.+)".join(map(re.escape, parts[::2])))
        self._gaps = [fillers[letter] for letter in parts[1::2]]

    def can_say(self, text: str) -> bool:
        match = self._pattern.fullmatch(text)
        return match is not None and all(
            may_stand(filler) for may_stand, filler in zip(self._gaps, match.groups(), strict=True)
        )


def plain(text: str) -> str:
    """Leave out what `phrasing.vary` may vary: capitals, accents, signs at the end, a please."""
    letters = unicodedata.normalize("NFD", text.lower())
    kept = "".join(c for c in letters if not unicodedata.combining(c)).strip(" .,!?")
    for polite in ("please", "por favor"):
        kept = kept.removesuffix(polite).removeprefix(polite).strip(" .,!?:")
    return kept


def _recall(scene: Scene) -> Iterator[Exchange | None]:
    """Tell up to five facts, talk of other things, correct now and then, ask for one of them."""
    rng = scene.rng
    kinds = rng.sample(list(scene.texts.facts), rng.randint(1, _MAX_FACTS))
    place, distance = rng.randrange(len(kinds)), rng.randint(1, _FAR)
    for kind in kinds[: place + 1]:
        yield tell(scene, kind=kind)
    fact = list(scene.facts.values())[-1]
    if rng.random() < _CORRECTED_SHARE:
        for _ in range(rng.randint(0, 3)):
            yield _distraction(scene)
        yield correct(scene, fact=fact)
    between: list[str | None] = [*kinds[place + 1 :], *([None] * _FAR)][: distance - 1]
    rng.shuffle(between)
    for kind in between:
        yield _distraction(scene) if kind is None else tell(scene, kind=kind)
    yield ask(scene, fact=fact)


def _distraction(scene: Scene) -> Exchange | None:
    others = [*scene.facts.values()][:-1]
    if others and scene.rng.random() < 0.1:
        return correct(scene, fact=scene.rng.choice(others))
    return scene.rng.choice([small_talk, manual, add_or_subtract, unknown])(scene)


def _first_or_last(scene: Scene) -> Iterator[Exchange | None]:
    for kind in scene.rng.sample(list(scene.texts.facts), scene.rng.randint(1, _MAX_FACTS)):
        yield tell(scene, kind=kind)
        if scene.rng.random() < 0.4:
            yield _distraction(scene)
    yield recap(scene, which=scene.rng.choice(["first", "last"]))


def _untold(scene: Scene) -> Iterator[Exchange | None]:
    for kind in scene.rng.sample(list(scene.texts.facts), 2):
        yield tell(scene, kind=kind)
    asked = None
    while asked is None:
        asked = ask_untold(scene)
    yield asked


def _other_language(scene: Scene) -> Iterator[Exchange | None]:
    """Tell a name in one language, ask for it or for the manual in the other."""
    yield tell(scene, kind="name")
    yield small_talk(scene)
    scene.switch_language()
    yield ask(scene) if scene.rng.random() < 0.5 else manual(scene)


def _alone(action: Callable[[Scene], Exchange]) -> Callable[[Scene], Iterator[Exchange | None]]:
    def said(scene: Scene) -> Iterator[Exchange | None]:
        if scene.rng.random() < 0.5:
            yield small_talk(scene)
        yield action(scene)

    return said


def main() -> None:
    """Write the file."""
    lines = [json.dumps(asdict(q), ensure_ascii=False) for q in write_exam()]
    EXAM.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
