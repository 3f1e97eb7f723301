"""`worker.context`: what a model is shown of a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosa.conversation import FinishReason, Message, Role
from tests.builders import a_message
from worker.context import TURN_OVERHEAD_TOKENS, QuestionTooLong, build_turns
from worker.llm.model import Turn

USER, ASSISTANT = Role.USER, Role.ASSISTANT


def said(role: Role, content: str, reason: FinishReason | None = None) -> Message:
    return a_message(role=role, content=content).model_copy(update={"finish_reason": reason})


def turns(*oldest_first: Message, budget: int = 10_000) -> tuple[Turn, ...]:
    return build_turns(reversed(oldest_first), count_tokens=len, budget=budget)


def test_turns_stand_oldest_first() -> None:
    shown = turns(said(USER, "a"), said(ASSISTANT, "b"), said(USER, "c"))

    assert shown == (Turn(USER, "a"), Turn(ASSISTANT, "b"), Turn(USER, "c"))


def test_a_failed_reply_is_left_out_and_its_question_stays() -> None:
    shown = turns(said(USER, "a"), said(ASSISTANT, "b", FinishReason.FAILED), said(USER, "c"))

    assert shown == (Turn(USER, "a\n\nc"),)


def test_an_empty_reply_is_left_out() -> None:
    shown = turns(said(USER, "a"), said(ASSISTANT, " \n", FinishReason.CANCELLED), said(USER, "c"))

    assert shown == (Turn(USER, "a\n\nc"),)


def test_a_cancelled_reply_with_text_stays() -> None:
    shown = turns(said(USER, "a"), said(ASSISTANT, "b", FinishReason.CANCELLED), said(USER, "c"))

    assert [turn.content for turn in shown] == ["a", "b", "c"]


def test_the_oldest_are_cut_when_the_budget_is_spent() -> None:
    budget = 3 * (TURN_OVERHEAD_TOKENS + 1)

    older = (said(USER, "a"), said(ASSISTANT, "b"))
    shown = turns(*older, said(USER, "c"), said(ASSISTANT, "d"), said(USER, "e"), budget=budget)

    assert [turn.content for turn in shown] == ["c", "d", "e"]


def test_a_reply_without_its_question_is_cut_too() -> None:
    budget = 2 * (TURN_OVERHEAD_TOKENS + 1)

    shown = turns(said(USER, "a"), said(ASSISTANT, "b"), said(USER, "c"), budget=budget)

    assert [turn.content for turn in shown] == ["c"]


def test_nothing_older_is_shown_than_what_did_not_fit() -> None:
    shown = turns(said(USER, "a"), said(ASSISTANT, "b" * 500), said(USER, "c"), budget=100)

    assert [turn.content for turn in shown] == ["c"]


def test_a_question_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(QuestionTooLong) as caught:
        turns(said(USER, "x" * 100), budget=100)

    assert caught.value.tokens == 100 + TURN_OVERHEAD_TOKENS
    assert caught.value.budget == 100


def test_no_message_gives_no_turn() -> None:
    assert turns() == ()


def test_reading_stops_when_the_budget_is_spent() -> None:
    read: list[str] = []

    def branch() -> Iterator[Message]:
        for number in range(1_000):
            read.append(str(number))
            yield said(ASSISTANT if number % 2 else USER, "x" * 20)

    build_turns(branch(), count_tokens=len, budget=100)

    assert len(read) == 4  # three fit, the fourth does not


REPLY_ENDS = st.sampled_from([FinishReason.STOP, FinishReason.CANCELLED, FinishReason.FAILED])


@st.composite
def branches(draw: st.DrawFn) -> list[Message]:
    """Any branch, oldest first, that ends with a question."""
    messages: list[Message] = []
    for _ in range(draw(st.integers(0, 8))):
        messages.append(said(USER, draw(st.text(min_size=1, max_size=30))))
        if draw(st.booleans()):
            messages.append(said(ASSISTANT, draw(st.text(max_size=30)), draw(REPLY_ENDS)))
    messages.append(said(USER, draw(st.text(min_size=1, max_size=30))))
    return messages


@given(branch=branches(), budget=st.integers(40, 400))
def test_whatever_was_said_a_model_can_be_shown_it(branch: list[Message], budget: int) -> None:
    shown = turns(*branch, budget=budget)

    # Begins and ends with the user, roles alternate, the question is whole.
    assert shown[0].role is USER
    assert shown[-1].role is USER
    assert all(a.role is not b.role for a, b in pairwise(shown))
    assert shown[-1].content.endswith(branch[-1].content)
    # It fits.
    assert sum(len(turn.content) for turn in shown) <= budget
    # Nothing that failed is shown; what is shown was said in this order, up to the newest.
    usable = [
        m.content
        for m in branch
        if m.role is USER or (m.content.strip() and m.finish_reason is not FinishReason.FAILED)
    ]
    joined = "\n\n".join(turn.content for turn in shown)
    assert any(joined == "\n\n".join(usable[start:]) for start in range(len(usable)))
