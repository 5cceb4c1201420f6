"""`template check`: every template that is there, the broken ones too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from umsalert import wiring
from umsalert.cli import findings
from umsalert.cli.output import Output
from umsalert.errors import ConfigurationError, ExitCode, UsageError
from umsalert.i18n import LANGUAGES, _, ngettext
from umsalert.messages import Facts, Order, Template, render, templates
from umsalert.messages import check as checks
from umsalert.messages.check import Finding, Severity
from umsalert.messages.definition import DEFINITION
from umsalert.settings import Settings

_SAMPLES = {"station": "Nice", "callback": "01 99 00 00 00"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one folder. `usable` False: no alert can be sent with it."""

    name: str
    folder: Path
    findings: tuple[Finding, ...]
    usable: bool


def check(
    settings: Settings, name: str | None, values: Mapping[str, str], facts: Facts
) -> list[Checked]:
    """Return what is found in the template `name`, or in all templates and stray folders.

    Empty `facts` are replaced by samples. Raises UsageError for an unknown name, and for `values`
    that do not fit or come without a name.
    """
    folders = wiring.template_folders(settings)
    if name is None and values:
        raise UsageError(
            "values_without_template",
            _("--var needs the template that it is for."),
            hint=_("Name it: umsalert template check search-person --var ..."),
        )
    wanted = templates.names(folders) if name is None else (name,)
    checked = [_one(item, folders, values, facts) for item in wanted]
    if name is None:
        checked += [_stray(folder) for folder in templates.unused_folders(folders)]
    return checked


def tell(checked: Sequence[Checked], output: Output) -> ExitCode:
    """Print what was found; INVALID where something is an error."""
    found = [finding for item in checked for finding in item.findings]
    failed = any(finding.severity is Severity.ERROR for finding in found)
    if output.as_json:
        output.document(
            {
                "valid": not failed,
                "templates": [
                    {
                        "name": item.name,
                        "folder": str(item.folder),
                        "usable": item.usable,
                        "findings": findings.document(item.findings),
                    }
                    for item in checked
                ],
            }
        )
        return ExitCode.INVALID if failed else ExitCode.OK
    for item in checked:
        output.line(
            item.name if item.findings else _("{name}: nothing found").format(name=item.name)
        )
        findings.show(item.findings, output, indent="  ")
        if item.findings:
            output.line()
    output.line(
        ngettext("{n} folder: {counts}", "{n} folders: {counts}", len(checked)).format(
            n=len(checked), counts=findings.counted(found)
        )
    )
    return ExitCode.INVALID if failed else ExitCode.OK


def _one(name: str, folders: Sequence[Path], values: Mapping[str, str], facts: Facts) -> Checked:
    try:
        template = templates.load(name, folders)
    except ConfigurationError as error:
        folder = next(folder / name for folder in folders if (folder / name / DEFINITION).exists())
        return Checked(name, folder, checks.broken(error), usable=False)
    empty = [key for key in _SAMPLES if key in template.facts and not getattr(facts, key).strip()]
    whole = replace(facts, **{key: _SAMPLES[key] for key in empty})
    found = [*checks.template(template, whole), *_settings_missing(empty)]
    if values:
        found += _with_values(template, values, whole)
    usable = all(finding.severity is not Severity.ERROR for finding in found)
    return Checked(name, template.folder, checks.worst_first(found), usable)


def _with_values(template: Template, values: Mapping[str, str], facts: Facts) -> Iterator[Finding]:
    texts = render.render(template, values, Order(template.channels, LANGUAGES), facts)
    yield from checks.alert(checks.Draft(template, values, facts, texts))


def _settings_missing(facts: Sequence[str]) -> Iterator[Finding]:
    if facts:
        settings = ", ".join(render.SETTINGS[fact] for fact in facts)
        yield Finding(
            Severity.WARNING,
            "setting_missing",
            _("No alert can be sent with it while these settings are empty: {settings}.").format(
                settings=settings
            ),
            _("Set {settings} in umsalert.toml.").format(settings=settings),
        )


def _stray(folder: Path) -> Checked:
    finding = Finding(
        Severity.WARNING,
        "folder_unused",
        _("The folder {folder} is no template.").format(folder=folder),
        _("Its name has a-z, 0-9 and single hyphens, and it holds a template.toml."),
    )
    return Checked(folder.name, folder, (finding,), usable=False)
