"""The voice channel keeps the contract."""

from __future__ import annotations

from tests.channels.carriers import HttpCarrier
from tests.channels.contract import ChannelContract
from umsalert.model import ChannelKind


class TestVoice(ChannelContract):
    """Voice v1."""

    kind = ChannelKind.VOICE

    def carrier(self) -> HttpCarrier:
        """Return a carrier that answers as the Voice API."""
        return HttpCarrier(201, "uuid")
