"""The life of a contact: named, certified, a card that ends; addresses proven or doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from umsalert import times
from umsalert.cli import register
from umsalert.cli.context import AsJson, run_async, session
from umsalert.cli.options import ContactRef, ContactRefs
from umsalert.cli.output import Output, channel_name, local
from umsalert.cli.tables import Column
from umsalert.errors import Problem
from umsalert.i18n import _, day_words, ngettext, titled
from umsalert.model import ContactStatus, Power
from umsalert.words.statuses import status_name

if TYPE_CHECKING:
    from umsalert.model import (
        AddressKind,
        AddressState,
        Contact,
        NewContact,
        Site,
        StatusChange,
    )

NOTICES_DAYS = (7, 30, 60)
"""How far ahead the end of a card is announced: the nearest that holds is named."""

FARTHEST = timedelta(days=36_500)

Field = Annotated[str | None, typer.Option(metavar="TEXT", help=_("As in `contact add`."))]


def show(context: typer.Context, ref: ContactRef, as_json: AsJson = False) -> None:
    """Show a contact."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> tuple[Contact, Site, Sequence[AddressState], Sequence[StatusChange]]:
        async with wiring.open_store(this.settings) as store:
            await store.vetting.lapse()
            contact = await store.vetting.contact(ref)
            site = await store.register.site(contact.site_ref)
            states = await store.addresses.states([ref])
            return contact, site, states, await store.vetting.history("contact", ref)

    contact, site, states, moves = run_async(work())
    doubtful_after = this.settings.register.doubtful_after
    if as_json:
        output.document(
            {
                "contact": register.document(contact),
                "addresses": [
                    state_document(state) | {"doubtful": state.failures >= doubtful_after}
                    for state in states
                ],
                "history": register.history_document(moves),
            }
        )
        return
    _show(contact, site, output)
    from umsalert.model import AddressKind

    known = {state.kind: state for state in states}
    for kind, address in (
        (AddressKind.PHONE, contact.phone),
        (AddressKind.EMAIL, contact.email),
    ):
        if address:
            words = _state_words(known.get(kind), doubtful_after, site.time_zone)
            output.line("  " + titled(kind_name(kind), f"{address} ({words})"))
    output.line()
    register.history(moves, site.time_zone, output)


def certify(
    context: typer.Context, refs: ContactRefs, reason: register.Reason = "", as_json: AsJson = False
) -> None:
    """Certify contacts."""
    from umsalert import vetting, wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> int:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            by, now = wiring.operator(this.settings), wiring.clock(this.settings).now()
            return await vetting.certify(store.vetting, refs, reason, by, now)

    register.report_status(refs, run_async(work()), ContactStatus.CERTIFIED, output)


def revoke(
    context: typer.Context,
    refs: ContactRefs,
    reason: register.NeededReason,
    as_json: AsJson = False,
) -> None:
    """Revoke contacts."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> int:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            by = wiring.operator(this.settings)
            return await store.register.set_contact_status(
                refs, ContactStatus.REVOKED, by, reason=reason
            )

    register.report_status(refs, run_async(work()), ContactStatus.REVOKED, output)


def edit(
    context: typer.Context,
    ref: ContactRef,
    name: Field = None,
    role: Field = None,
    phone: Field = None,
    email: Field = None,
    card: Field = None,
    language: Field = None,
    named_by: Field = None,
    channels: Field = None,
    hours: Field = None,
    fallback: Annotated[
        bool | None, typer.Option("--fallback/--no-fallback", help=_("As in `contact add`."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change fields of a contact."""
    from umsalert import vetting, wiring
    from umsalert.register import edited_contact

    this = session(context)
    output = this.output(as_json=as_json)
    changes = register.given(
        name=name,
        role=role,
        phone=phone,
        email=email,
        card=card,
        language=language,
        named_by=named_by,
        channels=channels,
        hours=hours,
        fallback=None if fallback is None else "yes" if fallback else "no",
    )
    doubts: list[Problem] = []

    async def work() -> Sequence[str]:
        async with wiring.open_store(this.settings, Power.KEEP_REGISTER) as store:
            await store.vetting.lapse()
            site = await store.register.site((await store.vetting.contact(ref)).site_ref)
            others = await store.register.contacts(site_ref=site.ref)
            names = {other.name.casefold() for other in others if other.ref != ref}
            sites = await store.register.site_defaults([site.ref])
            now = wiring.clock(this.settings).now()

            def change(contact: Contact) -> NewContact:
                if contact.status is ContactStatus.ERASED:
                    raise vetting.erased()
                new = edited_contact(contact, changes, sites, names, doubts)
                return vetting.keep_agreement(contact, new, now)

            by = wiring.operator(this.settings)
            return await store.vetting.edit_contact(ref, change, by)

    fields = run_async(work())
    register.say_doubts([doubt for doubt in doubts if doubt.column in changes], output)
    register.changed_fields(ref, fields, output)


