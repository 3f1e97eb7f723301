"""What a conversation is called, in both languages, from what people really write."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.titles import TITLE_CHARS, title_of


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Hello", "Hello"),
        ("a" * 60, "a" * 60),
        ("a" * 61, "a" * 59 + "…"),
        ("word " * 20, "word " * 11 + "word…"),
        ("um gato " + "x" * 80, "um gato…"),
        ("\n\n  What   is this? \nmore", "What is this?"),
        (
            "Explain the well-known second law of thermodynamics in well-understood terms",
            "Explain the well-known second law of thermodynamics in…",
        ),
        (
            "Compare os preços do arroz, do feijão, do café e do açúcar, por favor",
            "Compare os preços do arroz, do feijão, do café e do açúcar…",
        ),
    ],
)
def test_a_title_is_cut_at_a_word(content: str, title: str) -> None:
    assert title_of(content) == title


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (
            "Oi, tudo bem? Queria saber como plantar tomate",
            "Queria saber como plantar tomate",
        ),
        ("Olá! como faço um bolo?", "Como faço um bolo?"),
        ("oi queria uma dica de filme", "Queria uma dica de filme"),
        ("Bom dia, Prosa! Tudo bem com você? Me ajuda com um texto?", "Me ajuda com um texto?"),
        ("Oi 😊 tudo bom?? quero aprender inglês", "Quero aprender inglês"),
        ("Boa noite pessoal, espero que esteja bem. Preciso de ajuda", "Preciso de ajuda"),
        ("Oi Prosa\n\nQual é a capital do Peru?", "Qual é a capital do Peru?"),
        ("Hi there! How are you today? Can you fix my CV?", "Can you fix my CV?"),
        ("Hey - quick question about taxes", "Quick question about taxes"),
        ("good morning, I need a plan for Lisbon", "I need a plan for Lisbon"),
        ("Hello, hope you're doing well. Write a haiku", "Write a haiku"),
        ("Prosa, o que você sabe fazer?", "O que você sabe fazer?"),
    ],
)
def test_a_greeting_is_left_out(content: str, title: str) -> None:
    assert title_of(content) == title


@pytest.mark.parametrize(
    "content",
    [
        "Oi",
        "Olá, tudo bem?",
        "How are you?",
        "Bom dia, Prosa!",
        "Oi Telecom caiu na minha rua",
        "Hi-fi systems of the seventies",
        "Como vai funcionar a reforma?",
        "How are you different from others?",
        "Tudo bem se eu plantar tomate em junho?",
        "Prosa e verso: qual a diferença?",
        "Beleza é relativa?",
    ],
)
def test_a_greeting_alone_and_what_only_looks_like_one_stay(content: str) -> None:
    assert title_of(content) == content


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# Plano de *estudos*", "Plano de estudos"),
        ("**Ajuda** com `git rebase`", "Ajuda com git rebase"),
        ("> - [ ] Comprar __pão__ e ~~leite~~", "Comprar pão e leite"),
        ("1. Explain [this page](https://example.com/a_b) to me", "Explain this page to me"),
        ("![a cat](cat.png) What is it?", "a cat What is it?"),
        ("Fix my_var_name and 2 * 3 * 4", "Fix my_var_name and 2 * 3 * 4"),
        ("What is Vec<T> in Rust?", "What is Vec<T> in Rust?"),
        ("<p>Olá, <b>revise</b> isto</p>", "Revise isto"),
        ("---\n| a | b |\n", "| a | b |"),
        ("```python\nprint(1)\n```\nWhy does it print 1?", "Why does it print 1?"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("***", "***"),
        ("Corrija este texto:\n\nEu foi na feira", "Corrija este texto"),
    ],
)
def test_markdown_is_left_out(content: str, title: str) -> None:
    assert title_of(content) == title


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Qual a capital do Brasil? Preciso disso para a prova.", "Qual a capital do Brasil?"),
        ("Explique a fotossíntese. Use exemplos.", "Explique a fotossíntese"),
        ("Quem foi o Dr. Oswaldo Cruz e o que fez?", "Quem foi o Dr. Oswaldo Cruz e o que fez?"),
        ("Use Python 3.11 with node v. 20 please", "Use Python 3.11 with node v. 20 please"),
        ("Let me think about it...", "Let me think about it..."),
    ],
)
def test_a_first_sentence_is_enough(content: str, title: str) -> None:
    assert title_of(content) == title


@given(st.text(min_size=1).filter(str.strip))
def test_a_title_is_one_short_line_that_says_something(content: str) -> None:
    title = title_of(content)
    assert 0 < len(title) <= TITLE_CHARS
    assert len(title.splitlines()) == 1


@pytest.mark.parametrize("piece", ["**a", "*a ", "[a", "<b ", "oi, ", "`", "a? ", "# "])
def test_no_message_takes_long(piece: str) -> None:
    started = time.process_time()
    title_of(piece * (8_000 // len(piece)))
    assert time.process_time() - started < 0.1
