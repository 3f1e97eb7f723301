"""A session that ends: renewed unseen while it may be, at the door with nothing lost when not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.account import (
    Person,
    change_password,
    door,
    fill_passwords,
    open_settings,
    register,
    revoke,
    sign_in,
    spoil_token,
)
from tests.e2e.conftest import NewContext
from tests.e2e.talk import Talk


@pytest.fixture
def person(scripted: Talk) -> Person:
    """Somebody with an account and a conversation."""
    scripted.wait_until_done(scripted.say("Remember me."))
    return register(scripted.page)


def test_a_refused_access_token_is_renewed_unseen(scripted: Talk) -> None:
    refreshed: list[str] = []
    page = scripted.page
    page.on("request", lambda r: refreshed.append(r.url) if r.url.endswith("/refresh") else None)
    statuses = spoil_token(page, "/api/chat")
    assert scripted.wait_until_done(scripted.say("Hello?")) == "You said: Hello?"
    assert statuses == [401, 202]
    assert len(refreshed) == 1
    assert scripted.stored_contents() == ["Hello?", "You said: Hello?"]


def test_a_session_that_ends_elsewhere_leads_to_the_door_at_once_and_back(
    scripted: Talk, person: Person
) -> None:
    """The page does nothing: the gateway closes its socket, and a new token is refused."""
    address = scripted.page.url
    scripted.composer.fill("Half a thought")
    revoke(scripted.page, scripted.url)
    expect(door(scripted.page)).to_be_visible()
    assert scripted.page.url == address
    sign_in(scripted.page, person)
    expect(scripted.composer).to_have_value("Half a thought")
    expect(scripted.questions).to_have_text("Remember me.")
    assert scripted.page.url == address


def test_a_page_that_was_closed_meanwhile_finds_the_door(scripted: Talk, person: Person) -> None:
    address = scripted.page.url
    scripted.page.goto("about:blank")
    scripted.page.goto(address)
    revoke(scripted.page, scripted.url)
    scripted.page.reload()
    expect(door(scripted.page)).to_be_visible()
    sign_in(scripted.page, person)
    expect(scripted.questions).to_have_text("Remember me.")


def test_a_message_sent_as_the_session_ended_is_sent_after_signing_in(
    scripted: Talk, person: Person
) -> None:
    """It is refused before the page has heard that the session is over."""
    page = scripted.page
    page.reload()  # a renewal that registering asks for may be on its way still: it ends here
    scripted.expect_connection("online")
    asking: list[Route] = []

    def hold_the_first(route: Route) -> None:
        # For good: taking the handler away lets go of what it holds.
        if asking:
            route.continue_()
        else:
            asking.append(route)

    page.route("**/api/auth/refresh", hold_the_first)
    revoke(page, scripted.url)
    statuses = spoil_token(page, "/api/chat")
    with page.expect_response("**/api/chat"):
        scripted.say("Are you still there?")
    while not asking:
        page.wait_for_function("true")  # lets the route's handler run
    asking[0].continue_()
    expect(door(page)).to_be_visible()
    assert statuses == [401]
    sign_in(page, person)
    expect(scripted.questions).to_have_count(2)
    reply = scripted.replies.nth(1)
    assert scripted.wait_until_done(reply) == "You said: Are you still there?"
    assert scripted.stored_contents()[2:] == [
        "Are you still there?",
        "You said: Are you still there?",
    ]


def test_a_new_password_signs_the_other_device_out(
    scripted: Talk, person: Person, new_context: NewContext
) -> None:
    other = new_context().new_page()
    other.goto(scripted.url)
    sign_in(other, person)
    expect(other.get_by_role("textbox", name="Message")).to_be_visible()
    changed = change_password(scripted.page, person, "quite another secret")
    expect(door(other)).to_be_visible()
    expect(scripted.questions).to_have_text("Remember me.")
    sign_in(other, person)
    expect(door(other).get_by_role("alert")).to_have_text("E-mail address or password is wrong.")
    sign_in(other, changed)
    expect(door(other)).to_have_count(0)


def test_a_wrong_current_password_is_told_and_changes_nothing(
    scripted: Talk, person: Person
) -> None:
    open_settings(scripted.page)
    scripted.page.get_by_role("button", name="Change password").click()
    dialog = scripted.page.get_by_role("dialog")
    fill_passwords(dialog, "not this one", "quite another secret")
    expect(dialog.get_by_role("alert")).to_have_text("The current password is another one.")
    dialog.get_by_role("button", name="Close").click()
    scripted.page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(scripted.page, person)
    expect(scripted.composer).to_be_visible()
