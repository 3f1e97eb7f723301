"""Searches a user's conversations: `/conversations/search`.

A function of its own: it reads far more than any other and only reads, so it has more memory (and
with it processor), a role that allows queries alone, and its load takes nothing from the others.
"""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator, StringConstraints

from lambdas import bootstrap
from lambdas.api import CurrentCaller, answer
from lambdas.responses import SIGNED_IN, responses
from lambdas.schemas import SearchPage, written
from lambdas.search import Search

router = Router()

QUESTION_MAX_CHARS = 200

Question = Annotated[
    str,
    StringConstraints(min_length=1, max_length=QUESTION_MAX_CHARS),
    AfterValidator(written),
    Query(description="Words; a hit says all of them. Case and accents do not count."),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many hits to give at most.")]
PageCursor = Annotated[
    str | None, Query(max_length=1024, description="`next_cursor` of the page before.")
]


@router.get(
    "/conversations/search",
    summary="Find titles and messages, in the conversation last written to first",
    description=(
        "All words must be in one message or one title. A page covers a part of the conversations: "
        "it may be short or empty and not the last. Texts over 64 KB are not searched."
    ),
    operation_id="searchConversations",
    tags=["conversations"],
    security=SIGNED_IN,
    responses=responses(200, "A page of hits, maybe an empty one.", 401, 422, 429, 503),
)
def search_conversations(
    caller: CurrentCaller, q: Question, limit: Limit = 20, cursor: PageCursor = None
) -> SearchPage:
    return _search().page(caller.user_id, q, limit=limit, cursor=cursor)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return answer(router, event, context)


def _search() -> Search:
    return bootstrap.search()
