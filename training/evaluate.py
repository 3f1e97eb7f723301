"""Puts the exam to a trained model and prints the table of the README; `make eval` calls it.

    python -m training.evaluate [models/prosa-tiny]

The model answers every turn itself, so an error early in a dialogue counts against what follows,
as it would for a user. Exit status 1 when a row misses its goal.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

from training.exam import Question, read_exam
from training.replies_language import ReplyLanguage
from training.rollout import Reply, Speaker

GOALS = {
    "recall": 0.97,
    "recall, new words": 0.85,
    "manual, new words": 0.90,
    "sums": 0.95,
    "unknown": 0.90,
    "right language": 0.98,
    "stops by itself": 0.99,
    "not empty": 1.0,
}


def main() -> None:
    """Print the table; exit with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description="Evaluate a model on the held-out exam.")
    parser.add_argument("model", type=Path, nargs="?", default=Path("models/prosa-tiny"))
    parser.add_argument("--every", type=int, default=1, help="ask only each n-th question")
    parser.add_argument("--misses", type=int, default=12, help="how many misses to show")
    args = parser.parse_args()
    questions = read_exam()[:: args.every]
    replies = Speaker(args.model).hold([question.turns for question in questions])
    rows = judge(questions, replies)
    show_misses(questions, replies, count=args.misses)
    print(table(rows))
    sys.exit(any(share(rows[row]) < goal for row, goal in GOALS.items()))


def is_right(question: Question, reply: Reply) -> bool:
    """Judge a reply; one that did not end by itself is wrong.

    Of a sum the result counts: who asks to add 4 to 95 may read 4 + 95 as well as 95 + 4.
    """
    if not reply.has_ended:
        return False
    if question.row == "sums":
        return _last_number(reply.text) == _last_number(question.answer)
    if not question.value:
        return reply.text == question.answer
    return re.search(rf"(?<!\w){re.escape(question.value)}(?!\w)", reply.text) is not None


def _last_number(text: str) -> str | None:
    return next(iter(re.findall(r"-?\d+", text)[::-1]), None)


def judge(questions: list[Question], replies: list[Reply]) -> dict[str, dict[str, list[bool]]]:
    """Sort the verdicts by row and language."""
    rows: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    spoken = ReplyLanguage()
    for question, reply in zip(questions, replies, strict=True):
        language = question.language
        rows[question.row][language].append(is_right(question, reply))
        rows["right language"][language].append(spoken.of(reply.text) in (language, None))
        rows["stops by itself"][language].append(reply.has_ended)
        rows["not empty"][language].append(bool(reply.text.strip()))
    return rows


def table(rows: dict[str, dict[str, list[bool]]]) -> str:
    """Render the verdicts as Markdown."""
    lines = ["| | right | English | Portuguese | goal |", "|---|---:|---:|---:|---:|"]
    for row, verdicts in rows.items():
        every = [right for language in verdicts.values() for right in language]
        cells = [f"{sum(every)} of {len(every)}, {share(verdicts):.1%}"]
        cells += [f"{share({row: verdicts[language]}):.1%}" for language in ("en", "pt")]
        goal = f"{GOALS[row]:.0%}" if row in GOALS else ""
        lines.append(f"| {row} | {' | '.join(cells)} | {goal} |")
    return "\n".join(lines)


def share(verdicts: dict[str, list[bool]]) -> float:
    """The share of right ones, 0 of none."""
    every = [right for language in verdicts.values() for right in language]
    return sum(every) / len(every) if every else 0.0


def show_misses(questions: list[Question], replies: list[Reply], *, count: int) -> None:
    """Print the first misses of each row."""
    shown: dict[str, int] = defaultdict(int)
    for question, reply in zip(questions, replies, strict=True):
        if is_right(question, reply) or shown[question.row] >= count:
            continue
        shown[question.row] += 1
        print(
            f"miss [{question.row}] {question.turns[-1]!r}: {reply.text!r}, not {question.answer!r}"
        )


if __name__ == "__main__":
    main()
