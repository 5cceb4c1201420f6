"""Settings: defaults < file < environment < flags, every problem at once."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from umsalert import settings, wiring
from umsalert.errors import ConfigurationError
from umsalert.home import CONFIG_NAME
from umsalert.model import Process


def write(home: Path, text: str, mode: int = 0o600) -> Path:
    file = home / CONFIG_NAME
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


def load(
    home: Path, /, flags: dict[str, object] | None = None, **environ: str
) -> settings.Settings:
    return settings.load(flags, {"UMSALERT_HOME": str(home), **environ})


def problems(home: Path, /, **environ: str) -> dict[str | None, str]:
    with pytest.raises(ConfigurationError) as caught:
        load(home, None, **environ)
    return {problem.column: problem.code for problem in caught.value.problems}


def test_each_layer_overrides_the_one_below(tmp_path: Path) -> None:
    """Default, file, environment, flag: the last one wins, and each value says where it is from."""
    file = write(
        tmp_path, "station = 'Nice'\n[sms.vonage]\nrate_per_s = 5\nburst = 2\nin_flight = 3\n"
    )
    found = load(
        tmp_path,
        {"sms.vonage.in_flight": 9, "database": None},
        UMSALERT_SMS_VONAGE_BURST="7",
    )
    pace = found.sms.vonage
    assert (pace.rate_per_s, pace.burst, pace.in_flight) == (5.0, 7, 9)
    assert found.voice == settings.Settings(tmp_path, tmp_path).voice
    origins = [found.origins[f"sms.vonage.{key}"] for key in ("rate_per_s", "burst", "in_flight")]
    assert origins == [str(file), "UMSALERT_SMS_VONAGE_BURST", "flag"]
    assert found.origins["sms.vonage.timeout_s"] == "default"


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """A file with many mistakes names them all, with the setting of each."""
    write(
        tmp_path,
        "languge = 'fr'\ntime_zone = 'Paris'\nsmtp = 3\n"
        "[sms.vonage]\nrate_per_s = 'many'\nburst = 0\n[vonage]\nmessages_url = 'http://api.example'\n[nothing]\n",
    )
    assert problems(tmp_path, UMSALERT_LANG="de") == {
        "languge": "unknown_setting",
        "nothing": "unknown_setting",
        "time_zone": "bad_value",
        "language": "bad_value",
        "smtp": "not_a_table",
        "sms.vonage.rate_per_s": "wrong_type",
        "sms.vonage.burst": "bad_value",
        "vonage.messages_url": "bad_value",
    }


@pytest.mark.parametrize(
    "value", ["http://rest.example", "https://rest.example/account", "https://[", "rest.example"]
)
def test_the_account_is_a_host_over_https(tmp_path: Path, value: str) -> None:
    """The SDK adds its own paths, and speaks https only."""
    wrong = problems(tmp_path, UMSALERT_VONAGE_ACCOUNT_URL=value)
    assert wrong == {"vonage.account_url": "bad_value"}
    good = load(tmp_path, None, UMSALERT_VONAGE_ACCOUNT_URL="https://rest.example:8443/")
    assert good.vonage.account_url == "https://rest.example:8443/"


@pytest.mark.parametrize("host", ["a..b", "..", "relay example", "[::1", "x" * 64 + ".example"])
def test_a_host_can_be_looked_up(tmp_path: Path, host: str) -> None:
    """What no resolver takes is a wrong setting, not a failure at the first message."""
    assert problems(tmp_path, UMSALERT_SMTP_HOST=host) == {"smtp.host": "bad_value"}
    for good in ("relay.example", "localhost", "192.0.2.1", "::1", "préfecture.example", "a_b"):
        assert load(tmp_path, None, UMSALERT_SMTP_HOST=good).smtp.host == good


def test_invalid_settings_can_be_looked_at(tmp_path: Path) -> None:
    """`inspect` raises nothing: what can be read is there, beside every problem."""
    file = write(tmp_path, "station = 'Nice'\n[smtp]\nport = 'x'\n[sms.vonage]\nburst = 0\n")
    found = settings.inspect(environ={"UMSALERT_HOME": str(tmp_path)})
    assert {item.column for item in found.problems} == {"smtp.port", "sms.vonage.burst"}
    assert (found.settings.station, found.settings.smtp.port) == ("Nice", 587)
    assert (found.settings.sms.vonage.burst, found.file) == (0, file)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0"])
def test_a_rate_is_a_positive_number(tmp_path: Path, value: str) -> None:
    """NaN, infinity, zero and less are no rate."""
    assert problems(tmp_path, UMSALERT_SMS_VONAGE_RATE_PER_S=value) == {
        "sms.vonage.rate_per_s": "bad_value"
    }


def test_providers_stand_in_an_order(tmp_path: Path) -> None:
    """A list in the file, commas in a variable: the first name is the first choice."""
    write(tmp_path, "[sms]\nproviders = ['ovh', 'vonage']\n[sms.ovh]\nrate_per_s = 3\n")
    found = load(tmp_path)
    assert settings.providers(found, "sms") == ("ovh", "vonage")
    assert settings.rate(found, "sms", "ovh").rate_per_s == 3
    found = load(tmp_path, None, UMSALERT_SMS_PROVIDERS="vonage, gateway")
    assert settings.providers(found, "sms") == ("vonage", "gateway")
    assert found.origins["sms.providers"] == "UMSALERT_SMS_PROVIDERS"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("['vonnage']", "bad_value"),
        ("['smtp']", "bad_value"),
        ("['vonage', 'vonage']", "bad_value"),
        ("[]", "bad_value"),
        ("[1]", "wrong_type"),
        ("3", "wrong_type"),
    ],
)
def test_a_list_of_providers_names_each_once(tmp_path: Path, value: str, code: str) -> None:
    """A slip, a provider of another channel, a repetition and nobody are told at the start."""
    write(tmp_path, f"[sms]\nproviders = {value}\n")
    assert problems(tmp_path) == {"sms.providers": code}


def test_lines_are_counted_from_none(tmp_path: Path) -> None:
    """0 calls means that no number is known; fewer mean nothing."""
    assert load(tmp_path, None, UMSALERT_VOICE_VONAGE_CALLS="0").voice.vonage.calls == 0
    wrong = problems(tmp_path, UMSALERT_VOICE_GATEWAY_CALLS="-1")
    assert wrong == {"voice.gateway.calls": "bad_value"}


def test_a_cell_has_a_pace_or_none(tmp_path: Path) -> None:
    """A burst of 0 paces no cell; a rate of 0 would send nothing there, for ever."""
    assert load(tmp_path, None, UMSALERT_PACE_CELL_BURST="0").pace.cell_burst == 0
    for bad in ("0", "-1", "inf", "nan"):
        wrong = problems(tmp_path, UMSALERT_PACE_CELL_RATE_PER_S=bad)
        assert wrong == {"pace.cell_rate_per_s": "bad_value"}
    wrong = problems(tmp_path, UMSALERT_PACE_CELL_BURST="-1")
    assert wrong == {"pace.cell_burst": "bad_value"}


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("ovh.api_url", "http://eu.api.example/1.0", "https://eu.api.example/1.0"),
        ("ovh.service_name", "sms/1", "sms-ab12345-1"),
        ("ovh.webhook_secret", "short", "long enough to be no guess"),
        ("gateway.sms_url", "http://gateway.example/sms", "https://gateway.example/sms"),
        ("gateway.voice_url", "https://", "https://gateway.example/calls"),
        ("gateway.webhook_secret", "whsec_c2hvcnQ=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("gateway.webhook_secret", "whsec_é", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("apprise.sms_url", "jsons://sms.example", "jsons://sms.example/?to={address}"),
        ("apprise.email_url", "{address}", "mailtos://relay.example?to={address}"),
        ("serve.public_url", "http://alerte.example", "http://localhost:8480"),
        ("serve.public_url", "https://alerte.example/?a=1", "https://alerte.example/a"),
    ],
)
def test_what_a_provider_is_told_is_checked(tmp_path: Path, name: str, bad: str, good: str) -> None:
    """An address without TLS, a secret that can be guessed: told with the setting's name."""
    assert problems(tmp_path, **{settings.variable(name): bad}) == {name: "bad_value"}
    load(tmp_path, None, **{settings.variable(name): good})


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("jsons://localhost:8443/x?to={address}", "localhost"),
        ("json://gateway.example/{address}", "gateway.example"),
        ("twilio://localhost:token@33639980001/{address}", ""),
        ("pover://user@localhost/{address}", ""),
    ],
)
def test_only_a_url_of_a_server_names_one(tmp_path: Path, url: str, host: str) -> None:
    """What Apprise keeps in the place of a host is neither shown nor taken for this machine."""
    found = load(tmp_path, None, UMSALERT_APPRISE_SMS_URL=url)
    assert settings.endpoint_host(found, "sms", "apprise") == host


