"""The machine, the network and the providers fail: a sentence, a code, nothing lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.e2e.office import ALERT, Office, free_ports
from umsalert.store.spatialite import connect

QUEUED = {"sms": {"queued": 12}}


def counts(office: Office) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = office.run("alert", "show", "last", "--json").document[
        "counts"
    ]
    return found


def send(office: Office, *words: str, **environ: str) -> tuple[int, str]:
    ended = office.run("alert", "send", *ALERT, "--yes", *words, **environ)
    return ended.code, ended.err


def test_no_network_ends_with_everything_queued(office: Office) -> None:
    """Nobody listens at the provider: exit 75, all still queued, and `resume` sends it all."""
    nowhere = f"https://localhost:{free_ports(1)[0]}/v1/messages"
    code, err = send(
        office,
        "--channel",
        "sms",
        UMSALERT_VONAGE_MESSAGES_URL=nowhere,
        UMSALERT_ALERT_GIVE_UP_S="1",
    )
    assert code == 75, err
    assert "umsalert alert resume" in err
    assert counts(office) == QUEUED
    assert office.run("alert", "resume", "last").code in (0, 1)
    assert "queued" not in counts(office)["sms"]


def test_a_wrong_key_stops_the_channel_and_keeps_the_queue(office: Office, tmp_path: Path) -> None:
    """The provider refuses our key: exit 4, all still queued; with the right key all goes out."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "wrong.key"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    file.chmod(0o600)
    code, err = send(office, "--channel", "sms", UMSALERT_VONAGE_PRIVATE_KEY_FILE=str(file))
    assert code == 4, err
    assert "401" in err
    assert counts(office) == QUEUED
    assert office.run("alert", "resume", "last").code in (0, 1)


def test_a_wrong_mail_password_stops_mail_only(office: Office) -> None:
    """The relay refuses the login: mail stays queued, SMS goes out, exit 4."""
    code, err = send(
        office, "--channel", "sms", "--channel", "email", UMSALERT_SMTP_PASSWORD="wrong"
    )
    assert code == 4, err
    assert counts(office)["email"] == {"queued": 12}
    assert "queued" not in counts(office)["sms"]
    assert office.run("alert", "resume", "last").code in (0, 1)


@pytest.fixture
def expired_server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Serve TLS with a certificate that expired yesterday; return its port and its authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", not_after=yesterday).configure_cert(context)
    ready, port = threading.Event(), 0
    loop = asyncio.new_event_loop()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0, ssl=context)

    def serve() -> None:
        nonlocal port
        server = loop.run_until_complete(start())
        port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait()
    yield port, tmp_path / "ca.pem"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def test_an_expired_certificate_is_named(office: Office, expired_server: tuple[int, Path]) -> None:
    """The provider's certificate has expired: exit 4 says so, and everything is still queued."""
    port, ca_file = expired_server
    code, err = send(
        office,
        "--channel",
        "sms",
        UMSALERT_VONAGE_MESSAGES_URL=f"https://localhost:{port}/v1/messages",
        UMSALERT_VONAGE_CA_FILE=str(ca_file),
    )
    assert code == 4, err
    assert "expired" in err
    assert counts(office) == QUEUED


def test_missing_settings_are_named_before_anything_is_written(office: Office) -> None:
    """Without a sender and a relay, both are named and no alert is recorded."""
    known = office.run("alert", "list", "--json").document
    ended = office.run(
        "alert",
        "send",
        *ALERT,
        "--yes",
        "--json",
        UMSALERT_VONAGE_SMS_SENDER="",
        UMSALERT_SMTP_HOST="",
    )
    assert (ended.code, ended.error["code"]) == (4, "settings_missing")
    columns = {problem["column"] for problem in ended.error["problems"]}
    assert columns == {"vonage.sms_sender", "smtp.host"}
    assert office.run("alert", "list", "--json").document == known


def test_a_missing_database_says_how_to_make_one(office: Office, tmp_path: Path) -> None:
    """`--db` of a file that is not there exits 4 and names `umsalert init`."""
    ended = office.run("--db", tmp_path / "none.db", "alert", "list")
    assert ended.code == 4
    assert "umsalert init" in ended.err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("damage", ["text", "header", "middle", "empty", "other"])
def test_a_damaged_file_is_refused_untouched(office: Office, tmp_path: Path, damage: str) -> None:
    """A text, a torn header or middle, an empty or a foreign file: exit 4, file as it was."""
    path = tmp_path / "damaged.db"
    shutil.copy(office.database, path)
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = bytearray(b"ref,name\n" * 1000)
    elif damage == "header":
        content[:100] = bytes(100)
    elif damage == "middle":
        content[4096:-4096] = os.urandom(len(content) - 8192)
    elif damage == "empty":
        content = bytearray()
    path.write_bytes(content)
    if damage == "other":
        path.unlink()
        import sqlite3

        sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()
    before = path.read_bytes()
    ended = office.run("--db", path, "alert", "preview", *ALERT)
    assert ended.code == 4, ended.err
    assert ended.err.startswith("Error: ")
    assert path.read_bytes() == before


def test_a_newer_database_is_refused(office: Office, tmp_path: Path) -> None:
    """A file that a newer umsalert wrote asks for an update, and is not touched."""
    path = tmp_path / "newer.db"
    shutil.copy(office.database, path)
    connection = connect(path, write=True)
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    ended = office.run("--db", path, "alert", "list", "--json")
    assert (ended.code, ended.error["code"]) == (4, "database_newer")


def test_a_broken_spatialite_names_its_package(office: Office, tmp_path: Path) -> None:
    """When mod_spatialite cannot be loaded, the package to install is named, exit 4."""
    (tmp_path / "mod_spatialite.so").write_bytes(b"")
    ended = office.run("alert", "preview", *ALERT, LD_LIBRARY_PATH=str(tmp_path))
    assert ended.code == 4
    assert "libsqlite3-mod-spatialite" in ended.err


# Root without these two powers is bound by modes like anybody else.
_ORDINARY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps=-all")


def test_an_ordinary_user_in_a_read_only_folder(office: Office, tmp_path: Path) -> None:
    """Where the account may not write, exit 4 names the path and nothing is written."""
    tmp_path.chmod(0o755)
    folder = tmp_path / "register"
    folder.mkdir()
    shutil.copy(office.database, folder / "umsalert.db")
    (folder / "umsalert.db").chmod(0o444)
    folder.chmod(0o555)
    ordinary = _ORDINARY if os.geteuid() == 0 else ()
    try:
        for words in (
            ("--db", str(folder / "new.db"), "init"),
            ("--db", str(folder / "umsalert.db"), "site", "suspend", "S1", "--reason", "x"),
        ):
            done = subprocess.run(
                [*ordinary, sys.executable, "-m", "umsalert", *words],
                env={**os.environ, "UMSALERT_HOME": str(folder)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 4, done.stderr
            assert str(folder) in done.stderr
            assert "Traceback" not in done.stderr
        assert [item.name for item in folder.iterdir()] == ["umsalert.db"]
    finally:
        folder.chmod(0o755)
