"""Business errors: raised, and told to the client as problem+json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from componentize_py_types import Err


class Problem(Exception):
    """An answer of 400 to 599. What the request wrote is discarded."""

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field or None

    @classmethod
    def not_found(cls, what: str) -> Problem:
        return cls(404, "not-found", f"There is no such {what}.")

    @classmethod
    def invalid(cls, field: str, detail: str) -> Problem:
        return cls(400, "invalid-request", detail, field)

    @classmethod
    def unprocessable(cls, field: str, detail: str) -> Problem:
        return cls(422, "unprocessable", detail, field)

    @classmethod
    def conflict(cls, code: str, detail: str) -> Problem:
        return cls(409, code, detail)

    @classmethod
    def forbidden(cls, detail: str) -> Problem:
        return cls(403, "forbidden", detail)

    @classmethod
    def unauthorized(cls) -> Problem:
        return cls(401, "unauthenticated", "Sign in and send a bearer token.")

    @classmethod
    def internal(cls, detail: str) -> Problem:
        return cls(500, "internal", detail)


def asked(problem: Callable[[Any], Exception], function: Callable, *arguments: Any) -> Any:
    """Calls the host; ``problem`` turns what it refuses into what the client is told if nobody catches it."""
    try:
        return function(*arguments)
    except Err as error:
        raise problem(error.value) from None


def too_much(refusal: Any) -> Problem:
    return Problem(422, "too-much", refusal.value)


def unavailable(refusal: Any) -> Problem:
    return Problem(503, "unavailable", refusal.value)
