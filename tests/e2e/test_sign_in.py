"""A guest makes an account, and comes back to it from elsewhere."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.account import door, open_settings, register, sign_in
from tests.e2e.conftest import NewContext
from tests.e2e.talk import Talk


def test_an_account_keeps_what_the_guest_said_and_opens_elsewhere(
    scripted: Talk, new_context: NewContext
) -> None:
    text = scripted.wait_until_done(scripted.say("Remember the jabuticaba."))
    address = scripted.page.url
    person = register(scripted.page)
    expect(scripted.page.get_by_text(person.email)).to_be_visible()
    expect(scripted.conversations).to_have_count(1)
    expect(scripted.replies).to_have_count(1)

    elsewhere = Talk(new_context().new_page(), scripted.url)
    elsewhere.page.goto(scripted.url)
    sign_in(elsewhere.page, person._replace(password="not the secret"))
    wrong = elsewhere.page.get_by_role("alert")
    expect(wrong).to_have_text("E-mail address or password is wrong.")
    sign_in(elsewhere.page, person)
    elsewhere.conversations.get_by_role("link").click()
    assert elsewhere.wait_until_done(elsewhere.replies.first) == text
    assert elsewhere.page.url == address


def test_who_signs_out_is_out_in_all_tabs(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("Nobody else shall read this."))
    register(scripted.page)
    other = scripted.another_tab()
    expect(other.questions).to_have_count(1)
    open_settings(scripted.page).get_by_role("button", name="Sign out").click()
    for tab in (scripted, other):
        expect(door(tab.page)).to_be_visible()
        expect(tab.questions).to_have_count(0)
    assert scripted.page.evaluate("localStorage['prosa.session']") is None


def test_a_guest_is_asked_before_everything_is_lost(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("I am nobody."))
    open_settings(scripted.page).get_by_role("button", name="Sign out").click()
    dialog = scripted.page.get_by_role("dialog", name="Sign out and lose these conversations?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(scripted.questions).to_have_count(1)
