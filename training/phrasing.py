"""Varies how a user types: without capitals, without the full stop, with a word before."""

from __future__ import annotations

import random

_OPENERS = {
    "en": ("Hey, ", "Ok. ", "And ", "So, ", "Please: ", "Hm, ", "Well, "),
    "pt": ("E ", "Então, ", "Bom, ", "Olha, ", "Ei, ", "Hm, "),
}
_KEEPS_CASE = ("tell", "correct")  # their values are copied letter by letter


def vary(rng: random.Random, text: str, *, skill: str, language: str) -> str:
    """Type `text` as people do. `repeat` stays as it is: every letter of it is asked back."""
    if skill == "repeat":
        return text
    if rng.random() < 0.25:
        text = text.rstrip(".!?")
    if skill not in _KEEPS_CASE and rng.random() < 0.15:
        return text.lower()
    if rng.random() < 0.06:
        return rng.choice(_OPENERS[language]) + text
    return text
