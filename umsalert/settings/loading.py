"""Where settings come from: defaults < TOML file < UMSALERT_* < flags; problems all at once."""

from __future__ import annotations

import os
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from umsalert.errors import ConfigurationError, Problem
from umsalert.home import config_file, home_folder
from umsalert.i18n import _, system_reason
from umsalert.settings.limits import exposed, problems
from umsalert.settings.services import Secret
from umsalert.settings.values import Settings, is_section, variable

DATABASE_NAME = "umsalert.db"
_PLAIN: Mapping[object, type] = {Path | None: Path, tuple[str, ...]: tuple}
"""What a value is read as, where its type says more."""
_NO_SHELLS = {"false", "nologin"}
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Inspection(NamedTuple):
    """Settings as they were found, and all that is wrong with them.

    Of what is wrong, `settings` holds the default where the value cannot be read, else the value.
    """

    settings: Settings
    problems: tuple[Problem, ...]
    file: Path


def account(environ: Mapping[str, str] = os.environ) -> str:
    """Return the account that runs the command, seen through sudo."""
    return environ.get("SUDO_USER") or own_account()


def own_account() -> str:
    """Return the account of this process, that of sudo's target where it was started by sudo.

    By its number: what the environment says of it can be anything.
    """
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
    except ImportError:  # no POSIX
        import getpass

        return getpass.getuser()


def is_several_peoples() -> bool:
    """Say whether the account of this process is one that nobody logs in to: root, a service's.

    People reach such an account through sudo, which says who they are.
    """
    try:
        import pwd

        return not os.getuid() or Path(pwd.getpwuid(os.getuid()).pw_shell).name in _NO_SHELLS
    except (ImportError, KeyError):
        return False


def account_exists(name: str) -> bool:
    """Say whether this machine knows an account; where that cannot be asked, it does."""
    try:
        import pwd

        pwd.getpwnam(name)
    except (KeyError, ValueError):
        return False
    except ImportError:  # no POSIX
        return True
    return True


def default_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a home without a settings file."""
    home = home_folder(environ)
    return Settings(home=home, database=home / DATABASE_NAME)


def load(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read the settings.

    `flags` holds dotted names (`database`, `sms.vonage.burst`) with values of the right type;
    None values are ignored. Raises ConfigurationError with every problem found.
    """
    found = inspect(flags, environ)
    if found.problems:
        raise ConfigurationError(
            "settings_invalid",
            _("The settings are invalid: {problems}").format(
                problems=_("; ").join(f"{p.column}: {p.message}" for p in found.problems)
            ),
            hint=_("Correct {file} or the UMSALERT_* variables.").format(file=found.file),
            problems=found.problems,
        )
    return found.settings


def inspect(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] = os.environ
) -> Inspection:
    """Read the settings as `load` does, and return them with their problems; raises nothing."""
    return _Loader(home_folder(environ), environ, flags or {}).load()


