"""A bulletin as it is kept: from a plan and its times, or from what a second person approves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.model import Approval, Calm, NewBulletin, Operator
from umsalert.selection import Plan, written
from umsalert.timetables import Customs, Timetable, windows


def calm_of(plan: Plan, timetable: Timetable, asked_s: float | None, customs: Customs) -> Calm:
    """Return how a bulletin would leave that begins now, or after the quiet that is now.

    Raises UsageError when that takes longer than its words hold.
    """
    rules = customs.rules(timetable.time_zone)
    length = customs.spread(plan.selection.contacts, asked_s)
    spread = windows(rules.starts(plan.at), length, rules)
    ttl = plan.expires_at - plan.at
    if spread and spread[-1][1] - spread[0][0] >= ttl:
        raise UsageError(
            "spread_too_long",
            _("Spread over {length}, quiet hours aside, it would not be over in {ttl}.").format(
                length=length_words(length), ttl=length_words(ttl)
            ),
            hint=_(
                "Give a shorter --spread, a longer --expires, or raise bulletin.people_per_hour."
            ),
        )
    return Calm(spread)


def new_bulletin(
    plan: Plan, timetable: Timetable, spread_s: float | None, approved_by: str = ""
) -> NewBulletin:
    """Return what is to be kept of a bulletin. Raises UsageError when it is never due again."""
    document = written(plan) | {
        "timetable": {
            "cron": timetable.cron,
            "time_zone": timetable.time_zone,
            "begins_at": timetable.begins.astimezone(UTC).isoformat(),
            "ends_at": timetable.ends and timetable.ends.astimezone(UTC).isoformat(),
        },
        "spread_s": spread_s,
    }
    by = plan.request.operator
    return _kept(document, by, plan.at, approved_by)


def approved(approval: Approval, by: Operator, now: datetime) -> NewBulletin:
    """Return the bulletin that a request of that kind asks for, approved by a second person."""
    request = approval.request
    submitter = Operator(request["account"], request["station"])
    return _kept(request, submitter, now, str(by))


def request_hash(new: NewBulletin) -> str:
    """Return what makes two bulletins that are asked for the same."""
    moving = {"asked_at", "people", "sites"}
    kept = {key: value for key, value in new.request.items() if key not in moving}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _kept(
    document: Mapping[str, Any], by: Operator, now: datetime, approved_by: str
) -> NewBulletin:
    asked = document["timetable"]
    ends_at = asked["ends_at"]
    timetable = Timetable(
        asked["time_zone"],
        datetime.fromisoformat(asked["begins_at"]),
        asked["cron"],
        None if ends_at is None else datetime.fromisoformat(ends_at),
    )
    first = timetable.next_after(now)
    if first is None:
        raise UsageError(
            "never_due",
            _("With these times it would never be due."),
            hint=_("Check --cron, --at, --from and --until."),
        )
    return NewBulletin(
        template=document["template"],
        request=document,
        exercise=document["exercise"],
        cron=timetable.cron,
        time_zone=timetable.time_zone,
        begins_at=timetable.begins,
        ends_at=timetable.ends,
        spread_s=document["spread_s"],
        by=by,
        created_at=now,
        next_due=first,
        approved_by=approved_by,
    )


def length_words(length: timedelta) -> str:
    """Return a length of time in hours and minutes."""
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
