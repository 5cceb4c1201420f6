"""`umsalert template`: what there is, what it asks for, what it would say."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from umsalert.cli import completers
from umsalert.cli.alert_options import Channels, Exercise, TemplateArgument, Values
from umsalert.cli.context import AsJson, Session, leave, session
from umsalert.cli.output import Output, duration
from umsalert.cli.tables import Column
from umsalert.documents import shapes
from umsalert.i18n import LANGUAGES, _, language, titled
from umsalert.model import VIGIPIRATE_WORDS, UnknownPolicy, VigipirateLevel

if TYPE_CHECKING:
    from umsalert.messages import Facts, Template

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

# As long as a real one, so that the SMS parts are those of an alert.
_SAMPLE_REFERENCE = "20260314-XXXX"


@app.command(
    "list",
    help=_("List the templates, the most urgent first."),
    epilog=_("Example: umsalert template list"),
)
def list_templates(context: typer.Context, as_json: AsJson = False) -> None:
    """List templates."""
    from umsalert import wiring
    from umsalert.messages import templates

    this = session(context)
    output = this.output(as_json=as_json)
    found = templates.available(wiring.template_folders(this.settings))
    if as_json:
        output.document({"templates": [_document(template) for template in found]})
        return
    output.table(
        [
            Column(_("Name")),
            Column(_("Title")),
            Column(_("Channels")),
            Column(_("Values it needs")),
        ],
        [
            (
                template.name,
                template.title(language()),
                ", ".join(template.channels),
                ", ".join(variable.name for variable in template.variables if variable.required),
            )
            for template in found
        ],
    )


@app.command(
    help=_("Show what a template asks for, and its rules."),
    epilog=_("Example: umsalert template show search-person"),
)
def show(context: typer.Context, name: TemplateArgument, as_json: AsJson = False) -> None:
    """Show a template."""
    from umsalert import wiring
    from umsalert.messages import templates

    this = session(context)
    output = this.output(as_json=as_json)
    template = templates.load(name, wiring.template_folders(this.settings))
    if as_json:
        output.document({"template": _document(template)})
    else:
        _show(template, output)


@app.command(
    help=_("Print the exact texts that a template makes of these values; nothing is sent."),
    epilog=_(
        "Example: umsalert template render search-person --channel sms "
        "--var description='man, 1.80 m, red jacket' --var last_seen='place Masséna'"
    ),
)
def render(
    context: typer.Context,
    name: TemplateArgument,
    values: Values = None,
    only: Annotated[
        Literal["fr", "en"] | None,
        typer.Option("--language", help=_("Only this language. Default: all.")),
    ] = None,
    channel: Channels = None,
    exercise: Exercise = False,
    as_json: AsJson = False,
) -> None:
    """Render a template."""
    from umsalert import wiring
    from umsalert.cli import alert_words
    from umsalert.cli.alert_request import split_values
    from umsalert.messages import Order, templates
    from umsalert.messages.render import render as render_texts

    this = session(context)
    output = this.output(as_json=as_json)
    template = templates.load(name, wiring.template_folders(this.settings))
    order = Order(
        channels=tuple(dict.fromkeys(channel or template.channels)),
        languages=(only,) if only else LANGUAGES,
        exercise=exercise,
    )
    texts = render_texts(template, split_values(values or ()), order, _sample_facts(this))
    if as_json:
        output.document(
            {
                "template": template.name,
                "exercise": exercise,
                "texts": shapes.texts(texts),
            }
        )
        return
    for text in texts:
        alert_words.show_text(text, output)


@app.command(
    help=_("Say what is wrong, or worth a look, in one template or in all; nothing is sent."),
    epilog=_(
        "Example: umsalert template check search-person --var description='man, 1.80 m' "
        "--var last_seen='place Masséna'"
    ),
)
def check(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help=_("Default: all."), autocompletion=completers.templates
        ),
    ] = None,
    values: Values = None,
    as_json: AsJson = False,
) -> None:
    """Check templates."""
    from umsalert.cli import template_check
    from umsalert.cli.alert_request import split_values

    this = session(context)
    given = split_values(values or ())
    checked = template_check.check(this.settings, name, given, _sample_facts(this))
    leave(template_check.tell(checked, this.output(as_json=as_json)))


def _sample_facts(this: Session) -> Facts:
    from umsalert import wiring
    from umsalert.messages import Facts

    settings = this.settings
    now = wiring.clock(settings).now().astimezone(ZoneInfo(settings.time_zone))
    return Facts(
        station=settings.station,
        callback=settings.alert.callback_number,
        incident_time=f"{now:%Hh%M}",
        reference=_SAMPLE_REFERENCE,
        link=wiring.link(settings),
        vigipirate=VIGIPIRATE_WORDS[VigipirateLevel.REINFORCED],
    )


def _show(template: Template, output: Output) -> None:
    output.line(titled(template.name, template.title(language())))
    for title, value in (
        (_("Channels"), ", ".join(template.channels)),
        (_("A call takes"), ", ".join(template.answers)),
        (_("Priority"), _("{n} (the lowest leaves first)").format(n=template.priority)),
        (_("Helps nobody after"), duration(template.ttl_s)),
        (_("If it is unknown whether a message left"), _unknown_words(template)),
        (_("When somebody at a site has answered"), _stop_words(template)),
        (_("Files"), template.folder),
    ):
        output.line("  " + titled(title, value))
    output.line()
    output.table(
        [
            Column(_("Value")),
            Column(_("Needed")),
            Column(_("Characters"), right=True),
            Column(_("Default")),
            Column(_("Question")),
        ],
        [
            (
                variable.name,
                _("yes") if variable.required else _("no"),
                variable.limit,
                variable.default,
                variable.prompt(language()),
            )
            for variable in template.variables
        ],
    )


def _unknown_words(template: Template) -> str:
    return {
        UnknownPolicy.HOLD: _("it is listed, and not sent again"),
        UnknownPolicy.RESEND: _("it is sent again by: umsalert alert resume"),
    }[template.unknown]


def _stop_words(template: Template) -> str:
    if template.stop_when_acknowledged:
        return _("what has not left for that site is not sent")
    return _("everything is sent all the same")


def _document(template: Template) -> dict[str, Any]:
    """Return a template for a JSON document: its definition, without the texts."""
    return {
        "name": template.name,
        "titles": dict(template.titles),
        "channels": list(template.channels),
        "answers": list(template.answers),
        "priority": template.priority,
        "ttl_s": template.ttl_s,
        "unknown": template.unknown,
        "safety_sentence": template.safety_sentence,
        "stop_when_acknowledged": template.stop_when_acknowledged,
        "folder": str(template.folder),
        "variables": [dataclasses.asdict(variable) for variable in template.variables],
    }
