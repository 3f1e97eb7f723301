"""How the services talk to AWS: one place for timeouts, retries and the pool."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast, overload

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

LONG_POLL_S = 10


@overload
def client(
    service: Literal["dynamodb"], *, pool: int = ..., read_timeout_s: float = ...
) -> DynamoDBClient: ...
@overload
def client(
    service: Literal["sqs"], *, pool: int = ..., read_timeout_s: float = ...
) -> SQSClient: ...
@overload
def client(service: Literal["s3"], *, pool: int = ..., read_timeout_s: float = ...) -> S3Client: ...
@overload
def client(
    service: Literal["ssm"], *, pool: int = ..., read_timeout_s: float = ...
) -> SSMClient: ...
def client(service: str, *, pool: int = 10, read_timeout_s: float = LONG_POLL_S + 5) -> object:
    """Make a client of `service` with `pool` connections.

    The endpoint comes from `AWS_ENDPOINT_URL`. Two retries in botocore's standard mode, so a silent
    service costs three times `read_timeout_s`, which by default leaves room for one long poll.
    Clients are safe to share between threads.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout_s,
        max_pool_connections=pool,
        retries={"mode": "standard", "total_max_attempts": 3},
        tcp_keepalive=True,
    )
    return cast("Any", _session()).create_client(service, config=config)


@cache
def _session() -> object:
    """Share one session: each costs some 30 ms of loading its data files.

    botocore's: boto3 makes the same clients and loads a tenth more for its resources, which a cold
    start would pay for.
    """
    return botocore.session.get_session()
