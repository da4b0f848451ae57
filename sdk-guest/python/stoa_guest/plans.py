"""What the request's tenant pays for. Needs the capability "plans"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wit_world.imports import plans as wire

from .problem import Problem, asked, unavailable


@dataclass
class Plan:
    """A plan of the platform."""

    #: Such as ``free`` or ``team``.
    id: str
    name: str
    #: What each limit allows, by its name, such as ``members``; ``None`` for no bound.
    limits: dict[str, int | None]


def _problem(refusal: Any) -> Problem:
    return Problem.not_found("plan") if isinstance(refusal, wire.Error_NotFound) else unavailable(refusal)


def _plan(told: Any) -> Plan:
    return Plan(told.id, told.name, dict(told.limits))


def list_plans() -> list[Plan]:
    """All plans, the smallest first."""
    return [_plan(each) for each in wire.list()]


def current() -> Plan:
    """The tenant's plan."""
    return _plan(asked(_problem, wire.current))


def change(id: str) -> None:
    """Puts the tenant on a plan once the request has committed."""
    asked(_problem, wire.change, id)
