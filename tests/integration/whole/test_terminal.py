"""`prosa chat` as a person and as a script use it: a real process against the whole stack."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stack import Stack
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

SCRIPTED = "openai:scripted"
DEADLINE_S = 60


@pytest.fixture
def paid(paid_llm: LlmServer) -> Iterator[LlmServer]:
    yield paid_llm
    paid_llm.forget()


@pytest.fixture
def command(stack: Stack, tmp_path: Path) -> Command:
    return Command(stack.settings.edge_url, tmp_path)


class Command:
    """The program with a home of its own, so with a guest of its own."""

    def __init__(self, url: str, home: Path) -> None:
        self._url = url
        self._home = home

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", "chat", "--url", self._url, *arguments],
            env={"HOME": str(self._home), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, says: str = "") -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(says, timeout=DEADLINE_S)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def _events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def _rest(process: subprocess.Popen[str]) -> str:
    """What is still to be read; `communicate` would pass by what the stream holds in its buffer."""
    assert process.stdout is not None
    out = process.stdout.read()
    process.communicate(timeout=DEADLINE_S)
    return out


def test_one_question_one_answer(command: Command) -> None:
    done = command.run("My name is Iracema")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Iracema" in done.stdout


def test_lines_are_one_conversation(command: Command) -> None:
    done = command.run(says="My name is Iracema\n\nWhat is my name?\n")
    first, second = done.stdout.splitlines()
    assert "Iracema" in first
    assert "Iracema" in second


def test_json_gives_each_event_of_the_reply(command: Command, paid: LlmServer) -> None:
    paid.script(Script(text="One two three.", piece_chars=4))
    events = _events(command.run("--json", "--model", SCRIPTED, "Count").stdout)
    deltas = [e for e in events if e["type"] == "reply.delta"]
    assert events[0]["type"] == "reply.started"
    assert events[-1]["type"] == "reply.completed"
    assert "".join(e["text"] for e in deltas) == "One two three."
    assert events[-1]["message"]["content"] == "One two three."


def test_a_conversation_goes_on_in_another_run(command: Command) -> None:
    events = _events(command.run("--json", "My name is Iracema").stdout)
    conversation = events[-1]["conversation_id"]
    again = command.run("--conversation", conversation, "What is my name?")
    assert "Iracema" in again.stdout


def test_it_streams_and_ctrl_c_stops_the_reply(command: Command, paid: LlmServer) -> None:
    script = Script(text="a" * 400, piece_chars=4, hold_after=10)
    paid.script(script)
    process = command.start("--json", "--model", SCRIPTED, "Talk")
    assert process.stdout is not None
    written = ""
    while len(written) < 40:
        event = json.loads(process.stdout.readline())
        written += event.get("text", "")
    process.send_signal(signal.SIGINT)
    end = _events(_rest(process))[-1]
    assert (end["type"], end["finish_reason"]) == ("reply.completed", "cancelled")
    assert end["message"]["content"] == written
    assert process.returncode == 1


def test_a_dropped_socket_is_resumed_without_a_gap(
    command: Command, paid: LlmServer, stack: Stack
) -> None:
    text = "".join(f"{n} " for n in range(200))
    script = Script(text=text, piece_chars=5, hold_after=20)
    paid.script(script)
    process = command.start("--model", SCRIPTED, "Count")
    assert process.stdout is not None
    seen = process.stdout.read(50)
    stack.launcher.stop("gateway", grace_s=20)
    gateway = stack.start_gateway("gateway", stack.settings.gateway_ports)
    script.gate.open()
    out = _rest(process)
    assert gateway.poll() is None
    assert seen + out == text + "\n"


def test_a_deleted_conversation_ends_the_wait(
    command: Command, paid: LlmServer, stack: Stack, tmp_path: Path
) -> None:
    script = Script(text="a" * 400, piece_chars=4, hold_after=10)
    paid.script(script)
    process = command.start("--json", "--model", SCRIPTED, "Talk")
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    [session] = (tmp_path / ".config" / "prosa").glob("session-*.json")
    api = f"{stack.settings.edge_url}/api"
    tokens = httpx.post(f"{api}/auth/refresh", json=json.loads(session.read_text())).json()
    httpx.delete(
        f"{api}/conversations/{started['conversation_id']}",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    ).raise_for_status()
    process.stdout.read()
    _, said = process.communicate(timeout=DEADLINE_S)
    script.gate.open()
    assert (process.returncode, said) == (1, "The conversation was deleted.\n")


def test_a_refusal_is_said_in_a_sentence(command: Command) -> None:
    refused = command.run("--conversation", "cnv_01M7WK0000000000000000000A", "Hello")
    assert refused.returncode == 1
    assert refused.stderr == "There is no such conversation. (not_found)\n"


def test_nobody_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    lonely = Command("http://127.0.0.1:9", tmp_path).run("Hello")
    assert lonely.returncode == 1
    assert "Is it running?" in lonely.stderr
    assert "Traceback" not in lonely.stderr
