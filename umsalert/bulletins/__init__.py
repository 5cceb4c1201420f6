"""What is sent by the clock: once, or again and again, as an ordinary alert that gives way."""

from umsalert.bulletins.keeping import approved, calm_of, new_bulletin, request_hash
from umsalert.bulletins.nouns import House, Intended, Outlook, Round, Started, Told, Waiting
from umsalert.bulletins.runner import Runner

__all__ = [
    "House",
    "Intended",
    "Outlook",
    "Round",
    "Runner",
    "Started",
    "Told",
    "Waiting",
    "approved",
    "calm_of",
    "new_bulletin",
    "request_hash",
]
