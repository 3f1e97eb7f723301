"""A session that ends: renewed unseen while it may be, at the door with nothing lost when not."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.account import Person, door, register, revoke, sign_in, spoil_token
from tests.e2e.talk import Talk


@pytest.fixture
def revoked(scripted: Talk) -> Person:
    """Somebody with a conversation, whose session was ended from another device."""
    scripted.wait_until_done(scripted.say("Remember me."))
    person = register(scripted.page)
    revoke(scripted.page, scripted.url)
    return person


def test_a_refused_access_token_is_renewed_unseen(scripted: Talk) -> None:
    refreshed: list[str] = []
    page = scripted.page
    page.on("request", lambda r: refreshed.append(r.url) if r.url.endswith("/refresh") else None)
    statuses = spoil_token(page, "/api/chat")
    assert scripted.wait_until_done(scripted.say("Hello?")) == "You said: Hello?"
    assert statuses == [401, 202]
    assert len(refreshed) == 1
    assert scripted.stored_contents() == ["Hello?", "You said: Hello?"]


def test_a_revoked_session_leads_to_the_door_and_back(scripted: Talk, revoked: Person) -> None:
    address = scripted.page.url
    scripted.composer.fill("Half a thought")
    scripted.page.reload()
    expect(door(scripted.page)).to_be_visible()
    assert scripted.page.url == address
    sign_in(scripted.page, revoked)
    expect(scripted.composer).to_have_value("Half a thought")
    expect(scripted.questions).to_have_text("Remember me.")
    assert scripted.page.url == address


def test_a_message_sent_as_the_session_ended_is_sent_after_signing_in(
    scripted: Talk, revoked: Person
) -> None:
    statuses = spoil_token(scripted.page, "/api/chat")
    scripted.say("Are you still there?")
    expect(door(scripted.page)).to_be_visible()
    assert statuses == [401]
    sign_in(scripted.page, revoked)
    expect(scripted.questions).to_have_count(2)
    reply = scripted.replies.nth(1)
    assert scripted.wait_until_done(reply) == "You said: Are you still there?"
    assert scripted.stored_contents()[2:] == [
        "Are you still there?",
        "You said: Are you still there?",
    ]
