"""Five thousand messages: the page stays light, and the reader's place stays where it is.

What moves is measured in each frame, by `watch_thread.js` in the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from local.stack import Stack
from tests.e2e.long_talk import LongTalk
from tests.e2e.talk import Talk
from tests.e2e.tasks import longest_task
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

MANY = 5_000
"""All of them are read before anything is measured."""
SOME = 220
TURNS = 40
"""Of the wheel, each half a view: up, and down again."""
SLIP = 0.005
LONG_TASK_MS = 200
MAX_NODES = 2_500
STORY = "".join(
    f"## Part {n}\n\nIt **went on** like this:\n\n- one of {n}\n- two of {n}\n\n"
    for n in range(150)
)


@pytest.fixture
def story(paid_llm: LlmServer) -> Iterator[None]:
    """The scripted model tells a long story in the pace of a quick one, with much Markdown."""
    paid_llm.script(Script(text=STORY, piece_chars=12, pieces_per_s=15))
    yield
    paid_llm.forget()


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.usefixtures("story")
def test_thousands_of_messages_stay_light(
    talk: Talk, stack: Stack, browser: Browser, tmp_path: Path
) -> None:
    there = LongTalk(talk, stack, count=MANY)
    there.open()
    there.lead_to(0)
    there.to_end()
    there.ask_for_story()
    with longest_task(browser, there.page, tmp_path / "trace.json") as longest:
        # Until the reader leaves the end, the view goes along with what grows.
        there.wheel(-350)
        there.settle()
        there.watch()
        wheeled = sum(there.wheel(-350) for _ in range(TURNS))
        there.settle()
        # An item that is measured only once its top is in view moves what is below it: a few
        # pixels of a turn of the wheel. Nothing ever goes the other way.
        assert there.seen("moved") == pytest.approx(-wheeled, rel=SLIP)
        assert there.seen("maxUp") == 0
        for _ in range(TURNS):
            there.wheel(350)
        expect(there.story).to_have_attribute("data-status", "streaming")
    assert there.seen("maxNodes") < MAX_NODES
    assert longest.cpu_ms < LONG_TASK_MS


def test_older_pages_move_nothing(talk: Talk, stack: Stack) -> None:
    there = LongTalk(talk, stack, count=SOME)
    held: list[Route] = []
    there.page.route("**/messages?*cursor=*", lambda route: held.append(route))
    there.open()
    while not held:
        there.wheel(-350)
    there.settle()
    first = there.first_drawn()
    there.watch()
    held[0].continue_()
    there.page.unroute("**/messages?*cursor=*")
    expect(there.item(first)).not_to_have_attribute("aria-posinset", "1")
    expect(there.page.get_by_text("Reading earlier messages")).to_have_count(0)
    there.settle()
    assert (there.seen("moved"), there.seen("maxUp")) == (0, 0)


@pytest.mark.usefixtures("story")
def test_a_growing_reply_redraws_and_moves_nothing_else(talk: Talk, stack: Stack) -> None:
    there = LongTalk(talk, stack, count=SOME)
    there.open()
    there.ask_for_story()
    there.watch()
    expect(there.story).to_contain_text("Part 9")
    assert there.seen("touched.size") == 1
    assert there.seen("maxLeft") < 1
    there.wheel(-350)
    there.settle()
    there.watch()
    expect(there.story).to_contain_text("Part 18")
    assert (there.seen("moved"), there.seen("touched.size")) == (0, 1)
    there.to_end()
    expect(there.story).to_contain_text("Part 22")
    assert there.seen("left") < 1


def test_what_is_focused_or_selected_stays(talk: Talk, stack: Stack) -> None:
    there = LongTalk(talk, stack, count=SOME)
    there.open()
    copy = there.message(SOME - 1).get_by_role("button", name="Copy", exact=True)
    copy.focus()
    selected = there.select(SOME - 4, SOME - 2)
    assert f"number {SOME - 4}?" in selected
    for _ in range(20):
        there.wheel(-350)
    expect(there.message(SOME - 1)).not_to_be_in_viewport()
    expect(copy).to_be_focused()
    assert there.page.evaluate("getSelection().toString()") == selected
    there.page.evaluate("getSelection().removeAllRanges(); document.activeElement.blur()")
    expect(there.message(SOME - 1)).to_have_count(0)


def test_an_address_leads_to_a_message(talk: Talk, stack: Stack) -> None:
    there = LongTalk(talk, stack, count=SOME)
    there.open()
    there.lead_to(9)
    item = there.page.locator(f'[data-key="{there.message_ids[9]}"]')
    expect(item).to_have_attribute("data-marked", "true")
    expect(item).to_be_focused()
    expect(item).to_have_attribute("data-marked", "false", timeout=10_000)


def test_an_address_of_a_message_that_is_gone_opens_the_end(talk: Talk, stack: Stack) -> None:
    there = LongTalk(talk, stack, count=SOME)
    there.open()
    there.page.goto(f"{there.address}?m=msg_00000000000000000000000000")
    expect(there.page.get_by_text("not in this conversation any more")).to_be_visible()
    expect(there.message(SOME - 1)).to_be_in_viewport()
    there.page.get_by_role("button", name="Close", exact=True).click()
    expect(there.page.get_by_text("not in this conversation any more")).to_have_count(0)
