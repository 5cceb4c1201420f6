"""The network goes away, or the provider shows another certificate, in mid-send."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from tests.e2e.office import Office, sending
from tests.faults.conftest import SITES
from tests.faults.gate import Gate
from tests.faults.proof import each_once, wait_for_log

SHORT = {"UMSALERT_SMS_VONAGE_TIMEOUT_S": "6"}
"""A third of it is the time to connect."""


@pytest.mark.parametrize("how", ["refuse", "swallow"])
def test_a_network_that_comes_back_is_used_again(
    office: Office, gate: Gate, through: dict[str, str], log: Path, how: str
) -> None:
    """Cut or silent in mid-send, then back: the same run ends with one SMS for every guard."""
    process, before = sending(office, 5, **through, **SHORT)
    getattr(gate, how)()
    wait_for_log(log, "vonage paused for ")
    gate.open()
    ended = office.end(process)
    assert ended.code == 0, ended.err
    assert "SMS: vonage waits" in ended.err
    each_once(office, before, SITES)
    assert office.states() == {"accepted": SITES}


def test_a_network_that_stays_away_ends_the_run(
    office: Office, gate: Gate, through: dict[str, str]
) -> None:
    """Away for longer than `alert.give_up_s`: exit 75, the rest is queued, `resume` sends it."""
    process, before = sending(office, 5, **through, **SHORT, UMSALERT_ALERT_GIVE_UP_S="1")
    gate.refuse()
    ended = office.end(process)
    assert ended.code == 75, ended.err
    assert "umsalert alert resume" in ended.err
    taken = len(office.sms(before))
    assert office.states()["queued"] == SITES - taken > 0
    gate.open()
    assert office.run("alert", "resume", "last", **through).code == 0
    each_once(office, before, SITES)


def test_a_certificate_that_is_not_trusted_stops_its_channel(
    office: Office, gate: Gate, through: dict[str, str]
) -> None:
    """Changed in mid-send: SMS stops and says why, mail goes on, exit 4; mended, all goes out."""
    process, before = sending(office, 5, "--channel", "email", **through)
    gate.show(trustme.CA())
    ended = office.end(process)
    assert ended.code == 4, ended.err
    assert "SMS: vonage stopped: tls_certificate" in ended.err
    assert "its authority is unknown" in ended.err
    assert office.states()["queued"] == SITES - len(office.sms(before)) > 0
    assert office.states("email") == {"accepted": SITES}
    again = office.run("alert", "resume", "last", **through)
    assert again.code == 4, again.err
    assert office.run("alert", "resume", "last").code == 0
    each_once(office, before, SITES)


def test_another_trusted_certificate_is_not_noticed(
    office: Office, gate: Gate, authority: trustme.CA, through: dict[str, str], log: Path
) -> None:
    """A provider that renews its certificate in mid-send costs nothing, whoever signed it."""
    second = trustme.CA()
    trusted = log.with_name("both.pem")
    trusted.write_bytes(authority.cert_pem.bytes() + second.cert_pem.bytes())
    process, before = sending(office, 5, **{**through, "UMSALERT_VONAGE_CA_FILE": str(trusted)})
    gate.show(second)
    ended = office.end(process)
    assert ended.code == 0, ended.err
    each_once(office, before, SITES)
    assert " paused for " not in log.read_text("utf-8")
