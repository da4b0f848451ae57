"""Copies that may vanish at any time. Needs the capability "cache"."""

from __future__ import annotations

import json
from typing import Any

from wit_world.imports import cache as wire

from .schema import encode


def get(key: str) -> Any:
    """What was kept, or ``None``."""
    value = get_bytes(key)
    return None if value is None else json.loads(value)


def set(key: str, value: Any, ttl_ms: int) -> None:
    """Keeps at most 256 KiB for ``ttl_ms`` (at most a day)."""
    set_bytes(key, json.dumps(encode(value)).encode(), ttl_ms)


def remove(key: str) -> None:
    wire.remove(key)


def get_bytes(key: str) -> bytes | None:
    """As ``get``, for what is no JSON."""
    return wire.get(key)


def set_bytes(key: str, value: bytes, ttl_ms: int) -> None:
    wire.set(key, value, ttl_ms)
