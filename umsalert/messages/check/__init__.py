"""Is a template, or an alert about to leave, what a guard should get? Findings, no side effects.

`alert` is what a preview and a send look at; `template` tries a template at its extremes; `broken`
turns what cannot even be read into findings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from umsalert.errors import UmsalertError
from umsalert.i18n import LANGUAGES, _, ngettext
from umsalert.messages import render
from umsalert.messages.check import texts, usage
from umsalert.messages.check.finding import Finding, Severity, worst_first
from umsalert.messages.definition import Template, source_name
from umsalert.messages.render import Facts, Order
from umsalert.model import ChannelKind, MessageText

__all__ = ["Draft", "Finding", "Severity", "alert", "broken", "template", "worst_first"]

_FILLER = "mot "


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert as it would leave; `texts` were rendered from the rest."""

    template: Template
    values: Mapping[str, str]
    facts: Facts
    texts: tuple[MessageText, ...]


def alert(draft: Draft) -> tuple[Finding, ...]:
    """Return what an officer should know before this alert leaves, the worst first."""
    values = {k: v for k, v in render.check_values(draft.template, draft.values).items() if v}
    return worst_first(_of_alert(draft, values))


def template(found: Template, facts: Facts) -> tuple[Finding, ...]:
    """Return what its author should know of a template, the worst first.

    It is rendered with as little and with as much as its variables may hold; `facts` are samples
    of the length of real ones, none of them empty.
    """
    last = {
        (item.code, item.channel, item.language, item.file, item.variable): item
        for item in _of_template(found, facts)
    }
    return worst_first(last.values())


def broken(error: UmsalertError) -> tuple[Finding, ...]:
    """Return the problems of a template that cannot be used, each as an error."""
    return tuple(
        Finding(
            Severity.ERROR,
            problem.code,
            problem.message,
            error.hint,
            file=problem.column,
            row=problem.row,
        )
        for problem in error.problems
    ) or (Finding(Severity.ERROR, error.code, error.message, error.hint),)


def _of_alert(draft: Draft, values: Mapping[str, str]) -> Iterator[Finding]:
    for variable in draft.template.variables:
        if variable.name in values:
            yield from usage.name(variable)
            yield from usage.value(variable.name, values[variable.name])
    for text in draft.texts:
        yield from texts.safety(text)
        match text.channel:
            case ChannelKind.SMS:
                yield from texts.sms(text, values)
                if text.encoding == "GSM-7":
                    yield from _replaced(draft, values, text.language)
            case ChannelKind.VOICE:
                yield from texts.voice(text, values)
            case ChannelKind.EMAIL:
                yield from texts.email(text)


def _replaced(draft: Draft, values: Mapping[str, str], language: str) -> Iterator[Finding]:
    """Yield what the SMS replaces, and where it was written."""
    file = source_name("sms.txt", language)
    given = {**dataclasses.asdict(draft.facts), **values}
    for name, written in ((None, draft.template.sources[file]), *given.items()):
        pairs = texts.replaced(written)
        if pairs:
            yield Finding(
                Severity.NOTICE,
                "sms_replaced",
                _("{pairs}: so that a part holds 153 characters, and not 67.").format(pairs=pairs),
                channel=ChannelKind.SMS,
                language=None if name else language,
                file=None if name else file,
                variable=name,
            )


def _of_template(found: Template, facts: Facts) -> Iterator[Finding]:
    for variable in found.variables:
        yield from usage.name(variable)
        yield from usage.value(variable.name, variable.default or "")
    yield from usage.uses(found)
    least = {v.name: "x" for v in found.variables if v.required}
    most = {v.name: (_FILLER * v.limit)[: v.limit - 1] + "x" for v in found.variables}
    parts: dict[str, list[int]] = {}
    for values in (least, most):
        for channel in found.channels:
            for language in LANGUAGES:
                try:
                    rendered = render.render(found, values, Order((channel,), (language,)), facts)
                except UmsalertError as error:
                    yield from _refused(error, channel, language)
                    continue
                if channel is ChannelKind.SMS:
                    parts.setdefault(language, []).append(rendered[0].parts)
                yield from _at_extreme(Draft(found, values, facts, rendered), least=values is least)
    for language, counts in parts.items():
        yield Finding(
            Severity.NOTICE,
            "sms_parts",
            _("{least} to {most} parts, by the length of the values.").format(
                least=min(counts), most=max(counts)
            )
            if min(counts) < max(counts)
            else ngettext(
                "{n} part, whatever the values.", "{n} parts, whatever the values.", max(counts)
            ).format(n=max(counts)),
            channel=ChannelKind.SMS,
            language=language,
        )


def _at_extreme(draft: Draft, *, least: bool) -> Iterator[Finding]:
    (text,) = draft.texts
    if least:
        yield from _of_alert(draft, {})
        yield from usage.own_words(text)
    if text.channel is ChannelKind.EMAIL:
        yield from texts.email(text, phone=least)


def _refused(error: UmsalertError, channel: ChannelKind, language: str) -> Iterator[Finding]:
    """Yield why these values make no text: a text that must hold, or a call that grows too long."""
    if error.code == "voice_too_long":
        yield Finding(
            Severity.WARNING,
            error.code,
            _("With the longest values: {message}").format(message=error.message),
            _("Lower the limits of the variables, or shorten the text."),
            channel=channel,
            language=language,
        )
        return
    for finding in broken(error):
        yield dataclasses.replace(finding, channel=channel, language=language)
