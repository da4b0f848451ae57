"""What handlers answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .schema import encode

T = TypeVar("T")


@dataclass
class Response:
    """An answer with everything said. A status of 400 or more discards what the request wrote."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def json_answer(value: Any, status: int = 200) -> Response:
    body = json.dumps(encode(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(status, [("content-type", "application/json")], body.encode())


@dataclass
class Created(Generic[T]):
    """JSON with the status 201."""

    value: T


def no_content() -> Response:
    return Response(204)


def text(value: str, status: int = 200) -> Response:
    return Response(status, [("content-type", "text/plain; charset=utf-8")], value.encode())


def answer(value: Any) -> Response:
    """Whatever a handler returned: nothing is 204, a ``str`` text, anything else JSON."""
    if isinstance(value, Response):
        return value
    if isinstance(value, Created):
        return json_answer(value.value, 201)
    if value is None:
        return no_content()
    return text(value) if isinstance(value, str) else json_answer(value)
