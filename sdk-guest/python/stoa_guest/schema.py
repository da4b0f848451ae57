"""Type hints as JSON Schemas, and JSON as values of these types."""

from __future__ import annotations

import dataclasses
import enum
import math
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from typing import Annotated, Any, Literal, Union

from .problem import Problem

_DEPTH_MAX = 64
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


@dataclass(frozen=True)
class Limits:
    """Bounds of a value, for ``Annotated[str, Limits(min_length=1)]``: told in the API document, and checked."""

    min: float | None = None
    max: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_items: int | None = None

    def words(self) -> dict[str, Any]:
        words = {
            "minimum": self.min, "maximum": self.max, "minLength": self.min_length, "maxLength": self.max_length,
            "maxItems": self.max_items,
        }
        return {word: value for word, value in words.items() if value is not None}

    def check(self, value: Any, path: str) -> None:
        named = path or "the body"
        if isinstance(value, (int, float)):
            if self.min is not None and value < self.min:
                raise Problem.invalid(path, f"{named} is less than {self.min}")
            if self.max is not None and value > self.max:
                raise Problem.invalid(path, f"{named} is more than {self.max}")
        if isinstance(value, str):
            if self.min_length is not None and len(value) < self.min_length:
                raise Problem.invalid(path, f"{named} needs at least {self.min_length} characters")
            if self.max_length is not None and len(value) > self.max_length:
                raise Problem.invalid(path, f"{named} has more than {self.max_length} characters")
        if isinstance(value, list) and self.max_items is not None and len(value) > self.max_items:
            raise Problem.invalid(path, f"{named} has more than {self.max_items} items")


def _parts(hint: Any) -> tuple[Any, list[Limits]]:
    """A hint without its ``Annotated``, and the bounds that were in it."""
    if typing.get_origin(hint) is Annotated:
        bare, *notes = typing.get_args(hint)
        return bare, [note for note in notes if isinstance(note, Limits)]
    return hint, []


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (Union, types.UnionType)


