"""Record what the real stack tells a page: `python -m tests.e2e.recordings web/tests/recorded`.

The page's reducer is tested with these logs (`web/tests/recorded.test.ts`), so that its tests hold
what the services really write and not what somebody thinks they do. Run it again when an event
changes. Each file holds one user's whole log, the pages of messages as REST gives them at the end,
and those it gave in between, with the place of each in the log.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.sync.client import connect

from local.stack import Stack
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer, llm_server
from tests.stack.whole import run_stack

Json = dict[str, Any]
SCRIPTED = "openai:scripted"
PAGE = 4
"""Messages a page: so few that a short conversation has several."""
PIECES_PER_S = 30
"""Slower than the worker tells them, so that a reply comes in several pieces."""
DEADLINE_S = 60
_FOREIGN_PREFIXES = ("AWS_", "OPENAI_", "ANTHROPIC_", "PROSA_")


class Recorder:
    """One guest with one socket, open from before their first message."""

    def __init__(self, stack: Stack, llm: LlmServer) -> None:
        self.llm = llm
        self.events: list[Json] = []
        self.pages: list[Json] = []
        self.conversation_id = ""
        edge = stack.settings.edge_url
        self._http = httpx.Client(base_url=f"{edge}/api", timeout=DEADLINE_S)
        token = self._call("POST", "/auth/guest")["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        ticket = self._call("POST", "/ws-tickets")["ticket"]
        self._opened = ExitStack()
        self._opened.callback(self._http.close)
        address = f"{edge.replace('http', 'ws', 1)}/ws?ticket={ticket}"
        self._socket = self._opened.enter_context(connect(address))

    def __enter__(self) -> Self:
        assert self._frame()["type"] == "connected"
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def say(self, content: str, **fields: str | None) -> Json:
        """Send a message; `parent_id` None begins another branch."""
        body: Json = {"content": content, "model": SCRIPTED, **fields}
        if self.conversation_id:
            body["conversation_id"] = self.conversation_id
        taken = self._call("POST", "/chat", json=body)
        self.conversation_id = taken["conversation_id"]
        return taken

    def ask_again(self, message_id: str) -> Json:
        """Ask for another reply."""
        return self._call("POST", f"/messages/{message_id}/replies", json={"model": SCRIPTED})

    def call(self, method: str, path: str, **request: Any) -> None:
        """What brings events of its own: rename, delete, cancel."""
        self._call(method, path, **request)

    def until(self, is_there: Callable[[Json], bool]) -> Json:
        """Record up to an event."""
        while True:
            event = self._frame()
            self.events.append(event)
            if is_there(event):
                return event

    def until_ended(self, taken: Json) -> None:
        """Record up to the end of a reply."""
        ends = ("reply.completed", "reply.failed")
        self.until(lambda e: e["type"] in ends and e["job_id"] == taken["job_id"])

    def until_streaming(self, taken: Json, characters: int) -> None:
        """Record until so much of a reply came."""
        self.until(
            lambda e: (
                e["type"] == "reply.delta"
                and e["job_id"] == taken["job_id"]
                and e["index"] + len(e["text"]) >= characters
            )
        )

    def snapshot(self) -> None:
        """What REST tells a page that opens the conversation now."""
        self.pages.append({"after": len(self.events), "pages": self.whole()})

    def whole(self) -> list[Json]:
        """All pages of the conversation, newest first."""
        path = f"/conversations/{self.conversation_id}/messages"
        pages: list[Json] = []
        while not pages or pages[-1].get("next_cursor"):
            cursor = {"cursor": pages[-1]["next_cursor"]} if pages else {}
            pages.append(self._call("GET", path, params={"limit": PAGE, **cursor}))
        return pages

    def _frame(self) -> Json:
        frame: Json = json.loads(self._socket.recv(timeout=DEADLINE_S))
        return frame

    def _call(self, method: str, path: str, **request: Any) -> Json:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer = self._http.request(method, path, headers=headers, **request)
        answer.raise_for_status()
        found: Json = answer.json() if answer.content else {}
        return found


def a_talk(guest: Recorder) -> None:
    """Three questions, one after another."""
    for question in ("Good morning!", "Tell me 🙂 in two words.", "And now?"):
        taken = guest.say(question)
        guest.until_streaming(taken, 4)
        guest.snapshot()
        guest.until_ended(taken)


def edits_and_other_replies(guest: Recorder) -> None:
    """A question asked three ways, one of them answered twice; two branches are written at once."""
    first = guest.say("Why?")
    guest.until_ended(first)
    follow = guest.say("And then?", parent_id=first["reply_id"])
    guest.until_ended(follow)
    edited = guest.say("Why not?", parent_id=None)
    guest.until_ended(edited)
    again = guest.ask_again(first["message_id"])
    deeper = guest.say("And why so?", parent_id=first["reply_id"])
    guest.until_streaming(again, 4)
    guest.snapshot()
    guest.until_ended(again)
    guest.until_ended(deeper)
    guest.until_ended(guest.say("Back here.", parent_id=follow["reply_id"]))


def a_failure_and_another_try(guest: Recorder) -> None:
    """A reply that is refused, asked for again; and the talk that goes on."""
    refusal = {
        "type": "invalid_request_error",
        "code": "content_policy_violation",
        "message": "No.",
    }
    guest.llm.answer("May I?", Script(fault=Fault.STATUS, status=400, error=refusal))
    first = guest.say("May I?")
    guest.until_ended(first)
    guest.snapshot()
    guest.until_ended(guest.ask_again(first["message_id"]))
    guest.until_ended(guest.say("Thank you."))


def a_second_attempt(guest: Recorder) -> None:
    """A stream that breaks off, and begins again from its first word."""
    broken = Script(fault=Fault.MID_RESET, fault_after=3, pieces_per_s=PIECES_PER_S)
    guest.llm.answer("Tell me a story.", broken)
    taken = guest.say("Tell me a story.")
    guest.until_ended(taken)
    guest.snapshot()


def a_stopped_reply(guest: Recorder) -> None:
    """A reply that is stopped in the middle, while another waits behind it."""
    held = Script(text="One, two, three, four, five.", hold_after=3)
    guest.llm.answer("Count.", held)
    taken = guest.say("Count.")
    guest.until_streaming(taken, 8)
    waiting = guest.say("And then?")
    guest.snapshot()
    guest.call("DELETE", f"/jobs/{taken['job_id']}")
    guest.until_ended(taken)
    held.gate.open()
    guest.until_ended(waiting)


def a_renamed_conversation(guest: Recorder) -> None:
    """A title that changes twice."""
    guest.until_ended(guest.say("Good morning!"))
    path = f"/conversations/{guest.conversation_id}"
    for title in ("Mornings", "Good mornings"):
        guest.call("PATCH", path, json={"title": title})
        guest.until(
            lambda e, title=title: (
                e["type"] == "conversation.updated" and e["conversation"]["title"] == title
            )
        )


SCENES = (
    a_talk,
    edits_and_other_replies,
    a_failure_and_another_try,
    a_second_attempt,
    a_stopped_reply,
    a_renamed_conversation,
)


def record(folder: Path) -> None:
    """Play every scene on a stack of its own, and write what was told."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, llm_server() as llm:
        llm.default = Script(pieces_per_s=PIECES_PER_S)
        extra = {"PROSA_OPENAI_BASE_URL": llm.openai_base_url}
        environ = {"OPENAI_API_KEY": "not-a-real-key"}
        with run_stack(Path(state), models=(SCRIPTED,), environ=environ, extra=extra) as stack:
            for scene in SCENES:
                with Recorder(stack, llm) as guest:
                    scene(guest)
                    found = {
                        "about": scene.__doc__,
                        "conversation_id": guest.conversation_id,
                        "events": guest.events,
                        "snapshots": guest.pages,
                        "end": guest.whole(),
                    }
                text = json.dumps(found, ensure_ascii=False, indent=1)
                (folder / f"{scene.__name__}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for name in list(os.environ):
        if name.startswith(_FOREIGN_PREFIXES):
            del os.environ[name]
    record(Path(sys.argv[1]))
