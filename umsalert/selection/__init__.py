"""Who is in the area, vetted and on duty: from what the officer asks to a plan and an alert."""

from umsalert.selection.estimate import SHARES, Estimate, Prices
from umsalert.selection.plan import Plan, Request, Station, nobody
from umsalert.selection.planner import Planner, time_zone_at

__all__ = [
    "SHARES",
    "Estimate",
    "Plan",
    "Planner",
    "Prices",
    "Request",
    "Station",
    "nobody",
    "time_zone_at",
]
