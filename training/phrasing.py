"""Varies how a user types: no capitals, no accents, a word before, words left out, a slip.

Where a value is told nothing of it is touched: it is copied letter by letter.
"""

from __future__ import annotations

import random
import unicodedata

_BEFORE = {
    "en": ("Hey, ", "Ok. ", "And ", "So, ", "Please: ", "Hm, ", "Well, ", "Prosa, ", "Hi! ",
           "I have a question: ", "One more thing: ", "Quick question. ", "Thanks! "),
    "pt": ("E ", "Então, ", "Bom, ", "Olha, ", "Ei, ", "Hm, ", "Prosa, ", "Oi! ", "Uma dúvida: ",
           "Mais uma coisa: ", "Pergunta rápida. ", "Obrigado! ", "Por favor, "),
}  # fmt: skip
_AFTER = {
    "en": (" please", ", please?", " Thanks!", "?", "??", " ...", "!"),
    "pt": (" por favor", ", por favor?", " Obrigado!", "?", "??", " ...", "!"),
}
_SMALL_WORDS = {
    "en": "a an the is are do does of to in me my can you it please for i",
    "pt": "a o as os um uma é de da do que me eu você em para por se isso",
}
_SMALL = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_HOLDS_A_VALUE = ("tell", "correct")
_VERBATIM = ("repeat",)
_FREE = ("manual", "unknown", "small")  # a word fewer does not change what they ask


def vary(rng: random.Random, text: str, *, skill: str, language: str) -> str:
    """Type `text` as people do. What `repeat` asks back stays as it is."""
    if skill in _VERBATIM:
        return text
    if rng.random() < 0.25:
        text = text.rstrip(".!?")
    if skill in _HOLDS_A_VALUE:
        return rng.choice(_BEFORE[language]) + text if rng.random() < 0.06 else text
    return _retyped(rng, _reworded(rng, text, skill, language), language)


def _reworded(rng: random.Random, text: str, skill: str, language: str) -> str:
    if skill in _FREE:
        return _sloppy(rng, text, language)
    if skill == "sum" and rng.random() < 0.3:
        return _without_long_words(rng, text)
    return text


def _retyped(rng: random.Random, text: str, language: str) -> str:
    if rng.random() < 0.08:
        text = text.rstrip(".!?") + rng.choice(_AFTER[language])
    if rng.random() < 0.08:
        text = rng.choice(_BEFORE[language]) + text
    if language == "pt" and rng.random() < 0.12:
        text = _without_accents(text)
    return text.lower() if rng.random() < 0.15 else text


def _sloppy(rng: random.Random, text: str, language: str) -> str:
    if rng.random() < 0.2:
        text = _without_small_words(rng, text, language)
    if rng.random() < 0.35:
        text = _without_some_words(rng, text)
    if rng.random() < 0.15:
        text = _in_another_order(rng, text)
    return _with_a_slip(rng, text) if rng.random() < 0.06 else text


def _without_small_words(rng: random.Random, text: str, language: str) -> str:
    words = text.split()
    kept = [w for w in words if w.lower() not in _SMALL[language] or rng.random() < 0.5]
    return " ".join(kept) if len(kept) > 1 else text


def _without_some_words(rng: random.Random, text: str) -> str:
    """Any word may go, so that no single one is what a question is known by."""
    kept = [word for word in text.split() if rng.random() < 0.85]
    return " ".join(kept) if len(kept) > 1 else text


def _without_long_words(rng: random.Random, text: str) -> str:
    """In a sum the short ones count: "from" tells which number is which."""
    return " ".join(w for w in text.split() if len(w) < 5 or rng.random() < 0.85)


def _in_another_order(rng: random.Random, text: str) -> str:
    """Two neighbouring words swapped."""
    words = text.split()
    i = rng.randrange(max(1, len(words) - 1))
    words[i : i + 2] = reversed(words[i : i + 2])
    return " ".join(words)


def _with_a_slip(rng: random.Random, text: str) -> str:
    """Two neighbouring letters swapped, inside a longer word."""
    places = [
        i for i in range(1, len(text) - 2)
        if text[i - 1 : i + 3].isalpha() and text[i - 1 : i + 3].islower()
    ]  # fmt: skip
    if not places:
        return text
    i = rng.choice(places)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
