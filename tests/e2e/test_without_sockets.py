"""In a network that breaks WebSockets the page goes on over an event stream, by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.e2e.story import STORY, TOLD, plain
from tests.e2e.talk import Talk
from tests.llm_server.script import Script

BROKEN = """
window.WebSocket = class {
  onclose = null;
  readyState = 3;
  constructor() { setTimeout(() => this.onclose?.({ code: 1006 }), 0); }
  send() {}
  close() {}
};
"""


@pytest.fixture
def page(page: Page) -> Page:
    """A page whose sockets end before they open."""
    page.add_init_script(BROKEN)
    return page


def streams(page: Page) -> list[str]:
    """The addresses of the event streams that are asked for from now on."""
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if "/api/events" in r.url else None)
    return asked


def test_a_talk_goes_on_over_an_event_stream(scripted: Talk) -> None:
    asked = streams(scripted.page)
    scripted.page.reload()
    scripted.expect_connection("online")
    assert scripted.wait_until_done(scripted.say("Hello?")) == "You said: Hello?"
    assert len(asked) == 1
    assert scripted.stored_contents() == ["Hello?", "You said: Hello?"]


def test_a_reply_comes_piece_by_piece_and_survives_a_cut(scripted: Talk, held: Script) -> None:
    asked = streams(scripted.page)
    scripted.wait_until_streaming(scripted.say("Tell me a story."), characters=TOLD)
    context = scripted.page.context
    context.set_offline(True)
    scripted.expect_connection("offline")
    context.set_offline(False)
    scripted.expect_connection("online")
    held.gate.open()
    assert scripted.wait_until_done(scripted.replies.first) == STORY
    assert [plain(text) for text in scripted.stored_contents()] == ["Tell me a story.", STORY]
    assert "after=" in asked[-1]
