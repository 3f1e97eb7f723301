"""Words in texts, whatever their case and accents, and the piece that is shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.matching import SNIPPET_CHARS, find, fold, words_of

LONG = "Era uma vez " * 30 + "uma ação judicial, " + "e depois nada mais " * 30


def shown(question: str, text: str) -> list[str]:
    """What is marked in the snippet."""
    excerpt = find(words_of(question), text)
    assert excerpt is not None
    return [excerpt.snippet[begin:end] for begin, end in excerpt.matched]


@pytest.mark.parametrize(
    ("question", "text", "marked"),
    [
        ("acao", "Uma Ação judicial", ["Ação"]),
        ("AÇÃO", "uma acao judicial", ["acao"]),
        ("coração", "O CORAÇÃO e o coracao", ["CORAÇÃO", "coracao"]),
        ("ame", "Meu pão é caramelo", ["ame"]),
        ("strasse", "Die Straße", ["Straße"]),
        ("file", "The ﬁle", ["ﬁle"]),
        ("λεξη", "ΛΈΞΗ", ["ΛΈΞΗ"]),
        ("çã", "acao", ["ca"]),
        ("한", "한국", ["한"]),
        ("🦜 arara", "a arara 🦜", ["arara", "🦜"]),
        ("c++", "C++ and C#", ["C++"]),
        ("ab bc", "abc", ["abc"]),
        ("an", "banana", ["anan"]),
    ],
)
def test_what_is_found_and_marked(question: str, text: str, marked: list[str]) -> None:
    assert shown(question, text) == marked


def test_an_accent_of_its_own_is_marked_with_its_letter() -> None:
    assert shown("acao", unicodedata.normalize("NFD", "a ação é")) == [
        unicodedata.normalize("NFD", "ação")
    ]


@pytest.mark.parametrize(("question", "text"), [("pão queijo", "pão"), ("か゚", "か"), ("x", "")])
def test_every_word_must_be_there(question: str, text: str) -> None:
    assert find(words_of(question), text) is None


def test_a_question_of_accents_alone_has_no_words() -> None:
    assert words_of(" \u0301 ") == ()


def test_a_long_text_is_cut_at_words_around_what_was_found() -> None:
    excerpt = find(words_of("acao"), LONG)
    assert excerpt is not None
    assert excerpt.snippet.startswith("…Era uma vez")
    assert "uma ação judicial, e depois" in excerpt.snippet
    assert excerpt.snippet.endswith("nada mais…")
    assert len(excerpt.snippet) <= SNIPPET_CHARS + 2
    assert excerpt.matched == [(excerpt.snippet.index("ação"), excerpt.snippet.index("ação") + 4)]


def test_the_piece_with_the_most_of_the_words_is_shown() -> None:
    text = "Maria. " + "nada " * 100 + "João e Maria foram à feira. " + "nada " * 100
    assert shown("maria joao feira", text) == ["João", "Maria", "feira"]


def test_a_piece_is_one_line() -> None:
    excerpt = find(words_of("b"), "a\n\n  b\tc")
    assert excerpt is not None
    assert excerpt.snippet == "a    b c"


def test_a_word_said_thousands_of_times_is_found_quickly_and_shown_once_cut() -> None:
    excerpt = find(words_of("a"), "ã" * 60_000)
    assert excerpt is not None
    assert len(excerpt.snippet) <= SNIPPET_CHARS + 2


@given(st.text(), st.text(min_size=1, max_size=3), st.text(max_size=400))
def test_what_a_text_holds_is_found_in_it_and_marked_within_the_snippet(
    before: str, word: str, after: str
) -> None:
    words = words_of(word)
    excerpt = find(words, before + " " + word + " " + after)
    assert excerpt is not None
    for begin, end in excerpt.matched:
        assert 0 <= begin < end <= len(excerpt.snippet)
        # One line: a break that was looked for cannot be, words hold none.
        assert any(word in fold(excerpt.snippet[begin:end]) for word in words)
    assert not words or excerpt.matched
