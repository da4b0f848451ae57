"""The host's interfaces that need no capability."""

from __future__ import annotations

import json as _json
from datetime import datetime, timezone
from typing import Any

from wit_world.imports import clock as _clock
from wit_world.imports import inbound as _inbound
from wit_world.imports import log as _log
from wit_world.imports import random as _random
from wit_world.imports import settings as _settings


class clock:
    """The time: the same again when a request runs again."""

    @staticmethod
    def now_ms() -> int:
        """Milliseconds since 1970."""
        return _clock.now_ms()

    @staticmethod
    def now() -> datetime:
        return datetime.fromtimestamp(_clock.now_ms() / 1000, timezone.utc)


class random:
    """Chance: the same again when a request runs again."""

    @staticmethod
    def ulid() -> str:
        """26 characters that sort by time."""
        return _random.ulid()

    @staticmethod
    def bytes(length: int) -> bytes:
        """At most 4,096."""
        return _random.bytes(length)


class log:
    """Lines for the operator."""

    @staticmethod
    def trace(message: object) -> None:
        _log.write(_log.Level.TRACE, str(message))

    @staticmethod
    def debug(message: object) -> None:
        _log.write(_log.Level.DEBUG, str(message))

    @staticmethod
    def info(message: object) -> None:
        _log.write(_log.Level.INFO, str(message))

    @staticmethod
    def warn(message: object) -> None:
        _log.write(_log.Level.WARN, str(message))

    @staticmethod
    def error(message: object) -> None:
        _log.write(_log.Level.ERROR, str(message))


class settings:
    """What the operator has set for this plugin."""

    @staticmethod
    def get(name: str) -> Any:
        """The operator's value, else the manifest's default, else ``None``."""
        value = _settings.get(name)
        return None if value is None else _json.loads(value)


class inbound:
    """What of the request is asked for when it is needed."""

    @staticmethod
    def header(name: str) -> str | None:
        return _inbound.header(name)

    @staticmethod
    def request_id() -> str:
        return _inbound.request_id()
