"""Letters. Needs the capability "mail"."""

from __future__ import annotations

from typing import Any

from wit_world.imports import mail as wire

from .problem import Problem, asked, too_much


def _problem(refusal: Any) -> Problem:
    match refusal:
        case wire.Error_Invalid():
            return Problem(422, "unprocessable", refusal.value)
        case wire.Error_Limit():
            return too_much(refusal)
        case _:
            return Problem.internal(f"mail: {refusal.value}")


def send(subject: str, text: str, *, account: str | None = None, address: str | None = None) -> None:
    """Sends a letter to an account of the tenant or to an address, if and only if the request commits.

    ``subject`` is one line of at most 200 bytes, ``text`` plain text of at most 30 KiB. Raises a ``Problem``: 422 for an
    account that is not of this tenant, no address, too long a text, or too many letters.
    """
    if (account is None) == (address is None):
        raise TypeError("a letter goes to an account or to an address")
    to = wire.Recipient_Address(address) if account is None else wire.Recipient_Account(account)
    asked(_problem, wire.send, wire.Letter(to, subject, text))
