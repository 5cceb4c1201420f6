"""The guard of `guard/sitecustomize.py`: tests stay on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from umsalert import settings

# Addresses that RFC 5737 and RFC 3849 reserve for documentation: nothing answers there.
ELSEWHERE = ("192.0.2.1", 9)
ELSEWHERE_6 = ("2001:db8::1", 9)


def _connect(sock: socket.socket) -> None:
    sock.connect(ELSEWHERE)


def _connect_ex(sock: socket.socket) -> None:
    sock.connect_ex(ELSEWHERE)


def _sendto(sock: socket.socket) -> None:
    sock.sendto(b"x", ELSEWHERE)


def _sendmsg(sock: socket.socket) -> None:
    sock.sendmsg([b"x"], [], 0, ELSEWHERE)


@pytest.mark.parametrize("reach", [_connect, _connect_ex, _sendto, _sendmsg])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_cannot_reach_another_machine(
    kind: socket.SocketKind, reach: Callable[[socket.socket], None]
) -> None:
    """Every way to send to another machine raises, for both kinds of socket."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.setblocking(False)
        with pytest.raises(RuntimeError, match="outside world"):
            reach(sock)


def test_ipv6_is_guarded_too() -> None:
    """Another machine is out of reach by IPv6 as well."""
    with socket.socket(socket.AF_INET6) as sock:
        sock.setblocking(False)
        with pytest.raises(RuntimeError, match="outside world"):
            sock.connect(ELSEWHERE_6)


@pytest.mark.parametrize(
    ("look_up", "host"),
    [
        (socket.gethostbyname, "provider.example"),
        (socket.gethostbyname_ex, "provider.example"),
        (socket.gethostbyaddr, "192.0.2.1"),
        (socket.getfqdn, "provider.example"),
    ],
)
def test_no_name_is_looked_up(look_up: Callable[[str], object], host: str) -> None:
    """A name server hears of nothing a test does."""
    with pytest.raises(RuntimeError, match="outside world"):
        look_up(host)


def test_no_address_is_looked_up() -> None:
    """What clients call before they connect, and what servers call for their logs, raises."""
    with pytest.raises(RuntimeError, match="outside world"):
        socket.create_connection(("provider.example", 443))
    with pytest.raises(RuntimeError, match="outside world"):
        socket.getnameinfo(ELSEWHERE, 0)


async def _open_datagram(host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, port))


async def _look_up(host: str, port: int) -> None:
    await asyncio.get_running_loop().getaddrinfo(host, port)


async def _connect_by_name(host: str, port: int) -> None:
    await asyncio.get_running_loop().create_connection(asyncio.Protocol, host=host, port=port)


@pytest.mark.parametrize("host", ["provider.example", "192.0.2.1"])
@pytest.mark.parametrize(
    "reach", [asyncio.open_connection, _connect_by_name, _open_datagram, _look_up]
)
@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_no_event_loop_reaches_another_machine(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    reach: Callable[[str, int], Coroutine[Any, Any, object]],
    host: str,
) -> None:
    """Neither a name nor an address gets through, also where C does what Python would."""
    with (
        asyncio.Runner(loop_factory=new_loop) as runner,
        pytest.raises(RuntimeError, match="outside world"),
    ):
        runner.run(reach(host, 443))


@pytest.mark.parametrize("options", [[], ["-P"], ["-s"]])
def test_a_child_process_is_guarded(options: list[str]) -> None:
    """A Python that a test starts inherits the guard."""
    code = "import socket; socket.getaddrinfo('provider.example', 443)"
    child = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=False
    )
    assert child.returncode == 1
    assert "OutsideWorldError" in child.stderr


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    writer.close()
    await writer.wait_closed()


async def _says_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"hello\n")
    answer = await reader.readline()
    writer.close()
    with contextlib.suppress(ConnectionError):  # the server may have closed first
        await writer.wait_closed()
    return answer == b"hello\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_servers_on_this_machine_answer(host: str) -> None:
    """The real servers that stand in for providers can be reached, by address and by name."""
    async with await asyncio.start_server(_echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await _says_hello(*await asyncio.open_connection(host, port))


async def test_unix_sockets_are_free(tmp_path: Path) -> None:
    """A socket in the file system leads nowhere else."""
    path = tmp_path / "s"
    async with await asyncio.start_unix_server(_echo, path):
        assert await _says_hello(*await asyncio.open_unix_connection(path))


def test_the_own_name_may_be_asked_for() -> None:
    """Mail libraries greet with the name of the machine."""
    assert socket.getfqdn()


def test_settings_of_whoever_runs_the_tests_are_out_of_sight(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Home, configuration and language are the test's own."""
    ours = tmp_path_factory.getbasetemp()
    assert {name for name in os.environ if name.startswith("UMSALERT_")} == {
        "UMSALERT_HOME",
        "UMSALERT_LANG",
    }
    assert settings.load().database.is_relative_to(ours)
    assert Path.home().is_relative_to(ours)
