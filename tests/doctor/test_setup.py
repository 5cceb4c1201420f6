"""Settings, secrets, channels and templates, valid or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doctor.conftest import Install
from umsalert import doctor
from umsalert.doctor import CHECKS, Subject, examine, setup
from umsalert.model import CheckResult, CheckStatus
from umsalert.platforms import Platform

OK, WARNING, FAILED = CheckStatus


async def find(subject: Subject, name: str) -> CheckResult:
    return next(finding for finding in await examine(subject) if finding.name == name)


async def test_all_wrong_settings_come_at_once(install: Install) -> None:
    """Every problem of the settings is in one finding; all other checks still run."""
    subject = install("station = 3\n[smtp]\nport = 'x'\n[vonage]\nmessages_url = 'https://['\n")
    found = {finding.name: finding for finding in await examine(subject)}
    assert list(found) == list(CHECKS)
    message = found["configuration"].message
    assert found["configuration"].status is FAILED
    assert all(name in message for name in ("station", "smtp.port", "vonage.messages_url"))
    assert found["database"].status is OK


async def test_a_file_that_is_no_toml_is_named(install: Install) -> None:
    """A slip of the hand in umsalert.toml is one finding, not an end."""
    assert (await find(install("[smtp\n"), "configuration")).status is FAILED


async def test_without_a_file_the_way_to_one_is_shown(install: Install) -> None:
    """No settings file is no failure, and `config init` writes one."""
    finding = await find(install(), "configuration")
    assert finding.status is WARNING
    assert "umsalert config init" in finding.fix


@pytest.mark.parametrize("platform", [Platform.DEBIAN, Platform.FEDORA, Platform.MACOS])
async def test_an_exposed_secret_has_its_command(install: Install, platform: Platform) -> None:
    """A password file of mode 0644 is a failure of its own, with the chmod that mends it."""
    subject = install()
    password = subject.settings.home / "pass word"
    password.write_text("x")
    password.chmod(0o644)
    subject = install("[smtp]\npassword_file = 'pass word'\n", platform)
    finding = setup.secrets(subject)
    assert finding.status is FAILED
    assert "smtp.password" in finding.message
    assert finding.fix.endswith(f"chmod 600 '{password}'")
    assert setup.configuration(subject).status is OK


async def test_missing_station_is_told_before_the_first_alert(install: Install) -> None:
    """What every template needs is missed here, not at 18:10."""
    finding = await find(install(), "station")
    assert finding.status is WARNING
    assert "alert.callback_number" in finding.message


async def test_a_key_that_cannot_be_read_fails_its_channel(install: Install) -> None:
    """Keys are opened, not only named."""
    subject = install(
        "[vonage]\napplication_id = 'a'\nprivate_key_file = 'none.key'\nsms_sender = 'POLICE'\n"
    )
    finding = await find(subject, "channels")
    assert finding.status is FAILED
    assert "none.key" in finding.message


async def test_channels_that_are_not_set_up_are_named(install: Install) -> None:
    """A station may do without a channel: a warning with the settings that are missing."""
    finding = await find(install(), "channels")
    assert finding.status is WARNING
    assert "smtp.host" in finding.message


async def test_every_broken_template_is_named(install: Install) -> None:
    """Two broken templates of one's own are two names in one finding."""
    subject = install()
    for name in ("first-one", "second-one"):
        folder = subject.settings.home / "templates" / name
        folder.mkdir(parents=True)
        (folder / "template.toml").write_text("priority = 'soon'\n", "utf-8")
    finding = await find(subject, "templates")
    assert finding.status is FAILED
    assert "first-one" in finding.message
    assert "second-one" in finding.message


async def test_a_check_that_breaks_stops_no_other(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a bug of ours is one failed finding among the others."""

    def broken(_subject: Subject) -> CheckResult:
        raise ZeroDivisionError

    monkeypatch.setitem(doctor.CHECKS, "python", broken)
    found = await examine(install())
    assert len(found) == len(CHECKS)
    assert found[0].status is FAILED
    assert "ZeroDivisionError" in found[0].message
    assert found[1].status is OK


def test_every_check_is_documented() -> None:
    """docs/doctor.md has a line for each check, and for nothing else."""
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text("utf-8")
    checks = page.partition("## JSON")[0]
    named = [line.split("`")[1] for line in checks.splitlines() if line.startswith("| `")]
    online = ["smtp", "vonage_account", "vonage_balance", "sms_sender", "sms_transactional"]
    ovh = ["ovh_account", "ovh_credits", "ovh_sender", "ovh_receipts"]
    gateway = ["gateway_sms", "gateway_voice"]
    assert named == [*CHECKS, *online, "voice_caller", *ovh, *gateway, "imap"]
