"""Keeps the tests on this machine: a connection or a look-up that would leave it raises.

`conftest.py` runs this file in the pytest process and puts its folder on PYTHONPATH, so that every
Python started by a test runs it too, in place of a `sitecustomize` of the distribution. Python
ignores PYTHONPATH under `-I` and `-E`: tests must not start it so.

An audit hook cannot be removed and sees the calls of every library, whatever it has imported or
patched. One gap is left: `connect()` with a name in place of an address looks the name up before
the hook sees it; the connection is refused all the same.
"""

import importlib.util
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

ROOT = "PEOPLE_OF_TESTS_ARE_BEHIND_SUDO"
"""In the environment: names in SUDO_USER are believed as if sudo had written them, to root."""


class OutsideWorldError(RuntimeError):
    """Not an OSError, so that no code takes it for a network that is down."""


def _refuse_the_outside(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        sock, address = args
        # sendmsg names no address where connect, which was seen before, has named it
        allowed = address is None or _is_local_family(sock.family) or _is_this_machine(address[0])
    elif event == "socket.getnameinfo":
        allowed = _is_this_machine(args[0][0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        allowed = _is_this_machine(args[0])
    else:
        return
    if not allowed:
        raise OutsideWorldError(f"{event}: a test reaches for the outside world")


def _is_local_family(family: int) -> bool:
    import socket

    return family not in (socket.AF_INET, socket.AF_INET6)


def _is_this_machine(host: str | bytes | None) -> bool:
    import ipaddress
    import socket

    name = host.decode() if isinstance(host, bytes) else host
    # no host: the wildcard of a server; the own name: socket.getfqdn, which mail libraries call
    if name in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _watch_loop(module: ModuleType) -> None:
    watch(module.Loop, "getaddrinfo", lambda host=None, *_: host)
    watch(module.Loop, "create_connection", lambda _factory, host=None, *_: host)
    watch(
        module.Loop,
        "create_datagram_endpoint",
        lambda _factory, _local=None, remote_addr=None, *_: (remote_addr or (None,))[0],
    )


def watch(loop: Any, name: str, host_of: Callable[..., str | None]) -> None:
    """Refuse a method of a loop where its arguments name another machine."""
    method = getattr(loop, name)

    async def watched(self: Any, *args: Any, **named: Any) -> Any:
        known = {key: named[key] for key in ("host", "remote_addr") if key in named}
        _refuse_the_outside("socket.getaddrinfo", (host_of(*args, **known),))
        return await method(self, *args, **named)

    setattr(loop, name, watched)


class _Uvloop:
    """Finds uvloop as everybody does, once, and wraps its loop."""

    @classmethod
    def find_spec(cls, name: str, *_where: object) -> Any:
        if name != "uvloop":
            return None
        sys.meta_path.remove(cls)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_wrap(module: ModuleType) -> None:
                load(module)
                _watch_loop(module)

            spec.loader.exec_module = load_and_wrap  # type: ignore[method-assign]
        return spec


if ROOT in os.environ:
    os.getuid = lambda: 0
sys.addaudithook(_refuse_the_outside)
sys.meta_path.insert(0, _Uvloop)
