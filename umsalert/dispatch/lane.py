"""One channel: its providers in their order, and when its queue is asked for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from umsalert.dispatch.route import Route, RouteConfig
from umsalert.dispatch.run import Run
from umsalert.events import Claimed
from umsalert.model import Alert, ChannelKind, Outcome
from umsalert.ports import Claim, Settled, Want


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """A channel with its providers: the first one that works takes the messages."""

    kind: ChannelKind
    routes: tuple[RouteConfig, ...]


class Lane:
    """Says what its routes want, and gives them what was claimed."""

    def __init__(
        self, run: Run, alert: Alert, config: LaneConfig, done: Callable[[Settled], None]
    ) -> None:
        self.kind = config.kind
        self._run = run
        self._alert = alert
        self._routes = [Route(run, alert, route, done) for route in config.routes]
        self._stopping = False
        self._empty = False  # nothing of the channel is queued
        self._ask_at = run.clock.now()

    @property
    def given_up(self) -> Outcome | None:
        """Why no provider is left, None while there is one."""
        if all(route.given_up for route in self._routes):
            return self._routes[0].given_up
        return None

    @property
    def finished(self) -> bool:
        """Whether nothing is to be claimed any more and every outcome is committed."""
        over = self._stopping or self._empty or self.given_up is not None
        return over and not any(route.open for route in self._routes)

    def stop(self) -> None:
        """Claim nothing more; what is on the wire is waited for, what is not is given back."""
        self._stopping = True
        for route in self._routes:
            route.hold_back()

    def withdraw(self) -> None:
        """Stop, and let nothing leave that waits for a connection."""
        self.stop()
        for route in self._routes:
            route.withdraw()

    def abort(self) -> None:
        """Do not wait for what is on the wire."""
        for route in self._routes:
            route.abort()

    def wants(self, now: datetime) -> Iterator[tuple[Route, Want]]:
        """Yield what the first provider that works could take, and the probes of those before."""
        if self._stopping or self._empty or now < self._ask_at:
            return
        for route in self._working(now):
            want = route.want()
            if want is not None:
                yield route, want
            if not route.probing:
                return

    def wait_s(self, now: datetime) -> float | None:
        """Return in how long it may want something, None where only an outcome can change that."""
        if self._stopping or self._empty or self.given_up:
            return None
        if now < self._ask_at:
            return (self._ask_at - now).total_seconds()
        if any(route.rests_s(now) == 0 for route in self._routes if not route.given_up):
            return None
        return min(route.rests_s(now) for route in self._routes if not route.given_up)

    def take(self, route: Route, claim: Claim) -> None:
        """Hand over what was claimed for a route; learn when to ask again."""
        if claim.wait_s is None:
            self._empty = True
        else:
            self._ask_at = self._run.clock.now() + timedelta(seconds=claim.wait_s)
        if claim.outgoing:
            event = Claimed(claim.at, self._alert.ref, self.kind, len(claim.outgoing))
            self._run.listener(event)
        route.take(claim)
        if self._stopping or route.given_up:
            route.hold_back()

    def committed(self, settled: Sequence[Settled]) -> None:
        """Take notice of outcomes in the record: some put their message back into the queue."""
        counts = Counter(item.provider for item in settled)
        for route in self._routes:
            route.committed(counts[route.provider])
        again = [item.retry_at for item in settled if item.retry_at is not None]
        if again:
            self._empty = False
            self._ask_at = min(self._ask_at, *again)

    def _working(self, now: datetime) -> Iterator[Route]:
        for route in self._routes:
            if not route.given_up and not route.rests_s(now):
                yield route
