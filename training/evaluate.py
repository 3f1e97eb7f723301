"""Measures a trained model on values and phrasings it has never seen.

    python -m training.evaluate [models/prosa-tiny]

The model answers every turn itself, so an error early in a dialogue counts against what follows,
as it would for a user. A recall is right when the reply holds the value letter by letter; anything
else is right when the reply is the answer taught, word for word. Exit status 1 below the floor.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from training import dialogues as d
from training.corpus_files import LANGUAGES, Language, Topic, texts
from training.made_up import ValueMaker
from training.rollout import Reply, Speaker

_SEED = 4_812  # not the training's
_RECALL_FLOOR = 0.9


@dataclass(frozen=True, slots=True)
class Question:
    """A dialogue whose last exchange is asked; `row` is its line in the table."""

    row: str
    exchanges: tuple[d.Exchange, ...]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Evaluate a model on held-out dialogues.")
    parser.add_argument("model", type=Path, nargs="?", default=Path("models/prosa-tiny"))
    parser.add_argument("--recall", type=int, default=400, help="how many recall questions")
    parser.add_argument("--misses", type=int, default=8, help="how many misses to show")
    args = parser.parse_args()
    questions = write_questions(args.recall)
    replies = Speaker(args.model).hold([[e.user for e in q.exchanges] for q in questions])
    recall = report(questions, replies, misses=args.misses)
    sys.exit(recall < _RECALL_FLOOR)


def write_questions(recall: int) -> list[Question]:
    """Write `recall` recall questions and the fixed set of all others. Seeded."""
    rng = random.Random(_SEED)
    questions = [_recall(rng, LANGUAGES[i % 2]) for i in range(recall)]
    for language in LANGUAGES:
        known = texts(language)
        for topic in known.manual.values():
            questions.append(_alone(rng, "manual", language, rng.choice(topic.ask), topic))
            questions += [
                _alone(rng, "manual, new phrasing", language, ask, topic) for ask in topic.held_out
            ]
        for row, topics in (("small", known.small), ("story", known.stories)):
            questions += [
                _alone(rng, row, language, rng.choice(topic.ask), topic) for topic in topics
            ]
        unknown = Topic(ask=[], answer=known.unknown.answer)
        questions += [
            _alone(rng, "unknown", language, ask, unknown) for ask in known.unknown.held_out
        ]
        questions += [_untold(rng, language) for _ in range(20)]
    # The stories last: a batch takes as long as its longest reply.
    return sorted(questions, key=lambda question: question.row.startswith("story"))


def is_right(asked: d.Exchange, reply: Reply) -> bool:
    """Judge a reply; one that did not end by itself is wrong."""
    if not reply.has_ended:
        return False
    return asked.value in reply.text if asked.value else reply.text == asked.answer


def report(questions: list[Question], replies: list[Reply], *, misses: int) -> float:
    """Print the table and some misses; return the share of recalls that were right."""
    rows: dict[str, list[bool]] = defaultdict(list)
    shown = 0
    for question, reply in zip(questions, replies, strict=True):
        asked = question.exchanges[-1]
        right = is_right(asked, reply)
        rows[question.row].append(right)
        if asked.value:
            rows["recall, all"].append(right)
        rows["ends by itself"].append(reply.has_ended)
        if not right and shown < misses:
            shown += 1
            print(f"miss [{question.row}] {asked.user!r}: {reply.text!r}, not {asked.answer!r}")
    for row in sorted(rows):
        print(f"{row:28s} {sum(rows[row]):4d} of {len(rows[row]):4d}  {_share(rows[row]):6.1%}")
    return _share(rows["recall, all"])


def _recall(rng: random.Random, language: Language) -> Question:
    """Tell one to four facts, talk of something else, correct one now and then, ask for one."""
    scene = d.Scene(rng, ValueMaker(rng, held_out=True), language)
    exchanges: list[d.Exchange | None] = []
    for _ in range(rng.randint(1, 4)):
        exchanges.append(d.tell(scene))
        if rng.random() < 0.4:
            exchanges.append(rng.choice([d.small_talk, d.manual])(scene))
    row = f"recall {language}"
    if rng.random() < 0.2:
        exchanges.append(d.correct(scene))
        # Asked is then what was corrected: only the new value counts.
        last = exchanges[-1]
        scene.facts = {
            k: f for k, f in scene.facts.items() if last is None or f.value in last.answer
        }
        row = f"recall {language}, corrected"
    exchanges.append(d.ask(scene))
    return Question(row, tuple(e for e in exchanges if e is not None))


def _untold(rng: random.Random, language: Language) -> Question:
    scene = d.Scene(rng, ValueMaker(rng, held_out=True), language)
    pair = [d.tell(scene), d.ask_untold(scene)]
    while pair[1] is None:
        pair[1] = d.ask_untold(scene)
    return Question(f"untold {language}", tuple(e for e in pair if e is not None))


def _alone(rng: random.Random, row: str, language: Language, user: str, topic: Topic) -> Question:
    scene = d.Scene(rng, ValueMaker(rng, held_out=True), language)
    before = [d.small_talk(scene)] if rng.random() < 0.5 else []
    asked = d.Exchange(user, topic.answer, row)
    return Question(f"{row} {language}", (*before, replace(asked, user=user)))


def _share(judged: list[bool]) -> float:
    return sum(judged) / len(judged) if judged else 0.0


if __name__ == "__main__":
    main()
