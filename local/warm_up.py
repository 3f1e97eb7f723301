"""Starts a process of each Lambda function before the first person needs it.

A cold start costs a second on a laptop, and a page's first call meets two: authorizer and handler.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError

from local.provision import connect

FUNCTIONS = ("authorizer", "auth", "chat", "conversations", "search", "tickets", "meta")

_NO_ROUTE = {
    "httpMethod": "GET",
    "path": "/-",
    "resource": "/-",
    "headers": {},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "pathParameters": None,
    "requestContext": {"requestId": "warm-up"},
    "methodArn": "arn:aws:execute-api:us-east-1:000000000000:warm-up/local/GET/-",
    "body": None,
}
"""A request that every function refuses at once, having loaded all it needs."""


def warm_up(environment: Mapping[str, str], functions: Sequence[str]) -> threading.Thread:
    """Invoke each of `functions` once, in the background. Nothing depends on the outcome."""
    thread = threading.Thread(target=_invoke_all, args=(environment, functions), daemon=True)
    thread.start()
    return thread


def _invoke_all(environment: Mapping[str, str], functions: Sequence[str]) -> None:
    client = connect(environment)("lambda")

    def invoke(name: str) -> None:
        try:
            client.invoke(FunctionName=name, Payload=json.dumps(_NO_ROUTE))
        except (BotoCoreError, ClientError):
            # The stack is on its way out, or the function cannot start: its first caller will see.
            return

    # Two at a time: the worker is loading its model beside us.
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(invoke, functions))
