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

_OTHER_LANGUAGE_SHARE = 0.05
_LENGTHS = ((1, 4), (4, 14), (14, 26))  # exchanges: short, usual, far enough to forget
_LENGTH_SHARES = (20, 58, 22)
_TELLS_FIRST_SHARE = 0.5  # of dialogues: in their first half nothing is asked back

Action = Callable[[Scene], Exchange | None]

_ACTIONS: list[tuple[Action, float]] = [
    # Copying is what takes longest to learn, so most of a dialogue tells and asks.
    (tell, 28),
    (ask, 56),
    (ask_untold, 11),
    (correct, 7),
    (recap, 8),
    (small_talk, 4),
    (manual, 20),
    (add_or_subtract, 8),
    (story, 0.2),
    (unknown, 11),
    (repeat, 4),
]


def write_dialogue(rng: random.Random) -> list[Exchange]:
    """Write one training dialogue of 1 to 26 exchanges."""
    scene = Scene(rng, ValueMaker(rng), rng.choice(LANGUAGES))
    count = rng.randint(*rng.choices(_LENGTHS, _LENGTH_SHARES)[0])
    exchanges: list[Exchange] = []
    actions, weights = zip(*_ACTIONS, strict=True)
    asks_from = count / 2 if rng.random() < _TELLS_FIRST_SHARE else 0
    while len(exchanges) < count:
        if rng.random() < _OTHER_LANGUAGE_SHARE:
            scene.switch_language()
        action = rng.choices(actions, weights)[0]
        if action in (ask, recap) and len(exchanges) < asks_from:
            continue
        exchange = action(scene)
        if exchange is not None:
            user = vary(rng, exchange.user, skill=exchange.skill, language=scene.language)
            exchanges.append(replace(exchange, user=user))
    return exchanges
