"""Going on with what another process left."""

from __future__ import annotations

from collections.abc import Collection

from umsalert.dispatch.dispatcher import Dispatcher
from umsalert.dispatch.lane import LaneConfig
from umsalert.dispatch.run import Run
from umsalert.errors import RefusedByRule, TemporaryError
from umsalert.i18n import _
from umsalert.model import Alert, UnknownPolicy


async def resume(
    run: Run, alert: Alert, lanes: Collection[LaneConfig], *, resend_unknown: bool = False
) -> Dispatcher:
    """Take over what dead senders left and return the dispatcher that goes on.

    Waits until the lease of a sender that died has ended. What may have left is queued again only
    by the template's rule or by `resend_unknown`. Raises TemporaryError while another process is
    alive and sending, RefusedByRule when the alert was cancelled.
    """
    cancelled = await run.outbox.cancellation(alert.id)
    if cancelled is not None:
        await run.outbox.recover(alert.id)
        raise RefusedByRule(
            "alert_cancelled",
            _("Alert {ref} was cancelled by {operator}: nothing more of it is sent.").format(
                ref=alert.ref, operator=cancelled.by
            ),
            hint=_("Who has it: umsalert report {ref}").format(ref=alert.ref),
        )
    before_s = float("inf")
    while (remaining_s := await run.outbox.lease_remaining_s(alert.id)) > 0:
        if remaining_s > before_s:
            raise TemporaryError(
                "still_sending",
                _("Another process is sending alert {ref} right now.").format(ref=alert.ref),
                hint=_("Watch it with: umsalert alert show {ref}").format(ref=alert.ref),
            )
        before_s = remaining_s
        await run.clock.sleep(min(remaining_s, 1.0))
    await run.outbox.recover(alert.id)
    if resend_unknown or alert.unknown_policy is UnknownPolicy.RESEND:
        await run.outbox.requeue_unknown(alert.id)
    return Dispatcher(run, alert, lanes)
