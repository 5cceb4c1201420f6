"""What an administrator wrote: settings, secrets, channels, templates."""

from __future__ import annotations

from pathlib import Path

from umsalert import wiring
from umsalert.channels import registry
from umsalert.doctor.subject import Subject, failed, ok, warning
from umsalert.errors import ConfigurationError
from umsalert.i18n import _, ngettext
from umsalert.messages import templates as all_templates
from umsalert.model import ChannelKind, CheckResult
from umsalert.platforms import has_modes, keep_private
from umsalert.settings import providers

_EXPOSED = "secret_exposed"


def configuration(subject: Subject) -> CheckResult:
    """Every setting can be read and is within its limits."""
    inspection = subject.inspection
    problems = [item for item in inspection.problems if item.code != _EXPOSED]
    if problems:
        return failed(
            "configuration",
            ngettext(
                "{n} setting is invalid: {problems}.",
                "{n} settings are invalid: {problems}.",
                len(problems),
            ).format(
                n=len(problems),
                problems="; ".join(f"{item.column}: {item.message}" for item in problems),
            ),
            _(
                "Correct {file} or the UMSALERT_* variables; `umsalert config show` lists all."
            ).format(file=inspection.file),
        )
    if not inspection.file.is_file():
        return warning(
            "configuration",
            _("There is no settings file {file}: the defaults hold.").format(file=inspection.file),
            _("Write one with: umsalert config init"),
        )
    return ok("configuration", _("{file} is valid.").format(file=inspection.file))


def secrets(subject: Subject) -> CheckResult:
    """No other account can read a secret."""
    if not has_modes(subject.platform):
        return ok("secrets", _("Not checked: files have no modes on this system."))
    exposed = [item for item in subject.inspection.problems if item.code == _EXPOSED]
    if not exposed:
        return ok("secrets", _("No secret can be read by another account."))
    files = dict.fromkeys(str(item.value) for item in exposed)
    return failed(
        "secrets",
        _("Other accounts may read: {names}.").format(
            names=", ".join(str(item.column) for item in exposed)
        ),
        _("Run: {command}").format(
            command="; ".join(keep_private(Path(file), subject.platform) for file in files)
        ),
    )


def station(subject: Subject) -> CheckResult:
    """The two values that every template needs are there."""
    settings = subject.settings
    needed = {"station": settings.station, "alert.callback_number": settings.alert.callback_number}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        return warning(
            "station",
            _("Not set, and needed by every alert: {names}.").format(names=", ".join(missing)),
            _("Set them in {file}.").format(file=subject.inspection.file),
        )
    return ok(
        "station", _("{station} speaks, and is called back.").format(station=settings.station)
    )


async def channels(subject: Subject) -> CheckResult:
    """Every provider of every channel has its settings, its keys and its certificates."""
    clock = wiring.clock(subject.settings)
    ready, missing = [], []
    for kind in ChannelKind:
        for provider in providers(subject.settings, kind):
            name = f"{kind} ({provider})"
            try:
                opened = await registry.open_channel(kind, provider, subject.settings, clock)
                await opened.close()
            except ConfigurationError as error:
                if error.code != "settings_missing":
                    return failed("channels", f"{name}: {error.message}", error.hint)
                missing += [f"{name}: {', '.join(str(item.column) for item in error.problems)}"]
            else:
                ready.append(name)
    if missing:
        return warning(
            "channels",
            _("Ready: {ready}. Not set: {missing}.").format(
                ready=", ".join(ready) or "–", missing="; ".join(missing)
            ),
            _("Set them in {file}; to train without a provider: umsalert simulator").format(
                file=subject.inspection.file
            ),
        )
    return ok("channels", _("Ready: {ready}.").format(ready=", ".join(ready)))


def templates(subject: Subject) -> CheckResult:
    """Every template can be read."""
    folders = wiring.template_folders(subject.settings)
    names = all_templates.names(folders)
    problems = []
    for name in names:
        try:
            all_templates.load(name, folders)
        except ConfigurationError as error:
            problems.append(error.message)
    if problems:
        return failed(
            "templates", " ".join(problems), _("Correct these files, or remove their folders.")
        )
    if not names:
        return failed(
            "templates",
            _("There is no template in {folders}.").format(
                folders=", ".join(str(folder) for folder in folders)
            ),
            _("Install umsalert again."),
        )
    return ok("templates", _("All {n} templates are valid.").format(n=len(names)))
