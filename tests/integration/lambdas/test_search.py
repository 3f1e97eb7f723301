"""Searching on a real table: what is found, in which order, page by page, and whose."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from lambdas import bootstrap, search
from lambdas.caller import Caller
from prosa.conversation import FinishReason
from prosa.ids import JobId
from prosa.store.jobs import Claimed
from prosa.store.long_texts import INLINE_MAX_BYTES
from tests.builders import a_reply
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import Answer, a_caller, call
from tests.integration.lambdas.messages import finish, send

pytestmark = pytest.mark.usefixtures("edge")


def look(caller: Caller, q: str, *, limit: int = 20, cursor: str | None = None) -> Answer:
    more = f"&cursor={cursor}" if cursor else ""
    path = f"/conversations/search?q={quote(q)}&limit={limit}{more}"
    return call("GET", path, caller=caller)


def look_to_the_end(caller: Caller, q: str, *, limit: int = 20) -> tuple[list[Any], int]:
    """All hits, and how many pages they came in."""
    hits: list[Any] = []
    cursor: str | None = None
    for pages in range(1, 100):
        page = look(caller, q, limit=limit, cursor=cursor).json
        assert len(page["items"]) <= limit
        assert page["is_complete"] == (page["next_cursor"] is None)
        hits += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return hits, pages
    raise AssertionError("the search does not end")


def said(caller: Caller, *texts: str, key: str = "talk") -> list[dict[str, str]]:
    """A conversation of user messages, each after the one before."""
    sent: list[dict[str, str]] = []
    for n, text in enumerate(texts):
        into = {"conversation_id": sent[0]["conversation_id"]} if sent else {}
        sent.append(send(caller, key=f"{key}-{n:05}", content=text, **into).json)
    return sent


def where(hits: list[Any]) -> list[tuple[str, str | None]]:
    return [(hit["conversation"]["conversation_id"], hit["message_id"]) for hit in hits]


def test_titles_and_messages_are_found_whatever_their_case_and_accents() -> None:
    caller = a_caller()
    first, second = said(caller, "Como faço pão de queijo?", "E o PAO DE QUEIJO da vovó?")
    said(caller, "Something else", key="other")
    hits, _ = look_to_the_end(caller, "pão QUÊIJO")
    conversation = first["conversation_id"]
    assert where(hits) == [
        (conversation, None),
        (conversation, second["message_id"]),
        (conversation, first["message_id"]),
    ]
    title, newest, oldest = hits
    assert title["role"] is None
    assert newest["role"] == oldest["role"] == "user"
    assert newest["snippet"] == "E o PAO DE QUEIJO da vovó?"
    assert [newest["snippet"][a:b] for a, b in newest["matched"]] == ["PAO", "QUEIJO"]
    there = call("GET", f"/conversations/{conversation}", caller=caller).json
    assert title["conversation"] == there


def test_all_words_must_be_in_one_message() -> None:
    caller = a_caller()
    said(caller, "about bread", "about cheese", "bread and cheese")
    hits, _ = look_to_the_end(caller, "cheese bread")
    assert [hit["snippet"] for hit in hits] == ["bread and cheese"]


def test_replies_are_found_and_a_new_title() -> None:
    caller = a_caller()
    [sent] = said(caller, "Who?")
    finish(sent["job_id"])
    hits, _ = look_to_the_end(caller, "nice iracema")
    assert [(hit["message_id"], hit["role"]) for hit in hits] == [(sent["reply_id"], "assistant")]
    path = f"/conversations/{sent['conversation_id']}"
    assert call("PATCH", path, body={"title": "Of names"}, caller=caller).status == 200
    hits, _ = look_to_the_end(caller, "of names")
    assert where(hits) == [(sent["conversation_id"], None)]


def test_the_conversation_last_written_to_comes_first() -> None:
    caller = a_caller()
    made = [said(caller, f"arara {n}", key=f"talk{n}")[0]["conversation_id"] for n in range(3)]
    send(caller, key="key-last", content="again", conversation_id=made[1])
    hits, _ = look_to_the_end(caller, "arara")
    assert [c for c, message in where(hits) if message is None] == [made[1], made[2], made[0]]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_any_size_join_to_the_whole(limit: int) -> None:
    caller = a_caller()
    for n in range(4):
        said(caller, f"arara {n}", "no bird", f"Arara again {n}", key=f"talk{n}")
    whole, _ = look_to_the_end(caller, "arara", limit=100)
    hits, pages = look_to_the_end(caller, "arara", limit=limit)
    assert len(whole) == 12
    assert hits == whole
    assert pages >= len(whole) / limit


def test_a_call_reads_so_many_conversations_and_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_CONVERSATIONS", 2)
    caller = a_caller()
    for n in range(5):
        said(caller, "arara" if n == 0 else f"sabiá {n}", key=f"talk{n}")
    first = look(caller, "arara").json
    assert (first["items"], first["is_complete"]) == ([], False)
    listed = call("GET", "/conversations", caller=caller).json["items"]
    assert first["searched_back_to"] == listed[1]["updated_at"]
    hits, pages = look_to_the_end(caller, "arara")
    assert (len(hits), pages) == (2, 3)


def test_a_call_reads_so_many_bytes_and_goes_on_within_the_conversation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "MAX_BYTES", 3_000)
    monkeypatch.setattr("prosa.store.sweep.MESSAGES_PAGE", 2)
    caller = a_caller()
    sent = said(caller, *(f"arara {n} " + "x" * 1_500 for n in range(6)))
    hits, pages = look_to_the_end(caller, "arara")
    assert where(hits)[1:] == [(m["conversation_id"], m["message_id"]) for m in reversed(sent)]
    assert pages >= 3


def test_a_slow_table_makes_pages_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_S", -1.0)
    caller = a_caller()
    for n in range(3):
        said(caller, f"arara {n}", key=f"talk{n}")
    hits, pages = look_to_the_end(caller, "arara")
    assert (len(hits), pages) == (6, 4)


def test_a_conversation_that_moves_or_goes_in_between_is_read_to_its_end_or_left_out() -> None:
    caller = a_caller()
    older = said(caller, "arara one", key="older")
    newer = said(caller, "arara two", "arara three", key="newer")
    name = newer[0]["conversation_id"]
    first = look(caller, "arara", limit=2).json
    assert where(first["items"]) == [(name, None), (name, newer[1]["message_id"])]
    send(caller, key="key-moves", content="on top", conversation_id=name)
    second = look(caller, "arara", limit=1, cursor=first["next_cursor"]).json
    assert where(second["items"]) == [(name, newer[0]["message_id"])]
    assert call("DELETE", f"/conversations/{name}", caller=caller).status == 204
    for cursor in (first["next_cursor"], second["next_cursor"]):
        rest = look(caller, "arara", cursor=cursor).json
        assert {c for c, _ in where(rest["items"])} == {older[0]["conversation_id"]}


def test_a_failure_and_a_text_in_s3_are_not_found_and_break_nothing() -> None:
    caller = a_caller()
    failed, long = said(caller, "first", "second")
    finish_with(failed["job_id"], "", FinishReason.FAILED)
    finish_with(long["job_id"], "arara " * (INLINE_MAX_BYTES // 6 + 1), FinishReason.STOP)
    hits, _ = look_to_the_end(caller, "arara")
    assert hits == []


def finish_with(job_id: str, content: str, reason: FinishReason) -> None:
    claimed = bootstrap.jobs().claim(JobId(job_id), "worker-1")
    assert isinstance(claimed, Claimed)
    bootstrap.jobs().finish(claimed.job, a_reply(claimed.job, content=content, reason=reason))


def test_a_stranger_finds_nothing() -> None:
    said(a_caller(), "arara")
    assert look_to_the_end(a_caller(), "arara") == ([], 1)


def test_a_cursor_of_someone_else_is_refused() -> None:
    owner = a_caller()
    said(owner, "arara one", "arara two")
    cursor = look(owner, "arara", limit=1).json["next_cursor"]
    answer = look(a_caller(), "arara", cursor=cursor)
    assert (answer.status, answer.code) == (422, "cursor_wrong_format")


def test_a_cursor_that_was_forged_leads_into_no_foreign_conversation() -> None:
    owner, stranger = a_caller(), a_caller()
    [mine] = said(owner, "arara")
    said(stranger, "sabiá one", "sabiá two")
    cursor = look(stranger, "sabiá", limit=1).json["next_cursor"]
    place = json.loads(base64.urlsafe_b64decode(cursor))
    forged = place | {"conversation_id": mine["conversation_id"]}
    page = look(stranger, "arara", cursor=encoded(forged))
    assert (page.status, page.json["items"]) == (200, [])


@pytest.mark.parametrize(
    "change",
    [
        {"conversation_id": "cnv_1"},
        {"conversation_id": None},
        {"before": "MSG#"},
        {"updated_at": "yesterday"},
        {"is_through": "perhaps"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_cursor_that_was_tampered_with_is_refused(change: dict[str, Any]) -> None:
    caller = a_caller()
    said(caller, "arara one", "arara two")
    cursor = look(caller, "arara", limit=1).json["next_cursor"]
    place = json.loads(base64.urlsafe_b64decode(cursor))
    answer = look(caller, "arara", cursor=encoded(place | change))
    assert (answer.status, answer.code) == (422, "cursor_wrong_format")


def encoded(place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "q_missing"),
        ("q=", "q_empty"),
        ("q=%20%09", "q_empty"),
        ("q=%CC%81", "q_empty"),
        ("q=a%00b", "q_control_character"),
        (f"q={'a' * 201}", "q_too_long"),
        ("q=a&limit=0", "limit_out_of_range"),
        ("q=a&limit=all", "limit_wrong_type"),
        ("q=a&cursor=all", "cursor_wrong_format"),
        ("q=a&cursor=bnVsbA==", "cursor_wrong_format"),
        ("q=a&cursor=%F0%9F%A6%9C", "cursor_wrong_format"),
    ],
)
def test_a_bad_question_is_refused_and_names_the_field(query: str, code: str) -> None:
    answer = call("GET", f"/conversations/search?{query}", caller=a_caller())
    assert (answer.status, answer.code) == (422, code)
    assert [e["field"] for e in answer.json["errors"]] == [code.partition("_")[0]]


def test_a_question_at_the_limit_is_taken() -> None:
    assert look(a_caller(), "ã" * 200).status == 200


def test_who_searches_too_often_waits_and_others_do_not(edge: Edge) -> None:
    edge.set(rate_searches="2/minute")
    caller = a_caller()
    answers = [look(caller, "arara") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].code == "rate_limited"
    assert int(answers[-1].headers["retry-after"]) in range(1, 61)
    assert look(a_caller(), "arara").status == 200


@pytest.mark.usefixtures("no_redis")
def test_nobody_searches_uncounted() -> None:
    answer = look(a_caller(), "arara")
    assert (answer.status, answer.code) == (503, "unavailable")
