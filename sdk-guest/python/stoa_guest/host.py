"""The host's interfaces that need no capability."""

from __future__ import annotations

import dataclasses as _dataclasses
import json as _json
from datetime import datetime, timezone
from typing import Any, TypeVar

from wit_world.imports import clock as _clock
from wit_world.imports import inbound as _inbound
from wit_world.imports import log as _log
from wit_world.imports import random as _random
from wit_world.imports import settings as _settings

from .problem import Problem as _Problem
from .schema import decode as _decode

_T = TypeVar("_T")


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
    """What is set for this plugin, by its operator or by the tenant's admin."""

    @staticmethod
    def get(name: str) -> Any:
        """The tenant's value, else the deployment's, else the manifest's default, else ``None``, at this moment."""
        value = _settings.get(name)
        return None if value is None else _json.loads(value)

    @staticmethod
    def all(cls: type[_T]) -> _T:
        """Several of them as a dataclass whose fields have their names; one that nobody gives needs a default."""
        given = {field.name: settings.get(field.name) for field in _dataclasses.fields(cls)}
        given = {name: value for name, value in given.items() if value is not None}
        try:
            return _decode(given, cls, "settings")
        except _Problem as problem:
            # Manifest and code disagree: that is nothing a client could mend.
            raise TypeError(problem.detail) from problem


class inbound:
    """What of the request is asked for when it is needed."""

    @staticmethod
    def header(name: str) -> str | None:
        return _inbound.header(name)

    @staticmethod
    def request_id() -> str:
        return _inbound.request_id()
