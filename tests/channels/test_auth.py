"""The application's token and key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tests.channels.carriers import HttpCarrier
from tests.channels.workshop import NOW, Workshop
from umsalert.channels.vonage.auth import LIFETIME, ApplicationToken, load_key
from umsalert.errors import ConfigurationError
from umsalert.model import ChannelKind

NO_TIME_CHECK = {"verify_exp": False, "verify_iat": False}  # the test's clock is not the machine's


async def test_a_token_is_kept_and_renewed_before_its_end(workshop: Workshop) -> None:
    """Signing costs a millisecond: one token serves ten minutes and never dies on the way."""
    token = ApplicationToken("2c1f0c4e", await load_key(workshop.key_file), workshop.clock)
    first = token.current()
    claims = jwt.decode(first, workshop.public_key, ["RS256"], options=NO_TIME_CHECK)  # type: ignore[arg-type]  # a plain mapping
    assert (claims["application_id"], claims["iat"]) == ("2c1f0c4e", int(NOW.timestamp()))
    assert claims["exp"] - claims["iat"] == LIFETIME.total_seconds()

    workshop.clock.at += timedelta(minutes=9, seconds=59)
    assert token.current() == first
    workshop.clock.at += timedelta(seconds=1)
    second = jwt.decode(token.current(), workshop.public_key, ["RS256"], options=NO_TIME_CHECK)  # type: ignore[arg-type]  # a plain mapping
    assert second["iat"] - claims["iat"] == 600
    assert second["jti"] != claims["jti"]


async def test_a_token_made_before_the_clock_was_set_back_is_made_again(workshop: Workshop) -> None:
    """Made by a clock an hour ahead, it would be kept for that hour and refused all the time."""
    token = ApplicationToken("2c1f0c4e", await load_key(workshop.key_file), workshop.clock)
    early = token.current()
    workshop.clock.at -= timedelta(hours=1)
    assert token.current() != early


async def test_every_request_carries_the_same_token(workshop: Workshop) -> None:
    """Two hand-overs show one token, signed with the application's key."""
    carrier = await workshop.start(HttpCarrier(202, "message_uuid"))
    channel = await workshop.open(ChannelKind.SMS, carrier)
    for _attempt in range(2):
        await channel.send(workshop.outgoing(ChannelKind.SMS))
    first, second = (head.split(b"Authorization: Bearer ")[1].split()[0] for head in carrier.heads)
    assert first == second
    assert jwt.decode(first, workshop.public_key, ["RS256"], options=NO_TIME_CHECK)  # type: ignore[arg-type]  # a plain mapping


def ed25519_key() -> bytes:
    """Return a key of another kind."""
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PRIVATE KEY-----\n", ed25519_key()])
async def test_a_key_that_cannot_sign_is_refused_when_the_channel_opens(
    workshop: Workshop, content: bytes | None
) -> None:
    """A missing, broken or foreign key stops the command before anything is claimed."""
    workshop.key_file.unlink()
    if content is not None:
        workshop.key_file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        await workshop.open(ChannelKind.VOICE, HttpCarrier(201, "uuid"))
    assert caught.value.code == "private_key_unreadable"


async def test_an_encrypted_key_is_refused(tmp_path: Path, workshop: Workshop) -> None:
    """Nobody is there to type its password at night."""
    key = load_pem_private_key(workshop.key_file.read_bytes(), None)
    file = tmp_path / "locked.key"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    )
    with pytest.raises(ConfigurationError):
        await load_key(file)
