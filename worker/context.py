"""What a model is shown of a conversation: as much as fits, newest first, the question always.

Pure: called by `store_threads` with the messages of one branch as they are read from the table,
it stops reading when the model's budget is spent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prosa.conversation import FinishReason, Message, Role
from worker.llm.model import TURN_OVERHEAD_TOKENS, Turn

PARAGRAPH = "\n\n"


class QuestionTooLong(Exception):
    """The question alone does not fit. `tokens` of `budget`."""

    def __init__(self, *, tokens: int, budget: int) -> None:
        super().__init__(tokens, budget)
        self.tokens = tokens
        self.budget = budget


def build_turns(
    newest_first: Iterable[Message], *, count_tokens: Callable[[str], int], budget: int
) -> tuple[Turn, ...]:
    """The turns of a branch, oldest first, that fit `budget` tokens together.

    The first message given is the question. The cut is clean: nothing older than the first message
    that does not fit, and no reply without the question before it. Failed and empty replies are
    left out, their questions stay. Roles alternate: some providers and chat templates demand it.

    Returns an empty tuple when there is no message at all. Raises QuestionTooLong.
    """
    chosen: list[Turn] = []
    left = budget
    for message in newest_first:
        if _says_nothing(message):
            continue
        needed = count_tokens(message.content) + TURN_OVERHEAD_TOKENS
        if needed > left:
            if not chosen:
                raise QuestionTooLong(tokens=needed, budget=budget)
            break
        left -= needed
        chosen.append(Turn(message.role, message.content))
    while chosen and chosen[-1].role is Role.ASSISTANT:
        chosen.pop()
    return _merged(reversed(chosen))


def _says_nothing(message: Message) -> bool:
    if message.role is Role.USER:
        return False
    return message.finish_reason is FinishReason.FAILED or not message.content.strip()


def _merged(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role is turn.role:
            before = merged.pop()
            turn = Turn(turn.role, f"{before.content}{PARAGRAPH}{turn.content}")
        merged.append(turn)
    return tuple(merged)
