"""The stack is ended and started again: what was said is there tomorrow."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from local.settings import LocalSettings
from tests.e2e.talk import Talk
from tests.stack.whole import quiet_stack


@pytest.mark.timeout(240)
def test_a_conversation_is_there_after_a_restart(browser: Browser, tmp_path: Path) -> None:
    settings = LocalSettings.on_free_ports(state_dir=tmp_path / "state")
    context = browser.new_context()
    with quiet_stack(settings):
        first = Talk(context.new_page(), settings.edge_url)
        first.arrive_as_guest()
        text = first.wait_until_done(first.say("My name is Iracema"))
    with quiet_stack(settings):
        again = Talk(context.new_page(), settings.edge_url)
        again.page.goto(first.page.url)
        assert again.wait_until_done(again.replies.first) == text
        assert "Iracema" in again.wait_until_done(again.say("What is my name?"))
    context.close()
