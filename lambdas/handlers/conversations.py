"""Shows a user's conversations, renames and deletes them: `/conversations...`."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import bootstrap
from lambdas.api import CurrentCaller, answer
from lambdas.history import History
from lambdas.path_ids import ConversationIdInPath
from lambdas.request_log import note
from lambdas.responses import SIGNED_IN, responses
from lambdas.schemas import ConversationPage, MessagePage, Rename
from prosa.conversation import Conversation
from prosa.events import ConversationDeleted, ConversationUpdated

router = Router()

Limit = Annotated[int, Query(ge=1, le=100, description="How many to give.")]
PageCursor = Annotated[
    str | None, Query(max_length=1024, description="`next_cursor` of the page before.")
]


@router.get(
    "/conversations",
    summary="List conversations, the one last written to first",
    operation_id="listConversations",
    tags=["conversations"],
    security=SIGNED_IN,
    responses=responses(200, "A page.", 401, 422, 503),
)
def list_conversations(
    caller: CurrentCaller, limit: Limit = 30, cursor: PageCursor = None
) -> ConversationPage:
    page = bootstrap.conversations().list_of(caller.user_id, limit=limit, cursor=cursor)
    return ConversationPage(items=list(page.items), next_cursor=page.next_cursor)


@router.get(
    "/conversations/<id>",
    summary="Look at a conversation",
    operation_id="getConversation",
    tags=["conversations"],
    security=SIGNED_IN,
    responses=responses(200, "The conversation.", 401, 404, 503),
)
def get_conversation(caller: CurrentCaller, id: ConversationIdInPath) -> Conversation:
    note(conversation_id=id)
    return bootstrap.conversations().require(caller.user_id, id).conversation


@router.get(
    "/conversations/<id>/messages",
    summary="Read messages, the newest page first",
    operation_id="listMessages",
    tags=["conversations"],
    security=SIGNED_IN,
    responses=responses(200, "A page, oldest message first.", 401, 404, 422, 503),
)
def list_messages(
    caller: CurrentCaller,
    id: ConversationIdInPath,
    limit: Limit = 30,
    cursor: PageCursor = None,
) -> MessagePage:
    note(conversation_id=id)
    return _history().page(caller.user_id, id, limit=limit, cursor=cursor)


# Powertools leaves a part of the type of `patch` open.
@router.patch(  # pyright: ignore[reportUnknownMemberType]
    "/conversations/<id>",
    summary="Rename a conversation",
    operation_id="renameConversation",
    tags=["conversations"],
    security=SIGNED_IN,
    responses=responses(200, "The conversation.", 400, 401, 404, 413, 415, 422, 503),
)
def rename_conversation(
    caller: CurrentCaller, id: ConversationIdInPath, rename: Rename
) -> Conversation:
    note(conversation_id=id)
    conversation = bootstrap.conversations().rename(caller.user_id, id, rename.title)
    bootstrap.announcements().tell(caller.user_id, ConversationUpdated(conversation=conversation))
    return conversation


@router.delete(
    "/conversations/<id>",
    status_code=204,
    summary="Delete a conversation and its messages",
    operation_id="deleteConversation",
    tags=["conversations"],
    security=SIGNED_IN,
    responses=responses(204, "It is gone.", 401, 404, 503),
)
def delete_conversation(caller: CurrentCaller, id: ConversationIdInPath) -> Response[None]:
    note(conversation_id=id)
    state = bootstrap.conversations().require(caller.user_id, id)
    bootstrap.conversations().delete(caller.user_id, id)
    bootstrap.announcements().stop(caller.user_id, state.active_jobs)
    bootstrap.announcements().tell(caller.user_id, ConversationDeleted(conversation_id=id))
    return Response(status_code=204)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return answer(router, event, context)


def _history() -> History:
    return bootstrap.history()
