"""Models as DynamoDB items, and back. Item attributes are the model's JSON fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel

Item = dict[str, Any]
ModelT = TypeVar("ModelT", bound=BaseModel)

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_value(value: Any) -> Any:
    """One value in DynamoDB's types."""
    return _serializer.serialize(value)


def to_item(item: Item) -> Item:
    """A whole item in DynamoDB's types."""
    return {name: _serializer.serialize(value) for name, value in item.items()}


def from_item(item: Item) -> Item:
    """What DynamoDB answered, in Python's types. Numbers are ints: nothing here has fractions."""
    return {name: _plain(_deserializer.deserialize(value)) for name, value in item.items()}


def fields_of(model: BaseModel) -> Item:
    """A model's fields as they are stored: JSON types, nothing for None."""
    return model.model_dump(mode="json", exclude_none=True)


def read_as(model: type[ModelT], item: Item) -> ModelT:
    """The model in an item, without what the table adds to it (keys, TTL, ...)."""
    return model.model_validate({k: v for k, v in item.items() if k in model.model_fields})


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, list):
        return [_plain(v) for v in cast(list[Any], value)]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in cast(dict[str, Any], value).items()}
    return value
