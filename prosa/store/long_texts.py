"""Texts too long for an item: they lie in S3, the item holds where.

DynamoDB takes 400 KB an item and bills each read by size, so a text over `INLINE_MAX_BYTES` moves
out. It is written before the item that names it: a crash in between leaves an object nobody names,
never a message without its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from prosa.errors import Unavailable
from prosa.store.items import Item

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INLINE_MAX_BYTES = 64 * 1024


class LongTexts:
    """Moves the `content` of an item out and in. Raises `prosa.errors.Unavailable`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def spill(self, item: Item) -> Item:
        """Return the item to store: as it is, or with `content_at` in place of a long `content`."""
        body = item["content"].encode()
        if len(body) <= INLINE_MAX_BYTES:
            return item
        key = f"messages/{item['conversation_id']}/{item['message_id']}.txt"
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="text/plain; charset=utf-8"
            )
        except (BotoCoreError, ClientError) as exc:
            raise Unavailable("S3 does not take the text.") from exc
        return {**item, "content": "", "content_at": key}

    def fill(self, item: Item) -> Item:
        """Return the item with its text, wherever that lies."""
        key = item.get("content_at")
        if key is None:
            return item
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            return {**item, "content": answer["Body"].read().decode()}
        except (BotoCoreError, ClientError) as exc:
            raise Unavailable("S3 does not give the text.") from exc

    def delete(self, items: list[Item]) -> None:
        """Delete the texts of deleted items."""
        keys = [{"Key": str(item["content_at"])} for item in items if "content_at" in item]
        for begin in range(0, len(keys), 1000):
            try:
                self._s3.delete_objects(
                    Bucket=self._bucket,
                    Delete={"Objects": keys[begin : begin + 1000]},  # pyright: ignore[reportArgumentType]
                )
            except (BotoCoreError, ClientError) as exc:
                raise Unavailable("S3 does not delete.") from exc
