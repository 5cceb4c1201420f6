"""Which text says which variable: what one guard reads, every guard should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from umsalert.i18n import LANGUAGES, _
from umsalert.messages import engine
from umsalert.messages.check import wording
from umsalert.messages.check.finding import Finding, Severity
from umsalert.messages.definition import FILES, Template, Variable, source_name
from umsalert.model import ChannelKind, MessageText

_Used = Mapping[tuple[str, str], set[str]]


def uses(template: Template) -> Iterator[Finding]:
    """Yield what a channel never says, and what it says in one language or file only."""
    declared = {variable.name for variable in template.variables}
    for channel in template.channels:
        used: _Used = {
            (file, language): set(engine.names(template.sources[source_name(file, language)]))
            for file in FILES[channel]
            for language in LANGUAGES
        }
        for name in sorted(declared | template.facts):
            yield from _of_one(name, channel, used, declared=name in declared)


def _of_one(name: str, channel: ChannelKind, used: _Used, *, declared: bool) -> Iterator[Finding]:
    without = [key for key, names in used.items() if name not in names]
    if len(without) == len(used):
        if declared:
            yield Finding(
                Severity.WARNING,
                "variable_not_in_channel",
                _(
                    "No text of this channel says {name}: who is reached by it alone never knows."
                ).format(name=name),
                _("Use {{{{ {name} }}}} in its texts, or drop the variable.").format(name=name),
                channel=channel,
                variable=name,
            )
        return
    for file, language in without:
        yield Finding(
            Severity.WARNING,
            "variable_not_in_file",
            _("{file} does not say {name}; another text of this channel does.").format(
                file=source_name(file, language), name=name
            ),
            _("Use {{{{ {name} }}}} there too.").format(name=name),
            channel=channel,
            language=language,
            file=source_name(file, language),
            variable=name,
        )


def name(variable: Variable) -> Iterator[Finding]:
    """Yield a variable that, by its name, asks why or for somebody's name."""
    key = f"variables.{variable.name}"
    if wording.names_reason(variable.name):
        yield Finding(
            Severity.WARNING,
            "variable_asks_why",
            _("By its name, it asks why; a guard is never told why."),
            _("Ask for what to look for or to do, and put why into --reason."),
            file=key,
            variable=variable.name,
        )
    if wording.names_person(variable.name):
        yield Finding(
            Severity.WARNING,
            "variable_asks_name",
            _("By its name, it asks for the name of a person."),
            _("Ask for a description that can be recognised from afar."),
            file=key,
            variable=variable.name,
        )


def value(variable: str, typed: str) -> Iterator[Finding]:
    """Yield what a value should not tell a guard, or not ask of one."""
    yield from _rules(typed, Finding(Severity.WARNING, "value", "", variable=variable))
    person = wording.person(typed, variable)
    if person:
        yield Finding(
            Severity.WARNING,
            "value_names_person",
            _("“{words}” looks like the name of a person.").format(words=person),
            _("Describe the person, unless the name is meant to be known."),
            variable=variable,
        )


def own_words(text: MessageText) -> Iterator[Finding]:
    """Yield what a template's own words should not tell a guard, or not ask of one."""
    place = Finding(Severity.WARNING, "text", "", channel=text.channel, language=text.language)
    yield from _rules(f"{text.subject}\n{text.body}", place)


def _rules(written: str, place: Finding) -> Iterator[Finding]:
    """Yield where `written` breaks a rule of the domain; `place.code` begins the code."""
    told = wording.told_why(written)
    if told:
        yield replace(
            place,
            code=f"{place.code}_tells_why",
            message=_("It tells why, and guards are never told why: {words}.").format(
                words=", ".join(f"“{word}”" for word in told)
            ),
            hint=_("Say only what to look for or to do; why belongs into --reason."),
        )
    force = wording.orders_force(written)
    if force:
        yield replace(
            place,
            code=f"{place.code}_orders_force",
            message=_("“{words}” asks a guard to act; guards observe and report.").format(
                words=force
            ),
            hint=_("Ask them to observe and to call."),
        )