def test_a_secret_comes_from_environment_or_file_and_never_shows(tmp_path: Path) -> None:
    """The environment wins over a file; neither value is in a repr of the settings."""
    secret = tmp_path / "password"
    secret.write_text("from-a-file\n")
    secret.chmod(0o600)
    write(tmp_path, "[smtp]\npassword_file = 'password'\n")
    assert load(tmp_path).smtp.password == "from-a-file"
    found = load(tmp_path, UMSALERT_SMTP_PASSWORD="from-the-environment")
    assert found.smtp.password == "from-the-environment"
    assert "from-the" not in repr(found)
    assert "from-a" not in repr(load(tmp_path))


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A secret in a file of mode 0644 is refused with the command that mends it."""
    file = write(tmp_path, "[smtp]\npassword = 'x'\n", mode=0o644)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {file}"):
        load(tmp_path)
    write(tmp_path, "station = 'Nice'\n", mode=0o644)
    assert load(tmp_path).station == "Nice"


def test_a_relative_path_is_relative_to_the_file(tmp_path: Path) -> None:
    """`private_key_file = "vonage.key"` lies beside umsalert.toml, wherever the command runs."""
    write(tmp_path, "[vonage]\nprivate_key_file = 'vonage.key'\n")
    assert load(tmp_path).vonage.private_key_file == tmp_path / "vonage.key"


@pytest.mark.parametrize("text", ["station = ", "\xff", "[sms\n"])
def test_a_broken_file_is_one_clear_problem(tmp_path: Path, text: str) -> None:
    """A file that is no TOML is named as such."""
    write(tmp_path, "").write_bytes(text.encode("latin-1"))
    assert len(problems(tmp_path)) == 1


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """UMSALERT_CONFIG that points nowhere is an error, not the defaults."""
    missing = str(tmp_path / "missing.toml")
    assert problems(tmp_path, UMSALERT_CONFIG=missing) == {missing: "file_missing"}


def test_the_clock_moves_only_in_training(tmp_path: Path) -> None:
    """An offset of the clock is refused as soon as one provider is not on this machine."""
    local = {
        "UMSALERT_VONAGE_MESSAGES_URL": "https://localhost:1/v1/messages",
        "UMSALERT_VONAGE_CALLS_URL": "https://127.0.0.1:1/v1/calls",
        "UMSALERT_SIMULATION_CLOCK_OFFSET_S": "60",
    }
    assert load(tmp_path, None, **local).simulation.clock_offset_s == 60
    relay = local | {"UMSALERT_SMTP_HOST": "relay.example.org"}
    assert problems(tmp_path, **relay) == {"simulation.clock_offset_s": "bad_value"}
    real = local | {"UMSALERT_VONAGE_CALLS_URL": "https://api.example.org/v1/calls"}
    assert problems(tmp_path, **real) == {"simulation.clock_offset_s": "bad_value"}
    standby = local | {"UMSALERT_SMS_PROVIDERS": "vonage,ovh"}
    assert problems(tmp_path, **standby) == {"simulation.clock_offset_s": "bad_value"}


def test_plain_text_smtp_only_towards_this_machine(tmp_path: Path) -> None:
    """`security = none` needs a relay on localhost."""
    found = load(tmp_path, UMSALERT_SMTP_SECURITY="none", UMSALERT_SMTP_HOST="localhost")
    assert found.smtp.security == "none"
    wrong = problems(tmp_path, UMSALERT_SMTP_SECURITY="none", UMSALERT_SMTP_HOST="relay.example")
    assert wrong == {"smtp.security": "bad_value"}


def test_a_mailbox_is_over_tls_and_said_in_one_line(tmp_path: Path) -> None:
    """No value can end a line of IMAP; in the clear only towards this machine."""
    assert load(tmp_path).imap.host == ""
    good = {
        "UMSALERT_IMAP_HOST": "imap.example",
        "UMSALERT_IMAP_USERNAME": "reponse",
        "UMSALERT_IMAP_PASSWORD": "secret",
    }
    imap = load(tmp_path, None, **good).imap
    assert (imap.port, imap.security, imap.folder, imap.poll_s) == (993, "tls", "INBOX", 20.0)
    assert "secret" not in repr(imap)
    for name, value in (
        ("imap.security", "ssl"),
        ("imap.security", "none"),
        ("imap.port", "0"),
        ("imap.host", "a..b"),
        ("imap.folder", "a\r\nb"),
        ("imap.username", "a\nb"),
        ("imap.poll_s", "0"),
        ("imap.poll_s", "601"),
        ("imap.poll_s", "nan"),
    ):
        wrong = problems(tmp_path, **good | {settings.variable(name): value})
        assert wrong == {name: "bad_value"}
    assert problems(tmp_path, UMSALERT_IMAP_USERNAME="x") == {"imap.host": "bad_value"}
    local = good | {"UMSALERT_IMAP_HOST": "localhost", "UMSALERT_IMAP_SECURITY": "none"}
    assert load(tmp_path, None, **local).imap.security == "none"


def test_an_account_is_known_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only sudo's word is taken from the environment, and behind it stands who runs the process."""
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert settings.account() == "root"
    monkeypatch.setenv("SUDO_USER", "marie")
    assert settings.account() == "marie"
    assert wiring.process() == Process("root", shared=True)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert wiring.process() == Process("uid-4000000", shared=False)


