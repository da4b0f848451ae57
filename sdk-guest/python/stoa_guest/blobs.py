"""Files: pictures, downloads, artefacts. Needs the capability "blobs"."""

from __future__ import annotations

from typing import Any

from componentize_py_types import Err
from wit_world.imports import blobs as wire
from wit_world.imports.blobs import Info

from .problem import Problem, asked, too_much, unavailable

#: How a blob is named by its id where else an address may stand.
_NAMED = "blob:"


def _problem(refusal: Any) -> Problem:
    match refusal:
        case wire.Error_NotFound():
            return Problem.not_found("file")
        case wire.Error_Invalid():
            return Problem.invalid("file", refusal.value)
        case wire.Error_Limit():
            return too_much(refusal)
        case _:
            return unavailable(refusal)


def stat(id: str) -> Info | None:
    """What is known of a blob, or ``None`` if no blob of this tenant has this id."""
    try:
        return wire.stat(id)
    except Err as error:
        if isinstance(error.value, wire.Error_NotFound):
            return None
        raise _problem(error.value) from None


def read(id: str, offset: int = 0, length: int = 1 << 20) -> bytes:
    """Up to 1 MiB of a blob's bytes from an offset; fewer at its end."""
    return asked(_problem, wire.read, id, offset, length)


def write(name: str, content: bytes) -> Info:
    """Keeps up to 1 MiB as a new blob, in the request's unit of work."""
    return asked(_problem, wire.write, name, content)


def remove(id: str) -> bool:
    """Removes a blob, in the request's unit of work; ``False`` if there was none."""
    return asked(_problem, wire.remove, id)


def link(id: str, seconds: int) -> str:
    """A path on this host from which anybody may fetch the blob for so many seconds (at most 7 days), as a download."""
    return asked(_problem, wire.link, id, seconds)


def named(text: str) -> str | None:
    """The id in a text such as ``blob:01J…``, which names a blob where else an address may stand."""
    return text.removeprefix(_NAMED) if text.startswith(_NAMED) else None
