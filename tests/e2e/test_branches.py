"""A message is said differently, a reply asked for again: all versions stay, one is shown."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.story import STORY, TOLD, held_story
from tests.e2e.talk import Talk
from tests.e2e.versions import answer_again, edit, expect_version, show_next, show_previous
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer


def expect_thread(talk: Talk, *texts: str) -> None:
    """Wait until just these are shown, questions and replies in turn."""
    expect(talk.questions.locator(".said__text")).to_have_text(list(texts[::2]))
    expect(talk.replies.locator(".prose")).to_have_text(list(texts[1::2]))


def test_an_edited_message_begins_a_branch_and_the_old_one_stays(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("I live in Olinda"))
    scripted.wait_until_done(scripted.say("Where do I live?"))
    old = ("I live in Olinda", "You said: I live in Olinda")
    old += ("Where do I live?", "You said: Where do I live?")
    edit(scripted.questions.first, "I live in Recife")
    new = ("I live in Recife", "You said: I live in Recife")
    expect_thread(scripted, *new)
    first = scripted.questions.first
    expect_version(first, 2, 2)
    show_previous(first)
    expect_thread(scripted, *old)
    expect_version(first, 1, 2)
    scripted.page.reload()
    expect_thread(scripted, *old)  # the choice is kept
    show_next(first)
    expect_thread(scripted, *new)
    assert len(scripted.stored_messages()) == 6
    parents = {m["content"]: m["parent_id"] for m in scripted.stored_messages()}
    assert parents["I live in Olinda"] is parents["I live in Recife"] is None


def test_an_edit_in_the_middle_keeps_what_came_before(scripted: Talk) -> None:
    for words in ("One", "Two", "Three"):
        scripted.wait_until_done(scripted.say(words))
    edit(scripted.questions.nth(1), "Two and a half")
    begin = ("One", "You said: One")
    expect_thread(scripted, *begin, "Two and a half", "You said: Two and a half")
    show_previous(scripted.questions.nth(1))
    both = ("Two", "You said: Two", "Three", "You said: Three")
    expect_thread(scripted, *begin, *both)


def test_an_edit_that_is_left_changes_nothing(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("It stays"))
    question = scripted.questions.first
    question.hover()
    question.get_by_role("button", name="Edit this message").click()
    field = question.get_by_test_id("edit-field")
    expect(field).to_be_focused()
    field.fill("It goes")
    field.press("Escape")
    expect_thread(scripted, "It stays", "You said: It stays")
    assert len(scripted.stored_messages()) == 2


def test_any_reply_is_asked_for_again(scripted: Talk, paid_llm: LlmServer) -> None:
    paid_llm.answer("Name a fruit", Script(text="Caju"), Script(text="Pitanga"))
    scripted.wait_until_done(scripted.say("Name a fruit"))
    scripted.wait_until_done(scripted.say("Thanks"))
    first = scripted.replies.first
    answer_again(first)
    expect_thread(scripted, "Name a fruit", "Pitanga")
    expect_version(first, 2, 2)
    show_previous(first)
    expect_thread(scripted, "Name a fruit", "Caju", "Thanks", "You said: Thanks")
    scripted.page.reload()
    expect_version(first, 1, 2)
    expect_thread(scripted, "Name a fruit", "Caju", "Thanks", "You said: Thanks")
    assert scripted.stored_contents().count("Pitanga") == 1


def test_a_reply_goes_on_in_a_branch_that_is_not_shown(scripted: Talk, paid_llm: LlmServer) -> None:
    script = held_story()
    paid_llm.answer("Tell me something", Script(text="No."), script)
    scripted.wait_until_done(scripted.say("Tell me something"))
    answer_again(scripted.replies.first)
    scripted.wait_until_streaming(scripted.replies.first, characters=TOLD)
    show_previous(scripted.replies.first)
    expect_thread(scripted, "Tell me something", "No.")
    expect(scripted.page.get_by_test_id("branch-switch")).to_have_attribute("data-busy", "true")
    expect(scripted.page.get_by_role("img", name="Reply being written")).to_be_visible()
    script.gate.open()
    expect(scripted.page.get_by_test_id("branch-switch")).to_have_attribute("data-busy", "false")
    show_next(scripted.replies.first)
    assert scripted.wait_until_done(scripted.replies.first) == STORY


def test_a_branch_begun_in_another_tab_takes_nobody_away(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("One"))
    edit(scripted.questions.first, "Uno")
    expect_thread(scripted, "Uno", "You said: Uno")
    other = scripted.another_tab()
    expect_thread(other, "Uno", "You said: Uno")
    show_previous(scripted.questions.first)
    edit(other.questions.first, "Um")
    expect_thread(other, "Um", "You said: Um")
    expect_version(scripted.questions.first, 1, 3)
    expect_thread(scripted, "One", "You said: One")
