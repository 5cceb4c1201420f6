"""A certificate authority, an application key, and a workshop for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

pytest.register_assert_rewrite("tests.channels.contract")

from tests.channels.workshop import Workshop  # noqa: E402 - after the line above


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return the authority that the channels trust."""
    return trustme.CA()


@pytest.fixture(scope="session")
def application_key() -> tuple[bytes, bytes]:
    """Return the application's key pair in PEM, private first."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


@pytest.fixture
async def workshop(
    tmp_path: Path, authority: trustme.CA, application_key: tuple[bytes, bytes]
) -> AsyncIterator[Workshop]:
    """Return a workshop that tidies up."""
    key_file = tmp_path / "application.key"
    key_file.write_bytes(application_key[0])
    workshop = Workshop(tmp_path, authority, key_file, application_key[1])
    yield workshop
    await workshop.close()
