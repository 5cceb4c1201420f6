"""A process of the program: forked from one that has everything imported, or started anew."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import resource
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tests.running.zygote import NUMBER

READ_BY_COMMANDS = ("UMSALERT_", "SUDO_USER", "HOME", "PYTEST_")
"""How variables begin that decide nothing at the start of Python or when a module is imported."""
LANGUAGE = ("UMSALERT_LANG", "en")
"""The words of the command line are translated when they are imported."""


def started(
    *words: str | Path,
    environ: Mapping[str, str],
    folder: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    module: str = "umsalert",
) -> subprocess.Popen[bytes]:
    """Start a module of the program with exactly these variables; a warning ends it.

    Most are forks of the zygote: who tests the start itself, or what Python or a limit of this
    process decides at the start, calls `fresh`.
    """
    arguments = [*map(str, words)]
    if _limited() or not _same_start(environ):
        return fresh(*arguments, environ=environ, folder=folder, stdin=stdin, module=module)
    command = {
        "module": module,
        "words": arguments,
        "environ": dict(environ),
        "folder": str(folder or Path.cwd()),
    }
    return Forked(command, stdin)


def fresh(
    *words: str,
    environ: Mapping[str, str],
    folder: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    module: str = "umsalert",
) -> subprocess.Popen[bytes]:
    """Start a module of the program in a new Python, as its users do."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", module, *words],
        cwd=folder,
        env=environ,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _limited() -> bool:
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY


def _same_start(environ: Mapping[str, str]) -> bool:
    """Say whether a new Python with these variables would come to where the zygote is."""
    if environ.get(LANGUAGE[0]) != LANGUAGE[1]:
        return False
    ours, theirs = (
        {name: value for name, value in found.items() if not name.startswith(READ_BY_COMMANDS)}
        for found in (zygote()[1], environ)
    )
    return ours == theirs


@functools.cache
def zygote() -> tuple[socket.socket, Mapping[str, str]]:
    """Start the zygote of this process; return its control and its variables."""
    environ = dict([*os.environ.items(), LANGUAGE])
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.running.zygote", str(its.fileno())],
            cwd=Path(__file__).parents[2],
            # its processes have pipes, too; numpy would start a thread
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environ, "OPENBLAS_NUM_THREADS": "1"},
            pass_fds=[its.fileno()],
        )

    def end() -> None:
        ours.close()
        process.communicate(timeout=60)

    atexit.register(end)
    return ours, environ


class Forked(subprocess.Popen[bytes]):
    """A child of the zygote, with what `subprocess.Popen` offers for an own one."""

    def __init__(self, command: Mapping[str, Any], stdin: int) -> None:
        self.args = command["words"]
        self.returncode = None
        self.stdin = None
        with contextlib.ExitStack() as given:
            if stdin == subprocess.PIPE:
                ins, own = _pipe(given, "rb")
                self.stdin = os.fdopen(own, "wb")
            else:
                ins = os.open(os.devnull, os.O_RDONLY)
                given.callback(os.close, ins)
            outs, errs, report = (_pipe(given, "wb") for _stream in range(3))
            self.stdout, self.stderr = os.fdopen(outs[1], "rb"), os.fdopen(errs[1], "rb")
            self._report = report[1]
            files = (ins, outs[0], errs[0], report[0])
            socket.send_fds(zygote()[0], [json.dumps(command).encode()], files)
        self.pid = self._told()

    def poll(self) -> int | None:
        """Return the exit code if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raise `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            poll = select.poll()
            poll.register(self._report, select.POLLIN)
            if not poll.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(self._told())
            os.close(self._report)
        return self.returncode

    def communicate(
        self,
        input: bytes | None = None,  # noqa: A002 - as in Popen
        timeout: float | None = None,
    ) -> tuple[bytes, bytes]:
        """Hand it `input`, and return all that it has written until its end."""
        found: dict[str, bytes] = {}

        def read(name: str, stream: IO[bytes] | None) -> None:
            if stream is not None and not stream.closed:
                with stream:
                    found[name] = stream.read()

        def write(stream: IO[bytes] | None) -> None:
            if stream is not None and not stream.closed:
                with contextlib.suppress(BrokenPipeError), stream:
                    stream.write(input or b"")

        jobs = [
            threading.Thread(target=read, args=("out", self.stdout)),
            threading.Thread(target=read, args=("err", self.stderr)),
            threading.Thread(target=write, args=(self.stdin,)),
        ]
        for job in jobs:
            job.start()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            for job in jobs:
                job.join()
        return found.get("out", b""), found.get("err", b"")

    def send_signal(self, sig: int) -> None:
        """Send it a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def _told(self) -> int:
        number = os.read(self._report, NUMBER.size)
        assert number, "the zygote has died: its words are above"
        found: int = NUMBER.unpack(number)[0]
        return found


def _pipe(given: contextlib.ExitStack, mode: str) -> tuple[int, int]:
    """Return the end of a new pipe that is given away with `given`, and our own."""
    reading, writing = os.pipe()
    theirs, own = (reading, writing) if mode == "rb" else (writing, reading)
    given.callback(os.close, theirs)
    return theirs, own
