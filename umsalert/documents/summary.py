"""A summary across alerts as JSON, or as CSV with a row for each group."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from umsalert.model import SHARES
from umsalert.spreadsheets import neutralise
from umsalert.words.codes import code_words
from umsalert.words.plain import printable
from umsalert.words.times import utc

if TYPE_CHECKING:
    from umsalert.summaries import Group, Summary

_COUNTS = (
    "alerts",
    "incidents",
    "people",
    "sites",
    "sites_reached",
    "deliveries",
    "accepted",
    "delivered",
    "acknowledged",
)
COLUMNS = (
    "by",
    "name",
    *_COUNTS,
    "first_sms_median_s",
    "first_sms_95_s",
    *(f"accepted_{share}_s" for share in SHARES),
)


def document(summary: Summary) -> dict[str, Any]:
    """Return a summary as JSON has it."""
    return {
        "since": utc(summary.period.since),
        "until": utc(summary.period.until),
        "by": summary.by,
        "total": _group(summary.total),
        "groups": [{"name": group.name or None} | _group(group) for group in summary.groups],
        "unreached_sites": [
            {
                "site_ref": site.ref,
                "site_name": site.name,
                "unreached": site.unreached,
                "alerted": site.alerted,
            }
            for site in summary.unreached
        ],
        "dead_addresses": [
            {
                "contact_ref": dead.contact_ref,
                "site_ref": dead.site_ref,
                "address": dead.kind,
                "failures": dead.failures,
                "failed_at": utc(dead.failed_at),
                "code": dead.code,
                "words": code_words(dead.code),
            }
            for dead in summary.dead
        ],
        "exercises": [
            {
                "ref": alert.ref,
                "template": alert.template,
                "created_at": utc(alert.created_at),
                "people": alert.people,
                "sites": alert.sites,
                "acknowledged": alert.acknowledged,
            }
            for alert in summary.exercises
        ],
    }


def write_csv(file: TextIO, summary: Summary) -> None:
    """Write the groups, and all of them together as the last row."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(summary.by, group) for group in summary.groups)
    writer.writerow(_row("total", summary.total))


def _row(by: str, group: Group) -> list[object]:
    return [
        by,
        neutralise(printable(group.name)),
        *(getattr(group, name) for name in _COUNTS),
        group.first_sms.median_s,
        group.first_sms.most_s,
        *(group.accepted_s[share] for share in SHARES),
    ]


def _group(group: Group) -> dict[str, Any]:
    return dict(_counted(group)) | {
        "first_sms_s": {"median": group.first_sms.median_s, "95": group.first_sms.most_s},
        "accepted_s": {str(share): seconds for share, seconds in group.accepted_s.items()},
    }


def _counted(group: Group) -> Iterator[tuple[str, int]]:
    for name in _COUNTS:
        yield name, getattr(group, name)
