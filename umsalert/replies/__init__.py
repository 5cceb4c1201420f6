"""What comes back: verified, stored and answered first; then understood and applied."""

from umsalert.replies.receiver import Receiver
from umsalert.replies.understanding import understand

__all__ = ["Receiver", "understand"]
