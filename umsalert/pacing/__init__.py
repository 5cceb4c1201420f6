"""How fast messages may leave: a bucket for each channel, a pace for each cell of the network.

The rule, of which `store/sql` holds the copy that is in force while an alert is sent:

- The messages of an alert are ordered by (rank of the contact at its site, round, distance,
  contact). A cell's people, in that order, are counted off in rounds of the cell's burst: cells
  take turns, and every site has one contact told before any has two.
- A cell is dense when the alert has more SMS and calls for it than the cell's burst. Only dense
  cells are paced: by GCRA (the leaky bucket as a meter, ITU-T I.371), where an SMS weighs its
  parts and a call one. An e-mail is never in a cell.
- Each channel has its account's token bucket on top. A message whose cell must wait is passed over.

Seconds count from the start of sending; nothing here asks a clock, a database or a network.
"""

from umsalert.pacing.forecast import Forecast, Limits, forecast
from umsalert.pacing.queue import Queue, departures
from umsalert.pacing.rules import Account, CellGate, Message, dense_cells, in_order

__all__ = [
    "Account",
    "CellGate",
    "Forecast",
    "Limits",
    "Message",
    "Queue",
    "dense_cells",
    "departures",
    "forecast",
    "in_order",
]
