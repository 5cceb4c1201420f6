"""A training home, and the life of a simulator."""

from __future__ import annotations

import asyncio
import math
import socket
from pathlib import Path

import pytest

from tests.simulator.actors import Customer
from umsalert import settings
from umsalert.errors import ConfigurationError, UsageError
from umsalert.settings import PaceSettings
from umsalert.simulator import Simulator, SimulatorConfig, serve_until_cancelled
from umsalert.simulator.keys import Keys
from umsalert.simulator.training import Training, prepare_home


def test_the_settings_lead_to_the_simulator_only(tmp_path: Path) -> None:
    """The loader takes the home without a complaint, and every provider in it is this machine."""
    training = Training(tmp_path, 8443, 8025, serve_port=8481, speed=60, station="Poste « école »")
    assert prepare_home(training) == tmp_path / "umsalert.toml"
    loaded = settings.load(environ={"UMSALERT_HOME": str(tmp_path)})
    assert settings.simulated(loaded)
    assert loaded.vonage.messages_url == "https://localhost:8443/v1/messages"
    assert loaded.vonage.calls_url == "https://localhost:8443/v1/calls"
    assert loaded.vonage.account_url == "https://localhost:8443"
    assert loaded.vonage.webhook_url == "http://127.0.0.1:8481"
    assert (loaded.serve.host, loaded.serve.port) == ("127.0.0.1", 8481)
    assert (loaded.smtp.host, loaded.smtp.port) == ("localhost", 8025)
    assert loaded.station == "Poste « école »"
    keys = Keys(tmp_path)
    assert loaded.vonage.private_key_file == keys.application_key_file
    assert loaded.vonage.ca_file == loaded.smtp.ca_file == keys.ca_file
    assert loaded.vonage.signature_secret == keys.signature_secret()
    assert loaded.vonage.api_secret == keys.api_secret()
    assert loaded.smtp.password == keys.smtp_password()
    assert loaded.imap.host == ""
    assert loaded.ovh.api_url == "https://localhost:8443/ovh/1.0"
    assert loaded.ovh.consumer_key == keys.ovh().consumer_key
    assert loaded.gateway.sms_url == "https://localhost:8443/gateway/sms"
    assert settings.signing_key(loaded.gateway.webhook_secret) == keys.gateway_key()
    everybody = {
        "UMSALERT_SMS_PROVIDERS": "vonage,ovh,gateway",
        "UMSALERT_VOICE_PROVIDERS": "gateway,vonage",
    }
    loaded = settings.load(environ={"UMSALERT_HOME": str(tmp_path), **everybody})
    assert settings.simulated(loaded)


def test_a_home_with_a_mailbox_reads_it(tmp_path: Path) -> None:
    """The port of the mailbox makes the settings of the mailbox, over TLS."""
    prepare_home(Training(tmp_path, 8443, 8025, imap_port=8993))
    loaded = settings.load(environ={"UMSALERT_HOME": str(tmp_path)})
    keys = Keys(tmp_path)
    assert (loaded.imap.host, loaded.imap.port, loaded.imap.security) == ("localhost", 8993, "tls")
    assert (loaded.imap.password, loaded.imap.ca_file) == (keys.imap_password(), keys.ca_file)


@pytest.mark.parametrize("speed", [0.001, 1, 60])
def test_the_pace_stays_within_the_carriers_allowance(tmp_path: Path, speed: float) -> None:
    """A sender at the written pace asks for nearly all that a second allows, and never more."""
    prepare_home(Training(tmp_path, 8443, 8025, speed=speed))
    loaded = settings.load(environ={"UMSALERT_HOME": str(tmp_path)})
    for pace, documented in (
        (loaded.sms.vonage, 30),
        (loaded.sms.ovh, 1),
        (loaded.sms.gateway, 0.5),
        (loaded.voice.vonage, 3),
        (loaded.voice.gateway, 1),
    ):
        assert math.floor(pace.rate_per_s) + pace.burst <= max(1, documented * speed)
        assert pace.rate_per_s >= 0.8 * documented * speed
        assert pace.burst >= 1
    assert loaded.pace.cell_rate_per_s == pytest.approx(PaceSettings().cell_rate_per_s * speed)


def test_secrets_are_their_owners(tmp_path: Path) -> None:
    """No file of the simulator can be read by another account."""
    prepare_home(Training(tmp_path, 8443, 8025))
    files = list((tmp_path / "simulator").iterdir())
    assert len(files) == 12
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_preparing_again_keeps_the_keys(tmp_path: Path) -> None:
    """A running simulator is not locked out by a second preparation; the settings are new."""
    prepare_home(Training(tmp_path, 8443, 8025))
    before = {f: f.read_bytes() for f in (tmp_path / "simulator").iterdir()}
    file = prepare_home(Training(tmp_path, 9443, 8025))
    assert {f: f.read_bytes() for f in (tmp_path / "simulator").iterdir()} == before
    assert "localhost:9443" in file.read_text()


def test_real_settings_are_never_overwritten(tmp_path: Path) -> None:
    """A home that somebody else configured is refused and left as it is."""
    file = tmp_path / "umsalert.toml"
    file.write_text('station = "Nice"\n')
    with pytest.raises(ConfigurationError) as caught:
        prepare_home(Training(tmp_path, 8443, 8025))
    assert caught.value.code == "not_a_training_home"
    assert file.read_text() == 'station = "Nice"\n'
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("port", ["http_port", "smtp_port"])
async def test_a_port_that_is_taken_is_named(home: Path, customer: Customer, port: str) -> None:
    """A second simulator on the same port is told so, and leaves nothing open."""
    taken = getattr(customer.simulator, port)
    with pytest.raises(ConfigurationError, match=str(taken)) as caught:
        await Simulator(SimulatorConfig(home, **{port: taken})).start()
    assert caught.value.code == "port_unusable"


async def test_it_listens_on_one_address_only(customer: Customer) -> None:
    """The same port of the next address is free: nothing listens on all of them."""
    for port in (customer.simulator.http_port, customer.simulator.smtp_port):
        with socket.socket() as neighbour:
            neighbour.bind(("127.0.0.2", port))


@pytest.mark.parametrize("speed", [0, -1, math.inf, math.nan])
def test_a_speed_must_mean_something(home: Path, speed: float) -> None:
    """Time can pass faster or slower, not stand still."""
    with pytest.raises(UsageError) as caught:
        Simulator(SimulatorConfig(home, speed=speed))
    assert caught.value.code == "bad_speed"


async def test_serving_ends_when_cancelled(home: Path) -> None:
    """`ready` hears the ports once; cancelling frees them."""
    ready: asyncio.Future[Simulator] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_until_cancelled(SimulatorConfig(home), ready.set_result))
    simulator = await ready
    assert simulator.http_port
    assert simulator.smtp_port
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", simulator.http_port)
