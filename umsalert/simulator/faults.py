"""What may go wrong with a request, and which request it happens to: pure policy, by seed.

For each fault it is stated whether the carrier took the message: that is what its customer cannot
know, and what the record is compared with.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

Span = tuple[float, float]
"""From least to most; drawn evenly between."""


class Wire(Enum):
    """What the customer sees."""

    ERROR = auto()
    """An error answer of HTTP; in SMTP a reply to RCPT."""
    ERROR_AFTER_DATA = auto()
    """In SMTP a reply to the content."""
    CLOSING = auto()
    """In SMTP 421 to RCPT, and the end of the connection."""
    DROP_BEFORE = auto()
    """The connection ends before the message was read."""
    DROP_AFTER = auto()
    """The message is read, the connection ends without an answer."""
    THROTTLED = auto()
    """HTTP 200 whose body says that it was too fast."""
    UNREADABLE = auto()
    """HTTP 200 with a body that is no JSON."""
    CUT_OFF = auto()
    """HTTP 200, and the connection ends in the middle of the body."""


class Taken(Enum):
    """Whether the carrier has the message in spite of what it answers."""

    NEVER = auto()
    NO = auto()
    YES = auto()

    @property
    def may_differ(self) -> bool:
        """A refusal is a refusal; of the others a scenario may say the contrary."""
        return self is not Taken.NEVER


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can go wrong. `code` is the HTTP status or the SMTP reply, 0 without one."""

    name: str
    wire: Wire
    taken: Taken
    code: int = 0
    text: str = ""


def _named(*faults: Fault) -> Mapping[str, Fault]:
    return {fault.name: fault for fault in faults}


HTTP_FAULTS = _named(
    Fault("rate-limit", Wire.ERROR, Taken.NEVER, 429),
    Fault("invalid-number", Wire.ERROR, Taken.NEVER, 422),
    Fault("low-balance", Wire.ERROR, Taken.NEVER, 402),
    Fault("http-500", Wire.ERROR, Taken.NO, 500),
    Fault("http-502", Wire.ERROR, Taken.NO, 502),
    Fault("http-503", Wire.ERROR, Taken.NEVER, 503),
    Fault("http-504", Wire.ERROR, Taken.NO, 504),
    Fault("drop-before-read", Wire.DROP_BEFORE, Taken.NEVER),
    Fault("drop-after-read", Wire.DROP_AFTER, Taken.YES),
    Fault("unreadable", Wire.UNREADABLE, Taken.YES, 200),
    Fault("cut-off", Wire.CUT_OFF, Taken.YES, 200),
)
THROTTLED = Fault("throttled", Wire.THROTTLED, Taken.NEVER, 200)
"""Of gateways only: the others say it by their status."""
GATEWAY_FAULTS = {**HTTP_FAULTS, THROTTLED.name: THROTTLED}
SMTP_FAULTS = _named(
    Fault("smtp-421", Wire.CLOSING, Taken.NEVER, 421, "4.3.2 Closing, too much to do"),
    Fault("smtp-450", Wire.ERROR, Taken.NEVER, 450, "4.2.1 Mailbox busy"),
    Fault("smtp-451", Wire.ERROR_AFTER_DATA, Taken.NEVER, 451, "4.3.0 Try again later"),
    Fault("smtp-452", Wire.ERROR, Taken.NEVER, 452, "4.3.1 Insufficient storage"),
    Fault("smtp-550", Wire.ERROR, Taken.NEVER, 550, "5.1.1 No such mailbox"),
    Fault("smtp-552", Wire.ERROR, Taken.NEVER, 552, "5.2.2 Mailbox full"),
    Fault("smtp-554", Wire.ERROR_AFTER_DATA, Taken.NEVER, 554, "5.7.1 Content refused"),
    Fault("drop-before-data", Wire.DROP_BEFORE, Taken.NEVER),
    Fault("drop-after-data", Wire.DROP_AFTER, Taken.YES),
)
GREYLISTED = Fault("greylist", Wire.ERROR, Taken.NEVER, 450, "4.7.1 Greylisted, try again later")
"""Of a mailbox, not of a letter: its first letter is refused, whatever comes later is taken."""

NUMBER_FAULTS = {
    name: fault for name, fault in HTTP_FAULTS.items() if fault.wire is not Wire.DROP_BEFORE
}
"""What a number may do to a request: where it was not read, nobody has seen the number."""
MAILBOX_FAULTS = {**SMTP_FAULTS, GREYLISTED.name: GREYLISTED}


