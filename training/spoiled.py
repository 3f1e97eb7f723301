"""Spoils answers of a dialogue being written, so that the model learns not to believe its own.

A small model misreads a rare name now and then. If every answer it learns from is right, it reads a
fact as gladly from its own wrong answer as from what the user said, and one error comes back in
every later answer. What is spoiled here is read and never learned; the answers after it are right.
"""

from __future__ import annotations

from dataclasses import replace

from training.scene import Exchange, Scene

_SHARE = 0.15  # of the answers that hold a value
_GARBLED, _TAKEN = 0.5, 0.8  # up to here: the value garbled; another value; else no answer to it


def is_spoiled(scene: Scene, exchange: Exchange) -> bool:
    """Draw whether the answer is to be spoiled; only one that holds a value is."""
    holds_a_value = exchange.value != "" and exchange.value in exchange.answer
    return holds_a_value and scene.rng.random() < _SHARE


def spoiled(scene: Scene, exchange: Exchange) -> Exchange:
    """Return the exchange with a wrong value in its answer, or an answer to something else."""
    draw, value = scene.rng.random(), exchange.value
    if draw < _GARBLED:
        wrong = value
        while wrong == value:
            wrong = _garbled(scene, value)
    elif draw < _TAKEN:
        wrong = _another(scene, value)
    else:
        return replace(exchange, answer=_to_something_else(scene), is_learned=False)
    return replace(exchange, answer=exchange.answer.replace(value, wrong), is_learned=False)


def _garbled(scene: Scene, value: str) -> str:
    """The value with one word begun or ended differently, as a misread name is."""
    words = value.split()
    place = scene.rng.randrange(len(words))
    word = words[place]
    if word.isdecimal():
        other = str(scene.rng.randrange(10 ** len(word)))
    else:
        other = scene.maker.word(is_proper=word[:1].isupper())
    cut = scene.rng.randint(0, len(word) - 1)
    begun, ended = (word, other) if scene.rng.random() < 0.5 else (other, word)
    words[place] = begun[:cut] + ended[cut:]
    return " ".join(words)


def _another(scene: Scene, value: str) -> str:
    """A value told before, or a made-up one."""
    told = [fact.value for fact in scene.facts.values() if fact.value != value]
    if told and scene.rng.random() < 0.7:
        return scene.rng.choice(told)
    return scene.maker.word(is_proper=value[:1].isupper())


def _to_something_else(scene: Scene) -> str:
    topics = [*scene.texts.manual.values(), *scene.texts.small]
    answer = scene.texts.unknown.answer
    return answer if scene.rng.random() < 0.3 else scene.rng.choice(topics).answer
