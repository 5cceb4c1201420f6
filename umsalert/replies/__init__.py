"""What comes back: verified, stored and answered first; then understood and applied."""

from umsalert.replies.collector import Collector, MailboxState
from umsalert.replies.receiver import Receiver
from umsalert.replies.understanding import understand

__all__ = ["Collector", "MailboxState", "Receiver", "understand"]
