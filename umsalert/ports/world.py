"""What every service asks of the world: the time, somebody who listens, providers."""

from __future__ import annotations

from collections.abc import (
    Mapping,
    Sequence,
)
from dataclasses import (
    dataclass,
)
from datetime import (
    datetime,
)
from typing import (
    TYPE_CHECKING,
    Protocol,
)

if TYPE_CHECKING:
    from umsalert.events import Event
    from umsalert.model import Answer, ChannelKind, MessageText, Outcome, Outgoing, Receipt, Said


class Clock(Protocol):
    """Time is passed in, never asked of the machine by a service."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC; it jumps when somebody sets the clock."""

    def steady_s(self) -> float:
        """Return seconds that only grow, suspend included, from an unknown start: for waits."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Listener(Protocol):
    """Hears events. Must not raise and must not block."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""


class Channel(Protocol):
    """Hands one message to a provider."""

    kind: ChannelKind
    provider: str

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over once; never raises for what the network or the provider does."""

    def withdraw(self) -> None:
        """Let nothing more leave: a `send` whose message has not left yet ends `WITHDRAWN`."""

    async def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request of a provider as it arrived. Header names are lower case."""

    topic: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A verified webhook as it is kept: enough to read it again. `id` is the store's."""

    provider: str
    topic: str
    reference: str
    body: bytes
    id: int = 0


class WebhookSource(Protocol):
    """Reads and verifies the webhooks of one provider."""

    provider: str

    def verify(self, webhook: Webhook, now: datetime) -> str:
        """Return a key that repeats when the event repeats. Raises RefusedByRule when forged."""

    def reference(self, webhook: Webhook) -> str:
        """Return our reference of the hand-over that it is about, or an empty string."""

    def content(self, webhook: Webhook, now: datetime) -> bytes:
        """Return what is kept of it: its body, or what its query says in the place of one."""

    def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer | Said, ...]:
        """Return what it says; empty where it says nothing to us. Raises InvalidData."""

    def reply_to(self, webhook: Webhook, text: MessageText) -> bytes:
        """Return the JSON the provider waits for (the next voice actions), or `{}`."""


class StoredReader(Protocol):
    """Reads what was stored of one way in that is no webhook."""

    def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer | Said, ...]:
        """Return what it says; empty where it says nothing to us.

        Raises InvalidData where it cannot be read, RefusedByRule where it is nobody's word.
        """


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail that has come: `content` is what is kept of it.

    `key` repeats when the mail does; `reference` is ours of the hand-over that it names, or empty.
    """

    key: str
    reference: str
    content: bytes


class Mailbox(Protocol):
    """A mailbox on a server, connected to when it is asked; nothing in it is ever deleted.

    Every method but `close` raises TemporaryError where the server cannot be reached or does not
    answer, ConfigurationError where it refuses us.
    """

    provider: str

    async def arrived(self) -> Sequence[str]:
        """Return the names of the mails that were not taken yet, oldest first."""

    async def mail(self, name: str) -> Mail | None:
        """Return a mail, None where the server cannot give it."""

    async def taken(self, name: str) -> None:
        """Mark a mail as seen: it has been stored."""

    async def wait(self, seconds: float) -> None:
        """Return when something may have come, at the latest after `seconds`."""

    async def close(self) -> None:
        """Say goodbye, within two seconds. It can be asked again."""
