"""The SMS channel keeps the contract."""

from __future__ import annotations

from tests.channels.carriers import HttpCarrier
from tests.channels.contract import ChannelContract
from umsalert.model import ChannelKind


class TestSms(ChannelContract):
    """Messages v1."""

    kind = ChannelKind.SMS

    def carrier(self) -> HttpCarrier:
        """Return a carrier that answers as the Messages API."""
        return HttpCarrier(202, "message_uuid")
