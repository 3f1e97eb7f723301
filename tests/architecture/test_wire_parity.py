"""The page knows every event the server sends, by the same name and with the same fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from lambdas.handlers.search import QUESTION_MAX_CHARS
from prosa import events
from prosa.conversation import CONTENT_MAX_CHARS, Frozen

WEB = Path(__file__).parents[2] / "web" / "src"
_LOG_EVENTS: tuple[type[Frozen], ...] = get_args(get_args(events.LogEvent)[0])


def _page_fields() -> dict[str, set[str]]:
    """Event type -> field names, as `events.ts` declares them."""
    text = (WEB / "log" / "events.ts").read_text()
    found: dict[str, set[str]] = {}
    for block in re.findall(r"v\.object\(\{\s*type: v\.literal\((.*?)\}\)", text, re.DOTALL):
        name = re.match(r'"([^"]+)"', block)
        assert name is not None
        rest = re.sub(r"/\*.*?\*/", "", block[name.end() :], flags=re.DOTALL)
        found[name[1]] = set(re.findall(r"(?:^|[,{]|\n)\s*(\w+)\s*(?=[:,}]|$)", rest)) - {"cursor"}
    return found


@pytest.mark.parametrize("event", _LOG_EVENTS, ids=lambda e: e.__name__)
def test_the_page_reads_the_fields_the_server_writes(event: type[Frozen]) -> None:
    name = event.model_fields["type"].default
    written = set(event.model_fields) - {"type"}
    assert _page_fields()[name] == written


def test_the_page_knows_no_event_that_is_never_sent() -> None:
    sent = {event.model_fields["type"].default for event in _LOG_EVENTS}
    assert set(_page_fields()) == sent


def test_the_page_counts_to_the_same_limits() -> None:
    message = (WEB / "components" / "messageLength.ts").read_text()
    assert re.findall(r"CONTENT_MAX_CHARS = ([\d_]+)", message) == [f"{CONTENT_MAX_CHARS:_}"]
    api = (WEB / "api" / "prosa.ts").read_text()
    assert re.findall(r"SEARCH_MAX_CHARS = ([\d_]+)", api) == [f"{QUESTION_MAX_CHARS:_}"]
