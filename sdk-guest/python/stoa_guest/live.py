"""Messages to whoever listens at this moment. Needs the capability "live" and a ``[[channel]]``."""

from __future__ import annotations

import json
from typing import Any

from wit_world.imports import live as wire

from .problem import Problem, asked, too_much
from .schema import encode


def _problem(refusal: Any) -> Problem:
    return too_much(refusal) if isinstance(refusal, wire.Error_Limit) else Problem.internal(f"live: {refusal.value}")


def push(channel: str, event: str, payload: Any) -> None:
    """Says something to everybody on a channel of this plugin, such as ``chat/01J…``, once the request has committed.

    Where the channel keeps a history, the message is told to those who come back, too. ``payload`` becomes JSON of at
    most 32 KiB; a request says at most 256 messages.
    """
    asked(_problem, wire.push, channel, event, json.dumps(encode(payload)), True)


def push_passing(channel: str, event: str, payload: Any) -> None:
    """As ``push``, for what means nothing a moment later, such as that somebody is typing: no history keeps it."""
    asked(_problem, wire.push, channel, event, json.dumps(encode(payload)), False)


def evict(channel: str, account: str) -> None:
    """Lets an account listen to a channel no longer, once the request has committed."""
    asked(_problem, wire.evict, channel, account)
