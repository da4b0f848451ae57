"""What a handler is told."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from .host import inbound
from .problem import Problem


@dataclass
class Caller:
    """Who calls. The host has authenticated it."""

    #: ``anonymous``, ``session`` or ``user``.
    kind: str
    #: The account's id when ``kind`` is ``user``, else empty.
    id: str
    email: str | None
    #: ``admin``, ``developer``, ``viewer``, ``vendor``, ``user`` or ``worker``; empty unless signed in.
    role: str
    #: The browser's session, if it sent one.
    session: str | None

    def user(self) -> str:
        """The account's id; 401 if nobody is signed in."""
        if self.kind != "user":
            raise Problem.unauthorized()
        return self.id


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large a number")
    return number


@dataclass
class Request:
    """A request that the host has matched, authenticated and admitted."""

    #: The manifest's name of the handler.
    handler: str
    #: Path parameters, decoded.
    params: dict[str, str]
    #: The raw query string.
    query_string: str
    #: The body's bytes as they came.
    body: bytes
    caller: Caller

    @property
    def query(self) -> dict[str, str]:
        """Query parameters; the last of several."""
        parsed = parse_qs(self.query_string, keep_blank_values=True)
        return {name: values[-1] for name, values in parsed.items()}

    def json(self) -> Any:
        try:
            return json.loads(self.body, parse_constant=_no_number, parse_float=_number)
        except (ValueError, RecursionError) as error:
            raise Problem.invalid("", f"The body is no JSON: {error}") from None

    def header(self, name: str) -> str | None:
        """A request header; never ``authorization`` or ``cookie``."""
        return inbound.header(name)
