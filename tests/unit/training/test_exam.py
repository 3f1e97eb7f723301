"""What the exam promises: nothing of it was trained on, and it is the one in the repository."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from training.corpus_files import LANGUAGES, Language, texts, values
from training.dialogues import write_dialogue
from training.evaluate import is_right, judge, share
from training.exam import Question, in_new_words, plain, read_exam, write_exam
from training.kept_back import held_out_values, is_kept_back
from training.replies_language import ReplyLanguage
from training.rollout import Reply


def some_dialogues(count: int) -> list[list[str]]:
    rng = random.Random(7)
    return [[e.user for e in write_dialogue(rng)] for _ in range(count)]


def test_the_exam_in_the_repository_is_the_one_its_seed_writes() -> None:
    assert read_exam() == write_exam()


def test_it_asks_as_many_questions_as_it_claims() -> None:
    counts = Counter(question.row for question in read_exam())

    assert counts["recall"] == 600
    assert counts["manual, new words"] == 200
    assert counts["sums"] == 200
    assert counts["unknown"] == 100


def test_it_asks_for_facts_up_to_twelve_turns_back_among_up_to_five() -> None:
    recalls = [q for q in read_exam() if q.row == "recall"]
    lengths = {len(question.turns) for question in recalls}

    assert min(lengths) == 2
    assert max(lengths) >= 13


def test_no_value_of_the_exam_is_in_the_corpus_or_ever_drawn() -> None:
    held_out = {v.lower() for pool in held_out_values().values() for v in pool}
    trained = {v.lower() for pool in values().train.values() for v in pool}
    rng = random.Random(5)
    asked = {e.value.lower() for _ in range(2_000) for e in write_dialogue(rng) if e.value}

    assert not held_out & trained
    assert not held_out & asked
    assert not {value for value in asked if value.isdecimal() and is_kept_back(value)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrasing_of_the_exam_is_trained_on(language: Language) -> None:
    known, new = texts(language), in_new_words(language)
    trained = {plain(ask) for topic in known.manual.values() for ask in topic.ask}

    for held_out in new.manual.values():
        assert not {plain(ask) for ask in held_out.ask} & trained
    for kind, phrases in new.facts.items():
        assert not set(map(plain, phrases.ask)) & set(map(plain, known.facts[kind].ask)), kind
        assert not set(map(plain, phrases.tell)) & set(map(plain, known.facts[kind].tell)), kind
    assert not set(map(plain, new.unknown.ask)) & set(map(plain, known.unknown.ask))
    assert not set(map(plain, new.sums.plus)) & set(map(plain, known.sums.plus))


def test_no_question_of_the_exam_is_said_in_training() -> None:
    said = {plain(line) for dialogue in some_dialogues(3_000) for line in dialogue}
    in_new = ("recall, new words", "first and last", "manual, new words", "sums", "unknown")

    assert not [q for q in read_exam() if q.row in in_new and plain(q.turns[-1]) in said]


def test_a_reply_that_does_not_end_is_wrong() -> None:
    asked = Question("recall", "en", ["What is my name?"], "Your name is Ana.", "Ana")

    assert is_right(asked, Reply("Your name is Ana.", has_ended=True))
    assert not is_right(asked, Reply("Your name is Ana.", has_ended=False))
    assert not is_right(asked, Reply("Your name is Anabel.", has_ended=True))


def test_without_a_value_the_answer_is_compared_word_for_word() -> None:
    asked = Question("sums", "en", ["2 + 3"], "2 + 3 = 5.", "")

    assert is_right(asked, Reply("2 + 3 = 5.", has_ended=True))
    assert not is_right(asked, Reply("2 + 3 = 55.", has_ended=True))


def test_replies_are_told_apart_by_their_language() -> None:
    spoken = ReplyLanguage()

    assert spoken.of("Your name is Quitéria.") == "en"
    assert spoken.of("Seu nome é Wellington.") == "pt"
    assert spoken.of("2 + 3 = 5.") is None


def test_a_reply_in_the_other_language_counts_against_its_row() -> None:
    asked = Question("recall", "pt", ["Qual é o meu nome?"], "Seu nome é Ana.", "Ana")

    rows = judge([asked], [Reply("Your name is Ana.", has_ended=True)])

    assert share(rows["right language"]) == 0
    assert share(rows["recall"]) == 1
