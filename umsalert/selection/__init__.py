"""Who is in the area, vetted and on duty: from what the officer asks to a plan and an alert."""

from umsalert.selection.asked import changed_since, read, written
from umsalert.selection.correction import CORRECTION, correction
from umsalert.selection.estimate import Estimate, Prices
from umsalert.selection.plan import Limits, Plan, Request, Station, nobody
from umsalert.selection.planner import Planner, time_zone_at
from umsalert.selection.waves import (
    CLOSING,
    Words,
    closing,
    inherited,
    recentered,
    refuse_ended,
    refuse_last_words,
    wave,
    widened,
)

__all__ = [
    "CLOSING",
    "CORRECTION",
    "Estimate",
    "Limits",
    "Plan",
    "Planner",
    "Prices",
    "Request",
    "Station",
    "Words",
    "changed_since",
    "closing",
    "correction",
    "inherited",
    "nobody",
    "read",
    "recentered",
    "refuse_ended",
    "refuse_last_words",
    "time_zone_at",
    "wave",
    "widened",
    "written",
]
