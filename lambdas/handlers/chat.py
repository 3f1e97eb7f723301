"""Takes messages in, and tells what became of them: `/chat`, `/messages/...`, `/jobs/...`."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Header
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import bootstrap
from lambdas.api import CurrentCaller, answer
from lambdas.cancel_job import CancelJob
from lambdas.headers import header
from lambdas.path_ids import JobIdInPath, MessageIdInPath
from lambdas.request_log import note
from lambdas.responses import SIGNED_IN, responses
from lambdas.schemas import Accepted, AskAgain, JobLook, SendMessage
from lambdas.submit_message import Order
from lambdas.trace import traceparent_of
from prosa.errors import NotFound
from prosa.ids import JobId, UserId
from prosa.jobs import Job

router = Router()

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{8,128}$",
        description="New for each message, the same each time that message is sent again.",
    ),
]


@router.post(
    "/chat",
    status_code=202,
    summary="Send a message",
    description="The reply comes over the WebSocket, and into the conversation's messages.",
    operation_id="sendMessage",
    tags=["chat"],
    security=SIGNED_IN,
    responses=responses(202, "A reply is promised.", 400, 401, 404, 413, 415, 422, 429, 503),
)
def send_message(
    request: Request, caller: CurrentCaller, key: IdempotencyKey, message: SendMessage
) -> Accepted:
    job = bootstrap.submit_message().send(_order(request, caller.user_id, key), message)
    return _accepted(job)


@router.post(
    "/messages/<id>/replies",
    status_code=202,
    summary="Ask for another reply to a message",
    operation_id="askAgain",
    tags=["chat"],
    security=SIGNED_IN,
    responses=responses(202, "A reply is promised.", 400, 401, 404, 413, 415, 422, 429, 503),
)
def ask_again(
    request: Request,
    caller: CurrentCaller,
    id: MessageIdInPath,
    key: IdempotencyKey,
    wish: AskAgain,
) -> Accepted:
    order = _order(request, caller.user_id, key)
    return _accepted(bootstrap.submit_message().ask_again(order, id, wish))


@router.get(
    "/jobs/<id>",
    summary="Look at a job",
    operation_id="getJob",
    tags=["chat"],
    security=SIGNED_IN,
    responses=responses(200, "The job and its attempts.", 401, 404, 503),
)
def get_job(caller: CurrentCaller, id: JobIdInPath) -> JobLook:
    job = _job(caller.user_id, id)
    return JobLook(**dict(job), seen=bootstrap.receipts().was_seen(job))


@router.delete(
    "/jobs/<id>",
    status_code=202,
    summary="Stop a reply",
    description="What was written of it stays. One that waits ends at once, one that is being "
    "written as soon as its worker hears of it. A job that has ended already stays as it is.",
    operation_id="cancelJob",
    tags=["chat"],
    security=SIGNED_IN,
    responses=responses(202, "The job as it is: cancelled, or soon.", 401, 404, 503),
)
def cancel_job(caller: CurrentCaller, id: JobIdInPath) -> Job:
    cancel_job: CancelJob = bootstrap.cancel_job()
    return cancel_job.stop(_job(caller.user_id, id))


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return answer(router, event, context)


def _order(request: Request, user_id: UserId, key: str) -> Order:
    order = Order(
        user_id=user_id,
        key=key,
        traceparent=traceparent_of(header(request.resolved_event.raw_event, "traceparent")),
    )
    note(job_id=order.job_id, traceparent=order.traceparent)
    return order


def _accepted(job: Job) -> Accepted:
    note(conversation_id=job.conversation_id)
    return Accepted(
        job_id=job.job_id,
        message_id=job.message_id,
        reply_id=job.reply_id,
        conversation_id=job.conversation_id,
    )


def _job(user_id: UserId, job_id: JobId) -> Job:
    note(job_id=job_id)
    job = bootstrap.jobs().find(job_id)
    if job is None or job.user_id != user_id:
        raise NotFound("job")
    return job
