"""Who is in the area, vetted and on duty: from what the officer asks to a plan and an alert."""

from umsalert.selection.correction import CORRECTION, correction
from umsalert.selection.estimate import Estimate, Prices
from umsalert.selection.plan import Plan, Request, Station, nobody
from umsalert.selection.planner import Planner, time_zone_at

__all__ = [
    "CORRECTION",
    "Estimate",
    "Plan",
    "Planner",
    "Prices",
    "Request",
    "Station",
    "correction",
    "nobody",
    "time_zone_at",
]
