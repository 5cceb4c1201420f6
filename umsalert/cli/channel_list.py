"""`umsalert channel list`: one line for each provider of each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from umsalert.cli.output import Output, channel_name, local, tell, utc
from umsalert.cli.tables import Column
from umsalert.errors import UmsalertError
from umsalert.i18n import _, decimal
from umsalert.model import ChannelKind
from umsalert.settings import CallRateSettings, RateSettings, Settings, is_loopback, rate

if TYPE_CHECKING:
    from umsalert.channels.registry import ChannelState
    from umsalert.ports import RouteState

_Routes = Mapping[tuple[str, ChannelKind], "RouteState"]
_Balances = Mapping[str, "float | UmsalertError"]


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one provider of one channel at `now`.

    `route` is how it did when it was last used, None where it never was. `balance` is what is left
    on its account, or why that is not known.
    """

    state: ChannelState
    pace: RateSettings
    route: RouteState | None
    balance: float | UmsalertError | None
    now: datetime

    @property
    def health(self) -> str | None:
        """Return `well`, `resting`, `trial` (one message tries next), or None: never used."""
        if self.route is None:
            return None
        health = self.route.health
        if health.well:
            return "well"
        return "resting" if health.rests_s(self.now) else "trial"

    @property
    def rests_until(self) -> datetime | None:
        """Return until when it is left alone."""
        resting = self.route is not None and self.health == "resting"
        return self.route.health.rests_until if self.route and resting else None

    @property
    def learned_per_s(self) -> float | None:
        """Return the rate that it was found to take, never above the configured one."""
        return None if self.route is None else min(self.route.rate_per_s, self.pace.rate_per_s)


async def collect(settings: Settings, *, online: bool) -> Sequence[Line]:
    """Return a line for each provider, the first choice of a channel first.

    `online` asks for the balances. Raises ConfigurationError for an unknown provider.
    """
    from umsalert import wiring
    from umsalert.channels import registry

    states = [state for kind in ChannelKind for state in registry.states(kind, settings)]
    balances = await _balances(states, settings) if online else {}
    routes, now = await _routes(settings), wiring.clock(settings).now()
    return [
        Line(
            state,
            rate(settings, state.kind, state.provider),
            routes.get((state.provider, state.kind)),
            balances.get(state.provider),
            now,
        )
        for state in states
    ]


def document(line: Line) -> dict[str, Any]:
    """Return a line for a JSON document."""
    state, pace, balance = line.state, line.pace, line.balance
    fault = line.route.health if line.route else None
    return {
        "channel": state.kind,
        "provider": state.provider,
        "configured": not state.missing,
        "missing": list(state.missing),
        "receipts": state.capabilities.receipts,
        "answers": state.capabilities.answers,
        "webhooks_missing": list(state.webhooks_missing),
        "rate_per_s": pace.rate_per_s,
        "learned_rate_per_s": line.learned_per_s,
        "burst": pace.burst,
        "in_flight": pace.in_flight,
        "calls": pace.calls if isinstance(pace, CallRateSettings) else None,
        "health": line.health,
        "rests_until": utc(line.rests_until),
        "last_error_code": fault.fault_code or None if fault else None,
        "last_error_at": utc(fault.fault_at) if fault else None,
        "host": state.host,
        "on_this_machine": is_loopback(state.host),
        "balance_eur": balance if isinstance(balance, float) else None,
        "balance_error": balance.code if isinstance(balance, UmsalertError) else None,
    }


def show(lines: Sequence[Line], time_zone: str, output: Output) -> None:
    """Print the table, and below it what needs a sentence."""
    titles = (_("Channel"), _("Provider"), _("State"), _("Goes to"), _("Tells us"))
    output.table(
        [
            *(Column(title) for title in titles),
            Column(_("Per s"), right=True),
            Column(_("In flight"), right=True),
        ],
        [
            (
                channel_name(line.state.kind),
                line.state.provider,
                _state(line),
                _place(line.state),
                _tells(line.state),
                _rate(line),
                line.pace.in_flight,
            )
            for line in lines
        ],
    )
    notes = [note for line in lines for note in _notes(line, time_zone)]
    balances = {line.state.provider: line.balance for line in lines if line.balance is not None}
    if notes or balances:
        output.line()
    for note in notes:
        output.paragraph(note)
    for provider, balance in balances.items():
        if isinstance(balance, UmsalertError):
            output.say(f"{provider}: {balance.message} {balance.hint}")
        else:
            amount = decimal(f"{balance:.2f}")
            output.line(_("{provider}: {amount} EUR left").format(provider=provider, amount=amount))


def _notes(line: Line, time_zone: str) -> Sequence[str]:
    name = {"channel": channel_name(line.state.kind), "provider": line.state.provider}
    notes = []
    if line.state.missing:
        missing = ", ".join(line.state.missing)
        words = _("{channel} ({provider}): not set: {names}")
        notes.append(words.format(names=missing, **name))
    if line.rests_until:
        words = _("{channel} ({provider}): left alone until {time}")
        notes.append(words.format(time=local(line.rests_until, time_zone), **name))
    if line.route and line.route.health.fault_at:
        words = _("{channel} ({provider}): last fault {code}, {time}")
        at = local(line.route.health.fault_at, time_zone)
        notes.append(words.format(code=line.route.health.fault_code, time=at, **name))
    return notes


def _state(line: Line) -> str:
    if line.state.missing:
        return _("not set up")
    words = {"resting": _("resting"), "trial": _("on trial")}
    return words.get(line.health or "", _("ready"))


def _rate(line: Line) -> str:
    most, learned = decimal(f"{line.pace.rate_per_s:g}"), line.learned_per_s
    now = most if learned is None else decimal(f"{round(learned, 2):g}")
    return most if now == most else _("{n} of {most}").format(n=now, most=most)


def _place(state: ChannelState) -> str:
    return _("this machine") if is_loopback(state.host) else state.host or "–"


def _tells(state: ChannelState) -> str:
    able = {_("receipts"): state.capabilities.receipts, _("answers"): state.capabilities.answers}
    words = ", ".join(word for word, can in able.items() if can)
    if words and state.webhooks_missing:
        return _("nothing: {names} not set").format(names=", ".join(state.webhooks_missing))
    return words or "–"


async def _balances(states: Sequence[ChannelState], settings: Settings) -> _Balances:
    """Return what each provider's account says, or why it does not."""
    from umsalert.channels import registry

    found: dict[str, float | UmsalertError] = {}
    for provider in dict.fromkeys(state.provider for state in states):
        try:
            amount = await registry.balance_eur(provider, settings)
        except UmsalertError as error:
            found[provider] = error
        else:
            if amount is not None:
                found[provider] = amount
    return found


async def _routes(settings: Settings) -> _Routes:
    """Return how the providers did; nothing where no database can tell."""
    from umsalert import wiring

    if not settings.database.exists():
        return {}
    try:
        async with wiring.open_store(settings) as store:
            routes = await store.outbox.routes()
    except UmsalertError as error:
        tell(error.message)
        return {}
    return {(route.provider, route.channel): route for route in routes}
