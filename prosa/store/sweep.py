"""All that one user's conversations say, read a bounded part at a time.

The search of the HTTP API reads it, by queries only. Reads are eventually consistent, half the
price: the list they follow comes from an index and is no fresher anyway. A text that lies in S3 is
not fetched.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prosa.clock import Timestamp
from prosa.conversation import Conversation, Role
from prosa.ids import (
    CONVERSATION_ID_PATTERN,
    MESSAGE_ID_PATTERN,
    ConversationId,
    MessageId,
    UserId,
)
from prosa.store.conversations import place_in_list
from prosa.store.items import Item, read_as, to_item
from prosa.store.pages import InvalidCursor
from prosa.store.table import INDEX, Table, conversation_key, message_key

CONVERSATIONS_PAGE = 40
MESSAGES_PAGE = 250
"""DynamoDB ends a page at 1 MB besides."""


class Text(NamedTuple):
    """What a message says, or with neither id nor role what its conversation is called."""

    message_id: MessageId | None
    role: Role | None
    content: str


class Place(BaseModel):
    """How far a sweep of one user's conversations came; nobody else's has such a place.

    What was written to later than `conversation_id` is read. Of itself: what was said from
    `before` on, without one the title only, or with `is_through` all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: UserId
    conversation_id: Annotated[ConversationId, Field(pattern=CONVERSATION_ID_PATTERN)]
    updated_at: Timestamp
    before: Annotated[MessageId, Field(pattern=MESSAGE_ID_PATTERN)] | None = None
    is_through: bool = False

    def encode(self) -> str:
        """Make an opaque cursor of it."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode()

    @classmethod
    def decode(cls, cursor: str, *, owner: UserId) -> Self:
        """Read a cursor that was given to `owner`. Raises InvalidCursor."""
        try:
            place = cls.model_validate_json(base64.urlsafe_b64decode(cursor.encode()))
        except (binascii.Error, ValidationError, ValueError) as exc:
            raise InvalidCursor from exc
        if place.user_id != owner:
            raise InvalidCursor
        return place


@dataclass(frozen=True, slots=True)
class Portion:
    """What one read brought of a conversation: its title at first, then texts, newest first."""

    conversation: Conversation
    texts: tuple[Text, ...]
    end: Place

    def place_of(self, text: Text) -> Place:
        """Where to go on after `text`."""
        if text is self.texts[-1]:
            return self.end
        return self.end.model_copy(update={"before": text.message_id, "is_through": False})


class Sweep:
    """Raises `prosa.errors.Unavailable` for an outage."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, user_id: UserId, place: Place | None) -> Iterator[Portion]:
        """Read on from `place`, the conversation last written to first. Lazy: one query a portion,
        and one for forty conversations.

        A conversation that is written to meanwhile moves to the top of the list. It is read to its
        end if it was begun; one that was to come is missed.
        """
        if place is not None and not place.is_through:
            conversation = self._find(user_id, place.conversation_id)
            if conversation is not None:
                yield from self._portions(conversation, place)
        for conversation in self._conversations(user_id, place):
            start = Place(
                user_id=user_id,
                conversation_id=conversation.conversation_id,
                updated_at=conversation.updated_at,
            )
            yield from self._portions(conversation, start, is_new=True)

    def _conversations(self, user_id: UserId, after: Place | None) -> Iterator[Conversation]:
        for items in self._table.pages(
            IndexName=INDEX,
            KeyConditionExpression="GSI1PK = :user",
            ExpressionAttributeValues={":user": f"USER#{user_id}"},
            ScanIndexForward=False,
            Limit=CONVERSATIONS_PAGE,
            **_after(after and _in_list(after)),
        ):
            yield from (read_as(Conversation, item) for item in items)

    def _find(self, user_id: UserId, conversation_id: ConversationId) -> Conversation | None:
        """The conversation of a cursor, if it is the user's: a cursor proves nothing."""
        partition, sort = conversation_key(user_id, conversation_id)
        items, _ = self._table.query(
            KeyConditionExpression="PK = :user AND SK = :cnv",
            ExpressionAttributeValues={":user": partition, ":cnv": sort},
        )
        return read_as(Conversation, items[0]) if items else None

    def _portions(
        self, conversation: Conversation, start: Place, *, is_new: bool = False
    ) -> Iterator[Portion]:
        """For a conversation that was found under its user."""
        name = conversation.conversation_id
        title = (Text(None, None, conversation.title),) if is_new else ()
        last = _in_conversation(name, start.before) if start.before else None
        while True:
            items, last = self._table.query(
                KeyConditionExpression="PK = :cnv AND begins_with(SK, :msg)",
                ExpressionAttributeValues={":cnv": f"CNV#{name}", ":msg": "MSG#"},
                ProjectionExpression="message_id, #role, content",
                ExpressionAttributeNames={"#role": "role"},
                ScanIndexForward=False,
                Limit=MESSAGES_PAGE,
                **_after(last),
            )
            texts = tuple(_text(item) for item in items)
            before = texts[-1].message_id if texts else start.before
            end = start.model_copy(update={"before": before, "is_through": last is None})
            yield Portion(conversation, title + texts, end)
            if last is None:
                return
            title = ()


def _text(item: Item) -> Text:
    return Text(MessageId(item["message_id"]), Role(item["role"]), item["content"])


def _in_list(place: Place) -> dict[str, Any]:
    """Where a conversation stands, or stood, in its user's list."""
    partition, sort = conversation_key(place.user_id, place.conversation_id)
    position = place_in_list(place.updated_at, place.conversation_id)
    return to_item({"PK": partition, "SK": sort, "GSI1PK": partition, "GSI1SK": position})


def _in_conversation(conversation_id: ConversationId, message_id: MessageId) -> dict[str, Any]:
    partition, sort = message_key(conversation_id, message_id)
    return to_item({"PK": partition, "SK": sort})


def _after(last: dict[str, Any] | None) -> dict[str, Any]:
    return {"ExclusiveStartKey": last} if last else {}
