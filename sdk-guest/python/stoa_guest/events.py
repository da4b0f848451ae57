"""Facts for other plugins. Needs the capability "events" and the event's name under ``raises``."""

from __future__ import annotations

import json
from typing import Any

from componentize_py_types import Err
from wit_world.imports import events as wire

from .problem import Problem
from .schema import encode


def _asked(function: Any, *arguments: Any) -> None:
    try:
        function(*arguments)
    except Err as error:
        refusal = error.value
        if isinstance(refusal, wire.Error_Limit):
            raise Problem(422, "too-much", refusal.value) from None
        raise Problem.internal(str(refusal)) from None


def tell(name: str, key: str, payload: Any) -> None:
    """Tells a fact once the request has committed; events of one key arrive in order."""
    _asked(wire.raise_, name, key, json.dumps(encode(payload)))


def tell_at(name: str, key: str, payload: Any, at_ms: int) -> None:
    """The same, no earlier than ``at_ms`` (milliseconds since 1970)."""
    _asked(wire.raise_at, name, key, json.dumps(encode(payload)), at_ms)
