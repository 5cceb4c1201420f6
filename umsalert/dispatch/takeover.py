"""Going on with what another process left."""

from __future__ import annotations

from collections.abc import Collection

from umsalert.dispatch.dispatcher import Dispatcher
from umsalert.dispatch.lane import LaneConfig
from umsalert.dispatch.run import Run
from umsalert.errors import RefusedByRule, TemporaryError
from umsalert.i18n import _, ngettext
from umsalert.leases import WATCH_S, Watch
from umsalert.model import Alert, DeliveryState, UnknownPolicy
from umsalert.ports import SenderSeen


async def resume(
    run: Run, alert: Alert, lanes: Collection[LaneConfig], *, resend_unknown: bool = False
) -> Dispatcher:
    """Take over what dead senders left and return the dispatcher that goes on.

    A sender whose process is gone is dead at once, one that is stopped when its lease has ended.
    What may have left is queued again only by the template's rule or by `resend_unknown`. Of two
    that resume at once, one succeeds. Raises TemporaryError while another process is alive and
    sending, RefusedByRule when the alert was cancelled or has expired with something unsent.
    """
    cancelled = await run.outbox.cancellation(alert.id)
    if cancelled is not None:
        await _recover(run, alert)
        sentence = (
            _("Alert {ref} was closed by {operator}: nothing more of it is sent.")
            if cancelled.closed
            else _("Alert {ref} was cancelled by {operator}: nothing more of it is sent.")
        )
        raise RefusedByRule(
            "incident_closed" if cancelled.closed else "alert_cancelled",
            sentence.format(ref=alert.ref, operator=cancelled.by),
            hint=_("Who has it: umsalert report {ref}").format(ref=alert.ref),
        )
    dead = await _wait_for_the_living(run, alert)
    if alert.expires_at <= run.clock.now():
        await run.outbox.recover(alert.id, dead)
        await run.outbox.expire(alert.id)
        await _refuse_expired(run, alert)
    resend = resend_unknown or alert.unknown_policy is UnknownPolicy.RESEND
    sender_id = await run.outbox.take_over(alert.id, dead, run.operator, resend_unknown=resend)
    if sender_id is None:
        raise _still_sending(alert)
    return Dispatcher(run, alert, lanes, sender_id)


async def _wait_for_the_living(run: Run, alert: Alert) -> list[SenderSeen]:
    """Return the senders that are dead, all of them. Raises TemporaryError when one is not."""
    watch = Watch(run.clock)
    while True:
        senders = await run.outbox.senders(alert.id)
        dead = watch.dead(senders)
        if len(dead) == len(senders):
            return dead
        if watch.renewed(senders):
            raise _still_sending(alert)
        await run.clock.sleep(WATCH_S)


async def _recover(run: Run, alert: Alert) -> None:
    """Recover from who is dead at first sight."""
    dead = Watch(run.clock).dead(await run.outbox.senders(alert.id))
    await run.outbox.recover(alert.id, dead)


async def _refuse_expired(run: Run, alert: Alert) -> None:
    """Raise RefusedByRule where something was not sent, or perhaps not, before it was too late."""
    counts = (await run.outbox.counts(alert.id)).values()
    unsent = sum(states.get(DeliveryState.EXPIRED, 0) for states in counts)
    unknown = sum(states.get(DeliveryState.UNKNOWN, 0) for states in counts)
    if not unsent + unknown:
        return
    sentence = ngettext(
        "Alert {ref} has expired: {n} message was not sent in time and is not sent any more.",
        "Alert {ref} has expired: {n} messages were not sent in time and are not sent any more.",
        unsent,
    )
    if not unsent:
        sentence = _("Alert {ref} has expired: nothing more of it is sent.")
    raise RefusedByRule(
        "alert_expired",
        sentence.format(ref=alert.ref, n=unsent),
        hint=_("Who has it: umsalert report {ref}. A new alert: umsalert alert send").format(
            ref=alert.ref
        ),
    )


def _still_sending(alert: Alert) -> TemporaryError:
    return TemporaryError(
        "still_sending",
        _("Another process is sending alert {ref} right now.").format(ref=alert.ref),
        hint=_("Watch it with: umsalert alert show {ref}").format(ref=alert.ref),
    )
