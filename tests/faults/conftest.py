"""One office for a worker's tests of faults, and what stands between it and its carrier."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from tests.dispatching import Desk, open_desk
from tests.e2e.office import Office, open_office
from tests.faults.gate import Gate

SITES = 40
IN_FLIGHT = 4


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with forty sites, whose SMS leave forty a second, four at a time."""
    home = tmp_path_factory.mktemp("faulty")
    with open_office(home, SITES, "--speed", "30") as opened:
        opened.environ |= {
            "UMSALERT_SMS_VONAGE_RATE_PER_S": "40",
            "UMSALERT_SMS_VONAGE_BURST": "1",
            "UMSALERT_SMS_VONAGE_IN_FLIGHT": str(IN_FLIGHT),
            # no receipt comes and settles what we do not know
            "UMSALERT_VONAGE_WEBHOOK_URL": "",
        }
        yield opened


@pytest.fixture
def authority() -> trustme.CA:
    """Return the authority that the office trusts."""
    return trustme.CA()


@pytest.fixture
def gate(office: Office, authority: trustme.CA, tmp_path: Path) -> Iterator[Gate]:
    """Return an open gate before the carrier; `office.environ` does not know of it."""
    settings = tomllib.loads((office.home / "umsalert.toml").read_text("utf-8"))["vonage"]
    port = urlsplit(settings["messages_url"]).port
    assert port is not None
    with Gate(port, office.home / settings["ca_file"]).running() as opened:
        opened.show(authority)
        opened.open()
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where runs `through` the gate write their log."""
    return tmp_path / "run.log"


@pytest.fixture
def through(gate: Gate, authority: trustme.CA, tmp_path: Path, log: Path) -> dict[str, str]:
    """Return the settings that lead SMS through the gate."""
    trusted = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(trusted))
    return {
        "UMSALERT_VONAGE_MESSAGES_URL": gate.url,
        "UMSALERT_VONAGE_CA_FILE": str(trusted),
        "UMSALERT_LOG_FILE": str(log),
    }


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Return a desk with five sites, whose time runs fast."""
    async with open_desk(tmp_path) as opened:
        yield opened
