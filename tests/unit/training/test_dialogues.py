"""What the training data promises: seeded, and answers true to the facts."""

from __future__ import annotations

import random
from typing import Any

import pytest

from training.batches import IGNORED, encode
from training.corpus_files import LANGUAGES, Language, texts
from training.dialogues import write_dialogue
from training.fact_talk import ask, correct, recap, tell
from training.made_up import ValueMaker
from training.other_talk import add_or_subtract
from training.scene import Exchange, Scene
from training.tokenizer import for_transformers, train_tokenizer


def some_dialogues(count: int = 400, *, seed: int = 1) -> list[list[Exchange]]:
    rng = random.Random(seed)
    return [write_dialogue(rng) for _ in range(count)]


def test_the_same_seed_writes_the_same_dialogues() -> None:
    assert some_dialogues(20) == some_dialogues(20)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_of_the_manual_has_one_answer(language: Language) -> None:
    asked = [ask for topic in texts(language).manual.values() for ask in topic.ask]

    assert len(asked) == len(set(asked))


def test_both_languages_teach_the_same() -> None:
    english, portuguese = texts("en"), texts("pt")

    assert english.manual.keys() == portuguese.manual.keys()
    assert english.facts.keys() == portuguese.facts.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_two_words_before_a_value_tell_its_kind(language: Language) -> None:
    answers = [
        phrases.answer.format(v="|", **row)
        for phrases in texts(language).facts.values()
        for row in phrases.rows
    ]

    before = [tuple(answer.partition("|")[0].split()[-2:]) for answer in answers]

    assert len(set(before)) == len(before)


def test_the_answer_to_a_recall_holds_its_value() -> None:
    recalls = [e for dialogue in some_dialogues() for e in dialogue if e.value]

    assert recalls
    assert all(e.value in e.answer for e in recalls)


# No phrase of the corpus has these words behind its value: only a second fact brings them there.
@pytest.mark.parametrize(("language", "joint"), [("en", " and my "), ("pt", " e sou ")])
def test_two_facts_of_one_message_are_both_acknowledged(language: Language, joint: str) -> None:
    joined = apart = 0
    for seed in range(1_000):
        rng = random.Random(seed)
        scene = Scene(rng, ValueMaker(rng), language)
        exchange = tell(scene)
        assert exchange is not None
        first, *others = [fact.value for fact in scene.facts.values()]
        assert all(value in exchange.answer for value in (first, *others))
        joined += f"{first}{joint}" in exchange.user
        apart += f"{first}. " in exchange.user and bool(others)

    assert joined
    assert apart


def test_half_the_dialogues_ask_nothing_back_in_their_first_half() -> None:
    long = [dialogue for dialogue in some_dialogues() if len(dialogue) >= 10]
    quiet = [d for d in long if not any(is_asked_back(e) for e in d[: len(d) // 2])]

    assert 0.4 < len(quiet) / len(long) < 0.7
    assert sum(is_asked_back(e) for d in quiet for e in d) > len(quiet)


def is_asked_back(exchange: Exchange) -> bool:
    return exchange.skill.startswith("recap") or exchange.skill in texts("en").facts


@pytest.mark.parametrize("seed", range(20))
def test_what_was_not_asked_for_yet_is_asked_for_first(seed: int) -> None:
    scene = new_scene(seed)
    for kind in ("name", "city", "team"):
        tell(scene, kind=kind)

    asked = [ask(scene) for _ in range(3)]
    correct(scene, fact=scene.facts["city "])
    asked_then = ask(scene)

    assert {e.skill for e in asked if e is not None} == {"name", "city", "team"}
    assert asked_then is not None
    assert asked_then.skill == "city"


def new_scene(seed: int, language: Language = "en") -> Scene:
    rng = random.Random(seed)
    return Scene(rng, ValueMaker(rng), language)


@pytest.mark.parametrize("seed", range(20))
def test_a_corrected_fact_is_asked_with_its_new_value(seed: int) -> None:
    scene = new_scene(seed)
    tell(scene, kind="city")
    corrected = correct(scene)
    asked = ask(scene)

    assert corrected is not None
    assert asked is not None
    assert asked.value in corrected.user


@pytest.mark.parametrize("seed", range(20))
def test_a_recap_says_the_first_and_the_last_thing_told(seed: int) -> None:
    scene = new_scene(seed)
    for kind in ("name", "city", "team"):
        tell(scene, kind=kind)
    first, last = recap(scene, which="first"), recap(scene, which="last")
    corrected = correct(scene, fact=scene.facts["name "])
    latest = recap(scene, which="last")

    assert first is not None
    assert last is not None
    assert latest is not None
    assert corrected is not None
    assert last.value == scene.facts["team "].value
    assert scene.facts["city "].value not in (first.value, last.value)
    assert latest.value == scene.facts["name "].value
    assert first.value != latest.value, "the first was asked before the correction"


@pytest.mark.parametrize("language", LANGUAGES)
def test_sums_are_right(language: Language) -> None:
    scene = new_scene(1, language)
    for _ in range(500):
        question, *steps = add_or_subtract(scene).answer.rstrip(".").split(" = ")
        left, operator, right = question.split()
        value = int(left) + int(right) if operator == "+" else int(left) - int(right)
        assert steps
        for step in steps:
            assert _calculated(step) == value


def _calculated(step: str) -> int:
    sign, inner = (-1, step[2:-1]) if step.startswith("-(") else (1, step)
    left, operator, right = [*inner.split(), "+", "0"][:3]
    return sign * (int(left) + int(right) if operator == "+" else int(left) - int(right))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_knows_at_least_sixty_facts_and_the_user_at_least_twelve(
    language: Language,
) -> None:
    assert len(texts(language).manual) >= 60
    assert len(texts(language).facts) >= 12


def test_only_the_answers_are_learned_and_each_ends_with_the_end_token() -> None:
    drawn = some_dialogues(300)
    tokenizer = train_tokenizer(t for d in drawn for e in d for t in (e.user, e.answer))
    dialogue = [Exchange("Hi", "Hello!", "small"), Exchange("Bye", "Goodbye!", "small")]

    sample = encode(tokenizer, dialogue, context_tokens=64)

    learned = [label for label in sample.labels if label != IGNORED]
    assert tokenizer.decode(learned, skip_special_tokens=False) == "Hello!<|end|>Goodbye!<|end|>"


def test_the_chat_template_renders_what_was_trained_on() -> None:
    drawn = some_dialogues(300)
    tokenizer = train_tokenizer(t for d in drawn for e in d for t in (e.user, e.answer))
    dialogue = [Exchange("My name is João", "Hello, João!", "tell"), Exchange("Bye", "Bye!", "x")]
    turns = [
        {"role": role, "content": text}
        for e in dialogue
        for role, text in (("user", e.user), ("assistant", e.answer))
    ]

    fast: Any = for_transformers(tokenizer, context_tokens=64)
    rendered = fast.apply_chat_template(turns, tokenize=True, return_dict=False)

    assert rendered == encode(tokenizer, dialogue, context_tokens=64).ids


def test_a_name_has_the_same_tokens_wherever_it_stands() -> None:
    drawn = some_dialogues(300)
    tokenizer = train_tokenizer(t for d in drawn for e in d for t in (e.user, e.answer))
    name = tokenizer.encode("Iracema").tokens

    for text in ("Iracema is my name", "I am Iracema", 'They say "Iracema"'):
        tokens = tokenizer.encode(text).tokens
        assert any(tokens[i : i + len(name)] == name for i in range(len(tokens)))
