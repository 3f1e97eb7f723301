"""Exchanges about anything but the user: greetings, the manual, sums, stories, the unknown."""

from __future__ import annotations

from training.corpus_files import Topic
from training.scene import Exchange, Scene


def small_talk(scene: Scene) -> Exchange:
    """Greet, thank, say goodbye."""
    return _from_topic(scene, scene.rng.choice(scene.texts.small), "small")


def manual(scene: Scene) -> Exchange:
    """Ask about Prosa."""
    return _from_topic(scene, scene.rng.choice(list(scene.texts.manual.values())), "manual")


def story(scene: Scene) -> Exchange:
    """Ask for a long answer."""
    return _from_topic(scene, scene.rng.choice(scene.texts.stories), "story")


def add_or_subtract(scene: Scene) -> Exchange:
    """Ask for a sum or a difference of numbers up to 99."""
    operator = scene.rng.choice("+-")
    first, second = scene.maker.summands(operator)
    sums = scene.texts.sums
    ask = scene.rng.choice(sums.plus if operator == "+" else sums.minus)
    return Exchange(ask.format(a=first, b=second), f"{worked(first, operator, second)}.", "sum")


def worked(first: int, operator: str, second: int) -> str:
    """Calculate as one does in one's head: the tens first, then the ones.

    "47 + 38 = 77 + 8 = 85". Each step is a small one, which a small model can learn.
    """
    if operator == "-" and first < second:
        *steps, result = worked(second, "-", first).split(" = ")
        return " = ".join([f"{first} - {second}", *(f"-({step})" for step in steps), f"-{result}"])
    tens, ones = second // 10 * 10, second % 10
    middle = first + tens if operator == "+" else first - tens
    result = middle + ones if operator == "+" else middle - ones
    steps = f"{middle} {operator} {ones} = " if tens and ones else ""
    return f"{first} {operator} {second} = {steps}{result}"


def unknown(scene: Scene) -> Exchange:
    """Ask what was never taught."""
    source, rng = scene.texts.unknown, scene.rng
    text = rng.choice(source.ask)
    while "{" in text:
        name = rng.choice(source.names) if rng.random() < 0.7 else scene.maker.word(is_proper=True)
        word = (
            rng.choice(source.words) if rng.random() < 0.85 else scene.maker.word(is_proper=False)
        )
        text = text.replace("{w}", name, 1).replace("{l}", word, 1)
        text = text.replace("{n}", scene.maker.draw("numbers"), 1)
    return Exchange(text, source.answer, "unknown")


_REPEAT = {"en": ("Repeat: {}", "Say: {}"), "pt": ("Repita: {}", "Diga: {}")}


def repeat(scene: Scene) -> Exchange:
    """Ask to say words again: the shortest lesson in copying."""
    words = " ".join(
        scene.maker.word(is_proper=scene.rng.random() < 0.6) for _ in range(scene.rng.randint(1, 6))
    )
    return Exchange(scene.rng.choice(_REPEAT[scene.language]).format(words), words, "repeat")


def _from_topic(scene: Scene, topic: Topic, skill: str) -> Exchange:
    return Exchange(scene.rng.choice(topic.ask), topic.answer, skill)