class _Loader:
    """Collects values and problems; one instance per load."""

    def __init__(self, home: Path, environ: Mapping[str, str], flags: Mapping[str, object]) -> None:
        self.home = home
        self.environ = environ
        self.flags = {name: value for name, value in flags.items() if value is not None}
        self.file = config_file(environ)
        self.problems: list[Problem] = []
        self.origins: dict[str, str] = {}

    def load(self) -> Inspection:
        table = self._read_file()
        base = default_settings(self.environ)
        values: dict[str, object] = {}
        for name, default in base._asdict().items():
            if name in ("home", "origins"):
                continue
            if is_section(default):
                values[name] = self._section(name, default, table)
            else:
                values[name] = self._value(name, type(default), default, table)
        for name in table:
            self._problem("unknown_setting", name, _("no such setting"))
        settings = Settings(home=self.home, origins=self.origins, **values)  # type: ignore[arg-type]  # built field by field
        return Inspection(settings, (*self.problems, *problems(settings)), self.file)

    def _read_file(self) -> dict[str, object]:
        try:
            text = self.file.read_text("utf-8")
        except FileNotFoundError:
            if "UMSALERT_CONFIG" in self.environ:
                self._problem("file_missing", str(self.file), _("the settings file does not exist"))
            return {}
        except (OSError, UnicodeDecodeError) as error:
            self._problem("file_unreadable", str(self.file), _reason(error, self.file))
            return {}
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._problem("toml_invalid", str(self.file), str(error))
            return {}

    def _section(self, section: str, default: NamedTuple, parent: dict[str, object]) -> object:
        table = self._table(section, parent)
        hints = typing.get_type_hints(type(default))
        values: dict[str, object] = {}
        for key, value in default._asdict().items():
            name = f"{section}.{key}"
            if is_section(value):
                values[key] = self._section(name, value, table)
            elif hints[key] is Secret:
                values[key] = self._secret(section, key, table)
            else:
                kind = _PLAIN.get(hints[key], hints[key])
                values[key] = self._value(name, kind, value, table)
        for key in table:
            self._problem("unknown_setting", f"{section}.{key}", _("no such setting"))
        return default._replace(**values)

    def _table(self, section: str, parent: dict[str, object]) -> dict[str, object]:
        table = parent.pop(section.rpartition(".")[2], {})
        if isinstance(table, dict):
            return table
        message = _("expected a table [{name}]").format(name=section)
        self._problem("not_a_table", section, message)
        return {}

    def _value(
        self, name: str, kind: type[Any], default: object, table: dict[str, object]
    ) -> object:
        key = name.rpartition(".")[2]
        origin, raw = "default", default
        if key in table:
            origin, raw = str(self.file), table.pop(key)
        if variable(name) in self.environ:
            origin, raw = variable(name), self.environ[variable(name)]
        if name in self.flags:
            origin, raw = "flag", self.flags[name]
        self.origins[name] = origin
        if origin == "default":
            return default
        return self._convert(name, kind, raw, default)

    def _convert(self, name: str, kind: type[Any], raw: object, default: object) -> object:
        try:
            value = _read(kind, raw)
        except (TypeError, ValueError):
            message = _("expected {kind}, not {value!r}").format(value=raw, kind=_kind_words(kind))
            self._problem("wrong_type", name, message)
            return default
        if not isinstance(value, Path):
            return value
        return value if self.origins[name] == "flag" else self.file.parent / value.expanduser()

    def _secret(self, section: str, key: str, table: dict[str, object]) -> Secret:
        name = f"{section}.{key}"
        path_name = f"{key}_file"
        origin, value = "default", ""
        if key in table:
            origin, value = str(self.file), str(table.pop(key))
            self.problems += exposed(self.file, name)
        path = self.environ.get(variable(name) + "_FILE") or table.pop(path_name, None)
        if path:
            file = self.file.parent / Path(str(path)).expanduser()
            origin = str(file)
            try:
                value = file.read_text("utf-8").strip()
                self.problems += exposed(file, name)
            except (OSError, UnicodeDecodeError) as error:
                self._problem("file_unreadable", name, _reason(error, file))
        if variable(name) in self.environ:
            origin, value = variable(name), self.environ[variable(name)]
        self.origins[name] = origin
        return Secret(value)

    def _problem(self, code: str, name: str, message: str) -> None:
        self.problems.append(Problem(code, message, column=name))


def _read(kind: type[Any], raw: object) -> object:
    """Return `raw` as a `kind`. Raises TypeError or ValueError."""
    if kind is tuple:
        return _names(raw)
    if kind is bool and isinstance(raw, bool):
        return raw
    if isinstance(raw, bool) or (kind is not float and not isinstance(raw, str | kind)):
        raise ValueError
    if kind is bool:
        if str(raw).lower() not in _SWITCH:
            raise ValueError
        return _SWITCH[str(raw).lower()]
    return kind(raw)


def _names(raw: object) -> tuple[str, ...]:
    """Return a list of names; a variable writes it with commas."""
    names = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError
    return tuple(name.strip() for name in names)


def _kind_words(kind: type[Any]) -> str:
    words = {
        bool: _("true or false"),
        int: _("a whole number"),
        float: _("a number"),
        Path: _("a path"),
        tuple: _("a list of names"),
    }
    return words.get(kind, _("a text"))


def _reason(error: OSError | UnicodeDecodeError, file: Path) -> str:
    reason = system_reason(error) if isinstance(error, OSError) else _("it is not UTF-8")
    return _("{file} cannot be read: {reason}").format(file=file, reason=reason)
