"""A person finds what was said, goes there, takes it along, and sends a link to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from prosa.ids import UserId
from tests.e2e.conftest import NewContext
from tests.e2e.long_history import write_history
from tests.e2e.sidebar import search
from tests.e2e.story import SCRIPTED
from tests.e2e.talk import Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

ANSWER = "A **jabuticabeira** dá frutos no tronco.\n\n```python\nprint('fruta')"


@pytest.fixture
def told(talk: Talk, paid_llm: LlmServer) -> Iterator[Talk]:
    """Two conversations, the newer one with an answer that leaves its code open."""
    paid_llm.script(Script(text=ANSWER))
    talk.choose(SCRIPTED)
    talk.wait_until_done(talk.say("Oi, tudo bem? Como é a árvore da jabuticaba?"))
    talk.page.get_by_test_id("new-conversation").click()
    paid_llm.script(Script(text="Não sei."))
    talk.wait_until_done(talk.say("E o Caju?"))
    yield talk
    paid_llm.forget()


def found(talk: Talk) -> Locator:
    return talk.page.get_by_test_id("search-found")


def test_what_was_said_is_found_by_keys_alone_and_opened_at_its_message(told: Talk) -> None:
    page = told.page
    field = page.get_by_label("Search conversations")
    field.fill("FRUTOS tronco")
    expect(found(told)).to_have_count(1)
    expect(found(told)).to_contain_text("Como é a árvore da jabuticaba?")
    expect(found(told).locator("mark")).to_have_text(["frutos", "tronco"])
    field.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/c/cnv_\w+\?m=msg_\w+$"))
    reply = told.replies.first
    expect(reply).to_contain_text("jabuticabeira")
    assert page.url.endswith(f"?m={reply.get_attribute('data-message-id')}")
    # The focus is on the message now; back, and done.
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    expect(told.conversations).to_have_count(2)


def test_accents_and_case_do_not_count_and_nothing_found_is_said(told: Talk) -> None:
    field = told.page.get_by_label("Search conversations")
    field.fill("arvore")
    expect(found(told)).to_have_count(1)
    field.fill("cajú")
    expect(found(told)).to_contain_text(["E o Caju?"])
    field.fill("pitanga")
    expect(told.page.get_by_text("Nothing found for “pitanga”.")).to_be_visible()


def test_another_branch_is_shown_when_what_was_found_is_there(
    told: Talk, paid_llm: LlmServer
) -> None:
    paid_llm.script(Script(text="O cajueiro é do Nordeste."))
    told.page.get_by_role("button", name="Answer again").click()
    expect(told.replies.last).to_contain_text("cajueiro")
    told.wait_until_done(told.replies.last)
    told.page.get_by_label("Search conversations").fill("não sei")
    found(told).get_by_text("Não sei.").click()
    expect(told.replies.last).to_contain_text("Não sei.")


def test_a_conversation_is_taken_along_as_markdown_and_as_json(told: Talk) -> None:
    texts: dict[str, str] = {}
    row = told.conversations.last
    for kind in ("Markdown", "JSON"):
        row.hover()
        row.get_by_role("button", name="More").click()
        with told.page.expect_download() as download:
            told.page.get_by_role("menuitem", name=f"Export as {kind}").click()
        name = download.value.suggested_filename
        assert re.fullmatch(r"como-e-a-arvore-da-jabuticaba-\d{4}-\d\d-\d\d\.(md|json)", name)
        texts[kind] = Path(download.value.path()).read_text(encoding="utf-8")
    assert texts["Markdown"].startswith("# Como é a árvore da jabuticaba?\n")
    assert texts["Markdown"].endswith(f"{ANSWER}\n```\n")
    exported = json.loads(texts["JSON"])
    assert exported["schema_version"] == 1
    contents = [message["content"] for message in exported["messages"]]
    assert contents == ["Oi, tudo bem? Como é a árvore da jabuticaba?", ANSWER]
    expect(told.page.get_by_role("menu")).to_have_count(0)


def test_a_link_leads_to_its_message_also_through_signing_in(
    talk: Talk, new_context: NewContext, stack: Stack
) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    sent = talk.questions.first.get_attribute("data-message-id")
    link = f"{talk.page.url}?m={sent}"
    talk.page.get_by_role("button", name="Create an account").click()
    person = {"E-mail": f"iracema-{sent}@example.com".lower(), "Password": "a long secret"}
    dialog = talk.page.get_by_role("dialog")
    for label, text in person.items():
        dialog.get_by_label(label, exact=True).fill(text)
    dialog.get_by_role("button", name="Create account", exact=True).click()
    expect(dialog).to_have_count(0)

    other = Talk(new_context().new_page(), stack.settings.edge_url)
    other.page.goto(link)
    for label, text in person.items():
        other.page.get_by_label(label, exact=True).fill(text)
    other.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.questions).to_have_count(1)
    expect(other.questions).to_have_attribute("data-message-id", str(sent))
    assert urlsplit(other.page.url).query == f"m={sent}"


def test_a_hit_a_long_way_back_is_brought_into_view(talk: Talk, stack: Stack) -> None:
    talk.wait_until_done(talk.say("Hello"))
    stored = talk.page.evaluate("JSON.parse(localStorage['prosa.session']).user.user_id")
    conversation_id, message_ids = write_history(stack, UserId(stored), count=300)
    found = search(talk.page, "number 42")
    expect(found).to_have_count(1)
    found.get_by_text("What is number 42?").click()
    hit = talk.page.locator(f'[data-message-id="{message_ids[42]}"]')
    expect(hit).to_be_in_viewport()
    expect(talk.page).to_have_url(re.compile(rf"/c/{conversation_id}\?m={message_ids[42]}$"))
    talk.page.reload()
    expect(hit).to_be_in_viewport()
