"""The stack is ended and started again: what was said is there tomorrow."""

from __future__ import annotations

import pytest

from local.stack import Stack
from tests.e2e.talk import Talk
from tests.llm_server.server import LlmServer


@pytest.mark.timeout(240)
def test_a_conversation_is_there_after_a_restart(
    scripted: Talk, stack: Stack, paid_llm: LlmServer
) -> None:
    text = scripted.wait_until_done(scripted.say("My name is Iracema"))
    stack.stop()
    stack.start()
    scripted.page.reload()
    assert scripted.wait_until_done(scripted.replies.first) == text
    scripted.wait_until_done(scripted.say("What is my name?"))
    asked = [turn["content"] for turn in paid_llm.requests[-1].body["input"]]
    assert asked[-3:] == ["My name is Iracema", text, "What is my name?"]
