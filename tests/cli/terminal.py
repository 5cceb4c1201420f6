"""The real program at a pseudo-terminal of so many columns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
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
    end, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env={**variables, "TERM": "xterm", **environ},
        stdin=other,
        stdout=other,
        stderr=other,
    )
    os.close(other)
    read = b""
    try:
        while part := os.read(end, 65536):
            read += part
    except OSError:  # how Linux says that the other side is closed
        os.close(end)
    return Shown(process.wait(60), _STEERING.sub("", read.decode().replace("\r\n", "\n")))
