"""Models as DynamoDB items, and back. Item attributes are the model's JSON fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

Item = dict[str, Any]
ModelT = TypeVar("ModelT", bound=BaseModel)


def to_value(value: Any) -> Any:
    """One value in DynamoDB's types. Raises TypeError for one that no item of ours holds."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case list():
            return {"L": [to_value(each) for each in value]}  # pyright: ignore[reportUnknownVariableType]
        case dict():
            return {"M": to_item(value)}  # pyright: ignore[reportUnknownArgumentType]
        case set() | frozenset():
            return {"SS": sorted(value)}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            raise TypeError(f"DynamoDB takes no {type(value).__name__} from us")


def to_item(item: Item) -> Item:
    """A whole item in DynamoDB's types."""
    return {name: to_value(value) for name, value in item.items()}


def from_item(item: Item) -> Item:
    """What DynamoDB answered, in Python's types. Numbers are ints: nothing here has fractions."""
    return {name: _from_value(value) for name, value in item.items()}


def fields_of(model: BaseModel) -> Item:
    """A model's fields as they are stored: JSON types, nothing for None."""
    return model.model_dump(mode="json", exclude_none=True)


def read_as(model: type[ModelT], item: Item) -> ModelT:
    """The model in an item, without what the table adds to it (keys, TTL, ...)."""
    return model.model_validate({k: v for k, v in item.items() if k in model.model_fields})


def _from_value(value: dict[str, Any]) -> Any:
    [(kind, held)] = value.items()
    return _READ[kind](held)


_READ: dict[str, Callable[[Any], Any]] = {
    "S": str,
    "BOOL": bool,
    "N": int,
    "NULL": lambda _: None,
    "L": lambda held: [_from_value(each) for each in held],
    "M": from_item,
    "SS": set,
}
