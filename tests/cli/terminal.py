"""The real program at a pseudo-terminal of so many columns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.cli.conftest import command

_STEERING = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


class Shown(NamedTuple):
    """A run that is over: its exit code, and what the terminal showed, without colour."""

    code: int
    text: str


def shown(
    folder: Path,
    *arguments: str | Path,
    columns: int = 80,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Shown:
    """Run `umsalert` in `folder`, with all three streams at a terminal."""
    variables = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return _run(folder, command(*arguments), columns, {**variables, **environ}, "")


def answered(folder: Path, *arguments: str | Path, typed: str) -> Shown:
    """Run `umsalert` as `shown` does; `typed` is what a person types."""
    return _run(folder, command(*arguments), 80, os.environ, typed)


def _run(
    folder: Path, line: Sequence[str], columns: int, environ: Mapping[str, str], typed: str
) -> Shown:
    end, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        line,
        cwd=folder,
        env={**environ, "TERM": "xterm"},
        stdin=other,
        stdout=other,
        stderr=other,
    )
    os.close(other)
    os.write(end, typed.encode())
    read = b""
    try:
        while part := os.read(end, 65536):
            read += part
    except OSError:  # how Linux says that the other side is closed
        os.close(end)
    return Shown(process.wait(60), _STEERING.sub("", read.decode().replace("\r\n", "\n")))
