"""Who is in the area, vetted and on duty: from what the officer asks to a plan and an alert."""

from umsalert.selection.correction import CORRECTION, correction
from umsalert.selection.estimate import Estimate, Prices
from umsalert.selection.plan import Plan, Request, Station, nobody
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
    "Plan",
    "Planner",
    "Prices",
    "Request",
    "Station",
    "Words",
    "closing",
    "correction",
    "inherited",
    "nobody",
    "recentered",
    "refuse_ended",
    "refuse_last_words",
    "time_zone_at",
    "wave",
    "widened",
]
