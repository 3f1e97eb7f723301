"""A person types, the reply streams in, in every tab, and survives a reload."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import NewContext
from tests.e2e.story import SCRIPTED, STORY, TOLD, plain
from tests.e2e.talk import Talk
from tests.llm_server.script import Script


def test_a_name_that_was_told_is_remembered(talk: Talk) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    assert "Iracema" in talk.wait_until_done(talk.say("What is my name?"))


def test_a_reply_streams_in_and_is_the_stored_one(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    reply = talk.say("Tell me a story.")
    beginning = talk.wait_until_streaming(reply, characters=TOLD)
    held.gate.open()
    whole = talk.wait_until_done(reply)
    assert whole.startswith(beginning)
    assert whole == STORY == plain(talk.stored_messages()[-1]["content"])


def test_a_reload_in_the_middle_loses_and_doubles_nothing(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    before = talk.wait_until_streaming(talk.say("Tell me a story."), characters=TOLD)
    talk.page.reload()
    after = talk.wait_until_streaming(talk.replies.last, characters=TOLD)
    held.gate.open()
    whole = talk.wait_until_done(talk.replies.last)
    assert before == after
    assert whole == STORY
    assert (talk.questions.count(), talk.replies.count()) == (1, 1)
    assert [m["role"] for m in talk.stored_messages()] == ["user", "assistant"]


def test_two_tabs_show_everything(talk: Talk) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    other = talk.another_tab()
    expect(other.questions).to_have_count(1)
    here = talk.say("What is my name?")
    expect(other.questions).to_have_count(2)
    text = talk.wait_until_done(here)
    assert other.wait_until_done(other.replies.last) == text
    there = other.say("Thank you!")
    text = other.wait_until_done(there)
    assert talk.wait_until_done(talk.replies.nth(2)) == text


def test_both_tabs_see_the_middle_of_a_reply(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    here = talk.say("Tell me a story.")
    text = talk.wait_until_streaming(here, characters=TOLD)
    other = talk.another_tab()
    assert other.wait_until_streaming(other.replies.last, characters=TOLD) == text
    held.gate.open()
    assert talk.wait_until_done(here) == other.wait_until_done(other.replies.last) == STORY


def test_a_stopped_reply_keeps_what_was_written(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    reply = talk.say("Tell me a story.")
    text = talk.wait_until_streaming(reply, characters=TOLD)
    talk.page.get_by_test_id("stop").click()
    expect(reply).to_have_attribute("data-status", "cancelled")
    stored = talk.stored_messages()[-1]
    assert stored["finish_reason"] == "cancelled"
    assert not held.gate.is_open
    assert plain(stored["content"]) == talk.text_of(reply) == text


def test_nobody_sees_what_another_said(talk: Talk, new_context: NewContext) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    stranger = Talk(new_context().new_page(), talk.url)
    stranger.arrive_as_guest()
    stranger.page.goto(talk.page.url)
    expect(stranger.page.get_by_text("This conversation is not here.")).to_be_visible()
    assert stranger.conversations.count() == 0


def test_a_reply_that_was_looked_at_is_known_to_be_seen(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("Hello?"))
    scripted.wait_until_seen()
