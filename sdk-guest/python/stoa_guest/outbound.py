"""Requests to services elsewhere, by their names under ``[outbound]``. Needs the capability "http-client"."""

from __future__ import annotations

import json as _json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from wit_world.imports import outbound as wire

from .problem import asked
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


def _refused(refusal: Any) -> OutboundError:
    return OutboundError(type(refusal).__name__.removeprefix("Error_").lower(), refusal.value)


def send(
    service: str, method: str, path: str, *, headers: dict[str, str] | None = None, json: Any = None,
    form: dict[str, str] | None = None, body: bytes = b"", purpose: str = "",
) -> Answer:
    """Sends and waits; ``json``, ``form`` or ``body`` is the body.

    ``purpose`` makes a repetition reach the service under the same key.
    """
    all_headers = list((headers or {}).items())
    if json is not None:
        all_headers.append(("content-type", "application/json"))
        body = _json.dumps(encode(json)).encode()
    elif form is not None:
        all_headers.append(("content-type", "application/x-www-form-urlencoded"))
        body = urlencode(form).encode()
    request = wire.Request(service, wire.Method[method.upper()], path, all_headers, body, purpose)
    answer = asked(_refused, wire.send, request)
    return Answer(answer.status, dict(answer.headers), answer.body)