@pytest.mark.parametrize(
    ("shell", "shared"),
    [("/usr/sbin/nologin", True), ("/bin/false", True), ("/bin/bash", False), ("", False)],
)
def test_a_service_without_a_shell_is_several_peoples(
    monkeypatch: pytest.MonkeyPatch, shell: str, shared: bool
) -> None:
    """Nobody logs in to it, so that sudo has said who it was; an empty shell is /bin/sh."""
    entry = pwd.struct_passwd(("umsalert", "x", 4_000_000, 100, "", "/srv", shell))
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    monkeypatch.setattr(pwd, "getpwuid", {4_000_000: entry}.__getitem__)
    assert wiring.process() == Process("umsalert", shared=shared)


@pytest.mark.parametrize("name", ["radius_m", "recipients", "expires_s"])
def test_the_limits_of_one_person(tmp_path: Path, name: str) -> None:
    """0 switches a limit off; nothing waits for ever, or no time at all."""
    variable = f"UMSALERT_APPROVAL_{name.upper()}"
    assert problems(tmp_path, **{variable: "-1"}) == {f"approval.{name}": "bad_value"}
    if name == "expires_s":
        assert problems(tmp_path, **{variable: "0"}) == {f"approval.{name}": "bad_value"}
    else:
        assert getattr(load(tmp_path, None, **{variable: "0"}).approval, name) == 0
