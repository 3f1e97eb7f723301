"""The list: titles, what is deleted, what was missed; the same in every tab."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.sidebar import delete, new_conversation, rename
from tests.e2e.talk import Talk
from tests.llm_server.script import Script

UNREAD = "New reply"


def test_a_new_title_is_everywhere_and_stays(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("My name is Iracema"))
    other = scripted.another_tab()
    row = scripted.conversations.first
    rename(row, "Who I am")
    for tab in (scripted, other):
        expect(tab.conversations).to_have_text(["Who I am"])
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("Who I am")
    scripted.wait_until_done(scripted.say("And who are you?"))
    scripted.page.reload()
    expect(scripted.conversations).to_have_text(["Who I am"])


def test_a_deleted_conversation_is_gone_from_both_tabs(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("This stays"))
    new_conversation(scripted.page)
    scripted.wait_until_done(scripted.say("This goes"))
    address = scripted.page.url
    other = scripted.another_tab()
    expect(other.questions).to_have_text(["This goes"])
    delete(scripted.conversations.filter(has_text="This goes"))
    for tab in (scripted, other):
        expect(tab.conversations).to_have_text(["This stays"])
    expect(scripted.page.get_by_role("alert")).to_have_count(0)
    expect(other.page.get_by_text("This conversation is not here.")).to_be_visible()
    scripted.page.goto(address)
    expect(scripted.page.get_by_text("This conversation is not here.")).to_be_visible()


def test_a_reply_that_came_elsewhere_is_marked_until_it_is_read(
    scripted: Talk, held: Script
) -> None:
    scripted.wait_until_streaming(scripted.say("Tell me a story."), characters=1)
    row = scripted.conversations.filter(has_text="Tell me a story")
    new_conversation(scripted.page)
    expect(row.get_by_role("img", name="Reply being written")).to_be_visible()
    expect(scripted.page).to_have_title("Prosa")
    held.gate.open()
    expect(row.get_by_role("img", name=UNREAD)).to_be_visible()
    expect(scripted.page).to_have_title(re.compile(r"^\(1\) "))
    icon = scripted.page.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", "/mark-unread.svg")
    row.get_by_role("link").click()
    expect(row.get_by_role("img", name=UNREAD)).to_have_count(0)
    expect(scripted.page).to_have_title("Tell me a story · Prosa")
    expect(icon).to_have_attribute("href", "/mark.svg")


def test_a_reply_that_came_to_a_tab_nobody_looked_at_is_told_in_its_title(
    scripted: Talk, held: Script
) -> None:
    scripted.wait_until_streaming(scripted.say("Tell me a story."), characters=1)
    believe_to_be_looked_at(scripted.page, is_so=False)
    scripted.page.context.new_page().bring_to_front()
    scripted.page.wait_for_function("!document.hasFocus()")
    held.gate.open()
    expect(scripted.page).to_have_title(re.compile(r"^\(1\) "))
    scripted.page.bring_to_front()
    believe_to_be_looked_at(scripted.page, is_so=True)
    expect(scripted.page).to_have_title("Tell me a story · Prosa")


def believe_to_be_looked_at(page: Page, *, is_so: bool) -> None:
    """Playwright lets every page believe it, wherever the focus is."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setFocusEmulationEnabled", {"enabled": is_so})  # pyright: ignore[reportUnknownMemberType]
