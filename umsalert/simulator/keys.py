"""The simulator's secrets and certificates, in a folder of its home. They open nothing else."""

from __future__ import annotations

import base64
import os
import secrets
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from umsalert.errors import ConfigurationError
from umsalert.i18n import _, system_reason

FOLDER = "simulator"
APPLICATION_ID = "5e1a7e57-0000-4000-8000-000000000000"
API_KEY = "simulator"
SMTP_USERNAME = "umsalert"
IMAP_USERNAME = "reponse"
OVH_APPLICATION_KEY = "simulator"
OVH_SERVICE_NAME = "sms-simulator-1"


@dataclass(frozen=True, slots=True)
class OvhKeys:
    """The secrets of the OVHcloud account."""

    application_secret: str = field(repr=False)
    consumer_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


class Keys:
    """The files of one home. What is missing is made, what is there is kept."""

    def __init__(self, home: Path) -> None:
        """Make what is missing below `home`. Raises ConfigurationError when that fails."""
        self._folder = home / FOLDER
        self.ca_file = self._folder / "ca.pem"
        self.server_file = self._folder / "server.pem"
        self.application_key_file = self._folder / "application.key"
        self.signature_secret_file = self._folder / "signature-secret"
        self.api_secret_file = self._folder / "api-secret"
        self.smtp_password_file = self._folder / "smtp-password"
        self.imap_password_file = self._folder / "imap-password"
        self.ovh_application_secret_file = self._folder / "ovh-application-secret"
        self.ovh_consumer_key_file = self._folder / "ovh-consumer-key"
        self.ovh_webhook_secret_file = self._folder / "ovh-webhook-secret"
        self.gateway_token_file = self._folder / "gateway-token"
        self.gateway_webhook_secret_file = self._folder / "gateway-webhook-secret"
        try:
            self._make_missing()
        except OSError as error:
            raise ConfigurationError(
                "simulator_home_unwritable",
                _("The simulator's keys cannot be written to {folder}: {error}").format(
                    folder=self._folder, error=system_reason(error)
                ),
                hint=_("Name a folder of your own with --home."),
            ) from error

    def _make_missing(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.ca_file.exists() and self.server_file.exists()):
            authority = trustme.CA(organization_name="umsalert simulator")
            server = authority.issue_cert("localhost", "127.0.0.1", "::1")
            _write_private(self.server_file, server.private_key_and_cert_chain_pem.bytes())
            _write_private(self.ca_file, authority.cert_pem.bytes())
        if not self.application_key_file.exists():
            application = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
            pem = application.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _write_private(self.application_key_file, pem)
        for file in (
            self.signature_secret_file,
            self.api_secret_file,
            self.smtp_password_file,
            self.imap_password_file,
            self.ovh_application_secret_file,
            self.ovh_consumer_key_file,
            self.ovh_webhook_secret_file,
            self.gateway_token_file,
        ):
            if not file.exists():
                _write_private(file, secrets.token_urlsafe(32).encode())
        if not self.gateway_webhook_secret_file.exists():
            key = base64.b64encode(secrets.token_bytes(32))
            _write_private(self.gateway_webhook_secret_file, b"whsec_" + key)

    def public_key(self) -> rsa.RSAPublicKey:
        """Return the public half of the application's key."""
        key = load_pem_private_key(self.application_key_file.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConfigurationError(
                "simulator_key_invalid",
                _("{file} is not an RSA key.").format(file=self.application_key_file),
                hint=_("Remove the folder {folder}; it is made again.").format(folder=self._folder),
            )
        return key.public_key()

    def signature_secret(self) -> str:
        """Return the secret that webhooks are signed with."""
        return _text(self.signature_secret_file)

    def api_secret(self) -> str:
        """Return the secret of the account."""
        return _text(self.api_secret_file)

    def smtp_password(self) -> str:
        """Return the password of the mail relay."""
        return _text(self.smtp_password_file)

    def imap_password(self) -> str:
        """Return the password of the mailbox of answers."""
        return _text(self.imap_password_file)

    def ovh(self) -> OvhKeys:
        """Return what OVHcloud's signatures and receipts are proved with."""
        return OvhKeys(
            _text(self.ovh_application_secret_file),
            _text(self.ovh_consumer_key_file),
            _text(self.ovh_webhook_secret_file),
        )

    def gateway_token(self) -> str:
        """Return the token that opens the gateway."""
        return _text(self.gateway_token_file)

    def gateway_key(self) -> bytes:
        """Return the key that signs what the gateway tells."""
        secret = _text(self.gateway_webhook_secret_file)
        return base64.b64decode(secret.removeprefix("whsec_"))

    def server_tls(self) -> ssl.SSLContext:
        """Return what a server on localhost shows to its clients."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.server_file)
        return context


def _text(file: Path) -> str:
    return file.read_text("utf-8").strip()


def _write_private(path: Path, content: bytes) -> None:
    """Put a whole file of mode 0600 in place at once."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
