"""Signs people in and out: `/auth/...`. An authorizer stands before `/auth/password` only."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import bootstrap
from lambdas.api import CurrentCaller, answer
from lambdas.headers import header
from lambdas.request_log import note
from lambdas.responses import SIGNED_IN, responses
from lambdas.schemas import Credentials, PasswordChange, Refresh, Session
from lambdas.sign_in import SignIn

router = Router()


@router.post(
    "/auth/guest",
    status_code=201,
    summary="Start as a guest",
    operation_id="startAsGuest",
    tags=["auth"],
    responses=responses(201, "A guest, signed in.", 403, 429, 503),
)
def start_as_guest(request: Request) -> Session:
    return _noted(_sign_in().guest(ip=_ip(request)))


@router.post(
    "/auth/register",
    status_code=201,
    summary="Register; a guest keeps what was said",
    description="Sent with a guest's access token, the guest becomes the registered user.",
    operation_id="register",
    tags=["auth"],
    responses=responses(201, "Registered and signed in.", 400, 401, 409, 413, 415, 422, 429, 503),
)
def register(request: Request, credentials: Credentials) -> Session:
    authorization = header(request.resolved_event.raw_event, "authorization")
    tokens = bootstrap.access_tokens()
    guest = tokens.verify(authorization).require_live() if authorization else None
    return _noted(_sign_in().register(credentials, ip=_ip(request), guest=guest))


@router.post(
    "/auth/login",
    summary="Sign in",
    operation_id="login",
    tags=["auth"],
    responses=responses(200, "Signed in.", 400, 401, 413, 415, 422, 429, 503),
)
def login(request: Request, credentials: Credentials) -> Session:
    return _noted(_sign_in().login(credentials, ip=_ip(request)))


@router.post(
    "/auth/password",
    status_code=204,
    summary="Change the password; all other sessions end",
    operation_id="changePassword",
    tags=["auth"],
    security=SIGNED_IN,
    responses=responses(204, "Changed.", 400, 401, 403, 409, 413, 415, 422, 429, 503),
)
def change_password(
    request: Request, caller: CurrentCaller, change: PasswordChange
) -> Response[None]:
    _sign_in().change_password(change, ip=_ip(request), caller=caller)
    return Response(status_code=204)


@router.post(
    "/auth/refresh",
    summary="Exchange a refresh token for the next pair",
    description="A refresh token is good once. Used again it ends the session.",
    operation_id="refresh",
    tags=["auth"],
    responses=responses(200, "The next pair.", 400, 401, 413, 415, 422, 503),
)
def refresh(body: Refresh) -> Session:
    return _noted(_sign_in().refresh(body.refresh_token))


@router.post(
    "/auth/logout",
    status_code=204,
    summary="Sign out",
    operation_id="logout",
    tags=["auth"],
    responses=responses(204, "The session is over.", 400, 401, 413, 415, 422, 503),
)
def logout(body: Refresh) -> Response[None]:
    _sign_in().logout(body.refresh_token)
    return Response(status_code=204)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return answer(router, event, context)


def _sign_in() -> SignIn:
    return bootstrap.sign_in()


def _ip(request: Request) -> str:
    return request.resolved_event.raw_event["requestContext"]["identity"]["sourceIp"]


def _noted(session: Session) -> Session:
    note(user_id=session.user.user_id)
    return session
