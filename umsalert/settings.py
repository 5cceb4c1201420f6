"""Settings: defaults < TOML file < UMSALERT_* < flags. All problems are reported at once.

Every value knows where it came from (`Settings.origins`); secrets come from the environment or
from a file of mode 0600, never from a flag, and are masked by `Secret`.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from umsalert.errors import ConfigurationError, Problem
from umsalert.i18n import LANGUAGES, _

CONFIG_NAME = "umsalert.toml"
DATABASE_NAME = "umsalert.db"


class Secret(str):
    """A string that does not show itself in logs, reprs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a mask."""
        return "'********'" if self else "''"


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Limits and defaults of `alert send`."""

    max_radius_m: float = 100_000.0
    confirm_typed_above: int = 100
    callback_number: str = ""


@dataclass(frozen=True, slots=True)
class RateSettings:
    """The pace of one channel. Defaults are overridden per channel in `Settings`."""

    provider: str
    rate_per_s: float
    burst: int
    in_flight: int
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class VonageSettings:
    """The Vonage application that sends SMS and calls. URLs are complete endpoints."""

    application_id: str = ""
    private_key_file: Path | None = None
    signature_secret: Secret = Secret("")
    sms_sender: str = ""
    voice_caller: str = ""
    messages_url: str = "https://api.nexmo.com/v1/messages"
    calls_url: str = "https://api.nexmo.com/v1/calls"
    webhook_url: str = ""
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail relay. `security` is starttls, tls (implicit) or none (only towards localhost).

    `reply_to` and `bounce` are mailboxes that take `+detail`; empty means `reponse@` and `bounce@`
    of the sender's domain.
    """

    host: str = ""
    port: int = 587
    security: str = "starttls"
    username: str = ""
    password: Secret = Secret("")
    sender: str = ""
    reply_to: str = ""
    bounce: str = ""
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where `umsalert serve` listens. Without a certificate it belongs behind a TLS proxy."""

    host: str = "127.0.0.1"
    port: int = 8480
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Training only: valid while every provider is on this machine."""

    clock_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, valid as a whole, with the origin of each value."""

    home: Path
    database: Path
    language: str = ""
    station: str = ""
    time_zone: str = "Europe/Paris"
    alert: AlertSettings = AlertSettings()
    sms: RateSettings = RateSettings("vonage", rate_per_s=30, burst=30, in_flight=32)
    voice: RateSettings = RateSettings("vonage", rate_per_s=3, burst=3, in_flight=8)
    email: RateSettings = RateSettings("smtp", rate_per_s=100, burst=100, in_flight=10)
    vonage: VonageSettings = VonageSettings()
    smtp: SmtpSettings = SmtpSettings()
    serve: ServeSettings = ServeSettings()
    simulation: SimulationSettings = SimulationSettings()
    origins: Mapping[str, str] = field(default_factory=dict)


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return UMSALERT_HOME, else the platform's folder for application data."""
    if environ.get("UMSALERT_HOME"):
        return Path(environ["UMSALERT_HOME"]).expanduser()
    import platformdirs

    return platformdirs.user_data_path("umsalert", appauthor=False)


