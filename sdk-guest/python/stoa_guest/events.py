"""Facts for other plugins. Needs the capability "events" and the event's name under ``raises``."""

from __future__ import annotations

import json
from typing import Any

from wit_world.imports import events as wire

from .problem import Problem, asked, too_much
from .schema import encode


def _problem(refusal: Any) -> Problem:
    return too_much(refusal) if isinstance(refusal, wire.Error_Limit) else Problem.internal(str(refusal))


def tell(name: str, key: str, payload: Any) -> None:
    """Tells a fact once the request has committed; events of one key arrive in order."""
    asked(_problem, wire.raise_, name, key, json.dumps(encode(payload)))


def tell_at(name: str, key: str, payload: Any, at_ms: int) -> None:
    """The same, no earlier than ``at_ms`` (milliseconds since 1970)."""
    asked(_problem, wire.raise_at, name, key, json.dumps(encode(payload)), at_ms)
