"""What the training data promises: seeded, nothing held out in it, answers true to the facts."""

from __future__ import annotations

import random
from typing import Any

import pytest

from training import dialogues
from training.batches import IGNORED, encode
from training.corpus_files import LANGUAGES, Language, texts, values
from training.dialogues import Exchange, write_dialogue
from training.evaluate import is_right, write_questions
from training.made_up import ValueMaker
from training.rollout import Reply
from training.tokenizer import for_transformers, train_tokenizer


def some_dialogues(count: int = 400, *, seed: int = 1) -> list[list[Exchange]]:
    rng = random.Random(seed)
    return [write_dialogue(rng) for _ in range(count)]


def test_the_same_seed_writes_the_same_dialogues() -> None:
    assert some_dialogues(20) == some_dialogues(20)


def test_no_held_out_value_is_ever_trained_on() -> None:
    held_out = {v for pool in values().held_out.values() for v in pool}
    trained = {v for pool in values().train.values() for v in pool}

    asked = {e.value for dialogue in some_dialogues(2_000) for e in dialogue}

    assert not held_out & trained
    assert not held_out & asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_held_out_phrasing_is_trained_on(language: Language) -> None:
    known = texts(language)
    trained = {ask for topic in known.manual.values() for ask in topic.ask}
    held_out = {ask for topic in known.manual.values() for ask in topic.held_out}

    assert held_out
    assert not trained & held_out
    assert not set(known.unknown.ask) & set(known.unknown.held_out)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_of_the_manual_has_one_answer(language: Language) -> None:
    asked = [ask for topic in texts(language).manual.values() for ask in topic.ask]

    assert len(asked) == len(set(asked))


def test_both_languages_teach_the_same() -> None:
    english, portuguese = texts("en"), texts("pt")

    assert english.manual.keys() == portuguese.manual.keys()
    assert english.facts.keys() == portuguese.facts.keys()


def test_the_answer_to_a_recall_holds_its_value() -> None:
    recalls = [e for dialogue in some_dialogues() for e in dialogue if e.value]

    assert recalls
    assert all(e.value in e.answer for e in recalls)


def test_a_corrected_fact_is_asked_with_its_new_value() -> None:
    rng = random.Random(3)
    scene = dialogues.Scene(rng, ValueMaker(rng), "en")
    told = dialogues.tell(scene)
    corrected = dialogues.correct(scene)
    asked = dialogues.ask(scene)

    assert told is not None
    assert corrected is not None
    assert asked is not None
    assert asked.value in corrected.user


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


def test_the_evaluation_asks_at_least_three_hundred_recalls() -> None:
    assert sum(bool(q.exchanges[-1].value) for q in write_questions(400)) >= 300


def test_a_reply_that_does_not_end_is_wrong() -> None:
    asked = Exchange("What is my name?", "Your name is Ana.", "name", "Ana")

    assert is_right(asked, Reply("Your name is Ana.", has_ended=True))
    assert not is_right(asked, Reply("Your name is Ana.", has_ended=False))
    assert not is_right(asked, Reply("Your name is Eva.", has_ended=True))
