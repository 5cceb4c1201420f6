"""One channel: its providers in their order, and when its queue is asked for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from umsalert.dispatch.route import Hooks, Route, RouteConfig
from umsalert.dispatch.run import Moment, Run
from umsalert.events import Claimed, ProviderChanged
from umsalert.model import Alert, ChannelKind, Outcome
from umsalert.ports import Claim, ReceiptSample, RouteState, Settled, Want


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """A channel with its providers: the first one that works takes the messages."""

    kind: ChannelKind
    routes: tuple[RouteConfig, ...]


class Lane:
    """Says what its routes want, and gives them what was claimed."""

    def __init__(self, run: Run, alert: Alert, config: LaneConfig, hooks: Hooks) -> None:
        self.kind = config.kind
        self._run = run
        self._alert = alert
        self._routes = [Route(run, alert, route, hooks) for route in config.routes]
        self._chosen = self._routes[0]
        self._stopping = False
        self._empty = False  # nothing of the channel is queued

    @property
    def given_up(self) -> Outcome | None:
        """Why no provider is left, None while there is one."""
        return self._routes[0].down if all(route.down for route in self._routes) else None

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

    def heed(self, states: Sequence[RouteState]) -> None:
        """Take notice of how providers do, here and in other processes."""
        known = {state.provider: state.health for state in states if state.channel is self.kind}
        for route in self._routes:
            if route.provider in known:
                route.heed(known[route.provider])

    def samples(self) -> Iterator[ReceiptSample]:
        """Yield whose receipts are worth a look: where another provider could step in."""
        if len(self._routes) > 1:
            for route in self._routes:
                sample = route.sample()
                if sample is not None:
                    yield sample

    def wants(self, now: Moment) -> Iterator[tuple[Route, Want]]:
        """Yield what the first provider that is well could take, and the probes of those before.

        Where none is well the first one that may be asked takes it: sending goes on.
        """
        if self._stopping or self._empty or self.given_up:
            return
        ready = [route for route in self._routes if not route.rests_s(now)]
        chosen = next((route for route in ready if route.well), None)
        before = ready[: ready.index(chosen)] if chosen else []
        if chosen is None:
            chosen = next((route for route in ready if not route.down), None)
        for route in before:
            if not route.health.rests_s(now.at):
                yield from _wanted(route, now, probe=True)
        if chosen is not None:
            self._choose(chosen, now)
            yield from _wanted(chosen, now, probe=chosen.unreachable)

    def _choose(self, route: Route, now: Moment) -> None:
        if route is not self._chosen:
            event = ProviderChanged(
                now.at, self._alert.ref, self.kind, route.provider, self._chosen.provider
            )
            self._chosen = route
            self._run.listener(event)

    def wait_s(self, now: Moment) -> float | None:
        """Return in how long it may want something, None where only an outcome can change that."""
        if self._stopping or self._empty or self.given_up:
            return None
        waits = [route.wait_s(now) for route in self._routes]
        return min((wait_s for wait_s in waits if wait_s), default=None)

    def take(self, route: Route, claim: Claim) -> None:
        """Hand over what was claimed for a route."""
        self._empty = claim.wait_s is None
        if claim.outgoing:
            event = Claimed(claim.at, self._alert.ref, self.kind, len(claim.outgoing))
            self._run.listener(event)
        route.take(claim)
        if claim.cancelled:
            self.withdraw()
        elif self._stopping or route.down:
            route.hold_back()

    def committed(self, settled: Sequence[Settled]) -> None:
        """Take notice of outcomes in the record: some put their message back into the queue."""
        counts = Counter(item.provider for item in settled)
        for route in self._routes:
            route.committed(counts[route.provider])
        waits_s = [
            (item.retry_at - item.at).total_seconds()
            for item in settled
            if item.retry_at is not None
        ]
        if waits_s:
            self._empty = False
            for route in self._routes:
                route.ask_within(min(waits_s))


def _wanted(route: Route, now: Moment, *, probe: bool) -> Iterator[tuple[Route, Want]]:
    want = route.want(now, probe=probe)
    if want is not None:
        yield route, want
