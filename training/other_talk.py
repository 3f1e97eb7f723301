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
    user = ask.format(a=first, b=second)
    if operator == "+" and ask.index("{b}") < ask.index("{a}"):
        first, second = second, first  # a sum is worked in the order the numbers were said
    return Exchange(user, f"{worked(first, operator, second)}.", "sum")


def worked(first: int, operator: str, second: int) -> str:
    """Calculate as one does in one's head: the tens, the ones, then both.

    "47 + 38 = 70 + 15 = 85", "82 - 15 = 70 - 3 = 67". Each step looks at two digits only, which
    is what makes it learnable by a small model.
    """
    if operator == "-" and first < second:
        *steps, result = worked(second, "-", first).split(" = ")
        return " = ".join([f"{first} - {second}", *(f"-({step})" for step in steps), f"-{result}"])
    sign = 1 if operator == "+" else -1
    tens = (first // 10 + sign * (second // 10)) * 10
    ones = first % 10 + sign * (second % 10)
    asked, step = f"{first} {operator} {second}", f"{tens} {'-' if ones < 0 else '+'} {abs(ones)}"
    is_one_step = max(first, second) < 10 or first % 10 == second % 10 == 0 or step == asked
    return f"{asked} = {tens + ones}" if is_one_step else f"{asked} = {step} = {tens + ones}"


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
