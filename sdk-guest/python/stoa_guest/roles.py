"""Who may sell. Needs the capability "roles"."""

from __future__ import annotations

from typing import Any

from wit_world.imports import roles as wire

from .problem import Problem, asked, unavailable


def _problem(refusal: Any) -> Problem:
    match refusal:
        case wire.Error_NotFound():
            return Problem.not_found("account")
        case wire.Error_Denied():
            return Problem(422, "unprocessable", refusal.value)
        case _:
            return unavailable(refusal)


def set_selling(account: str, selling: bool) -> None:
    """Gives a person of this tenant the role ``vendor``, or ``user`` again, once the request has committed."""
    asked(_problem, wire.set_selling, account, selling)
