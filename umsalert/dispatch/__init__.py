"""Pace, claim, send, record: every channel side by side, every hand-over written before it leaves.

Nothing here knows a provider or a database: only ports. `Pump` exchanges outcomes for the next
messages with the store, a `Lane` has one channel's providers in their order, a `Route` has one
provider's wire.
"""

from umsalert.dispatch.dispatcher import Dispatcher, Result, left_open
from umsalert.dispatch.lane import LaneConfig
from umsalert.dispatch.route import RouteConfig
from umsalert.dispatch.run import Run
from umsalert.dispatch.takeover import resume

__all__ = ["Dispatcher", "LaneConfig", "Result", "RouteConfig", "Run", "left_open", "resume"]
