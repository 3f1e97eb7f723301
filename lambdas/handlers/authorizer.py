"""Decides who calls: API Gateway asks before any route that needs a user, and remembers a minute.

Answers an IAM policy. The context of an Allow is the `Caller` the handlers see, with the end of the
token's time; they judge it, as an answer that is remembered outlives it.
"""

from __future__ import annotations

from typing import Any, Literal

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import bootstrap
from lambdas.access_tokens import AccessTokens
from lambdas.caller import Caller
from lambdas.headers import header
from lambdas.request_log import RequestLine, note
from prosa.errors import Unauthenticated


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one REQUEST authorizer event.

    A bad token is denied, not raised: a Deny is remembered like an Allow. Raises Unavailable and
    SettingsError when the keys cannot be had; API Gateway makes a 500 of it.
    """
    line = RequestLine(event, context)
    status = 500
    try:
        policy = _decide(event)
        status = 200
    finally:
        line.end(status)
    return policy


def _decide(event: dict[str, Any]) -> dict[str, Any]:
    stage = _stage_arn(event["methodArn"])
    try:
        claims = _tokens().verify(header(event, "authorization"))
    except Unauthenticated as refusal:
        note(code=refusal.code)
        return _policy("Deny", stage, principal="nobody", context={"code": refusal.code})
    note(user_id=claims.user_id)
    caller = Caller(claims.user_id, claims.session_id, claims.expires_at)
    return _policy("Allow", stage, principal=claims.user_id, context=caller.as_context())


def _tokens() -> AccessTokens:
    return bootstrap.access_tokens()


def _policy(
    effect: Literal["Allow", "Deny"], resource: str, *, principal: str, context: dict[str, str]
) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


def _stage_arn(method_arn: str) -> str:
    """All of the API's stage: the answer is remembered for the token, whatever it asks for next.

    `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>`
    """
    api, stage, *_ = method_arn.split("/")
    return f"{api}/{stage}/*"
