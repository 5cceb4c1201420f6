"""`alert approve`: the second person reads what was asked for, and decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import typer

from umsalert import approvals, wiring
from umsalert.cli import alert_preview, alert_send, alert_show, alert_waiting, register
from umsalert.cli.context import Session
from umsalert.cli.output import Output, confirm, must_be_asked, tell
from umsalert.errors import ExitCode, RefusedByRule, UsageError
from umsalert.i18n import _, titled
from umsalert.model import (
    APPROVAL_POWERS,
    Alert,
    Approval,
    ApprovalKind,
    Bulletin,
    Consent,
    Decision,
    Following,
    Link,
    SiteStatus,
)
from umsalert.store.store import Store


@dataclass(frozen=True, slots=True)
class Work:
    """What a decision is made with."""

    session: Session
    store: Store
    manner: alert_send.Manner
    output: Output


async def decide(
    session: Session, ref: str | None, manner: alert_send.Manner, output: Output
) -> ExitCode:
    """Show a request as it is at this moment, ask, and carry it out. Raises RefusedByRule."""
    settings = session.settings
    async with wiring.open_store(settings) as store:
        approval = await _asked(store, ref)
        by = wiring.operator(settings)
        await store.operators.require(APPROVAL_POWERS[approval.kind], by)
        consent = Consent(approval.id, by, wiring.process())
        approvals.check(approval, consent, wiring.clock(settings).now())
        manner = replace(manner, consent=consent)
        return await CARRIED_OUT[approval.kind](Work(session, store, manner, output), approval)


async def refuse(session: Session, ref: str | None, output: Output) -> ExitCode:
    """Refuse a request, or withdraw one's own."""
    settings = session.settings
    async with wiring.open_store(settings) as store:
        approval = await _asked(store, ref)
        by = wiring.operator(settings)
        await store.operators.require(APPROVAL_POWERS[approval.kind], by)
        refused = await store.approvals.refuse(approval.id, by)
    if output.as_json:
        output.document({"approval": alert_waiting.document(refused)})
    output.say(_("Request {ref} is not carried out.").format(ref=refused.ref))
    return ExitCode.OK


async def show_waiting(session: Session, output: Output) -> ExitCode:
    """List what waits."""
    settings = session.settings
    async with wiring.open_store(settings) as store:
        waiting = await store.approvals.waiting()
    alert_waiting.show_list(waiting, settings.time_zone, output)
    return ExitCode.OK


async def _asked(store: Store, ref: str | None) -> Approval:
    """Return the request that is meant: where none is named, the only one that waits."""
    if ref is not None:
        return await store.approvals.approval(ref)
    waiting = await store.approvals.waiting()
    if len(waiting) == 1:
        return waiting[0]
    raise UsageError(
        "approval_unclear" if waiting else "approval_not_found",
        (
            _("Several requests wait: {refs}").format(refs=", ".join(a.ref for a in waiting))
            if waiting
            else _("Nothing waits for a second person.")
        ),
        hint=_("See what waits with: umsalert alert approve --list"),
    )


async def _send(work: Work, approval: Approval) -> ExitCode:
    """Send an alert as `alert send` does, to the people and with the words of this moment."""
    from umsalert.messages import templates
    from umsalert.selection import changed_since, nobody, read, refuse_ended

    settings, store, output = work.session.settings, work.store, work.output
    template = templates.load(approval.request["template"], wiring.template_folders(settings))
    request = read(approval.request, template)
    planner = wiring.planner(settings, store)
    earlier = await planner.earlier(request)
    if earlier is not None:
        return await alert_send.report_earlier(work.session, store, earlier, output)
    followed = await _followed(store, request.follows)
    if followed is not None:
        refuse_ended(followed)
    plan = await planner.plan(request)
    changed = changed_since(approval.request, template)
    if output.as_json:
        asked_for = {"approval": alert_waiting.document(approval), "template_changed": changed}
        output.event({"event": "approving", "at": plan.at, **asked_for})
    else:
        alert_waiting.show_head(approval, settings.time_zone, output)
        if followed and request.follows:
            link = Link(followed.ref, request.follows.kind, request.follows.to)
            output.paragraph(alert_show.follows_words(link))
        alert_preview.show(plan, await planner.others(plan), output)
        output.say(_("People, presence and texts are those of this moment."))
        if changed:
            output.say(
                _("The template {name} was changed since it was asked for: read the texts.").format(
                    name=template.name
                )
            )
    if not plan.selection.contacts:
        raise nobody(plan)
    return await alert_send.carry_out(work.session, store, plan, work.manner, output)