def configured_language(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the language of the settings file, or None; unreadable files are reported later."""
    try:
        data = tomllib.loads(_config_file(home_folder(environ), environ).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    value = data.get("language")
    return value if isinstance(value, str) else None


def load(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read the settings.

    `flags` holds dotted names (`database`, `sms.rate_per_s`) with values of the right type;
    None values are ignored. Raises ConfigurationError with every problem found.
    """
    home = home_folder(environ)
    return _Loader(home, environ, flags or {}).load()


def _config_file(home: Path, environ: Mapping[str, str]) -> Path:
    return Path(environ.get("UMSALERT_CONFIG") or home / CONFIG_NAME)


def is_loopback(host: str) -> bool:
    """Say whether `host` names this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def simulated(settings: Settings) -> bool:
    """Say whether every provider is on this machine: the carrier simulator, not a real account."""
    hosts = [
        urlsplit(u).hostname or ""
        for u in (settings.vonage.messages_url, settings.vonage.calls_url)
    ]
    hosts.append(settings.smtp.host or "localhost")
    return all(is_loopback(host) for host in hosts)


class _Loader:
    """Collects values and problems; one instance per load."""

    def __init__(self, home: Path, environ: Mapping[str, str], flags: Mapping[str, object]) -> None:
        self.home = home
        self.environ = environ
        self.flags = {name: value for name, value in flags.items() if value is not None}
        self.file = _config_file(home, environ)
        self.problems: list[Problem] = []
        self.origins: dict[str, str] = {}

    def load(self) -> Settings:
        table = self._read_file()
        base = Settings(home=self.home, database=self.home / DATABASE_NAME)
        values: dict[str, object] = {}
        for item in dataclasses.fields(Settings):
            if item.name in ("home", "origins"):
                continue
            default = getattr(base, item.name)
            if dataclasses.is_dataclass(default):
                section = table.pop(item.name, {})
                if not isinstance(section, dict):
                    self._problem(
                        "not_a_table",
                        item.name,
                        _("expected a table [{name}]").format(name=item.name),
                    )
                    section = {}
                values[item.name] = self._section(item.name, default, section)
            else:
                values[item.name] = self._value(item.name, type(default), default, table)
        for name in table:
            self._problem("unknown_setting", name, _("no such setting"))
        settings = Settings(home=self.home, origins=self.origins, **values)  # type: ignore[arg-type]  # built field by field
        self._check(settings)
        if self.problems:
            raise ConfigurationError(
                "settings_invalid",
                _("The settings are invalid: {problems}").format(
                    problems="; ".join(f"{p.column}: {p.message}" for p in self.problems)
                ),
                hint=_("Correct {file} or the UMSALERT_* variables.").format(file=self.file),
                problems=tuple(self.problems),
            )
        return settings

    def _read_file(self) -> dict[str, object]:
        try:
            text = self.file.read_text("utf-8")
        except FileNotFoundError:
            if "UMSALERT_CONFIG" in self.environ:
                self._problem("file_missing", str(self.file), _("the settings file does not exist"))
            return {}
        except (OSError, UnicodeDecodeError) as error:
            self._problem("file_unreadable", str(self.file), str(error))
            return {}
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._problem("toml_invalid", str(self.file), str(error))
            return {}

    def _section(self, section: str, default: object, table: dict[str, object]) -> object:
        hints = typing.get_type_hints(type(default))
        values: dict[str, object] = {}
        for item in dataclasses.fields(default):  # type: ignore[arg-type]  # checked by the caller
            kind = hints[item.name]
            if kind == Path | None:
                kind = Path
            value = getattr(default, item.name)
            if kind is Secret:
                values[item.name] = self._secret(section, item.name, table)
            else:
                values[item.name] = self._value(f"{section}.{item.name}", kind, value, table)
        for name in table:
            self._problem("unknown_setting", f"{section}.{name}", _("no such setting"))
        return type(default)(**values)

    def _value(self, name: str, kind: type, default: object, table: dict[str, object]) -> object:
        key = name.rpartition(".")[2]
        variable = "UMSALERT_" + name.replace(".", "_").upper()
        origin, raw = "default", default
        if key in table:
            origin, raw = str(self.file), table.pop(key)
        if name == "language":
            variable = "UMSALERT_LANG"
        if variable in self.environ:
            origin, raw = variable, self.environ[variable]
        if name in self.flags:
            origin, raw = "flag", self.flags[name]
        self.origins[name] = origin
        if origin == "default":
            return default
        return self._convert(name, kind, raw, default)

    def _convert(self, name: str, kind: type, raw: object, default: object) -> object:
        if isinstance(default, Path) or kind is Path or issubclass(kind, Path):
            if isinstance(raw, str | Path) and str(raw):
                path = Path(raw).expanduser()
                return (
                    path
                    if path.is_absolute() or self.origins[name] == "flag"
                    else self.file.parent / path
                )
            return default
        try:
            if isinstance(raw, bool) or (kind is str and not isinstance(raw, str)):
                raise ValueError
            return kind(raw)
        except (TypeError, ValueError):
            self._problem(
                "wrong_type",
                name,
                _("{value!r} is not a {kind}").format(value=raw, kind=kind.__name__),
            )
            return default

    def _secret(self, section: str, key: str, table: dict[str, object]) -> Secret:
        name = f"{section}.{key}"
        variable = "UMSALERT_" + name.replace(".", "_").upper()
        path_name = f"{key}_file"
        origin, value = "default", ""
        if key in table:
            origin, value = str(self.file), str(table.pop(key))
            self._check_private(self.file, name)
        path = self.environ.get(variable + "_FILE") or table.pop(path_name, None)
        if path:
            file = self.file.parent / Path(str(path)).expanduser()
            origin = str(file)
            try:
                value = file.read_text("utf-8").strip()
                self._check_private(file, name)
            except (OSError, UnicodeDecodeError) as error:
                self._problem("file_unreadable", name, str(error))
        if variable in self.environ:
            origin, value = variable, self.environ[variable]
        self.origins[name] = origin
        return Secret(value)

    def _check_private(self, file: Path, name: str) -> None:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            self._problem(
                "secret_exposed",
                name,
                _("{file} can be read by other accounts; run: chmod 600 {file}").format(file=file),
            )

    def _check(self, settings: Settings) -> None:
        if settings.language not in ("", *LANGUAGES):
            self._problem(
                "bad_value", "language", _("one of: {values}").format(values=", ".join(LANGUAGES))
            )
        try:
            ZoneInfo(settings.time_zone)
        except (KeyError, ValueError, OSError):
            self._problem(
                "bad_value",
                "time_zone",
                _("not a time zone of the IANA database, such as Europe/Paris"),
            )
        for name in ("sms", "voice", "email"):
            rate: RateSettings = getattr(settings, name)
            for key in ("rate_per_s", "burst", "in_flight", "timeout_s"):
                if not 0 < getattr(rate, key) < float("inf"):
                    self._problem("bad_value", f"{name}.{key}", _("must be above 0"))
        if not 0 < settings.alert.max_radius_m <= 1_000_000:
            self._problem(
                "bad_value", "alert.max_radius_m", _("must be between 0 and 1000000 metres")
            )
        self._check_smtp(settings.smtp)
        if settings.vonage.private_key_file and settings.vonage.private_key_file.exists():
            self._check_private(settings.vonage.private_key_file, "vonage.private_key_file")
        for key in ("messages_url", "calls_url"):
            url = urlsplit(getattr(settings.vonage, key))
            if url.scheme != "https" or not url.hostname:
                self._problem("bad_value", f"vonage.{key}", _("must be an https:// address"))
        if settings.simulation.clock_offset_s and not simulated(settings):
            self._problem(
                "bad_value",
                "simulation.clock_offset_s",
                _(
                    "the clock may be moved only while every provider is the simulator on this machine"
                ),
            )

    def _check_smtp(self, smtp: SmtpSettings) -> None:
        if smtp.security not in ("starttls", "tls", "none"):
            self._problem(
                "bad_value",
                "smtp.security",
                _("one of: {values}").format(values="starttls, tls, none"),
            )
        if smtp.security == "none" and smtp.host and not is_loopback(smtp.host):
            self._problem(
                "bad_value", "smtp.security", _("'none' is allowed only towards localhost")
            )
        if not 0 < smtp.port < 65_536:
            self._problem("bad_value", "smtp.port", _("must be between 1 and 65535"))

    def _problem(self, code: str, name: str, message: str) -> None:
        self.problems.append(Problem(code, message, column=name))
