"""What is taken along is what is stored: all of it as JSON, the branch that is read as Markdown."""

from __future__ import annotations

import json
import re

from playwright.sync_api import expect

from tests.e2e.sidebar import export
from tests.e2e.talk import Talk
from tests.e2e.versions import answer_again, edit, expect_version
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

CODE = "So:\n\n```python\nprint('caju')\n```\n\n| a | b |\n|---|---|\n| ç | 1 |"


def test_the_whole_tree_and_the_branch_that_is_shown(scripted: Talk, paid_llm: LlmServer) -> None:
    paid_llm.answer("Show me code", Script(text="No."), Script(text=CODE))
    scripted.wait_until_done(scripted.say("Begin"))
    scripted.wait_until_done(scripted.say("Show me code"))
    answer_again(scripted.replies.last)
    expect_version(scripted.replies.last, 2, 2)
    scripted.wait_until_done(scripted.replies.last)
    edit(scripted.questions.first, "Begin *again*")
    expect(scripted.questions).to_have_count(1)
    scripted.wait_until_done(scripted.replies.first)
    stored = sorted(scripted.stored_messages(), key=lambda m: m["message_id"])
    assert len(stored) == 7
    row = scripted.conversations.first

    name, text = export(row, "JSON")
    assert re.fullmatch(r"begin-\d{4}-\d\d-\d\d\.json", name)
    exported = json.loads(text)
    assert exported["schema_version"] == 1
    for field in ("message_id", "parent_id", "role", "content", "model", "finish_reason"):
        assert [m[field] for m in exported["messages"]] == [m[field] for m in stored], field
    assert exported["conversation"]["conversation_id"] == stored[0]["conversation_id"]

    name, text = export(row, "Markdown")
    assert name.endswith(".md")
    assert "Begin *again*" in text
    assert "Show me code" not in text
    scripted.questions.first.get_by_role("button", name="Previous version").click()
    expect(scripted.questions).to_have_count(2)
    _, text = export(row, "Markdown")
    assert text.endswith(f"{CODE}\n")
    assert "Begin *again*" not in text
