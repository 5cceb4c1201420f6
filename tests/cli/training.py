"""The simulator as a child process, and the home it writes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.conftest import command


@dataclass(frozen=True)
class Carrier:
    """A running simulator. `home` leads to it and to nothing else."""

    home: Path

    @property
    def environ(self) -> dict[str, str]:
        """Return what a command needs to find it."""
        return {"UMSALERT_HOME": str(self.home), "UMSALERT_STATION": "Nice"}

    def taken(self) -> list[dict[str, Any]]:
        """Return the messages and calls that it was handed."""
        lines = (self.home / "seen.ndjson").read_text("utf-8").splitlines()
        return [
            entry for entry in map(json.loads, lines) if entry["kind"] in ("sms", "call", "email")
        ]


@contextlib.contextmanager
def running(home: Path) -> Iterator[Carrier]:
    """Run a simulator until the end of the block."""
    arguments = ("--home", home, "--record", home / "seen.ndjson", "--speed", "100")
    home.mkdir(mode=0o700)
    with subprocess.Popen(
        command("simulator", *arguments),
        env=os.environ,
        text=True,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stderr is not None
        said = ""
        while "Ctrl-C" not in said:
            line = child.stderr.readline()
            assert line, said
            said += line
        try:
            yield Carrier(home)
        finally:
            child.terminate()
            child.stderr.read()


@contextlib.contextmanager
def hanging_up(home: Path, answer: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """Be a provider with the simulator's certificate that reads one request and hangs up.

    It says `answer` before. Return its URL, and the first lines of the requests that it saw.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(home / "simulator" / "server.pem")
    seen: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the test closes it
            while True:
                plain, _address = listener.accept()
                with plain, context.wrap_socket(plain, server_side=True) as connection:
                    seen.append(_request(connection).partition(b"\r\n")[0])
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"https://localhost:{listener.getsockname()[1]}/v1/messages", seen
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _request(connection: socket.socket) -> bytes:
    """Read one request to its end: what was not read would reset the connection."""
    data = connection.recv(65_536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _blank, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return head
