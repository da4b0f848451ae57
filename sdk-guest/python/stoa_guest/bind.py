"""Joins the author's module with what the manifest names, while the component is built."""

from __future__ import annotations

import dataclasses
import inspect
import json
import traceback
import typing
from collections.abc import Callable
from typing import Any

from componentize_py_types import Err
from wit_world.imports import types as wire

from .answer import Created, Response, answer
from .definition import Definition, Event, Turn
from .host import log
from .problem import Problem
from .request import Caller, Request
from .schema import decode, describe, encode, is_parameter, parameter


#: Dataclasses that are no JSON.
_OURS = (Request, Caller, Response, Created)


def _is_json(hint: Any) -> bool:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint not in _OURS


def check(definition: Definition, names: dict[str, Any]) -> None:
    """Raises where manifest and code do not know the same handlers."""
    sides = [
        ("handler", names["handlers"], definition.handlers),
        ("subscriber", names["events"], definition.subscribers),
        ("turn", names["turns"], definition.turns),
        ("interface", names["provides"], definition.provides),
        ("hook", names["hooks"], definition.hooks),
    ]
    for kind, named, known in sides:
        for name in named:
            if name not in known:
                raise LookupError(f"plugin.toml names the {kind} {name}, but the code has no @{kind} of that name")
        for name in known:
            if name not in named:
                raise LookupError(f"the code has the {kind} {name}, which plugin.toml does not name")
    for name, route in names["handlers"].items():
        body = _body(definition.handlers[name])
        if route is not None and (body is None or body[1].__name__ != route):
            raise TypeError(f"plugin.toml says that {name} takes {route}, but it has no parameter of that dataclass")
        for parameter_name, hint in _parameters(definition.handlers[name]):
            if hint not in (Request, Caller) and not _is_json(hint) and not is_parameter(hint):
                raise TypeError(f"{parameter_name} of {name} is of a type that no path or query can tell: {hint}")


def schemas(definition: Definition) -> dict[str, Any]:
    """The JSON Schemas of all dataclasses that handlers take or return."""
    found: dict[str, Any] = {}
    for function in definition.handlers.values():
        for hint in typing.get_type_hints(function, include_extras=True).values():
            # `Created[Note]` is told as `Note`.
            for each in (hint, *typing.get_args(hint)):
                if _is_json(each):
                    describe(each, found)
    return found


def _body(function: Callable) -> tuple[str, type] | None:
    """The parameter that is the body, and its dataclass."""
    for name, hint in _parameters(function):
        if _is_json(hint):
            return name, hint
    return None


def _parameters(function: Callable) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(function, include_extras=True)
    return [(name, hints.get(name, str)) for name in inspect.signature(function).parameters]


def _argument(request: Request, function: Callable, name: str, hint: Any) -> Any:
    if hint is Request:
        return request
    if hint is Caller:
        return request.caller
    if _is_json(hint):
        return decode(request.json(), hint)
    text = request.params.get(name, request.query.get(name))
    default = inspect.signature(function).parameters[name].default
    if text is None and default is not inspect.Parameter.empty:
        return default
    return parameter(text, hint, name)


def guarded(work: Callable[[], Any]) -> Any:
    """Runs the author's code: a ``Problem`` is told to the host as one, anything else is logged and breaks the call."""
    try:
        return work()
    except Problem as problem:
        raise Err(wire.Problem(problem.status, problem.code, problem.detail, problem.field)) from None
    except BaseException:
        log.error(traceback.format_exc())
        raise


def _told(work: Callable[[], Any]) -> Any:
    """Runs a hook: a refusal is a text for the operator."""
    try:
        return work()
    except Exception as error:
        raise Err(str(error)) from None


def handler(definition: Definition, response: type) -> type:
    """The export ``stoa:http/handler``."""

    def respond(asked: Any) -> Any:
        told = asked.caller
        caller = Caller(told.kind.name.lower(), told.id, told.email, told.role, told.session)
        request = Request(asked.handler, dict(asked.params), asked.query, asked.body, caller)
        function = definition.handlers[request.handler]
        arguments = [_argument(request, function, name, hint) for name, hint in _parameters(function)]
        answered = answer(function(*arguments))
        return response(answered.status, answered.headers, answered.body)

    class Handler:
        def handle(self, request: Any) -> Any:
            return guarded(lambda: respond(request))

    return Handler


def subscriber(definition: Definition) -> type:
    """The export ``stoa:events/subscriber``."""

    class Subscriber:
        def handle(self, handler: str, event: Any) -> None:
            told = Event(
                event.id, event.name, event.source, event.key, json.loads(event.payload), event.raised_at_ms,
                event.attempt,
            )
            guarded(lambda: definition.subscribers[handler](told))

    return Subscriber


def scheduled(definition: Definition) -> type:
    """The export ``stoa:schedule/scheduled``."""

    class Scheduled:
        def run(self, handler: str, due_ms: int) -> None:
            guarded(lambda: definition.turns[handler](Turn(due_ms)))

    return Scheduled


def lifecycle(definition: Definition) -> type:
    """The export ``stoa:lifecycle/lifecycle``."""

    class Lifecycle:
        def health(self) -> None:
            _told(definition.hooks["health"])

        def migrate(self, stored: str) -> None:
            _told(lambda: definition.hooks["migrate"](stored))

    return Lifecycle


def personal_data(definition: Definition) -> type:
    """The export ``stoa:lifecycle/personal-data``."""

    class PersonalData:
        def export(self, account: str) -> str:
            return _told(lambda: json.dumps(encode(definition.hooks["personal_data"](account)), allow_nan=False))

    return PersonalData


def _answered(method: Callable) -> Callable:
    def answer(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except Err:
            raise
        except BaseException:
            log.error(traceback.format_exc())
            raise

    return answer


def provided(cls: type) -> type:
    """The export of an interface of ``[provides]``: an ``Err`` is the interface's own, anything else breaks the call."""
    methods = {name: _answered(each) for name, each in vars(cls).items() if callable(each) and not name.startswith("_")}
    return type(cls.__name__, (cls,), methods)
