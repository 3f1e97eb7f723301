"""The way to AWS breaks in the services' own words, and a call is applied or not as it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from local.provision import Provisioned
from tests.faults.proxies.aws_proxy import AwsProxy
from tests.faults.proxies.schedule import Fate, Kind, Schedule

REFUSED = [Fate(Kind.INTERNAL, is_applied=False)]
Client = Callable[..., Any]


def always(*fates: Fate) -> Schedule:
    return Schedule(1, rate=1.0, fates=fates, spells=(1,))


@pytest.fixture
def proxy(aws: dict[str, str]) -> Iterator[AwsProxy]:
    with AwsProxy(aws["AWS_ENDPOINT_URL"]).running() as proxy:
        yield proxy


@pytest.fixture
def client(proxy: AwsProxy) -> Client:
    """Make a client behind the proxy that asks once."""

    def make(service: str, *, attempts: int = 1, app: str | None = None) -> Any:
        options: Any = {
            "retries": {"mode": "standard", "total_max_attempts": attempts},
            "user_agent_appid": app,
        }
        config = Config(**options)
        return boto3.client(service, endpoint_url=proxy.url, config=config)  # pyright: ignore

    return make


def put(client: Client, resources: Provisioned, key: str) -> None:
    item = {"PK": {"S": key}, "SK": {"S": "x"}}
    client("dynamodb").put_item(TableName=resources.table, Item=item)


def stored(resources: Provisioned, key: str) -> bool:
    dynamodb: Any = boto3.client("dynamodb")  # pyright: ignore[reportUnknownMemberType]
    where = {"PK": {"S": key}, "SK": {"S": "x"}}
    return "Item" in dynamodb.get_item(TableName=resources.table, Key=where)


def test_calls_pass_and_are_known(client: Client, resources: Provisioned, proxy: AwsProxy) -> None:
    put(client, resources, "a")
    assert stored(resources, "a")
    sqs = client("sqs", app="worker")
    sqs.send_message(
        QueueUrl=resources.queue_url,
        MessageBody="{}",
        MessageGroupId="g",
        MessageDeduplicationId="d",
    )
    got = sqs.receive_message(QueueUrl=resources.queue_url, WaitTimeSeconds=1)
    assert len(got["Messages"]) == 1
    s3 = client("s3")
    s3.put_object(Bucket=resources.bucket, Key="long/text", Body=b"words " * 10_000)
    answer = s3.get_object(Bucket=resources.bucket, Key="long/text")
    assert answer["Body"].read() == b"words " * 10_000
    client("ssm").get_parameter(Name=f"{resources.parameters}/jwt/public-keys")
    assert dict(proxy.calls) == {
        ("api", "dynamodb.PutItem"): 1,
        ("worker", "sqs.SendMessage"): 1,
        ("worker", "sqs.ReceiveMessage"): 1,
        ("api", "s3.PutObject"): 1,
        ("api", "s3.GetObject"): 1,
        ("api", "ssm.GetParameter"): 1,
    }
    assert not proxy.faults


@pytest.mark.parametrize(
    ("service", "internal", "throttle"),
    [
        ("dynamodb", "InternalServerError", "ProvisionedThroughputExceededException"),
        ("sqs", "InternalFailure", "RequestThrottled"),
        ("s3", "InternalError", "SlowDown"),
        ("ssm", "InternalServerError", "ThrottlingException"),
    ],
)
def test_each_service_refuses_in_its_own_words(
    client: Client,
    resources: Provisioned,
    proxy: AwsProxy,
    service: str,
    internal: str,
    throttle: str,
) -> None:
    calls: dict[str, Callable[[], object]] = {
        "dynamodb": lambda: put(client, resources, "refused"),
        "sqs": lambda: client("sqs").receive_message(QueueUrl=resources.queue_url),
        "s3": lambda: client("s3").get_object(Bucket=resources.bucket, Key="a/b"),
        "ssm": lambda: client("ssm").get_parameter(Name="/a"),
    }
    codes: list[str] = []
    for kind in (Kind.INTERNAL, Kind.THROTTLE):
        proxy.ruin(always(Fate(kind, is_applied=False)))
        with pytest.raises(ClientError) as refused:
            calls[service]()
        codes.append(refused.value.response["Error"]["Code"])  # pyright: ignore
    assert codes == [internal, throttle]
    assert not stored(resources, "refused")


def test_a_busy_transaction_says_which_write_was_busy(
    client: Client, resources: Provisioned, proxy: AwsProxy
) -> None:
    proxy.ruin(always(Fate(Kind.THROTTLE, is_applied=False)))
    item = {"PK": {"S": "busy"}, "SK": {"S": "x"}}
    writes = [{"Put": {"TableName": resources.table, "Item": item}}]
    with pytest.raises(ClientError) as refused:
        client("dynamodb").transact_write_items(TransactItems=writes)
    response: Any = refused.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["ThrottlingError"]


@pytest.mark.parametrize(
    ("fate", "error"),
    [
        (Fate(Kind.INTERNAL, is_applied=False), ClientError),
        (Fate(Kind.INTERNAL, is_applied=True), ClientError),
        (Fate(Kind.RESET, is_applied=False), ConnectionClosedError),
        (Fate(Kind.LOST, is_applied=True), ConnectionClosedError),
    ],
)
def test_refused_is_not_applied_and_lost_is(
    client: Client,
    resources: Provisioned,
    proxy: AwsProxy,
    fate: Fate,
    error: type[Exception],
) -> None:
    proxy.ruin(always(fate))
    with pytest.raises(error):
        put(client, resources, "perhaps")
    assert stored(resources, "perhaps") is fate.is_applied
    assert proxy.faults == {("api", fate.kind, fate.is_applied): 1}


def test_a_late_answer_is_the_answer(
    client: Client, resources: Provisioned, proxy: AwsProxy
) -> None:
    proxy.ruin(always(Fate(Kind.LATENCY, is_applied=True, delay_s=0.4)))
    began = time.monotonic()
    put(client, resources, "late")
    assert time.monotonic() - began >= 0.4
    assert stored(resources, "late")


def test_what_the_sdk_retries_it_retries_here(client: Client, proxy: AwsProxy) -> None:
    proxy.ruin(Schedule(3, rate=1.0, fates=REFUSED, spells=(1,)))
    with pytest.raises(ClientError):
        client("ssm", attempts=3).get_parameter(Name="/a")
    assert proxy.faults["api", Kind.INTERNAL, False] == 3


def test_a_schedule_is_the_same_for_the_same_seed() -> None:
    def fates(seed: int, others: int) -> list[Fate | None]:
        schedule = Schedule(seed, rate=0.2)
        drawn: list[Fate | None] = []
        for _ in range(200):
            for _ in range(others):
                schedule.draw("worker/sqs.DeleteMessageBatch")
            drawn.append(schedule.draw("api/dynamodb.GetItem"))
        return drawn

    assert fates(1, others=0) == fates(1, others=3)
    assert fates(1, others=0) != fates(2, others=0)
    assert {fate.kind for fate in fates(1, others=0) if fate} == set(Kind)
