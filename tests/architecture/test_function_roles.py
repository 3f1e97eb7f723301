"""Each function may do what its code does, and nothing besides.

That nothing is missing, the tests in `tests/integration/lambdas` and `dead_letters` show: they run
under these roles. Here is that nothing is too much.
"""

from __future__ import annotations

import importlib
from functools import reduce
from typing import Any

import pytest

from infra.functions.reach import HANDLERS, reached_by
from tests.function_roles import declared, grants_of, listed, statements_of

_LOGS = "lambdas.request_log:RequestLine.end"
_REDIS = "prosa.redis_client:connect_blocking"

NEEDED: dict[str, dict[str, str]] = {
    "authorizer": {"ssm:GetParameter": "lambdas.access_tokens:AccessTokens.verify"},
    "auth": {
        "ssm:GetParameter": "lambdas.access_tokens:AccessTokens.sign",
        "kms:Decrypt": "prosa.parameters:Parameters.get",
        "dynamodb:GetItem": "prosa.store.users:UserStore.credentials_of",
        "dynamodb:PutItem": "prosa.store.sessions:SessionStore.begin",
        "dynamodb:UpdateItem": "prosa.store.sessions:SessionStore.rotate",
        "dynamodb:DeleteItem": "prosa.store.sessions:SessionStore.revoke",
        "dynamodb:Query": "prosa.store.sessions:SessionStore.revoke_others",
    },
    "chat": {
        "dynamodb:GetItem": "prosa.store.jobs:JobStore.resend_of",
        "dynamodb:PutItem": "prosa.store.job_writes:JobWrites.promise",
        "dynamodb:UpdateItem": "prosa.store.job_writes:JobWrites.conversation",
        "dynamodb:Query": "prosa.store.conversations:ConversationStore.find_question",
        "sqs:SendMessage": "prosa.job_queue:JobQueue.send",
    },
    "conversations": {
        "dynamodb:GetItem": "prosa.store.conversations:ConversationStore.require",
        "dynamodb:UpdateItem": "prosa.store.conversations:ConversationStore.rename",
        "dynamodb:DeleteItem": "prosa.store.conversations:ConversationStore.delete",
        "dynamodb:BatchWriteItem": "prosa.store.conversations:ConversationStore.delete_messages",
        "dynamodb:Query": "prosa.store.conversations:ConversationStore.messages",
        "s3:GetObject": "prosa.store.long_texts:LongTexts.fill",
        "s3:DeleteObject": "prosa.store.long_texts:LongTexts.delete",
    },
    "search": {"dynamodb:Query": "prosa.store.sweep:Sweep.read"},
    "tickets": {},
    "meta": {},
    "dlq_watch": {
        "sqs:ReceiveMessage": "prosa.dead_letters:DeadLetters.held",
        "sqs:ChangeMessageVisibility": "prosa.job_queue:JobQueue.change_visibility",
        "dynamodb:GetItem": "prosa.store.jobs:JobStore.find",
        "dynamodb:PutItem": "prosa.store.job_writes:JobWrites.reply",
        "dynamodb:UpdateItem": "prosa.store.jobs:JobStore.claim",
        # The end of a job that was answered after all may be told again, and be long.
        "s3:GetObject": "prosa.store.long_texts:LongTexts.fill",
    },
}
"""Every action, and code of the function that needs it."""

WITHOUT_A_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
"""Actions that IAM does not let anybody narrow to a resource, or not before the resource exists."""


@pytest.mark.parametrize("function", HANDLERS)
def test_every_action_is_needed_by_code_that_the_function_reaches(function: str) -> None:
    needed = {
        **NEEDED[function],
        "logs:CreateLogStream": _LOGS if function != "dlq_watch" else "lambdas.request_log:logger",
    }
    needed["logs:PutLogEvents"] = needed["logs:CreateLogStream"]
    reached = reached_by(function)
    if "redis" in reached.parts:
        needed["elasticache:Connect"] = _REDIS
    assert {action for action, _ in grants_of(function)} == set(needed)
    for code in needed.values():
        module, _, name = code.partition(":")
        assert module in reached.modules
        assert callable(reduce(getattr, name.split("."), importlib.import_module(module)))


@pytest.mark.parametrize("function", HANDLERS)
def test_no_function_may_do_everything_or_to_everything(function: str) -> None:
    for statement in statements_of(function):
        assert statement["Effect"] == "Allow"
        for action in listed(statement["Action"]):
            assert "*" not in action
        for resource in listed(statement["Resource"]):
            # The streams of one log group are all there is to end in a wildcard.
            assert "*" not in resource or resource == f"${{self:custom.logs}}-{function}:*"
    custom = declared("serverless.yml")["custom"]
    # The texts of one bucket.
    assert custom.pop("texts") == "arn:aws:s3:::${ssm:/prosa/${sls:stage}/bucket-name}/messages/*"
    assert not [name for name, value in custom.items() if "*" in str(value)]


def test_what_all_functions_may_do_cannot_be_narrowed_and_is_denied_to_their_code() -> None:
    policy = declared("infra/functions/roles.yml")["Resources"]["FunctionBasics"]["Properties"]
    trace, network, denied = policy["PolicyDocument"]["Statement"]
    assert {*trace["Action"], *network["Action"]} == WITHOUT_A_RESOURCE
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == network["Action"]
    assert denied["Condition"]["ArnLike"]["lambda:SourceFunctionArn"].endswith("-*")


def test_each_function_has_a_role_of_its_own() -> None:
    functions: Any = declared("serverless.yml")["functions"]
    roles = {name: function["role"] for name, function in functions.items()}
    assert len(set(roles.values())) == len(roles)
    resources: Any = declared("infra/functions/roles.yml")["Resources"]
    assert set(roles.values()) == resources.keys() - {"FunctionBasics"}
    for name, role in roles.items():
        assert resources[role]["Properties"]["RoleName"] == f"prosa-${{sls:stage}}-{name}"
