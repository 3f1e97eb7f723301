"""What makes the page pleasant: the reader's language, keys, word of a reply, colours in code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.e2e.conftest import NewContext
from tests.e2e.story import SCRIPTED
from tests.e2e.talk import REPLY_DEADLINE_MS, Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

HEADERS = Path(__file__).parents[2] / "web" / "security-headers.json"
CODE = "```python\ndef f(x):\n    return x + 1\n```\n"

MARKUP_OF_A_STRING = """() => {
    try { document.body.innerHTML = "<b>x</b>" } catch (error) { return error.name }
    return "allowed"
}"""


def _focused(page: Page) -> str:
    return page.evaluate("document.activeElement.dataset.testid ?? document.activeElement.id")


@pytest.fixture
def leitora(new_context: NewContext, stack: Stack) -> Talk:
    """A visitor whose browser asks for Portuguese, before the door."""
    visitor = Talk(new_context(locale="pt-BR").new_page(), stack.settings.edge_url)
    visitor.page.goto(visitor.url)
    return visitor


def test_the_page_speaks_the_language_of_the_browser(leitora: Talk) -> None:
    page = leitora.page
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    page.get_by_label("E-mail").fill("ninguem@example.org")
    page.get_by_label("Senha", exact=True).fill("errada-demais")
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("O e-mail ou a senha não confere.")


def test_the_reader_chooses_another_language_and_keeps_it(leitora: Talk) -> None:
    page = leitora.page
    leitora.arrive_as_guest(begin="Começar sem uma conta")
    leitora.wait_until_done(leitora.say("Oi"))
    page.get_by_label("Conta e configurações").click()
    page.get_by_text("English").click()
    expect(page.get_by_test_id("new-conversation")).to_have_text("New conversation")
    expect(leitora.questions).to_have_text(["Oi"])
    page.reload()
    expect(page.get_by_test_id("new-conversation")).to_have_text("New conversation")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_keys_do_what_the_sheet_says(scripted: Talk) -> None:
    page = scripted.page
    scripted.wait_until_done(scripted.say("First"))
    first = page.url
    page.keyboard.press("Control+Shift+Enter")
    expect(page).to_have_url(f"{scripted.url}/")
    scripted.wait_until_done(scripted.say("Second"))
    second = page.url
    page.keyboard.press("Alt+ArrowDown")
    expect(page).to_have_url(first)
    page.keyboard.press("Alt+ArrowUp")
    expect(page).to_have_url(second)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    assert _focused(page) == "search-field"


def test_keys_leave_what_is_written_alone(scripted: Talk) -> None:
    scripted.composer.press_sequentially("n/b?cjk")
    expect(scripted.composer).to_have_value("n/b?cjk")
    expect(scripted.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.usefixtures("held")
def test_escape_stops_a_reply(scripted: Talk) -> None:
    reply = scripted.say("Tell me a story")
    scripted.wait_until_streaming(reply, characters=20)
    scripted.page.keyboard.press("Escape")
    expect(reply).to_have_attribute("data-status", "cancelled", timeout=REPLY_DEADLINE_MS)


def test_the_way_up_edits_the_last_message(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("What I said"))
    scripted.composer.press("ArrowUp")
    expect(scripted.page.locator("textarea:focus")).to_have_value("What I said")


def test_who_reads_elsewhere_is_told_of_a_reply_until_they_look(
    scripted: Talk, held: Script
) -> None:
    page = scripted.page
    scripted.wait_until_streaming(scripted.say("Tell me a story"), characters=20)
    page.get_by_test_id("new-conversation").click()
    held.gate.open()
    expect(page).to_have_title(re.compile(r"^\(1\) "), timeout=REPLY_DEADLINE_MS)
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/mark-unread.svg")
    scripted.conversations.filter(has=page.get_by_label("New reply")).get_by_role("link").click()
    expect(page).not_to_have_title(re.compile(r"^\("))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/mark.svg")


def test_code_is_coloured_by_a_file_that_is_fetched_then(
    scripted: Talk, paid_llm: LlmServer
) -> None:
    page, fetched = scripted.page, list[str]()
    page.on("request", lambda request: fetched.append(request.url))
    scripted.wait_until_done(scripted.say("No code"))
    assert not [url for url in fetched if "highlighter" in url]
    paid_llm.script(Script(text=CODE, piece_chars=5))
    reply = scripted.say("Some code")
    scripted.wait_until_done(reply)
    expect(reply.locator(".hljs-keyword")).to_have_text(["def", "return"])
    assert len([url for url in fetched if "highlighter" in url]) == 1


def test_the_chosen_model_is_remembered(talk: Talk) -> None:
    talk.choose(SCRIPTED)
    talk.page.reload()
    expect(talk.page.get_by_label("Model")).to_have_value(SCRIPTED)


def test_the_page_comes_with_its_policy(page: Page, stack: Stack) -> None:
    answer = page.goto(stack.settings.edge_url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert policy == json.loads(HEADERS.read_text())["Content-Security-Policy"]
    assert "unsafe" not in policy
    # No string becomes markup, not even by a script of the page's own.
    assert page.evaluate(MARKUP_OF_A_STRING) == "TypeError"
