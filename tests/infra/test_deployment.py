"""From nothing to a reply, and back to nothing, at an emulator that enforces IAM.

`make deploy-test`: minutes, and Terraform with its provider. The stage is made once, as
docs/deploy.md says; the tests look at it in the order they stand here, and the last takes it away.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from websockets.asyncio.client import connect

from infra.put_secrets import delete_secrets
from prosa.parameters import JWT_PRIVATE_KEY, REFRESH_TOKEN_KEY
from tests.cloud.policies import statements_of_state
from tests.cloud.stage import API_KEY, NAME, STAGE, Stage, made_stage
from tests.infra.allowed_wildcards import unexplained
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer, llm_server

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(900)]

REPLY_DEADLINE_S = 60.0
# MiniStack answers with an empty block where AWS answers with none.
_ODDITIES = {"module.edge[0].aws_cloudfront_response_headers_policy.page": "remove_headers_config"}


@pytest.fixture(scope="module")
def model() -> Iterator[LlmServer]:
    """The server that stands for OpenAI."""
    with llm_server() as server:
        server.default = Script(text="Bom dia to you")
        yield server


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, model: LlmServer) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with made_stage(folder, openai_base_url=model.openai_base_url) as made:
        yield made


def _differences(change: dict[str, Any]) -> set[str]:
    before: dict[str, Any] = change["before"] or {}
    after: dict[str, Any] = change["after"] or {}
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_a_second_apply_has_nothing_to_do(stage: Stage) -> None:
    assert stage.changes_of_second_apply["first"] == {}
    left = stage.changes_of_second_apply["edge"]
    assert {address: _differences(change) for address, change in left.items()} == {
        address: {name} for address, name in _ODDITIES.items() if address in left
    }


async def test_a_message_makes_its_round_through_the_deployment(
    stage: Stage, model: LlmServer
) -> None:
    origin = stage.parameter("page-url")
    async with httpx.AsyncClient(base_url=stage.api_url, timeout=30) as api:
        guest = (await api.post("/auth/guest")).json()
        api.headers["Authorization"] = f"Bearer {guest['access_token']}"
        ticket = (await api.post("/ws-tickets")).json()
        address = f"ws://127.0.0.1:{stage.gateway_port}/ws?ticket={ticket['ticket']}"
        async with connect(address, origin=origin) as socket:  # pyright: ignore[reportArgumentType]
            answer = await api.post(
                "/chat",
                json={"content": "Good morning"},
                headers={"Idempotency-Key": str(uuid.uuid4())},
            )
            assert answer.status_code == 202, answer.text
            accepted = answer.json()
            async with asyncio.timeout(REPLY_DEADLINE_S):
                frames = [json.loads(await socket.recv())]
                while not frames[-1]["type"].startswith(("reply.completed", "reply.failed")):
                    frames.append(json.loads(await socket.recv()))
        last = frames[-1]
        assert last["type"] == "reply.completed", last
        assert last["message"]["content"] == "Bom dia to you"
        path = f"/conversations/{accepted['conversation_id']}/messages"
        stored = (await api.get(path)).json()["items"]
    assert [message["content"] for message in stored] == ["Good morning", "Bom dia to you"]
    assert await _is_empty(stage, within_s=15)
    # The worker read the key with its role, and decrypted it.
    assert model.requests[-1].headers["authorization"] == f"Bearer {API_KEY}"


async def _is_empty(stage: Stage, *, within_s: float) -> bool:
    """Whether the queue has no message any more, in the open or in hand."""
    sqs, url = stage.client("sqs"), stage.parameter("queue-url")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = asyncio.get_running_loop().time() + within_s
    while asyncio.get_running_loop().time() < deadline:
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        if set(counts.values()) == {"0"}:
            return True
        await asyncio.sleep(0.2)
    return False


async def test_a_page_from_elsewhere_opens_no_socket(stage: Stage) -> None:
    address = f"ws://127.0.0.1:{stage.gateway_port}/ws?ticket=x"
    with pytest.raises(Exception, match="HTTP 403"):
        await connect(address, origin="https://elsewhere.example")  # pyright: ignore[reportArgumentType]


def _refusals(stage: Stage, service: str) -> dict[str, str]:
    """Try as `service` what services of ours do; gives the errors of what was refused."""
    role = stage.role_of(service)
    table, bucket = stage.parameter("table-name"), stage.parameter("bucket-name")
    queue, dead = stage.parameter("queue-url"), stage.parameter("dead-letter-queue-url")
    key = {"PK": {"S": "USER#x"}, "SK": {"S": "PROFILE"}}
    fifo = {"MessageBody": "{}", "MessageGroupId": "g", "MessageDeduplicationId": str(uuid.uuid4())}
    ssm, sqs = stage.client("ssm", role), stage.client("sqs", role)
    dynamodb, s3 = stage.client("dynamodb", role), stage.client("s3", role)
    attempts = {
        "dynamodb:GetItem": lambda: dynamodb.get_item(TableName=table, Key=key),
        "dynamodb:DeleteItem": lambda: dynamodb.delete_item(TableName=table, Key=key),
        "dynamodb:Scan": lambda: dynamodb.scan(TableName=table),
        "dynamodb:DeleteTable": lambda: dynamodb.delete_table(TableName=table),
        "sqs:SendMessage": lambda: sqs.send_message(QueueUrl=queue, **fifo),
        "sqs:SendMessage dead": lambda: sqs.send_message(QueueUrl=dead, **fifo),
        "sqs:ReceiveMessage": lambda: sqs.receive_message(QueueUrl=queue),
        "sqs:ReceiveMessage dead": lambda: sqs.receive_message(QueueUrl=dead),
        "sqs:PurgeQueue": lambda: sqs.purge_queue(QueueUrl=queue),
        "s3:PutObject": lambda: s3.put_object(Bucket=bucket, Key="messages/x.txt", Body=b"x"),
        "s3:PutObject elsewhere": lambda: s3.put_object(Bucket=bucket, Key="x.txt", Body=b"x"),
        "s3:DeleteObject": lambda: s3.delete_object(Bucket=bucket, Key="messages/x.txt"),
        "ssm signing key": lambda: ssm.get_parameter(Name=f"/prosa/{STAGE}/{JWT_PRIVATE_KEY}"),
        "ssm refresh key": lambda: ssm.get_parameter(Name=f"/prosa/{STAGE}/{REFRESH_TOKEN_KEY}"),
        "ssm API key": lambda: ssm.get_parameter(Name=f"/prosa/{STAGE}/openai-api-key"),
        "iam": lambda: stage.client("iam", role).list_roles(),
    }
    refused: dict[str, str] = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except ClientError as exc:
            refused[name] = exc.response.get("Error", {}).get("Code", "")
    return refused


def test_the_gateway_may_do_nothing_at_all(stage: Stage) -> None:
    refused = _refusals(stage, "gateway")
    assert len(refused) == 16
    assert {code for code in refused.values() if "Denied" not in code} == set()


def test_the_worker_may_do_what_it_does_and_no_more(stage: Stage) -> None:
    refused = _refusals(stage, "worker")
    assert {code for code in refused.values() if "Denied" not in code} == set()
    assert set(refused) == {
        "dynamodb:DeleteItem",
        "dynamodb:Scan",
        "dynamodb:DeleteTable",
        "sqs:SendMessage",
        "sqs:ReceiveMessage dead",
        "sqs:PurgeQueue",
        "s3:PutObject elsewhere",
        "s3:DeleteObject",
        "ssm signing key",
        "ssm refresh key",
        "iam",
    }


def test_policies_as_they_are_there_have_no_wildcard_without_a_reason(stage: Stage) -> None:
    statements = statements_of_state(stage.terraform.state())
    assert len(statements) > 20
    assert unexplained(statements) == set()


def test_no_secret_is_in_the_state(stage: Stage) -> None:
    state = json.dumps(stage.terraform.state()) + json.dumps(stage.terraform.plan(stage.variables))
    ssm = stage.client("ssm")
    for name in (JWT_PRIVATE_KEY, REFRESH_TOKEN_KEY, "openai-api-key"):
        parameter = ssm.get_parameter(Name=f"/prosa/{STAGE}/{name}", WithDecryption=True)
        value = parameter["Parameter"]["Value"]
        assert json.dumps(value)[1:-1] not in state
    assert API_KEY not in state


def test_it_can_be_undone_to_the_last_thing(stage: Stage) -> None:
    for name in ("worker", "gateway"):
        stage.launcher.stop(name, grace_s=20)
    stage.take_back_batches()
    stage.serverless("remove")
    # What Serverless wrote is gone, so the edge cannot be read again: destroy needs no plan of it.
    stage.terraform.destroy({**stage.variables, "edge": False})
    delete_secrets(stage.client("ssm"), stage=STAGE)
    assert _left(stage) == []


def _left(stage: Stage) -> list[str]:
    """Everything that still has our name."""
    path = f"/prosa/{STAGE}"
    answers: list[list[Any] | None] = [
        stage.client("ssm").get_parameters_by_path(Path=path, Recursive=True)["Parameters"],
        stage.client("sqs").list_queues(QueueNamePrefix=NAME).get("QueueUrls"),
        stage.client("dynamodb").list_tables()["TableNames"],
        stage.client("s3").list_buckets()["Buckets"],
        stage.client("iam").list_roles()["Roles"],
        stage.client("lambda").list_functions()["Functions"],
        stage.client("apigateway").get_rest_apis()["items"],
        stage.client("ecr").describe_repositories()["repositories"],
        stage.client("ecs").list_clusters()["clusterArns"],
        stage.client("ec2").describe_vpcs()["Vpcs"],
        stage.client("elbv2").describe_load_balancers()["LoadBalancers"],
        stage.client("logs").describe_log_groups()["logGroups"],
        stage.client("kms").list_aliases()["Aliases"],
        stage.client("cloudfront").list_distributions()["DistributionList"].get("Items"),
    ]
    texts = [json.dumps(each, default=str) for answer in answers for each in answer or []]
    return [text for text in texts if NAME in text or path in text]
