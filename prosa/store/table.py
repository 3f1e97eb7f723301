"""Keys of the one table, and the calls every store makes on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from prosa.errors import Unavailable
from prosa.ids import ConversationId, JobId, MessageId, UserId
from prosa.store.items import Item, from_item, to_item, to_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "lookup"

Key = tuple[str, str]


def profile_key(user_id: UserId) -> Key:
    return f"USER#{user_id}", "PROFILE"


def session_key(user_id: UserId, family: str) -> Key:
    return f"USER#{user_id}", f"SESSION#{family}"


def of_sessions(user_id: UserId) -> dict[str, str]:
    """The values of a query for all sessions of a user: `:user`, `:session`."""
    partition, prefix = session_key(user_id, "")
    return {":user": partition, ":session": prefix}


def session_of(item: Item) -> str:
    """The session an item of such a query is."""
    return str(item["SK"]).partition("#")[2]


def email_key(email: str) -> Key:
    """The address is hashed: keys end up in logs and metrics."""
    return f"EMAIL#{hashlib.sha256(email.encode()).hexdigest()}", "USER"


def conversation_key(user_id: UserId, conversation_id: ConversationId) -> Key:
    """Under its owner: a stranger's request reads another key and finds nothing."""
    return f"USER#{user_id}", f"CNV#{conversation_id}"


def message_key(conversation_id: ConversationId, message_id: MessageId) -> Key:
    return f"CNV#{conversation_id}", f"MSG#{message_id}"


def job_key(job_id: JobId) -> Key:
    return f"JOB#{job_id}", "JOB"


def usage_key(user_id: UserId, day: str) -> Key:
    return f"USER#{user_id}", f"USAGE#{day}"


