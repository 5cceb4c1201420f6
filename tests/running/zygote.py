"""Imports the program once and forks a process for each command that it is asked to run.

Run as a program by `process.py`, which sends what a new process starts with: arguments, variables,
folder, the three standard streams. Nothing but modules is warm: no settings are read, no file, loop
or thread is open at the fork, and what a variable decides at import makes a process of its own.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

STREAMS = 3
MESSAGE_BYTES = 1 << 17
NUMBER = struct.Struct("i")
"""How the process id, and later the wait status, are told through the pipe of a process."""
PACKAGE = Path(__file__).parents[2] / "umsalert"
SELDOM = ("apprise", "umsalert.__main__", "umsalert.channels.apprise")


def imported(package: Path) -> Iterator[str]:
    """Yield the modules of `package`, and all that they import, also inside functions."""
    for path in sorted(package.rglob("*.py")):
        yield ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        )
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                if node.module.partition(".")[0] != package.name:
                    yield from (f"{node.module}.{alias.name}" for alias in node.names)


def warm() -> None:
    """Import everything, and see that nothing else has happened."""
    for name in dict.fromkeys(imported(PACKAGE)):
        if not name.startswith(SELDOM):
            try:
                importlib.import_module(name)
            except ImportError:  # not a module but a name in one, or of another system
                continue
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"{threads} threads: a fork would lose them"
    opened = {link.resolve().name for link in Path("/proc/self/fd").iterdir()}
    databases = {name for name in opened if name.endswith(".db")}
    assert databases <= {"proj.db"}, databases  # PROJ opens that one anew in a fork
    gc.collect()
    gc.freeze()


class Zygote:
    """Forks on request, and tells how each process ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._living: dict[int, tuple[int, int]] = {}
        self._selector = selectors.PollSelector()
        self._selector.register(control, selectors.EVENT_READ)

    def next_command(self) -> dict[str, Any]:
        """Return in each new process what it is to run; in this one, never."""
        while True:
            for key, _events in self._selector.select():
                if key.fd in self._living:
                    self._bury(key.fd)
                elif command := self._fork():
                    return command

    def _fork(self) -> dict[str, Any] | None:
        message, files, _flags, _address = socket.recv_fds(
            self._control, MESSAGE_BYTES, STREAMS + 1
        )
        if not message:
            os._exit(0)  # the tests are over
        child = os.fork()
        if not child:
            self._leave(files)
            command: dict[str, Any] = json.loads(message)
            return command
        *streams, report = files
        for file in streams:
            os.close(file)
        os.write(report, NUMBER.pack(child))
        ended = os.pidfd_open(child)
        self._living[ended] = (child, report)
        self._selector.register(ended, selectors.EVENT_READ)
        return None

    def _leave(self, files: list[int]) -> None:
        """Keep nothing of the zygote, like a process that was started."""
        for number, file in enumerate(files[:STREAMS]):
            os.dup2(file, number)
        for file in (*files, *self._living, *(report for _child, report in self._living.values())):
            os.close(file)
        self._control.close()

    def _bury(self, ended: int) -> None:
        child, report = self._living.pop(ended)
        self._selector.unregister(ended)
        status = os.waitpid(child, 0)[1]
        with contextlib.suppress(BrokenPipeError):  # nobody asks any more
            os.write(report, NUMBER.pack(status))
        os.close(report)
        os.close(ended)


def start(command: dict[str, Any]) -> NoReturn:
    """Be a process that was just started with `python -m`."""
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environ"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [command["module"], *command["words"]]
    try:
        runpy.run_module(command["module"], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _end(ended.code)
        raise
    sys.exit()


def _end(code: int) -> None:
    """End as Python does, but for what it would free: much here is shared, and would be copied."""
    threading._shutdown()  # type: ignore[attr-defined] # as multiprocessing ends its forks
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # Python has a code of its own where nobody reads
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm()
    start(Zygote(socket.socket(fileno=int(sys.argv[1]))).next_command())
