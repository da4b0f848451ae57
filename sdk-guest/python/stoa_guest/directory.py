"""The people of the request's tenant. Needs the capability "directory"."""

from __future__ import annotations

from typing import Any

from wit_world.imports import directory as wire
from wit_world.imports.directory import Page, Person

from .problem import Problem, asked, unavailable


def _problem(refusal: Any) -> Problem:
    if isinstance(refusal, wire.Error_Unavailable):
        return unavailable(refusal)
    return Problem.internal(f"directory: {refusal.value}")


def get(id: str) -> Person | None:
    """One person, or ``None`` if the id is of nobody in this tenant."""
    return asked(_problem, wire.get, id)


def get_many(ids: list[str]) -> list[Person]:
    """Those of the people that are in this tenant; at most 100 ids."""
    return asked(_problem, wire.get_many, ids)


def list_people(role: str | None = None, offset: int = 0, limit: int = 50) -> Page:
    """People by the time they joined, newest first; at most 200 a page. ``role`` narrows; ``total`` counts all that match."""
    return asked(_problem, wire.list, role, offset, limit)
