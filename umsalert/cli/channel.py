"""`umsalert channel`: how each channel is set up, and one test message by one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli import completers
from umsalert.cli.context import AsJson, leave, run_async, session
from umsalert.cli.options import YesForScripts
from umsalert.cli.output import Output, channel_name, confirm, must_be_asked, tell
from umsalert.errors import ExitCode
from umsalert.i18n import _
from umsalert.model import ChannelKind, Deed, Outcome, OutcomeKind, Outgoing, Power
from umsalert.settings import Settings, is_loopback

if TYPE_CHECKING:
    from umsalert.channels.registry import ChannelState

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

EXIT_CODES = {
    OutcomeKind.ACCEPTED: ExitCode.OK,
    OutcomeKind.PERMANENT: ExitCode.SOME_FAILED,
    OutcomeKind.UNKNOWN: ExitCode.SOME_FAILED,
    OutcomeKind.MISCONFIGURED: ExitCode.INVALID,
    OutcomeKind.TEMPORARY: ExitCode.TEMPORARY,
    OutcomeKind.UNREACHABLE: ExitCode.TEMPORARY,
}


@app.command(
    "list",
    help=_(
        "List the channels with their providers: what is missing, what they can do, their pace, "
        "their health and the last fault."
    ),
    epilog=_("Example: umsalert channel list --online"),
)
def list_channels(
    context: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help=_("Ask each provider for the balance too."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List channels."""
    from umsalert.cli import channel_list

    this = session(context)
    output = this.output(as_json=as_json)
    lines = run_async(channel_list.collect(this.settings, online=online))
    if as_json:
        output.document({"channels": [channel_list.document(line) for line in lines]})
        return
    channel_list.show(lines, this.settings.time_zone, output)


@app.command(
    "test",
    help=_(
        "Send one test message to a number or mailbox that you name. Its words are fixed: it is a "
        "test and needs no action. It is written to no alert and never sent twice."
    ),
    epilog=_("Example: umsalert channel test sms --to '06 39 98 00 01'"),
)
def probe_channel(
    context: typer.Context,
    channel: Annotated[ChannelKind, typer.Argument(metavar="CHANNEL", help="sms, voice, email")],
    to: Annotated[str, typer.Option("--to", metavar="NUMBER|ADDRESS", help=_("Who gets it."))],
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=_("Which provider of the channel; default: its first choice."),
            autocompletion=completers.providers,
        ),
    ] = None,
    yes: YesForScripts = False,
    as_json: AsJson = False,
) -> None:
    """Send one test message."""
    from umsalert import wiring
    from umsalert.channels import registry
    from umsalert.doctor import probe

    this = session(context)
    output = this.output(as_json=as_json)
    settings = this.settings
    run_async(_note(settings, ()))
    trial = probe.choose(channel, provider, settings)
    outgoing = probe.prepare(trial, to, settings, wiring.clock(settings).now())
    state = registry.state(channel, trial.provider, settings)
    if not yes:
        _confirm(outgoing, state)
    detail = {"provider": trial.provider, "reference": outgoing.reference}
    run_async(_note(settings, (Deed("channel.test", "channel", channel.value, detail),)))
    outcome = run_async(probe.send(outgoing, trial, settings))
    if as_json:
        output.document(
            {
                "channel": channel,
                "provider": state.provider,
                "host": state.host,
                "on_this_machine": is_loopback(state.host),
                "outcome": outcome.kind,
                "code": outcome.code,
                "detail": outcome.detail,
                "provider_id": outcome.provider_id,
                "reference": outgoing.reference,
            }
        )
    else:
        say_outcome(outcome, state, output)
    leave(EXIT_CODES[outcome.kind])


async def _note(settings: Settings, deeds: Sequence[Deed]) -> None:
    """Add to the audit log, where there is one yet. Raises RefusedByRule: role_missing."""
    from umsalert import wiring

    if not settings.database.exists():
        return
    async with wiring.open_store(settings, Power.ALERT) as store:
        if deeds:
            await store.audit.append(wiring.operator(settings), deeds)


def _confirm(outgoing: Outgoing, state: ChannelState) -> None:
    question = _("Send this test by {channel} through {host} to {address}?").format(
        channel=channel_name(outgoing.channel), host=host_words(state), address=outgoing.address
    )
    must_agree(question, outgoing.text.body)


def must_agree(question: str, body: str) -> None:
    """Show what would be said; a yes is needed. Raises UsageError or typer.Abort."""
    must_be_asked()
    tell(body)
    agreed = False
    try:
        agreed = confirm(question)
    finally:  # after Ctrl-C, too
        if not agreed:
            tell(_("Nothing was sent."))
    if not agreed:
        raise typer.Abort


def say_outcome(outcome: Outcome, state: ChannelState, output: Output) -> None:
    """Print how the hand-over of one single message ended."""
    from umsalert.channels.network import sentence

    if outcome.kind is OutcomeKind.ACCEPTED:
        accepted = (
            _("Accepted by {host}: {id}") if outcome.provider_id else _("Accepted by {host}.")
        )
        output.paragraph(accepted.format(host=host_words(state), id=outcome.provider_id))
        if not state.capabilities.receipts and state.kind is not ChannelKind.EMAIL:
            output.say(_("Nobody will tell whether it arrived: this provider has no receipts."))
        output.say(_("Accepted is the provider's word: see that the message arrives."))
        return
    reason = f"{sentence(outcome)} ({outcome.code})"
    words = {
        OutcomeKind.PERMANENT: _("Refused: {reason}"),
        OutcomeKind.MISCONFIGURED: _("Refused, as every other message would be: {reason}"),
        OutcomeKind.TEMPORARY: _("Refused for now: {reason}"),
        OutcomeKind.UNREACHABLE: _("Nothing left this machine: {reason}"),
        OutcomeKind.UNKNOWN: _("It may or may not have left, and is not sent again: {reason}"),
    }
    output.paragraph(words[outcome.kind].format(reason=reason))
    output.say(_("More: umsalert doctor --online"))


def host_words(state: ChannelState) -> str:
    """Return where a provider is reached, as people read it."""
    if is_loopback(state.host):
        return _("{host} (this machine)").format(host=state.host)
    return state.host or state.provider
