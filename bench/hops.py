"""The floor of a round trip: the same hops, bare, one after another, with nothing in between.

SQS send + receive + delete, the DynamoDB calls a message costs, its Redis commands, and one frame
over a socket, each by its plain client on items of that size. No HTTP edge, no Lambda, no model.
"""

from __future__ import annotations

import socket
import threading
import time
import uuid
from typing import Any, cast

from prosa.aws import client
from prosa.redis_client import connect_blocking

_TEXT = "x" * 200


class BareHops:
    """One message's hops against the services of a running stack."""

    def __init__(self, *, table: str, queue_url: str, redis_url: str) -> None:
        self._table = table
        self._queue_url = queue_url
        self._sqs: Any = client("sqs")
        self._dynamodb: Any = client("dynamodb")
        self._redis: Any = cast(Any, connect_blocking(redis_url))
        self._socket = _echo_socket()

    def run(self) -> float:
        """Do them once; gives the milliseconds they took together."""
        began = time.perf_counter()
        self._store_calls()
        self._queue_calls()
        self._log_calls()
        self._socket.sendall(_TEXT.encode())
        self._socket.recv(len(_TEXT))
        return (time.perf_counter() - began) * 1000

    def _store_calls(self) -> None:
        """Resend look-up, accept (3 writes), claim, conversation, branch, finish (4 writes)."""
        key = {"PK": {"S": f"BENCH#{uuid.uuid4()}"}, "SK": {"S": "0"}}
        self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        self._transact(key["PK"]["S"], 3)
        self._dynamodb.update_item(
            TableName=self._table,
            Key=key,
            UpdateExpression="ADD attempt :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": key["PK"]},
            ConsistentRead=True,
        )
        self._transact(f"{key['PK']['S']}-end", 4)

    def _transact(self, partition: str, writes: int) -> None:
        items = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {
                        "PK": {"S": partition},
                        "SK": {"S": str(n)},
                        "content": {"S": _TEXT},
                    },
                    "ConditionExpression": "attribute_not_exists(PK)",
                }
            }
            for n in range(writes)
        ]
        self._dynamodb.transact_write_items(TransactItems=items)

    def _queue_calls(self) -> None:
        name = uuid.uuid4().hex
        self._sqs.send_message(
            QueueUrl=self._queue_url,
            MessageBody=_TEXT,
            MessageGroupId=name,
            MessageDeduplicationId=name,
        )
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, WaitTimeSeconds=1)
        self._sqs.delete_message(
            QueueUrl=self._queue_url, ReceiptHandle=answer["Messages"][0]["ReceiptHandle"]
        )

    def _log_calls(self) -> None:
        """Accepted, started, delta, completed: an append and a wake-up each."""
        for _ in range(4):
            self._redis.xadd("bench:log", {"e": _TEXT}, maxlen=1000)
            self._redis.publish("bench:wake", _TEXT)


def _echo_socket() -> socket.socket:
    """A TCP connection to a thread that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def echo() -> None:
        peer, _ = listener.accept()
        with listener, peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := peer.recv(4096):
                peer.sendall(data)

    threading.Thread(target=echo, daemon=True).start()
    near = socket.create_connection(listener.getsockname())
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return near
