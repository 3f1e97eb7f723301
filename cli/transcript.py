"""What the terminal shows: plain text that streams, or one JSON object a line for programs."""

from __future__ import annotations

import asyncio
import sys
from typing import Protocol

from prosa.events import (
    ReplyCompleted,
    ReplyDelta,
    ReplyFailed,
    ReplyStarted,
    ServerFrame,
    encode,
)


class Transcript(Protocol):
    """Where a talk is written, and where its lines come from."""

    async def prompt(self) -> str:
        """The next line the user says; empty at the end of input."""
        ...

    def show(self, frame: ServerFrame) -> None:
        """Show an event of the reply that is waited for."""
        ...


async def _read_line() -> str:
    return await asyncio.to_thread(sys.stdin.readline)


class JsonLines:
    """Each event as a line of JSON."""

    async def prompt(self) -> str:
        return await _read_line()

    def show(self, frame: ServerFrame) -> None:
        print(encode(frame), flush=True)


class Plain:
    """The text as it comes; a reply that starts over is written anew below."""

    def __init__(self) -> None:
        self._written = ""

    async def prompt(self) -> str:
        if sys.stdin.isatty():
            print("\n> ", end="", flush=True)
        return await _read_line()

    def show(self, frame: ServerFrame) -> None:
        match frame:
            case ReplyStarted():
                if self._written:
                    print("\n[interrupted, starting over]", file=sys.stderr)
                self._written = ""
            case ReplyDelta():
                # Pieces that a resume plays again lie inside what is written already.
                new = frame.text[max(0, len(self._written) - frame.index) :]
                if frame.index <= len(self._written):
                    self._write(new)
            case ReplyCompleted():
                self._complete(frame.message.content)
                if frame.finish_reason not in ("stop", "length"):
                    print(f"[{frame.finish_reason}]", file=sys.stderr)
            case ReplyFailed():
                print(f"\n{frame.detail} ({frame.code})", file=sys.stderr)
                self._written = ""
            case _:
                pass

    def _complete(self, content: str) -> None:
        if not content.startswith(self._written):
            print("\n[interrupted, the stored reply reads:]", file=sys.stderr)
            self._written = ""
        self._write(content[len(self._written) :])
        print(flush=True)
        self._written = ""

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
        self._written += text
