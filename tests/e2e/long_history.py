"""A conversation far longer than anyone types in a test, written straight into the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from local.provision import connect
from local.stack import Stack
from prosa.clock import utc_now
from prosa.conversation import FinishReason, Message, Role
from prosa.ids import (
    ConversationId,
    MessageId,
    UserId,
    job_id_for,
    new_conversation_id,
    new_message_id,
)
from prosa.store.conversations import list_position, new_conversation
from prosa.store.items import fields_of
from prosa.store.job_writes import JobWrites
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table, conversation_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_PER_TRANSACTION = 100
"""What DynamoDB takes at once."""
_ANSWERS = (
    "It is, and it stays so.",
    "Three things, then:\n\n- the **first** is short\n- the second runs on, for it has to say what "
    "the first left out, and says it twice to be sure\n- the third: `done`\n\nThat is all of them.",
    "A long breath. " * 60,
    "```python\ndef add(a: int, b: int) -> int:\n    return a + b\n```\n\nIt adds.",
    "| name | place |\n|---|---|\n| Iracema | Olinda |\n| Peri | Recife |\n\n> Both are near.",
)


def write_history(stack: Stack, user_id: UserId, *, count: int) -> tuple[ConversationId, list[str]]:
    """Write a conversation of `count` messages, one branch, under a user who exists already.

    Returns its id and its messages' ids, oldest first. A reply's text ends with its number, `#n`.
    """
    aws = connect(stack.aws_environment)
    table = Table(cast("DynamoDBClient", aws("dynamodb")), stack.provisioned.table)
    writes = JobWrites(table, LongTexts(cast("S3Client", aws("s3")), stack.provisioned.bucket))
    conversation = new_conversation(new_conversation_id(), "A very long talk")
    messages = list(_branch(conversation.conversation_id, user_id, count))
    for begin in range(0, count, _PER_TRANSACTION):
        batch = messages[begin : begin + _PER_TRANSACTION]
        puts = [writes.question(m) if m.role == Role.USER else writes.reply(m) for m in batch]
        table.transact(puts, token=uuid4().hex)
    table.put(
        conversation_key(user_id, conversation.conversation_id),
        fields_of(conversation)
        | list_position(user_id, conversation)
        | {"head_id": messages[-1].message_id},
    )
    return conversation.conversation_id, [m.message_id for m in messages]


def _branch(conversation_id: ConversationId, user_id: UserId, count: int) -> Iterator[Message]:
    parent: MessageId | None = None
    began = utc_now() - timedelta(seconds=count)
    for n in range(count):
        at = began + timedelta(seconds=n)
        message = Message(
            message_id=new_message_id(at),
            conversation_id=conversation_id,
            parent_id=parent,
            role=Role.USER if n % 2 == 0 else Role.ASSISTANT,
            content=f"What is number {n}?" if n % 2 == 0 else _ANSWERS[n // 2 % 5] + f"\n\n#{n}",
            created_at=at,
            job_id=job_id_for(user_id, f"{conversation_id}/{n}"),
            model=None if n % 2 == 0 else "local:prosa-tiny",
            finish_reason=None if n % 2 == 0 else FinishReason.STOP,
        )
        yield message
        parent = message.message_id
