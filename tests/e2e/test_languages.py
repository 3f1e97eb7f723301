"""A Portuguese browser gets a Portuguese page, and whoever wants another language chooses it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from local.stack import Stack
from tests.e2e.account import open_settings
from tests.e2e.conftest import NewContext
from tests.e2e.story import SCRIPTED
from tests.e2e.talk import Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

BEGIN = "Começar sem uma conta"


@pytest.fixture
def visitor(new_context: NewContext, stack: Stack) -> Talk:
    """Somebody from Brazil, at the door."""
    context = new_context(viewport={"width": 1280, "height": 800}, locale="pt-BR")
    visitor = Talk(context.new_page(), stack.settings.edge_url)
    visitor.page.goto(visitor.url)
    return visitor


def test_the_whole_way_in_portuguese(visitor: Talk, paid_llm: LlmServer) -> None:
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    page.get_by_label("E-mail").fill("ninguem@example.com")
    page.get_by_label("Senha", exact=True).fill("senha errada")
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("O e-mail ou a senha não confere.")
    visitor.arrive_as_guest(begin=BEGIN)
    expect(page.get_by_role("heading", name="O que passa pela sua cabeça?")).to_be_visible()
    visitor.choose(SCRIPTED)
    paid_llm.script(Script(text="Dá no tronco."))
    page.get_by_label("Mensagem", exact=True).fill("Como é a jabuticaba?")
    page.get_by_role("button", name="Enviar").click()
    assert visitor.wait_until_done(visitor.replies.first) == "Dá no tronco."
    expect(page.get_by_role("article", name="Prosa disse")).to_have_count(1)
    expect(page.get_by_role("status", name="Conexão")).to_have_text("Conectado")
    expect(page.get_by_role("region", name="Hoje")).to_contain_text("Como é a jabuticaba?")


def test_another_language_is_chosen_and_kept(visitor: Talk) -> None:
    visitor.arrive_as_guest(begin=BEGIN)
    draft = "Isto ainda não foi enviado"
    visitor.composer.fill(draft)
    open_settings(visitor.page).get_by_text("English").click()
    composer = visitor.page.get_by_label("Message", exact=True)
    expect(composer).to_have_value(draft)
    visitor.page.reload()
    expect(composer).to_have_value(draft)
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