@dataclass(frozen=True, slots=True)
class Traffic:
    """How the requests of one channel are answered.

    `shares` and `taken` have the names of faults as keys. `delay_s` are simulated seconds before
    the answer; by then the carrier has decided. `retry_after_s` goes with 429 and 503.
    `greylist` is the share of mailboxes that do so.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    taken: Mapping[str, bool] = field(default_factory=dict)
    delay_s: Span = (0.0, 0.0)
    retry_after_s: int | None = None
    greylist: float = 0.0


@dataclass(frozen=True, slots=True)
class Receipts:
    """What happens to receipts: shares of them, each drawn on its own.

    `delay_s` are simulated seconds between an event and its receipt.
    """

    delay_s: Span = (0.0, 0.0)
    lost: float = 0.0
    twice: float = 0.0
    out_of_order: float = 0.0
    """Of messages: the first receipt is kept back until the second was taken."""
    forged: float = 0.0
    """One more, claiming the contrary under a wrong signature, comes first."""
    tampered: float = 0.0
    """One more, changed to the contrary after it was signed, comes first."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to the `n`-th request of a channel; without a fault it is merely late or not."""

    n: int
    fault: Fault | None
    taken: bool
    delay_s: float

    @property
    def wire(self) -> Wire | None:
        """What the customer sees, None where nothing is wrong."""
        return self.fault.wire if self.fault else None


class Fates:
    """Deals one fate to each request of a channel; the same seed deals the same."""

    def __init__(self, seed: str, traffic: Traffic, faults: Mapping[str, Fault]) -> None:
        """Deal by `traffic`, whose names are keys of `faults`."""
        self._seed = seed
        self._traffic = traffic
        self._faults = faults
        self._n = 0
        self.retry_after_s = traffic.retry_after_s

    def next(self) -> Fate:
        """Return the fate of the next request."""
        self._n += 1
        chance = random.Random(f"{self._seed}/{self._n}")
        names = list(self._traffic.shares)
        shares = [self._traffic.shares[name] for name in names]
        (name,) = chance.choices([*names, ""], [*shares, max(0.0, 1 - sum(shares))])
        return self._fate(self._n, self._faults.get(name), chance.uniform(*self._traffic.delay_s))

    def instead(self, fate: Fate, fault: Fault | None) -> Fate:
        """Return `fate` with another fault, where there is one."""
        return self._fate(fate.n, fault, fate.delay_s) if fault else fate

    def _fate(self, n: int, fault: Fault | None, delay_s: float) -> Fate:
        taken = fault is None or self._traffic.taken.get(fault.name, fault.taken is Taken.YES)
        return Fate(n, fault, taken, delay_s)


class Greylist:
    """Knows which mailboxes have seen a letter."""

    def __init__(self, seed: str, share: float) -> None:
        """Let a `share` of all mailboxes refuse their first letter; `seed` says which."""
        self._seed = seed
        self._share = share
        self._known: set[str] = set()

    def refuses(self, mailbox: str, *, always: bool) -> bool:
        """Say whether this is the first letter of a mailbox that greylists (`always`: it does)."""
        first = mailbox not in self._known
        self._known.add(mailbox)
        return first and (always or random.Random(f"{self._seed}/{mailbox}").random() < self._share)


@dataclass(frozen=True, slots=True)
class ReceiptFate:
    """What happens to one receipt."""

    lost: bool
    twice: bool
    forged: bool
    tampered: bool
    delay_s: float


class ReceiptFates:
    """Deals one fate to each receipt, and says which messages have theirs out of order."""

    def __init__(self, seed: str, receipts: Receipts) -> None:
        self._seed = seed
        self._receipts = receipts
        self._n = 0
        self._messages: set[str] = set()

    def next(self) -> ReceiptFate:
        """Return the fate of the next receipt."""
        self._n += 1
        chance = random.Random(f"{self._seed}/{self._n}")
        shares = self._receipts
        return ReceiptFate(
            lost=chance.random() < shares.lost,
            twice=chance.random() < shares.twice,
            forged=chance.random() < shares.forged,
            tampered=chance.random() < shares.tampered,
            delay_s=chance.uniform(*shares.delay_s),
        )

    def keeps_back(self, message: str) -> bool:
        """Say whether this receipt is the first of its message, and comes after the second."""
        if message in self._messages:
            return False
        self._messages.add(message)
        chance = random.Random(f"{self._seed}/message/{len(self._messages)}")
        return chance.random() < self._receipts.out_of_order
