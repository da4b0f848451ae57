"""What authors of Stoa plugins in Python use.

Handlers are plain functions under a decorator, named as in plugin.toml; types are dataclasses. What needs a capability
is a module of its own: ``stoa_guest.storage``, ``events``, ``cache``, ``outbound``, ``secrets``, ``mail``, ``blobs``, ``live``,
``directory``, ``roles``, ``plans``. Interfaces of other plugins are ``wit_world.imports``; what they refuse is an ``Err``.
"""

from componentize_py_types import Err

from .answer import Created, Response, json_answer, no_content, text
from .definition import Event, Turn, handler, health, migrate, personal_data, provides, subscriber, turn
from .host import clock, inbound, log, random, settings
from .problem import Problem
from .request import Caller, Request
from .schema import Limits

__all__ = [
    "Caller", "Created", "Err", "Event", "Limits", "Problem", "Request", "Response", "Turn", "clock", "handler", "health",
    "inbound", "json_answer", "log", "migrate", "no_content", "personal_data", "provides", "random", "settings",
    "subscriber", "text", "turn",
]
