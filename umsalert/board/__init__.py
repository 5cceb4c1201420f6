"""The board of an alert that runs: what is read, and what an officer sees of it."""

from umsalert.board.view import (
    BoardView,
    ChannelLine,
    Facts,
    Mark,
    MarkedSite,
    Numbers,
    Sighting,
    build,
)
from umsalert.board.watcher import Look, Watcher

__all__ = [
    "BoardView",
    "ChannelLine",
    "Facts",
    "Look",
    "Mark",
    "MarkedSite",
    "Numbers",
    "Sighting",
    "Watcher",
    "build",
]
