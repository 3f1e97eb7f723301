"""Which model answers: chosen, kept, and told; one that is gone is not asked."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.story import SCRIPTED
from tests.e2e.talk import Talk

BUILT_IN = "local:prosa-tiny"


def test_the_chosen_model_answers_and_stays_chosen(scripted: Talk) -> None:
    reply = scripted.say("Who are you?")
    assert scripted.wait_until_done(reply) == "You said: Who are you?"
    expect(reply).to_contain_text("scripted · OpenAI")
    scripted.page.reload()
    picker = scripted.page.get_by_label("Model")
    expect(picker).to_have_value(SCRIPTED)
    expect(scripted.replies).to_have_count(1)
    scripted.choose(BUILT_IN)
    another = scripted.say("What is Prosa?")
    scripted.wait_until_done(another)
    expect(another).to_contain_text("prosa-tiny")
    assert [m["model"] for m in scripted.stored_messages()[1::2]] == [SCRIPTED, BUILT_IN]


def test_a_model_that_is_gone_is_said_to_be_and_another_answers(talk: Talk) -> None:
    talk.page.evaluate("localStorage['prosa.model'] = 'openai:retired'")
    talk.page.reload()
    gone = talk.page.get_by_label("Model").locator("option:checked")
    expect(gone).to_have_text("retired · OpenAI (not offered now)")
    talk.wait_until_done(talk.say("What is Prosa?"))
    assert talk.stored_messages()[1]["model"] == BUILT_IN
