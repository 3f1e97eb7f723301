"""Writes the dialogues that `train` learns from.

To teach something new, add a phrase to `training/corpus`, or an action to `_ACTIONS` here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from training.corpus_files import LANGUAGES
from training.fact_talk import ask, ask_untold, correct, recap, tell
from training.made_up import ValueMaker
from training.other_talk import add_or_subtract, manual, repeat, small_talk, story, unknown
from training.phrasing import vary
from training.scene import Exchange, Scene
from training.spoiled import is_spoiled, spoiled

_OTHER_LANGUAGE_SHARE = 0.05
_LENGTHS = ((1, 4), (4, 14), (14, 26))  # exchanges: short, usual, far enough to forget
_LENGTH_SHARES = (25, 62, 13)

Action = Callable[[Scene], Exchange | None]

_ACTIONS: list[tuple[Action, float]] = [
    # Copying is what takes longest to learn, so most of a dialogue tells and asks.
    (tell, 28),
    (ask, 46),
    (ask_untold, 12),
    (correct, 7),
    (recap, 8),
    (small_talk, 4),
    (manual, 18),
    (add_or_subtract, 14),
    (story, 0.2),
    (unknown, 12),
    (repeat, 6),
]


def write_dialogue(rng: random.Random) -> list[Exchange]:
    """Write one training dialogue of 1 to 26 exchanges."""
    scene = Scene(rng, ValueMaker(rng), rng.choice(LANGUAGES))
    count = rng.randint(*rng.choices(_LENGTHS, _LENGTH_SHARES)[0])
    exchanges: list[Exchange] = []
    actions, weights = zip(*_ACTIONS, strict=True)
    while len(exchanges) < count:
        if rng.random() < _OTHER_LANGUAGE_SHARE:
            scene.switch_language()
        exchange = rng.choices(actions, weights)[0](scene)
        if exchange is not None:
            user = vary(rng, exchange.user, skill=exchange.skill, language=scene.language)
            exchange = replace(exchange, user=user)
            exchanges.append(spoiled(scene, exchange) if is_spoiled(scene, exchange) else exchange)
    return exchanges