def expiring(
    context: typer.Context,
    within: Annotated[
        str, typer.Option(metavar="TIME", help=_("How far ahead, such as 30d."))
    ] = "60d",
    as_json: AsJson = False,
) -> None:
    """List contacts whose card expires."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)
    ahead = min(times.parse_duration(within), FARTHEST)
    now = wiring.clock(this.settings).now()

    async def work() -> Sequence[tuple[Contact, Site]]:
        async with wiring.open_store(this.settings) as store:
            await store.vetting.lapse()
            # a day more: days are counted at each site
            return await store.vetting.expiring(now + ahead + timedelta(days=2))

    lines = [_Line(contact, site, now) for contact, site in run_async(work())]
    lines = [line for line in lines if line.days <= ahead.days]
    if as_json:
        output.document({"within_days": ahead.days, "expiring": [line.document for line in lines]})
    elif lines:
        output.table(
            [
                Column(_("Days left"), whole=True),
                Column(_("Notice at")),
                Column(_("Card until"), whole=True),
                Column(_("Contact"), whole=True),
                Column(_("Name")),
                Column(_("Site"), whole=True),
                Column(_("Status")),
            ],
            [line.cells for line in lines],
        )


class _Line:
    """One card that ends: how many days are left at its site, and which notice that is."""

    def __init__(self, contact: Contact, site: Site, now: datetime) -> None:
        if contact.card_valid_until is None:
            raise AssertionError("only cards with an end are listed")
        self._contact = contact
        self._day = times.last_day(contact.card_valid_until, site.time_zone)
        self.days = (self._day - _today(now, site.time_zone)).days
        self._notice = next((days for days in NOTICES_DAYS if self.days <= days), None)

    @property
    def cells(self) -> tuple[object, ...]:
        """Return it as a row."""
        contact = self._contact
        notice = self._notice
        if self.days < 0:
            words = _("expired")
        elif notice is None:
            words = ""
        else:
            words = ngettext("{n} day", "{n} days", notice).format(n=notice)
        status = status_name(contact.status)
        return (
            self.days,
            words,
            day_words(self._day),
            contact.ref,
            contact.name,
            contact.site_ref,
            status,
        )

    @property
    def document(self) -> dict[str, Any]:
        """Return it for a JSON document."""
        return {
            "contact": self._contact.ref,
            "name": self._contact.name,
            "site": self._contact.site_ref,
            "status": self._contact.status,
            "card_until": self._day.isoformat(),
            "days_left": self.days,
            "notice_days": None if self.days < 0 else self._notice,
        }


def state_document(state: AddressState) -> dict[str, Any]:
    """Return what is known of an address for a JSON document."""
    return {
        "contact": state.contact_ref,
        "kind": state.kind,
        "proven_at": state.proven_at,
        "proven_by": state.proven_by,
        "proven_channel": state.proven_channel,
        "failures": state.failures,
        "failed_at": state.failed_at,
        "failed_code": state.failed_code,
    }


def say_doubtful(states: Sequence[AddressState], time_zone: str, output: Output) -> None:
    """Print which addresses are doubtful, where any is."""
    if states:
        output.line()
    for state in states:
        line = f"{state.contact_ref}, {kind_name(state.kind)}"
        output.paragraph(titled(line, _doubt_words(state, time_zone)), hang="  ")
    if states:
        output.say(
            _("Doubtful addresses are alerted all the same. Prove them: umsalert contact verify")
        )


def kind_name(kind: AddressKind) -> str:
    """Return what an address is, as people call it."""
    from umsalert.model import AddressKind

    return {AddressKind.PHONE: _("Phone"), AddressKind.EMAIL: _("E-mail")}[kind]


def _show(contact: Contact, site: Site, output: Output) -> None:
    output.line(titled(contact.ref, contact.name))
    status = _("{status} by {who}, {when}").format(
        status=status_name(contact.status),
        who=contact.status_by,
        when=local(contact.status_at, site.time_zone, seconds=False),
    )
    end = contact.card_valid_until
    card = contact.card
    if card and end is None:
        card = _("{number} (doubtful: no expiry in it)").format(number=card)
    elif card and end is not None:
        day = times.last_day(end, site.time_zone)
        card = _("{number}, until {day}").format(number=card, day=day_words(day))
    for title, value in (
        (_("Status"), status),
        (_("Site"), titled(site.ref, site.name)),
        (_("Named by"), contact.named_by or _("nobody yet (--named-by of `contact edit`)")),
        (_("Role"), contact.role),
        (_("Card"), card),
        (_("Language"), contact.language),
        (_("Channels"), contact.channels),
        (_("Hours"), contact.hours or _("those of the site")),
        (_("Fallback"), _("yes") if contact.fallback else None),
    ):
        if value:
            output.line("  " + titled(title, value))


def _state_words(state: AddressState | None, doubtful_after: int, time_zone: str) -> str:
    from umsalert.model import ChannelKind

    if state is None or (state.proven_at is None and state.failures < doubtful_after):
        return _("not proven")
    words = []
    if state.proven_at is not None and state.proven_channel is not None:
        words.append(
            _("proven by {channel} on {when}, {who}").format(
                channel=channel_name(ChannelKind(state.proven_channel)),
                when=local(state.proven_at, time_zone, seconds=False),
                who=state.proven_by,
            )
        )
    if state.failures >= doubtful_after:
        words.append(_doubt_words(state, time_zone))
    return _("; ").join(words)


def _doubt_words(state: AddressState, time_zone: str) -> str:
    return ngettext(
        "doubtful: {n} message in a row was undeliverable, the last on {when} ({code})",
        "doubtful: {n} messages in a row were undeliverable, the last on {when} ({code})",
        state.failures,
    ).format(
        n=state.failures,
        when=local(state.failed_at, time_zone, seconds=False),
        code=state.failed_code,
    )


def _today(now: datetime, time_zone: str) -> date:
    return now.astimezone(ZoneInfo(time_zone)).date()
