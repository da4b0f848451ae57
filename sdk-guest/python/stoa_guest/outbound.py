"""Requests to services elsewhere, by their names under ``[outbound]``. Needs the capability "http-client"."""

from __future__ import annotations

import json as _json
from dataclasses import dataclass
from typing import Any

from componentize_py_types import Err
from wit_world.imports import outbound as wire

from .schema import encode


class OutboundError(Exception):
    """Why there is no answer; only after ``unknown`` the service may have acted."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        #: ``denied``, ``invalid``, ``unreachable``, ``unknown`` or ``limit``.
        self.kind = kind


@dataclass
class Answer:
    """What the service said."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return _json.loads(self.body)


def send(
    service: str, method: str, path: str, *, headers: dict[str, str] | None = None, json: Any = None,
    body: bytes = b"", purpose: str = "",
) -> Answer:
    """Sends and waits. ``purpose`` makes a repetition reach the service under the same key."""
    all_headers = list((headers or {}).items())
    if json is not None:
        all_headers.append(("content-type", "application/json"))
        body = _json.dumps(encode(json)).encode()
    request = wire.Request(service, wire.Method[method.upper()], path, all_headers, body, purpose)
    try:
        answer = wire.send(request)
    except Err as error:
        kind = type(error.value).__name__.removeprefix("Error_").lower()
        raise OutboundError(kind, error.value.value) from None
    return Answer(answer.status, dict(answer.headers), answer.body)
