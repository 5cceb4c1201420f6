"""Options that come together, as one parameter of a command.

A parameter that is a named tuple stands for its fields, each an option of its own, in its place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from inspect import Parameter
from typing import Any, get_type_hints


def spread(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command as Typer takes it, with the fields of its named tuples for parameters."""
    found = {name: command.__globals__.get(kind) for name, kind in command.__annotations__.items()}
    bundles: dict[str, Any] = {
        name: kind for name, kind in found.items() if hasattr(kind, "_field_defaults")
    }
    if not bundles:
        return command
    signature = inspect.signature(command, eval_str=True)
    parameters: list[Parameter] = []
    for it in signature.parameters.values():
        bundle = bundles.get(it.name)
        parameters += _options(bundle) if bundle else [it.replace(kind=Parameter.KEYWORD_ONLY)]

    @wraps(command)
    def gathered(**typed: Any) -> Any:  # noqa: ANN401 - whatever the command takes and returns
        for name, bundle in bundles.items():
            typed[name] = bundle(**{field: typed.pop(field) for field in bundle._fields})
        return command(**typed)

    vars(gathered)["__signature__"] = signature.replace(parameters=parameters)
    return gathered


def _options(bundle: Any) -> list[Parameter]:  # noqa: ANN401 - any class of typing.NamedTuple
    hints = get_type_hints(bundle, include_extras=True)
    return [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=bundle._field_defaults.get(name, Parameter.empty),
            annotation=hints[name],
        )
        for name in bundle._fields
    ]
