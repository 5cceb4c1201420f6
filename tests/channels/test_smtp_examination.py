"""`doctor --online` and a relay: logged in to, left, and nothing handed over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.channels.carriers import Behaviour, SmtpCarrier
from tests.channels.workshop import Workshop
from umsalert.channels import registry, smtp_examination
from umsalert.model import CheckResult, CheckStatus
from umsalert.settings import SmtpSettings

OK, WARNING, FAILED = CheckStatus


async def examined(workshop: Workshop, relay: SmtpCarrier) -> CheckResult:
    """Examine a relay that listens; return the one finding."""
    (finding,) = await registry.examine("smtp", workshop.settings(relay.port))
    assert (relay.mails, relay.taken) == ([], [])
    return finding


@pytest.mark.parametrize("implicit", [False, True])
async def test_a_good_relay_is_logged_in_to_and_left(workshop: Workshop, implicit: bool) -> None:
    """Both kinds of encryption: one connection, one login, one QUIT, no letter."""
    relay = SmtpCarrier()
    relay.implicit_tls = implicit
    workshop.smtp = workshop.smtp._replace(security="tls" if implicit else "starttls")
    finding = await examined(workshop, await workshop.start(relay))
    assert finding.status is OK, finding
    assert "3000-01-01" in finding.message  # the end of the test authority's certificates
    assert (relay.connections, relay.logins, relay.quits) == (1, 1, 1)


async def test_a_wrong_password_is_named(workshop: Workshop) -> None:
    """The login is refused: the finding says which settings it comes from, and no password."""
    relay = SmtpCarrier()
    relay.behaviour = Behaviour.REFUSE_US
    finding = await examined(workshop, await workshop.start(relay))
    assert finding.status is FAILED
    assert "smtp.password_file" in finding.fix
    assert str(workshop.smtp.password) not in finding.message


async def test_a_relay_without_encryption_gets_no_login(workshop: Workshop) -> None:
    """STARTTLS is demanded and not offered: failed before a password is said."""
    relay = SmtpCarrier()
    relay.starttls = False
    finding = await examined(workshop, await workshop.start(relay))
    assert finding.status is FAILED
    assert "STARTTLS" in finding.message
    assert relay.logins == 0


async def test_an_expired_certificate_is_named(workshop: Workshop) -> None:
    """A certificate that ended yesterday is refused, in words."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    relay = SmtpCarrier()
    await workshop.start(relay, workshop.authority.issue_cert("localhost", not_after=yesterday))
    finding = await examined(workshop, relay)
    assert finding.status is FAILED
    assert "expired" in finding.message


async def test_a_certificate_that_ends_soon_is_a_warning(workshop: Workshop) -> None:
    """Two weeks before its end somebody should have renewed it; the date is told."""
    end = datetime.now(UTC) + timedelta(days=14)
    relay = SmtpCarrier()
    await workshop.start(relay, workshop.authority.issue_cert("localhost", not_after=end))
    finding = await examined(workshop, relay)
    assert finding.status is WARNING
    assert f"{end:%Y-%m-%d}" in finding.message
    later = smtp_examination.judge("", "", end + timedelta(days=30), datetime.now(UTC))
    assert later.status is OK


async def test_a_closed_port_is_named(workshop: Workshop) -> None:
    """Nothing listens: the finding says so in words."""
    relay = await workshop.start(SmtpCarrier())
    await relay.stop()
    finding = await examined(workshop, relay)
    assert finding.status is FAILED
    assert "Nothing listens" in finding.message


async def test_a_silent_server_does_not_hold_the_doctor(workshop: Workshop) -> None:
    """A relay that never greets ends the check with the channel's own time-out."""
    relay = SmtpCarrier()
    relay.implicit_tls = True  # it waits for a handshake that STARTTLS never begins
    workshop.timeout_s = 0.2
    finding = await examined(workshop, await workshop.start(relay))
    assert finding.status is FAILED


async def test_no_relay_is_no_finding(workshop: Workshop) -> None:
    """What is not set up is not asked: the check `channels` tells it."""
    settings = workshop.settings(25)._replace(smtp=SmtpSettings())
    assert await registry.examine("smtp", settings) == ()
