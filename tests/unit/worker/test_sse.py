"""`worker.llm.sse` gives what the SDKs' own decoders give, however the bytes are cut."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise

import anthropic._streaming
import openai._streaming
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.llm import sse
from worker.llm.sse import SseDecoder

Plain = tuple[str, str]
"""Name and data of an event; data "" is left out, as nothing is in it."""

LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
TEXT = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=12)
LINES = st.one_of(
    st.just(""),
    st.just(""),
    TEXT,
    TEXT.map(lambda text: f"data: {text}"),
    TEXT.map(lambda text: f"data:{text}"),
    TEXT.map(lambda text: f"event: {text}"),
    TEXT.map(lambda text: f": {text}"),
    TEXT.map(lambda text: f"id: {text}"),
    st.just("retry: 7"),
    st.just("data"),
)


@st.composite
def reads(draw: st.DrawFn, *, ends: st.SearchStrategy[str] = LINE_ENDS) -> list[bytes]:
    """The bytes of some lines, cut anywhere: in a character, in a CRLF, into nothing."""
    lines = draw(st.lists(LINES, max_size=20))
    whole = "".join(line + draw(ends) for line in lines).encode()
    places = st.lists(st.integers(0, len(whole)), max_size=8)
    cuts = [0, *sorted(draw(places)), len(whole)]
    return [whole[begin:end] for begin, end in pairwise(cuts)]


def ours(chunks: Iterable[bytes]) -> list[Plain]:
    decoder = SseDecoder()
    found = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [(event.name, event.data.decode()) for event in found]


@given(reads())
def test_openais_decoder_finds_the_same(chunks: list[bytes]) -> None:
    theirs = openai._streaming.SSEDecoder().iter_bytes(iter(chunks))
    assert ours(chunks) == [(event.event or "", event.data) for event in theirs if event.data]


# Anthropic's does not know lines that end in different ways, nor a CRLF that is split.
@given(reads(ends=st.just("\n")))
def test_anthropics_decoder_finds_the_same(chunks: list[bytes]) -> None:
    theirs = anthropic._streaming.SSEDecoder().iter_bytes(iter(chunks))
    whole = [(event.event or "", event.data) for event in theirs if event.data]
    assert ours(chunks) == whole


@given(st.text(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_text_survives_every_cut(text: str, end: str) -> None:
    data = json.dumps({"delta": text}, ensure_ascii=False)
    whole = f"event: e{end}data: {data}{end}{end}".encode()
    for cut in range(len(whole) + 1):
        decoder = SseDecoder()
        events = [e for part in (whole[:cut], whole[cut:]) for e in decoder.feed(part)]
        assert [event.json() for event in events] == [{"delta": text}]


def test_what_the_end_cuts_off_is_no_event() -> None:
    assert ours([b"data: 1\n\ndata: 2\n"]) == [("", "1")]


def test_a_long_event_in_small_pieces_is_one_event() -> None:
    text = "x" * 300_000
    whole = f"data: {text}\n\n".encode()
    pieces = [whole[i : i + 100] for i in range(0, len(whole), 100)]
    assert ours(pieces) == [("", text)]


def test_an_event_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LONGEST_EVENT_BYTES", 10_000)
    with pytest.raises(ValueError, match="does not end"):
        ours([b"data: " + b"x" * 100] * 101)


@pytest.mark.parametrize(
    "data", [b"{not json", b"[1]", b'"text"', b'{"delta": "\xff"}', b'{"delta": "\\ud83d"}', b""]
)
def test_what_is_no_object_of_whole_characters_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        sse.ServerSentEvent("", data).json()
