"""Names of a package that are imported when somebody first asks for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def names(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package that re-exports what its modules define.

    `modules` has the names that each defines, in one string. A dataclass takes up to a millisecond
    to make, and few commands need more than a dozen.
    """
    module_of = {name: module for module, defined in modules.items() for name in defined.split()}

    def find(name: str) -> object:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, found)  # it is asked for once
        return found

    return find
