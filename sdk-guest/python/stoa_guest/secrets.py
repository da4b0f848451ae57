"""Secrets that work for a plugin without being shown to it. Needs the capability "secrets" and the secret under ``[secrets]``."""

from __future__ import annotations

from typing import Any

from wit_world.imports import secrets as wire

from .problem import Problem, asked


def _problem(refusal: Any) -> Problem:
    if isinstance(refusal, wire.Error_Unset):
        return Problem(503, "not-configured", f"The operator has not set the secret {refusal.value}.")
    return Problem.internal(f"secrets: {refusal.value}")


def sign(name: str, message: bytes) -> bytes:
    """HMAC-SHA256 of the message under the newest value of the secret; a ``Problem`` 503 when the operator has not set it."""
    return asked(_problem, wire.hmac_sha256, name, message)[0]


def verifies(name: str, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is the HMAC-SHA256 of the message under one of the secret's values, in a time that tells nothing."""
    macs = asked(_problem, wire.hmac_sha256, name, message)
    return any([wire.same(mac, signature) for mac in macs])


def same(a: bytes, b: bytes) -> bool:
    """Whether two texts of bytes are the same, in a time that tells nothing of where they differ."""
    return wire.same(a, b)
