"""The simulator's account, read by the official SDK and by our own reader of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.actors import Customer, Start
from umsalert import settings
from umsalert.channels.vonage import account
from umsalert.errors import ConfigurationError
from umsalert.settings import Secret
from umsalert.simulator.account import BALANCE_EUR, CALLER
from umsalert.simulator.keys import APPLICATION_ID
from umsalert.simulator.record import Refused
from umsalert.simulator.scenario import load
from umsalert.simulator.training import Training, prepare_home


def home_settings(home: Path, customer: Customer) -> settings.Settings:
    """Return the settings that the simulator writes for itself."""
    simulator = customer.simulator
    prepare_home(Training(home, simulator.http_port, simulator.smtp_port))
    return settings.load(environ={"UMSALERT_HOME": str(home)})


async def test_the_training_home_reads_its_account(home: Path, customer: Customer) -> None:
    """Key and secret that the simulator writes open its account: a balance and one number."""
    found = await account.read(home_settings(home, customer))
    assert found.balance_eur == BALANCE_EUR
    (number,) = found.numbers
    assert number == account.OwnNumber(f"+{CALLER}", frozenset({"VOICE"}), APPLICATION_ID)


async def test_an_empty_account_says_so(home: Path, start: Start) -> None:
    """Where the scenario answers 402, the balance that `doctor --online` reads is nothing."""
    customer = await start(scenario=load("empty-account"))
    assert (await account.read(home_settings(home, customer))).balance_eur == 0


async def test_a_wrong_secret_is_refused_and_recorded(home: Path, customer: Customer) -> None:
    """Without the right login the account says nothing."""
    right = home_settings(home, customer)
    wrong = right._replace(vonage=right.vonage._replace(api_secret=Secret("wrong")))
    with pytest.raises(ConfigurationError) as caught:
        await account.read(wrong)
    assert caught.value.code == "account_refused"
    assert [entry.where for entry in customer.simulator.record.of(Refused)] == [
        "/account/get-balance"
    ]


@pytest.mark.parametrize("login", ["", "Basic", "Basic !!", "Bearer abc"])
async def test_what_is_no_login_is_refused(customer: Customer, login: str) -> None:
    """A header that cannot be read is a wrong login, not a fault of the carrier."""
    url = f"https://localhost:{customer.simulator.http_port}/account/numbers"
    async with customer.http.get(url, headers={"Authorization": login}) as response:
        assert response.status == 401
        assert (await response.json())["error-code"] == "401"
