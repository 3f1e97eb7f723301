"""Writes dialogues: facts told, asked and corrected, small talk, the manual, stories.

`train` reads them as training data and `evaluate` as questions with known answers. To teach
something new, add a phrase to `training/corpus`, or an action to `_ACTIONS` here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from training.corpus_files import LANGUAGES, FactKind, Language, Topic, texts
from training.made_up import ValueMaker
from training.phrasing import vary

_LONG_SHARE = 0.06  # dialogues that fill the context, so that far facts are asked for too
_OTHER_LANGUAGE_SHARE = 0.06
_NEUTRAL_KINDS = ("name", "city", "number")  # values that read the same in both languages


@dataclass(frozen=True, slots=True)
class Exchange:
    """One user message and its answer.

    `skill` names what the answer shows; `value` is the fact asked for, empty when none was.
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


@dataclass(slots=True)
class Scene:
    """What has been said so far in the dialogue being written."""

    rng: random.Random
    maker: ValueMaker
    language: Language
    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])

    def topic(self, kind: str) -> FactKind:
        return texts(self.language).facts[kind]


def write_dialogue(rng: random.Random) -> list[Exchange]:
    """Write one training dialogue of 1 to about 45 exchanges."""
    scene = Scene(rng, ValueMaker(rng), rng.choice(LANGUAGES))
    count = rng.randint(20, 45) if rng.random() < _LONG_SHARE else rng.randint(1, 9)
    exchanges: list[Exchange] = []
    actions, weights = zip(*_ACTIONS, strict=True)
    while len(exchanges) < count:
        if rng.random() < _OTHER_LANGUAGE_SHARE:
            _switch_language(scene)
        exchange = rng.choices(actions, weights)[0](scene)
        if exchange is not None:
            user = vary(rng, exchange.user, skill=exchange.skill, language=scene.language)
            exchanges.append(replace(exchange, user=user))
    return exchanges


def tell(scene: Scene) -> Exchange | None:
    """Tell a fact not told yet; now and then two in one message."""
    first = _new_fact(scene)
    if first is None:
        return None
    kind, fact = scene.topic(first.kind), first
    user, answer = _fill(scene, kind.tell, fact), _fill(scene, kind.ack, fact)
    draw = scene.rng.random()
    if draw < 0.12 and (second := _new_fact(scene)) is not None:
        kind = scene.topic(second.kind)
        user += " " + _fill(scene, kind.tell, second)
        answer += " " + _fill(scene, kind.ack, second)
    elif draw < 0.2:
        user += " " + _fill(scene, kind.ask, fact)
        answer = _fill(scene, [kind.answer], fact)
    return Exchange(user, answer, "tell")


def ask(scene: Scene) -> Exchange | None:
    """Ask for a fact told earlier."""
    told = [fact for fact in scene.facts.values() if _can_say(scene, fact)]
    if not told:
        return None
    fact = scene.rng.choice(told)
    kind = scene.topic(fact.kind)
    user, answer = _fill(scene, kind.ask, fact), _fill(scene, [kind.answer], fact)
    return Exchange(user, answer, fact.kind, fact.value)


def ask_untold(scene: Scene) -> Exchange | None:
    """Ask for a fact that was never told."""
    fact = _new_fact(scene, remember=False)
    if fact is None:
        return None
    kind = scene.topic(fact.kind)
    return Exchange(_fill(scene, kind.ask, fact), _fill(scene, [kind.unknown], fact), "untold")


def correct(scene: Scene) -> Exchange | None:
    """Replace the value of a fact told earlier; the new one wins."""
    told = [fact for fact in scene.facts.values() if _can_say(scene, fact)]
    if not told:
        return None
    fact = scene.rng.choice(told)
    kind = scene.topic(fact.kind)
    old, fact.value = fact.value, scene.maker.draw(kind.pool)
    user = _fill(scene, kind.correct, fact, old=old)
    return Exchange(user, _fill(scene, [kind.corrected], fact), "correct")


def small_talk(scene: Scene) -> Exchange:
    """Greet, thank, say goodbye."""
    return _from_topic(scene, scene.rng.choice(texts(scene.language).small), "small")


def manual(scene: Scene) -> Exchange:
    """Ask about Prosa."""
    return _from_topic(
        scene, scene.rng.choice(list(texts(scene.language).manual.values())), "manual"
    )


def story(scene: Scene) -> Exchange:
    """Ask for a long answer."""
    return _from_topic(scene, scene.rng.choice(texts(scene.language).stories), "story")


def unknown(scene: Scene) -> Exchange:
    """Ask what was never taught."""
    source, rng = texts(scene.language).unknown, scene.rng
    text = rng.choice(source.ask)
    while "{" in text:
        name = rng.choice(source.names) if rng.random() < 0.5 else scene.maker.word(is_proper=True)
        word = rng.choice(source.words) if rng.random() < 0.7 else scene.maker.word(is_proper=False)
        text = text.replace("{w}", name, 1).replace("{l}", word, 1)
        text = text.replace("{n}", scene.maker.draw("numbers"), 1)
    return Exchange(text, source.answer, "unknown")


def repeat(scene: Scene) -> Exchange:
    """Ask to say words again: the shortest lesson in copying."""
    words = " ".join(
        scene.maker.word(is_proper=scene.rng.random() < 0.7) for _ in range(scene.rng.randint(1, 6))
    )
    order = {"en": ["Repeat: {}", "Say: {}"], "pt": ["Repita: {}", "Diga: {}"]}[scene.language]
    return Exchange(scene.rng.choice(order).format(words), words, "repeat")


_ACTIONS: list[tuple[Callable[[Scene], Exchange | None], float]] = [
    # Copying is what takes longest to learn, so most of a dialogue tells and asks.
    (tell, 26),
    (ask, 42),
    (ask_untold, 9),
    (correct, 6),
    (small_talk, 5),
    (manual, 6),
    (story, 0.3),
    (unknown, 3),
    (repeat, 6),
]


def _new_fact(scene: Scene, *, remember: bool = True) -> Fact | None:
    kinds = list(texts(scene.language).facts)
    kind = scene.rng.choice([*kinds, "name", "thing"])
    row = scene.rng.choice(scene.topic(kind).rows)
    key = f"{kind} {row.get('a', '')}"
    if key in scene.facts:
        return None
    fact = Fact(kind, scene.maker.draw(scene.topic(kind).pool), row)
    if remember:
        scene.facts[key] = fact
    return fact


def _can_say(scene: Scene, fact: Fact) -> bool:
    """Report whether the fact's row belongs to the language spoken now."""
    return fact.row in scene.topic(fact.kind).rows


def _switch_language(scene: Scene) -> None:
    if all(fact.kind in _NEUTRAL_KINDS for fact in scene.facts.values()):
        scene.language = "pt" if scene.language == "en" else "en"


def _fill(scene: Scene, phrases: list[str], fact: Fact, *, old: str = "") -> str:
    return scene.rng.choice(phrases).format(v=fact.value, old=old, **fact.row)


def _from_topic(scene: Scene, topic: Topic, skill: str) -> Exchange:
    return Exchange(scene.rng.choice(topic.ask), topic.answer, skill)