def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def _is_optional(field: dataclasses.Field) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def describe(hint: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """The hint's schema; dataclasses and enums go into ``schemas`` under their names."""
    hint, limits = _parts(hint)
    words: dict[str, Any] = {}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        words = {}
    elif hint in _PLAIN:
        words = {"type": _PLAIN[hint]}
    elif origin is Literal:
        words = {"enum": list(args)}
    elif _is_union(hint):
        words = {"anyOf": [describe(each, schemas) for each in args]}
    elif origin is list or hint is list:
        words = {"type": "array", "items": describe(args[0] if args else Any, schemas)}
    elif origin is dict or hint is dict:
        words = {"type": "object", "additionalProperties": describe(args[1] if args else Any, schemas)}
    elif dataclasses.is_dataclass(hint):
        words = {"$ref": f"#/components/schemas/{hint.__name__}"}
        if hint.__name__ not in schemas:
            schemas[hint.__name__] = {}
            schemas[hint.__name__] = _describe_class(hint, schemas)
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        words = {"$ref": f"#/components/schemas/{hint.__name__}"}
        schemas[hint.__name__] = {"enum": [each.value for each in hint]}
    else:
        raise TypeError(f"{hint} has no JSON Schema; use dataclasses, list, dict, str, int, float, bool, Literal, Enum")
    for each in limits:
        words |= each.words()
    return words


def _describe_class(cls: type, schemas: dict[str, Any]) -> dict[str, Any]:
    hints = _hints(cls)
    fields = dataclasses.fields(cls)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: describe(hints[field.name], schemas) for field in fields},
        "required": [field.name for field in fields if not _is_optional(field)],
        "additionalProperties": False,
    }
    # A dataclass without words of its own has its signature there.
    if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}("):
        schema["description"] = cls.__doc__.strip()
    return schema


def decode(value: Any, hint: Any, path: str = "", depth: int = 0) -> Any:
    """JSON as a value of the hinted type; a ``Problem`` names the member at fault, such as ``items.0.quantity``."""
    if depth > _DEPTH_MAX:
        raise Problem.invalid(path, "too deep")
    hint, limits = _parts(hint)
    decoded = _decode(value, hint, path, depth)
    for each in limits:
        each.check(decoded, path)
    return decoded


def _decode(value: Any, hint: Any, path: str, depth: int) -> Any:
    def wrong(wanted: str) -> Problem:
        return Problem.invalid(path, f"{path or 'the body'} has to be {wanted}")

    def at(name: object) -> str:
        return f"{path}.{name}" if path else str(name)

    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in _PLAIN:
        # In Python, a bool is an int; in JSON it is not.
        if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
            raise wrong(f"of type {_PLAIN[hint]}")
        return value
    if origin is Literal:
        if value not in args:
            raise wrong(f"one of {', '.join(map(str, args))}")
        return value
    if _is_union(hint):
        if value is None and type(None) in args:
            return None
        others = [each for each in args if each is not type(None)]
        return _first(others, lambda each: decode(value, each, path, depth + 1))
    if origin is list or hint is list:
        if not isinstance(value, list):
            raise wrong("an array")
        item = args[0] if args else Any
        return [decode(each, item, at(index), depth + 1) for index, each in enumerate(value)]
    if not isinstance(value, dict) and (origin is dict or hint is dict or dataclasses.is_dataclass(hint)):
        raise wrong("an object")
    if origin is dict or hint is dict:
        item = args[1] if args else Any
        return {name: decode(each, item, at(name), depth + 1) for name, each in value.items()}
    if dataclasses.is_dataclass(hint):
        hints = _hints(hint)
        known = {field.name: field for field in dataclasses.fields(hint)}
        for name in value:
            if name not in known:
                raise Problem.invalid(at(name), f"{at(name)} is not known")
        for name, field in known.items():
            if name not in value and not _is_optional(field):
                raise Problem.invalid(at(name), f"{at(name)} is missing")
        return hint(**{name: decode(each, hints[name], at(name), depth + 1) for name, each in value.items()})
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        try:
            return hint(value)
        except ValueError:
            raise wrong(f"one of {', '.join(str(each.value) for each in hint)}") from None
    raise TypeError(f"{hint} can't be read from JSON")


def _words(hint: Any) -> dict[str, Any]:
    """The values of a hint that allows only a few, by their texts."""
    if hint is bool:
        return {"true": True, "false": False}
    if typing.get_origin(hint) is Literal:
        return {str(each): each for each in typing.get_args(hint)}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {str(each.value): each for each in hint}
    return {}


def is_parameter(hint: Any) -> bool:
    """Whether a value of that type can be told in a path or a query."""
    hint, _ = _parts(hint)
    if _is_union(hint):
        return all(is_parameter(each) for each in typing.get_args(hint))
    return hint in (Any, str, int, float, type(None)) or bool(_words(hint))


def parameter(text: str | None, hint: Any, name: str) -> Any:
    """A parameter of the path or the query as a value of the hinted type; a ``Problem`` names the one at fault."""
    hint, limits = _parts(hint)
    value = _parameter(text, hint, name)
    if value is not None:
        for each in limits:
            each.check(value, name)
    return value


def _parameter(text: str | None, hint: Any, name: str) -> Any:
    if _is_union(hint):
        args = typing.get_args(hint)
        if text is None and type(None) in args:
            return None
        return _first([each for each in args if each is not type(None)], lambda each: parameter(text, each, name))
    if text is None:
        raise Problem.invalid(name, f"{name} is missing")
    if hint in (int, float):
        try:
            number = hint(text)
            if math.isfinite(number):
                return number
        except (ValueError, OverflowError):
            pass
        raise Problem.invalid(name, f"{name} has to be of type {_PLAIN[hint]}")
    if words := _words(hint):
        if text not in words:
            raise Problem.invalid(name, f"{name} has to be one of {', '.join(words)}")
        return words[text]
    return text


def _first(hints: list[Any], read: Callable[[Any], Any]) -> Any:
    """What the first of these types makes of a value that may be of any of them."""
    problem = None
    for each in hints:
        try:
            return read(each)
        except Problem as refused:
            problem = refused
    raise problem or TypeError("a union of nothing")


def encode(value: Any) -> Any:
    """A value as ``json.dumps`` takes it: dataclasses become objects, enums their values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {name: encode(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(each) for each in value]
    return value