class TransactionRefused(Exception):
    """A condition of a transaction did not hold. `reasons[i]` is the code of its i-th write."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = tuple(reasons)

    def refused(self, index: int) -> bool:
        """Whether the condition of write `index` is one that did not hold."""
        return self.reasons[index] == "ConditionalCheckFailed"


class ConditionRefused(Exception):
    """The condition of a single write did not hold."""


# Another transaction touched the same item, or the table is short of capacity: nothing is wrong
# with this one, and the same call may pass.
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_TRANSACTION_TRIES = 5


class Table:
    """The table. Methods raise `prosa.errors.Unavailable` when DynamoDB does not answer."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def get(self, key: Key) -> Item | None:
        """Read one item, with all writes that were acknowledged before."""
        answer = self._call("get_item", Key=_key(key), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def put(self, key: Key, item: Item, *, condition: str | None = None) -> None:
        """Write one item. Raises ConditionRefused."""
        extra = {"ConditionExpression": condition} if condition else {}
        self._call("put_item", Item=to_item(item) | _key(key), **extra)

    def update(
        self, key: Key, expression: str, values: Mapping[str, Any], *, condition: str | None = None
    ) -> Item:
        """Change one item and return it as it is then. Raises ConditionRefused."""
        extra = {"ConditionExpression": condition} if condition else {}
        names = _names(expression, condition)
        if names:
            extra["ExpressionAttributeNames"] = names  # pyright: ignore[reportArgumentType]
        answer = self._call(
            "update_item",
            Key=_key(key),
            UpdateExpression=expression,
            ExpressionAttributeValues={k: to_value(v) for k, v in values.items()},
            ReturnValues="ALL_NEW",
            **extra,
        )
        return from_item(answer["Attributes"])

    def delete(self, key: Key, *, condition: str | None = None) -> None:
        """Delete one item. Raises ConditionRefused."""
        extra = {"ConditionExpression": condition} if condition else {}
        self._call("delete_item", Key=_key(key), **extra)

    def query(self, **arguments: Any) -> tuple[list[Item], dict[str, Any] | None]:
        """Run one page of a query; the second value begins the next page, None at the end."""
        values = arguments.pop("ExpressionAttributeValues")
        answer = self._call(
            "query",
            ExpressionAttributeValues={k: to_value(v) for k, v in values.items()},
            **arguments,
        )
        return [from_item(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")

    def pages(self, **arguments: Any) -> Iterator[list[Item]]:
        """Run a query to its end, page by page. Lazy."""
        start: dict[str, Any] | None = arguments.pop("ExclusiveStartKey", None)
        while True:
            more = {"ExclusiveStartKey": start} if start else {}
            items, start = self.query(**arguments, **more)
            yield items
            if start is None:
                return

    def delete_many(self, keys: Sequence[Key]) -> None:
        """Delete items, 25 to a call; those DynamoDB leaves over are asked for again."""
        for begin in range(0, len(keys), 25):
            requests = [{"DeleteRequest": {"Key": _key(key)}} for key in keys[begin : begin + 25]]
            left: Any = {self.name: requests}
            for _ in range(_TRANSACTION_TRIES):
                left = self._raw("batch_write_item", RequestItems=left)["UnprocessedItems"]
                if not left:
                    break
            else:
                raise Unavailable("DynamoDB leaves deletes over.")

    def transact(self, writes: Sequence[dict[str, Any]], *, token: str) -> None:
        """Do all `writes` or none.

        `token` (at most 36 characters) names this one attempt: a retry whose first try did happen
        changes nothing (for 10 minutes). Raises TransactionRefused.
        """
        for tries_left in reversed(range(_TRANSACTION_TRIES)):
            try:
                self._raw(
                    "transact_write_items", TransactItems=list(writes), ClientRequestToken=token
                )
            except TransactionRefused as refusal:
                passing = set(refusal.reasons) & _PASSING
                if "ConditionalCheckFailed" in refusal.reasons or not passing:
                    raise
                if tries_left == 0:
                    raise Unavailable("DynamoDB is busy with this conversation.") from refusal
            else:
                return

    def write_put(self, key: Key, item: Item, *, condition: str | None = None) -> dict[str, Any]:
        """A put as part of a transaction."""
        extra = {"ConditionExpression": condition} if condition else {}
        return {"Put": {"TableName": self.name, "Item": to_item(item) | _key(key), **extra}}

    def write_update(
        self, key: Key, expression: str, values: Mapping[str, Any], *, condition: str | None = None
    ) -> dict[str, Any]:
        """An update as part of a transaction."""
        update: dict[str, Any] = {
            "TableName": self.name,
            "Key": _key(key),
            "UpdateExpression": expression,
            "ExpressionAttributeValues": {k: to_value(v) for k, v in values.items()},
        }
        if condition:
            update["ConditionExpression"] = condition
        if names := _names(expression, condition):
            update["ExpressionAttributeNames"] = names
        return {"Update": update}

    def write_delete(
        self, key: Key, values: Mapping[str, Any], *, condition: str
    ) -> dict[str, Any]:
        """A conditional delete as part of a transaction."""
        return {
            "Delete": {
                "TableName": self.name,
                "Key": _key(key),
                "ConditionExpression": condition,
                "ExpressionAttributeValues": {k: to_value(v) for k, v in values.items()},
            }
        }

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return self._raw(operation, TableName=self.name, **arguments)

    def _raw(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            return getattr(self._dynamodb, operation)(**arguments)
        except ClientError as exc:
            raise _refusal(exc) from exc
        except BotoCoreError as exc:
            raise Unavailable("DynamoDB does not answer.") from exc


def _key(key: Key) -> dict[str, Any]:
    return {"PK": {"S": key[0]}, "SK": {"S": key[1]}}


# DynamoDB reserves these words; expressions write them with a leading `#`.
_RESERVED = ("status", "model", "title", "current", "number")


def _names(*expressions: str | None) -> dict[str, str]:
    text = " ".join(e for e in expressions if e)
    return {f"#{word}": word for word in _RESERVED if f"#{word}" in text}


def _refusal(exc: ClientError) -> Exception:
    code = exc.response.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return ConditionRefused()
    if code == "TransactionCanceledException":
        reasons: Any = exc.response.get("CancellationReasons", [])
        return TransactionRefused([reason.get("Code", "None") for reason in reasons])
    if code == "TransactionInProgressException":
        return TransactionRefused(["TransactionConflict"])
    return Unavailable(f"DynamoDB refused: {code}.")
