"""A home that can talk to the simulator and to nothing else: for training, tests and the demo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from umsalert.errors import ConfigurationError
from umsalert.i18n import _
from umsalert.settings import CONFIG_NAME, PaceSettings
from umsalert.simulator import gateway, ovh
from umsalert.simulator.account import CALLER
from umsalert.simulator.keys import (
    API_KEY,
    APPLICATION_ID,
    IMAP_USERNAME,
    OVH_APPLICATION_KEY,
    OVH_SERVICE_NAME,
    SMTP_USERNAME,
    Keys,
)
from umsalert.simulator.vonage import CALLS_PER_S, SMS_PER_S

MARKER = "# Written by `umsalert simulator`: training only, and overwritten by it."
EMAILS_PER_S = 100.0
TWO_WAY_SENDER = "38999"
"""A short code, which takes answers in France; nothing of it leaves the machine."""
POLL_S = 5.0
"""The simulator tells what comes; this is for a connection that was lost."""
# In no second more than the carrier takes: rate plus burst is its limit.
_RATE_SHARE, _BURST_SHARE = 0.9, 0.1


@dataclass(frozen=True, slots=True)
class Training:
    """A home and the simulator it talks to.

    `serve_port` is where `umsalert serve` will listen for webhooks; without an `imap_port` it reads
    no mail. `speed` and `clock_offset_s`
    must be the simulator's.
    """

    home: Path
    http_port: int
    smtp_port: int
    serve_port: int = 8480
    imap_port: int = 0
    speed: float = 1.0
    clock_offset_s: float = 0.0
    station: str = "training"


def check_home(home: Path) -> None:
    """Raise ConfigurationError when the home has settings that the simulator has not written."""
    file = home / CONFIG_NAME
    if file.exists() and not file.read_text("utf-8", errors="replace").startswith(MARKER):
        raise ConfigurationError(
            "not_a_training_home",
            _("{file} was not written by the simulator and is left as it is.").format(file=file),
            hint=_("Name another folder with --home."),
        )


def prepare_home(training: Training) -> Path:
    """Write keys, secrets and settings to `training.home`; return the settings file.

    Raises ConfigurationError as `check_home` does, or when the keys cannot be written.
    """
    check_home(training.home)
    keys = Keys(training.home)
    file = training.home / CONFIG_NAME
    file.write_text(_toml(_tables(training, keys)), "utf-8")
    return file


def serve_url(port: int) -> str:
    """Return where `umsalert serve` of a training home is reached."""
    return f"http://127.0.0.1:{port}"


def _tables(training: Training, keys: Keys) -> dict[str, dict[str, object]]:
    def within(path: Path) -> str:
        return str(path.relative_to(training.home))

    carrier = f"https://localhost:{training.http_port}"
    return {
        "": {"station": training.station},
        "alert": {"callback_number": "04 65 71 00 17"},
        "sms.vonage": _pace(SMS_PER_S * training.speed),
        "sms.ovh": _pace(ovh.LIMIT_PER_S * training.speed),
        "sms.gateway": _pace(gateway.SMS_PER_S * training.speed),
        "voice.vonage": _pace(CALLS_PER_S * training.speed),
        "voice.gateway": _pace(gateway.CALLS_PER_S * training.speed),
        "email.smtp": _pace(EMAILS_PER_S * training.speed),
        "pace": {"cell_rate_per_s": PaceSettings().cell_rate_per_s * training.speed},
        "vonage": {
            "application_id": APPLICATION_ID,
            "private_key_file": within(keys.application_key_file),
            "signature_secret_file": within(keys.signature_secret_file),
            "sms_sender": TWO_WAY_SENDER,
            "sms_two_way": True,
            "transactional": True,
            "voice_caller": f"+{CALLER}",
            "api_key": API_KEY,
            "api_secret_file": within(keys.api_secret_file),
            "messages_url": f"{carrier}/v1/messages",
            "calls_url": f"{carrier}/v1/calls",
            "account_url": carrier,
            "webhook_url": serve_url(training.serve_port),
            "ca_file": within(keys.ca_file),
        },
        "ovh": {
            "application_key": OVH_APPLICATION_KEY,
            "application_secret_file": within(keys.ovh_application_secret_file),
            "consumer_key_file": within(keys.ovh_consumer_key_file),
            "service_name": OVH_SERVICE_NAME,
            "sms_sender": ovh.SENDER,
            "api_url": f"{carrier}{ovh.ROOT}",
            "webhook_secret_file": within(keys.ovh_webhook_secret_file),
            "ca_file": within(keys.ca_file),
        },
        "gateway": {
            "sms_url": f"{carrier}{gateway.SMS_PATH}",
            "voice_url": f"{carrier}{gateway.CALLS_PATH}",
            "token_file": within(keys.gateway_token_file),
            "webhook_url": serve_url(training.serve_port),
            "webhook_secret_file": within(keys.gateway_webhook_secret_file),
            "ca_file": within(keys.ca_file),
        },
        "smtp": {
            "host": "localhost",
            "port": training.smtp_port,
            "security": "starttls",
            "username": SMTP_USERNAME,
            "password_file": within(keys.smtp_password_file),
            "sender": "alerte@police.example",
            "ca_file": within(keys.ca_file),
        },
        **({"imap": _imap(training, keys)} if training.imap_port else {}),
        "serve": {
            "host": "127.0.0.1",
            "port": training.serve_port,
            "public_url": serve_url(training.serve_port),
        },
        "simulation": {"clock_offset_s": training.clock_offset_s},
    }


def _imap(training: Training, keys: Keys) -> dict[str, object]:
    return {
        "host": "localhost",
        "port": training.imap_port,
        "security": "tls",
        "username": IMAP_USERNAME,
        "password_file": str(keys.imap_password_file.relative_to(training.home)),
        "ca_file": str(keys.ca_file.relative_to(training.home)),
        "poll_s": POLL_S,
    }


def _pace(limit_per_s: float) -> dict[str, object]:
    return {
        "rate_per_s": limit_per_s * _RATE_SHARE,
        "burst": max(1, int(limit_per_s * _BURST_SHARE)),
    }


def _toml(tables: dict[str, dict[str, object]]) -> str:
    lines = [MARKER]
    for name, table in tables.items():
        lines += ["", f"[{name}]"] if name else []
        # a JSON string or number is a TOML one too
        lines += [
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()
        ]
    return "\n".join(lines) + "\n"