async def _followed(store: Store, following: Following | None) -> Alert | None:
    if following is None:
        return None
    incident = await store.alerts.incident(following.alert_id)
    return next(alert for alert in incident if alert.id == following.alert_id)


async def _override(work: Work, approval: Approval) -> ExitCode:
    """Approve sites without all their facts, as one who has read what they lack and the reason."""
    from umsalert import vetting

    override, store, output = approvals.override_of(approval), work.store, work.output
    if not output.as_json:
        alert_waiting.show_head(approval, work.session.settings.time_zone, output)
        output.paragraph(_("Approve without all facts:"))
        for ref in override.refs:
            lacking = ", ".join(vetting.missing_facts(await store.register.site(ref)))
            output.paragraph("  " + titled(ref, lacking or _("nothing is missing any more")))
    _confirm(work.manner)
    consent = work.manner.consent
    if consent is None:
        raise AssertionError("who decides a request consents to it")
    to = Decision(SiteStatus.APPROVED, override.reason, override.until)
    carry_out = store.vetting.carrying_out(to, consent.by, vetting.overridden)
    decided = await store.approvals.approve_with(consent, carry_out)
    register.report_status(override.refs, len(override.refs), SiteStatus.APPROVED, output)
    output.say(
        _("Asked for by {submitter}, approved by {operator}.").format(
            submitter=decided.submitted_by, operator=decided.decided_by
        )
    )
    return ExitCode.OK


async def _bulletin(work: Work, approval: Approval) -> ExitCode:
    """Plan a bulletin, as one who has read what it says, where and when, and whom it reaches."""
    from umsalert import bulletins
    from umsalert.cli import bulletin_add, bulletin_show
    from umsalert.messages import templates
    from umsalert.selection import changed_since, read
    from umsalert.store.bulletins import insert
    from umsalert.timetables import timetable_of

    session, store, output = work.session, work.store, work.output
    settings, consent = session.settings, work.manner.consent
    if consent is None:
        raise AssertionError("who decides a request consents to it")
    template = templates.load(approval.request["template"], wiring.template_folders(settings))
    if changed_since(approval.request, template):
        raise RefusedByRule(
            "template_changed",
            _("The template {name} was changed since it was asked for.").format(name=template.name),
            hint=_("Refuse it with --refuse; then it is asked for anew."),
        )
    request = read(approval.request, template)
    plan = await wiring.planner(settings, store).plan(request)
    new = bulletins.approved(approval, consent.by, plan.at)
    if not output.as_json:
        alert_waiting.show_head(approval, settings.time_zone, output)
        wanted = bulletin_add.Wanted(request, timetable_of(new), new.spread_s)
        await bulletin_add.show(session, store, plan, wanted, output)
    _confirm(work.manner)
    kept: list[Bulletin] = []
    await store.approvals.approve_with(consent, lambda c, _found: kept.append(insert(c, new)))
    if output.as_json:
        output.document({"bulletin": bulletin_show.document(session, kept[0], ())})
    output.say(_("Bulletin {ref} is planned.").format(ref=kept[0].ref))
    output.say(
        _("Asked for by {submitter}, approved by {operator}.").format(
            submitter=approval.submitted_by, operator=consent.by
        )
    )
    return ExitCode.OK


def _confirm(manner: alert_send.Manner) -> None:
    """Ask a person; a script must have said --yes. Raises UsageError or typer.Abort."""
    if manner.yes:
        return
    must_be_asked()
    if not confirm(_("Approve")):
        tell(_("Nothing was changed."))
        raise typer.Abort


CARRIED_OUT: Mapping[ApprovalKind, Callable[[Work, Approval], Awaitable[ExitCode]]] = {
    ApprovalKind.ALERT: _send,
    ApprovalKind.OVERRIDE: _override,
    ApprovalKind.BULLETIN: _bulletin,
}
"""What is done with a request that may be approved, by its kind."""
