"""One office with its carrier serves all end-to-end tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.office import Office, open_office

SITES = 12


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office whose carrier lives thirty times faster; guard 3 reports a sighting."""
    home = tmp_path_factory.mktemp("office")
    # Nobody's phone is off: on a busy machine its receipt comes before the command has ended.
    keys = {"+33639980003": "02", "+33639980004": "1", "+33639980011": ""}
    answers = [f"--answer={number}={pressed}" for number, pressed in keys.items()]
    with open_office(home, SITES, "--speed", "30", *answers) as opened:
        yield opened
