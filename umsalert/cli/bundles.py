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
    bundles = {name: kind for name, kind in found.items() if _is_bundle(kind)}
    if not bundles:
        return command
    signature = inspect.signature(command, eval_str=True)
    parameters: list[Parameter] = []
    for it in signature.parameters.values():
        options = _options(bundles[it.name]) if it.name in bundles else [it]
        parameters += [option.replace(kind=Parameter.KEYWORD_ONLY) for option in options]

    @wraps(command)
    def gathered(**typed: Any) -> Any:  # noqa: ANN401 - whatever the command takes and returns
        made = {name: _made(bundle, typed) for name, bundle in bundles.items()}
        return command(**typed, **made)

    vars(gathered)["__signature__"] = signature.replace(parameters=parameters)
    return gathered


def _is_bundle(kind: object) -> bool:
    return hasattr(kind, "_field_defaults")


def _options(bundle: Any) -> list[Parameter]:  # noqa: ANN401 - any class of typing.NamedTuple
    options: list[Parameter] = []
    for name, kind in get_type_hints(bundle, include_extras=True).items():
        if _is_bundle(kind):
            options += _options(kind)
        else:
            default = bundle._field_defaults.get(name, Parameter.empty)
            options.append(
                Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            )
    return options


def _made(bundle: Any, typed: dict[str, Any]) -> Any:  # noqa: ANN401 - likewise
    """Make a bundle of its values, which are taken away from `typed`."""
    kinds = get_type_hints(bundle)
    return bundle(
        **{
            name: _made(kind, typed) if _is_bundle(kind) else typed.pop(name)
            for name, kind in kinds.items()
        }
    )
