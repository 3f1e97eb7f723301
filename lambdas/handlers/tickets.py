"""Gives a signed-in page the ticket it opens its WebSocket with: `/ws-tickets`."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.utilities.typing import LambdaContext
from redis.exceptions import RedisError

from lambdas import bootstrap
from lambdas.api import CurrentCaller, answer
from lambdas.responses import SIGNED_IN, responses
from lambdas.schemas import Ticket
from prosa.errors import Unavailable
from prosa.socket_access.tickets import TICKET_TTL_S, TicketHolder, issue_ticket

router = Router()


@router.post(
    "/ws-tickets",
    status_code=201,
    summary="Get a ticket for one WebSocket",
    operation_id="issueTicket",
    tags=["socket"],
    security=SIGNED_IN,
    responses=responses(201, "A ticket, good once.", 401, 503),
)
def create_ticket(caller: CurrentCaller) -> Ticket:
    holder = TicketHolder(caller.user_id, caller.session_id, caller.session_ends_at)
    try:
        ticket = issue_ticket(bootstrap.redis(), holder)
    except RedisError as exc:
        raise Unavailable("Redis does not take the ticket.") from exc
    return Ticket(ticket=ticket, url=bootstrap.settings().ws_url, expires_in=TICKET_TTL_S)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return answer(router, event, context)
