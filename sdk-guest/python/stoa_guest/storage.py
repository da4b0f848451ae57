"""Documents of the plugin's own collections. Needs the capability "storage"."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from wit_world.imports import storage as wire

from .problem import Problem, asked, too_much, unavailable
from .schema import decode, encode

T = TypeVar("T")


def _problem(error: Any) -> Problem:
    """A refusal of the store as the problem that a client is told if nobody catches it."""
    value = getattr(error, "value", None)
    match error:
        case wire.Error_NotFound():
            return Problem.not_found("document")
        case wire.Error_AlreadyExists():
            return Problem.conflict("already-exists", "It exists already.")
        case wire.Error_NotUnique():
            return Problem(409, "not-unique", f"Another one has the same {value}.", value)
        case wire.Error_VersionMismatch():
            return Problem.conflict("version-mismatch", f"It has changed; its version is {value} now.")
        case wire.Error_Invalid():
            return Problem(400, "invalid-request", value)
        case wire.Error_Limit():
            return too_much(error)
        case wire.Error_Unavailable():
            return unavailable(error)
        case _:
            return Problem.internal(str(value))


def _asked(function: Any, *arguments: Any) -> Any:
    return asked(_problem, function, *arguments)


@dataclass
class Stored(Generic[T]):
    """A document with what the store knows of it."""

    id: str
    #: Grows by one with each committed request that wrote it.
    version: int
    value: T


@dataclass
class Page(Generic[T]):
    """A part of what a query found."""

    items: list[Stored[T]]
    total: int | None
    next_cursor: str | None


class where:
    """Conditions of queries."""

    @staticmethod
    def eq(path: str, value: Any) -> dict:
        return {"eq": [path, value]}

    @staticmethod
    def ne(path: str, value: Any) -> dict:
        return {"ne": [path, value]}

    @staticmethod
    def lt(path: str, value: Any) -> dict:
        return {"lt": [path, value]}

    @staticmethod
    def le(path: str, value: Any) -> dict:
        return {"le": [path, value]}

    @staticmethod
    def gt(path: str, value: Any) -> dict:
        return {"gt": [path, value]}

    @staticmethod
    def ge(path: str, value: Any) -> dict:
        return {"ge": [path, value]}

    @staticmethod
    def one_of(path: str, values: list) -> dict:
        return {"in": [path, values]}

    @staticmethod
    def contains(path: str, value: Any) -> dict:
        return {"contains": [path, value]}

    @staticmethod
    def prefix(path: str, text: str) -> dict:
        return {"prefix": [path, text]}

    @staticmethod
    def text(paths: list[str], words: str) -> dict:
        return {"text": [paths, words]}

    @staticmethod
    def all_of(*conditions: dict) -> dict:
        return {"and": list(conditions)}

    @staticmethod
    def any_of(*conditions: dict) -> dict:
        return {"or": list(conditions)}

    @staticmethod
    def none_of(*conditions: dict) -> dict:
        return {"not": {"or": list(conditions)}}


class Collection(Generic[T]):
    """A collection of the manifest; its documents are values of a dataclass, or dicts.

    Every method raises a ``Problem`` that a client may be told: 404 not-found, 409 already-exists, not-unique and
    version-mismatch, 422 too-much, 503 unavailable.
    """

    def __init__(self, name: str, of: type[T] = dict) -> None:
        self.name = name
        self.of = of

    def _read(self, body: str) -> T:
        try:
            return decode(json.loads(body), self.of)
        except Problem as problem:
            raise Problem.internal(f"a document of {self.name} is no {self.of.__name__}: {problem.detail}") from None

    def _stored(self, found: Any) -> Stored[T]:
        return Stored(found.id, found.version, self._read(found.body))

    def get(self, id: str) -> T | None:
        found = self.get_versioned(id)
        return None if found is None else found.value

    def get_versioned(self, id: str) -> Stored[T] | None:
        found = _asked(wire.get, self.name, id)
        return None if found is None else self._stored(found)

    def get_many(self, ids: list[str]) -> list[Stored[T]]:
        return [self._stored(found) for found in _asked(wire.get_many, self.name, ids)]

    def create(self, id: str, value: T, expires_at: int | None = None) -> int:
        return _asked(wire.create, self.name, id, json.dumps(encode(value)), expires_at)

    def put(self, id: str, value: T, expires_at: int | None = None) -> int:
        return _asked(wire.put, self.name, id, json.dumps(encode(value)), expires_at)

    def put_if_version(self, id: str, version: int, value: T, expires_at: int | None = None) -> int:
        return _asked(wire.put_if_version, self.name, id, version, json.dumps(encode(value)), expires_at)

    def patch(self, id: str, merge: dict) -> T:
        """Merges as RFC 7396 says; answers the result."""
        return self._read(_asked(wire.patch, self.name, id, json.dumps(merge)).body)

    def delete(self, id: str) -> bool:
        return _asked(wire.delete, self.name, id)

    def increment(self, id: str, path: str, by: int = 1) -> int:
        return _asked(wire.increment, self.name, id, path, by)

    def take_if_at_least(self, id: str, path: str, amount: int) -> int | None:
        """What is left, or ``None`` where there is less."""
        return _asked(wire.take_if_at_least, self.name, id, path, amount)

    def query(
        self, filter: dict | None = None, sort: list[str] | None = None, limit: int = 50, offset: int = 0,
        cursor: str | None = None, total: bool = False, fields: list[str] | None = None,
    ) -> Page[T]:
        """A page of documents; ``sort`` takes paths, with ``-`` in front for descending.

        ``fields`` fetches only some: the others of the dataclass need defaults.
        """
        keys = [wire.SortKey(path.removeprefix("-"), path.startswith("-")) for path in sort or []]
        text = "" if filter is None else json.dumps(filter)
        selection = wire.Selection(text, keys, limit, offset, cursor, fields or [], total)
        page = _asked(wire.query, self.name, selection)
        return Page([self._stored(found) for found in page.items], page.total, page.next_cursor)

    def aggregate(
        self, compute: list[str], filter: dict | None = None, group_by: list[str] | None = None, limit: int = 1000,
    ) -> list[dict[str, Any]]:
        """One dict per group; ``compute`` takes ``count``, ``sum:path``, ``avg:path``, ``min:path``, ``max:path``."""
        text = "" if filter is None else json.dumps(filter)
        return json.loads(_asked(wire.aggregate, self.name, wire.Calculation(text, group_by or [], compute, limit)))
