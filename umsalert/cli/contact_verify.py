"""`contact verify`: a code out by a channel, and back by whoever got it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli.contact_life import kind_name
from umsalert.cli.context import AsJson, Session, leave, run_async, session
from umsalert.cli.options import ContactRef, YesForScripts
from umsalert.cli.output import Output, channel_name
from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.model import ChannelKind, Power

if TYPE_CHECKING:
    from umsalert.model import Outcome


def verify(
    context: typer.Context,
    ref: ContactRef,
    by: Annotated[
        ChannelKind | None,
        typer.Option("--by", metavar="CHANNEL", help=_("Send a code: sms, voice or email.")),
    ] = None,
    code: Annotated[
        str | None, typer.Option(metavar="TEXT", help=_("The code that the contact says."))
    ] = None,
    yes: YesForScripts = False,
    as_json: AsJson = False,
) -> None:
    """Prove an address of a contact."""
    this = session(context)
    output = this.output(as_json=as_json)
    if (by is None) == (code is None):
        raise UsageError(
            "verify_how",
            _("Say either --by, to send a code, or --code, to take one in."),
            hint=_("Example: umsalert contact verify NCE-001-c1 --by sms"),
        )
    if code is not None:
        run_async(_take_in(this, ref, code, output))
    elif by is not None:
        from umsalert.cli.channel import EXIT_CODES

        leave(EXIT_CODES[run_async(_send(this, ref, by, output, asks=not yes)).kind])


async def _send(
    this: Session, ref: str, kind: ChannelKind, output: Output, *, asks: bool
) -> Outcome:
    from umsalert import verification, wiring
    from umsalert.channels import registry
    from umsalert.cli.channel import host_words, must_agree, say_outcome
    from umsalert.doctor import probe
    from umsalert.messages import verification as words
    from umsalert.model import OutcomeKind

    settings, now = this.settings, wiring.clock(this.settings).now()
    async with wiring.open_store(settings, Power.KEEP_REGISTER) as store:
        await store.vetting.lapse()
        contact = await store.vetting.contact(ref)
        address = verification.address_of(contact, kind)
        trial = probe.choose(kind, None, settings)
        digits, kept = verification.new_code(kind, now)
        text = words.text(kind, contact.language, settings.station, digits)
        outgoing = probe.prepare(trial, address, settings, now, text)
        state = registry.state(kind, trial.provider, settings)
        if asks:
            question = _("Send this code by {channel} through {host} to {address}?").format(
                channel=channel_name(kind), host=host_words(state), address=outgoing.address
            )
            hidden = words.text(kind, contact.language, settings.station, words.HIDDEN)
            must_agree(question, hidden.body)
        await store.addresses.expect(ref, kept, wiring.operator(settings))
        outcome = await probe.send(outgoing, trial, settings)
        may_arrive = outcome.kind in {OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN}
        if not may_arrive:
            await store.addresses.forget(ref, kept)
    if output.as_json:
        output.document(
            {
                "contact": ref,
                "channel": kind,
                "outcome": outcome.kind,
                "code": outcome.code,
                "detail": outcome.detail,
                "expires_at": kept.expires_at if may_arrive else None,
            }
        )
        return outcome
    say_outcome(outcome, state, output)
    if may_arrive:
        output.say(
            _("Within 15 minutes: umsalert contact verify {ref} --code ......").format(ref=ref)
        )
    return outcome


async def _take_in(this: Session, ref: str, code: str, output: Output) -> None:
    from umsalert import verification, wiring

    settings = this.settings
    async with wiring.open_store(settings, Power.KEEP_REGISTER) as store:
        contact = await store.vetting.contact(ref)
        operator, now = wiring.operator(settings), wiring.clock(settings).now()
        kind = await verification.confirm(store.addresses, contact.ref, code, operator, now)
    if output.as_json:
        output.document({"contact": ref, "proven": kind})
    else:
        output.line(_("Proven at {ref}: {address}").format(ref=ref, address=kind_name(kind)))
