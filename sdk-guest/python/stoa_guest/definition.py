"""Decorators: which function does what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Event:
    """A fact that another plugin, or the host, has told."""

    id: str
    name: str
    source: str
    key: str
    payload: dict[str, Any]
    raised_at_ms: int
    #: 1 for the first delivery, more after failures.
    attempt: int


@dataclass
class Turn:
    """A turn of a schedule."""

    due_ms: int


@dataclass
class Definition:
    """All that the author's module has said."""

    handlers: dict[str, Callable] = field(default_factory=dict)
    subscribers: dict[str, Callable] = field(default_factory=dict)
    turns: dict[str, Callable] = field(default_factory=dict)
    provides: dict[str, type] = field(default_factory=dict)
    hooks: dict[str, Callable] = field(default_factory=dict)


definition = Definition()


def _register(known: dict[str, Any], what: Any, name: str) -> Any:
    if name in known:
        raise ValueError(f"{name} is there twice")
    known[name] = what
    return what


def handler(function: Callable) -> Callable:
    """Answers the routes and channels that name it.

    Its parameters are told by their types: a dataclass is the body's JSON, ``Caller`` and ``Request`` are themselves,
    and a ``str`` or ``int`` is the path's or the query's parameter of its name. It returns JSON (a dataclass, a dict,
    a list), a ``str`` for text, ``None`` for 204, or a ``Response``; it raises ``Problem``.
    """
    return _register(definition.handlers, function, function.__name__)


def subscriber(function: Callable) -> Callable:
    """Handles the events of a ``[[subscribe]]``; takes an ``Event``."""
    return _register(definition.subscribers, function, function.__name__)


def turn(function: Callable) -> Callable:
    """Takes the turns of a ``[[schedule]]``; takes a ``Turn``."""
    return _register(definition.turns, function, function.__name__)


def health(function: Callable) -> Callable:
    """With ``lifecycle = true``: raises when this version must not go live."""
    return _register(definition.hooks, function, "health")


def migrate(function: Callable) -> Callable:
    """With ``lifecycle = true``: once per tenant for a new version; takes the version of the data, or ``""``."""
    return _register(definition.hooks, function, "migrate")


def personal_data(function: Callable) -> Callable:
    """With ``personal_data = true``: takes an account's id, and returns what is kept about it."""
    return _register(definition.hooks, function, "personal_data")


def provides(alias: str) -> Callable[[type], type]:
    """Answers an interface of ``[provides]``: a class with the interface's functions as methods."""
    return lambda cls: _register(definition.provides, cls, alias)
