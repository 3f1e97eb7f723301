"""Conversations and what was said in them.

A conversation's item lies under its owner's key; its messages lie under the conversation's. So
nothing of a conversation is read before `require` found it under the user who asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prosa.clock import to_iso, utc_now
from prosa.conversation import Conversation, Frozen, Message, Role
from prosa.errors import NotFound
from prosa.ids import ConversationId, JobId, MessageId, UserId
from prosa.store.items import Item, read_as
from prosa.store.long_texts import LongTexts
from prosa.store.pages import Page, encode_cursor, start_at
from prosa.store.table import INDEX, ConditionRefused, Table, conversation_key, message_key

DELETED_PAGE = 500


class ConversationState(Frozen):
    """A conversation, and what is going on in it.

    `head_id` is the newest message of the branch that was last written to: a running reply's id
    when one is promised. `active_jobs` are the replies that are promised and not yet stored.
    """

    conversation: Conversation
    head_id: MessageId
    active_jobs: frozenset[JobId]


class ConversationStore:
    """Methods raise `NotFound` for what is missing or another's, `Unavailable` for an outage."""

    def __init__(self, table: Table, long_texts: LongTexts) -> None:
        self._table = table
        self._long_texts = long_texts

    def require(self, user_id: UserId, conversation_id: ConversationId) -> ConversationState:
        """The conversation, if it is this user's."""
        item = self._table.get(conversation_key(user_id, conversation_id))
        if item is None:
            raise NotFound("conversation")
        return _state(item)

    def list_of(self, user_id: UserId, *, limit: int, cursor: str | None) -> Page[Conversation]:
        """A user's conversations, the one last written to first."""
        items, last = self._table.query(
            IndexName=INDEX,
            KeyConditionExpression="GSI1PK = :user",
            ExpressionAttributeValues={":user": f"USER#{user_id}"},
            ScanIndexForward=False,
            Limit=limit,
            **start_at(cursor, owner=f"USER#{user_id}"),
        )
        return Page(tuple(read_as(Conversation, i) for i in items), encode_cursor(last))

    def rename(self, user_id: UserId, conversation_id: ConversationId, title: str) -> Conversation:
        """Give a conversation a title; its place in the list stays."""
        try:
            item = self._table.update(
                conversation_key(user_id, conversation_id),
                "SET #title = :title",
                {":title": title},
                condition="attribute_exists(PK)",
            )
        except ConditionRefused as exc:
            raise NotFound("conversation") from exc
        return read_as(Conversation, item)

    def delete(self, user_id: UserId, conversation_id: ConversationId) -> None:
        """Delete a conversation and its messages.

        The conversation goes first: from then on nobody can read its messages, also when the rest
        is interrupted, and a reply that is running can no longer be stored.
        """
        try:
            self._table.delete(
                conversation_key(user_id, conversation_id), condition="attribute_exists(PK)"
            )
        except ConditionRefused as exc:
            raise NotFound("conversation") from exc
        self.delete_messages(conversation_id)

    def delete_messages(self, conversation_id: ConversationId) -> None:
        """Delete what was said in a conversation that is deleted already."""
        for items in self._table.pages(
            KeyConditionExpression="PK = :cnv",
            ExpressionAttributeValues={":cnv": f"CNV#{conversation_id}"},
            ProjectionExpression="PK, SK, content_at",
            Limit=DELETED_PAGE,
        ):
            self._long_texts.delete(items)
            self._table.delete_many([(item["PK"], item["SK"]) for item in items])

    def messages(
        self, conversation_id: ConversationId, *, limit: int, cursor: str | None
    ) -> Page[Message]:
        """A page of messages, oldest first. The first page is the newest, `next_cursor` goes back.

        For a conversation that `require` has found.
        """
        items, last = self._table.query(
            KeyConditionExpression="PK = :cnv AND begins_with(SK, :msg)",
            ExpressionAttributeValues={":cnv": f"CNV#{conversation_id}", ":msg": "MSG#"},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
            **start_at(cursor, owner=f"CNV#{conversation_id}"),
        )
        found = [self._message(item) for item in reversed(items)]
        return Page(tuple(found), encode_cursor(last))

    def has_message(self, conversation_id: ConversationId, message_id: MessageId) -> bool:
        """Whether this conversation holds the message."""
        return self._table.get(message_key(conversation_id, message_id)) is not None

    def branch(
        self, conversation_id: ConversationId, leaf: MessageId, *, page: int = 50
    ) -> Iterator[Message]:
        """The messages from `leaf` back to the beginning, newest first, along `parent_id`.

        Lazy: the caller stops when it has enough. One pass, as a parent's id is always lower than
        its child's; a parent that was never stored (its job's conversation outlived it) ends it.
        """
        wanted: MessageId | None = leaf
        for items in self._table.pages(
            KeyConditionExpression="PK = :cnv AND SK BETWEEN :first AND :leaf",
            ExpressionAttributeValues={
                ":cnv": f"CNV#{conversation_id}",
                ":first": "MSG#",
                ":leaf": f"MSG#{leaf}",
            },
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=page,
        ):
            for item in items:
                if item["message_id"] == wanted:
                    message = self._message(item)
                    yield message
                    wanted = message.parent_id
            if wanted is None:
                return

    def find_question(self, user_id: UserId, message_id: MessageId) -> Message:
        """A user message by its id alone, if it is this user's.

        Through the index, which follows the table within milliseconds: a message accepted just
        now may not be found yet.
        """
        items, _ = self._table.query(
            IndexName=INDEX,
            KeyConditionExpression="GSI1PK = :message",
            ExpressionAttributeValues={":message": f"MSG#{message_id}"},
        )
        if not items:
            raise NotFound("message")
        conversation_id = ConversationId(items[0]["GSI1SK"].removeprefix("CNV#"))
        self._require_as(user_id, conversation_id, "message")
        item = self._table.get(message_key(conversation_id, message_id))
        if item is None or item["role"] != Role.USER:
            raise NotFound("message")
        return self._message(item)

    def _require_as(self, user_id: UserId, conversation_id: ConversationId, what: str) -> None:
        try:
            self.require(user_id, conversation_id)
        except NotFound as exc:
            raise NotFound(what) from exc

    def message(self, conversation_id: ConversationId, message_id: MessageId) -> Message:
        """One message. For a conversation that is known to be the user's."""
        item = self._table.get(message_key(conversation_id, message_id))
        if item is None:
            raise NotFound("message")
        return self._message(item)

    def _message(self, item: Item) -> Message:
        return read_as(Message, self._long_texts.fill(item))


def _state(item: Item) -> ConversationState:
    return ConversationState(
        conversation=read_as(Conversation, item),
        head_id=item["head_id"],
        active_jobs=frozenset(item.get("active_jobs", ())),
    )


def new_conversation(conversation_id: ConversationId, title: str) -> Conversation:
    """A conversation that begins now."""
    now = utc_now()
    return Conversation(
        conversation_id=conversation_id, title=title, created_at=now, updated_at=now
    )


def list_position(user_id: UserId, conversation: Conversation) -> Item:
    """The index attributes that put a conversation into its owner's list."""
    return {
        "GSI1PK": f"USER#{user_id}",
        "GSI1SK": place_in_list(conversation.updated_at, conversation.conversation_id),
    }


def place_in_list(updated_at: datetime, conversation_id: ConversationId) -> str:
    """The index's sort key of a conversation: by time, and two of one moment apart."""
    return f"{to_iso(updated_at)}#{conversation_id}"
