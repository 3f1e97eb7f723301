"""The two wire formats: what each API says in which event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from tests.llm_server.script import Script

Json = dict[str, Any]


class Wire(Protocol):
    """One API. Every method gives the bytes of server-sent events."""

    def question(self, body: Json) -> str:
        """The last user message of a request."""
        ...

    def begin(self) -> bytes: ...
    def piece(self, text: str) -> bytes: ...
    def end(self, script: Script, tokens: int) -> bytes: ...
    def error(self, error: Mapping[str, Any]) -> bytes: ...
    def failed(self, error: Mapping[str, Any]) -> bytes: ...


def event(data: Json) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


GARBAGE = b"event: content_block_delta\ndata: {not json\n\n"


class ResponsesWire:
    """`POST /v1/responses`."""

    def question(self, body: Json) -> str:
        return body["input"][-1]["content"]

    def begin(self) -> bytes:
        item: Json = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        return event(
            {"type": "response.created", "sequence_number": 0, "response": _response()}
        ) + event(
            {
                "type": "response.output_item.added",
                "sequence_number": 1,
                "output_index": 0,
                "item": item,
            }
        )

    def piece(self, text: str) -> bytes:
        return event(
            {
                "type": "response.output_text.delta",
                "sequence_number": 2,
                "item_id": "msg_1",
                "output_index": 0,
                "content_index": 0,
                "delta": text,
                "logprobs": [],
            }
        )

    def end(self, script: Script, tokens: int) -> bytes:
        if script.end is not None:
            response = _response("incomplete", tokens) | {
                "incomplete_details": {"reason": script.end}
            }
            return event(
                {"type": "response.incomplete", "sequence_number": 3, "response": response}
            )
        response = _response("completed", tokens)
        return event({"type": "response.completed", "sequence_number": 3, "response": response})

    def error(self, error: Mapping[str, Any]) -> bytes:
        # The flat form, which the SDK does not raise.
        return event({"type": "error", "sequence_number": 3, "param": None, **_without_type(error)})

    def failed(self, error: Mapping[str, Any]) -> bytes:
        response = _response("failed") | {"error": dict(error)}
        return event({"type": "response.failed", "sequence_number": 3, "response": response})


class MessagesWire:
    """`POST /v1/messages`."""

    def question(self, body: Json) -> str:
        return body["messages"][-1]["content"]

    def begin(self) -> bytes:
        message: Json = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "test",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 11, "output_tokens": 1},
        }
        block = {"type": "text", "text": ""}
        return (
            event({"type": "message_start", "message": message})
            + event({"type": "content_block_start", "index": 0, "content_block": block})
            + event({"type": "ping"})
        )

    def piece(self, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return event({"type": "content_block_delta", "index": 0, "delta": delta})

    def end(self, script: Script, tokens: int) -> bytes:
        delta = {"stop_reason": script.end or "end_turn", "stop_sequence": None}
        return (
            event({"type": "content_block_stop", "index": 0})
            + event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": tokens}})
            + event({"type": "message_stop"})
        )

    def error(self, error: Mapping[str, Any]) -> bytes:
        return event({"type": "error", "error": dict(error)})

    def failed(self, error: Mapping[str, Any]) -> bytes:
        return self.error(error)


def _response(status: str = "in_progress", tokens: int | None = None) -> Json:
    usage = None
    if tokens is not None:
        usage = {
            "input_tokens": 11,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 11 + tokens,
        }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "test",
        "output": [],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "status": status,
        "usage": usage,
    }


def _without_type(error: Mapping[str, Any]) -> Json:
    return {key: value for key, value in error.items() if key != "type"}
