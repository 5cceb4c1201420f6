"""An address base with a certificate, and settings that ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from tests.geocoding.bureau import Bureau, FixedClock
from umsalert.geocoding import BanGeocoder, Pace
from umsalert.settings import GeocodeSettings


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return the authority that the geocoder trusts."""
    return trustme.CA()


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that moves by sleeping."""
    return FixedClock()


@pytest.fixture
async def bureau(authority: trustme.CA, clock: FixedClock) -> AsyncIterator[Bureau]:
    """Return an address base that finds everything at one house."""
    started = await Bureau(clock).start(authority.issue_cert("localhost"))
    yield started
    await started.stop()


@pytest.fixture
def settings(bureau: Bureau, authority: trustme.CA, tmp_path: Path) -> GeocodeSettings:
    """Return settings that lead to it."""
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    endpoint = f"https://localhost:{bureau.port}/geocodage"
    return GeocodeSettings(endpoint=endpoint, ca_file=ca_file)


@pytest.fixture
async def geocoder(settings: GeocodeSettings, clock: FixedClock) -> AsyncIterator[BanGeocoder]:
    """Return a geocoder that asks it."""
    async with await BanGeocoder.open(settings, Pace(clock, settings.rate_per_s)) as opened:
        yield opened
