"""What happens in one run, all of it drawn from its seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.torture.points import Point
from umsalert.model import ChannelKind, UnknownPolicy
from umsalert.simulator.faults import Receipts, Traffic
from umsalert.simulator.scenario import Scenario

PEOPLE_AT_MOST = 30
KILLS_AT_MOST = 5
SENDER_POINTS = tuple(point for point in Point if point is not Point.IN_TAKEOVER)
ALL_CHANNELS = tuple(ChannelKind)

_PROVIDERS = ("SMS_VONAGE", "VOICE_VONAGE", "EMAIL_SMTP")


def _pace(rate_per_s: float, *providers: str) -> dict[str, str]:
    values = {"RATE_PER_S": f"{rate_per_s}", "BURST": "1"}
    return {
        f"UMSALERT_{provider}_{key}": value
        for provider in providers
        for key, value in values.items()
    }


SLOW = _pace(0.7, *_PROVIDERS)
"""A sender with these lives long enough for another process to see that it lives."""
APART = _pace(2, "VOICE_VONAGE")
"""A sender with these is done with SMS and letters long before it is done with calls."""


class End(StrEnum):
    """Who goes on after the last kill."""

    ONE = "one resume"
    TWO = "two resumes at once"
    TWO_AND_A_KILL = "two resumes at once, one of them killed"


@dataclass(frozen=True, slots=True)
class Kill:
    """One SIGKILL. Both numbers lie between 0 and 1.

    `turn` says at which of the times that a process is at the point, `share` how far inside it.
    """

    point: Point
    turn: float
    share: float

    def __str__(self) -> str:
        """Return the point and its numbers."""
        return f"{self.point} ({self.turn:.2f}, {self.share:.2f})"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run. `speed` is the simulator's; `expires_s` ends the alert early, None: it does not."""

    seed: int
    policy: UnknownPolicy
    people: int
    channels: tuple[ChannelKind, ...]
    speed: float
    scenario: Scenario
    kills: tuple[Kill, ...]
    end: End
    intruder: bool = False
    """A resume is started while the sender lives."""
    resend_unknown: bool = False
    """The last resume is told to repeat what may have left."""
    expires_s: int | None = None
    told: tuple[str, ...] = field(default=(), compare=False)

    @property
    def may_repeat(self) -> bool:
        """Say whether somebody has asked for a message that may have left to be sent again."""
        return self.policy is UnknownPolicy.RESEND or self.resend_unknown

    def __str__(self) -> str:
        """Return the run in one line."""
        words = [
            f"{self.people} people by {', '.join(self.channels)}, {self.policy}",
            f"carrier: {', '.join(self.told)}",
            f"killed {'; '.join(map(str, self.kills))}",
            f"then {self.end}",
        ]
        words += ["a resume beside the living sender"] * self.intruder
        words += ["the last one with --resend-unknown"] * self.resend_unknown
        words += [f"expires after {self.expires_s} s"] * (self.expires_s is not None)
        return "; ".join(words)


def plan_of(
    seed: int, policies: Sequence[UnknownPolicy], kills_at_most: int = KILLS_AT_MOST
) -> RunPlan:
    """Return the run of a seed. Seeds in a row take every policy and every point in turn."""
    chance = random.Random(f"torture/{seed}")
    turn, place = divmod(seed, len(SENDER_POINTS))
    policy = policies[(turn + place) % len(policies)]
    speed = chance.choice((4.0, 12.0, 40.0))
    scenario, told = _scenario(seed, speed, chance)
    first = SENDER_POINTS[place]
    kills = [_kill(first, chance)]
    if chance.random() < 0.5:
        kills.append(_kill(Point.IN_TAKEOVER, chance))
    while len(kills) < KILLS_AT_MOST and chance.random() < 0.45:
        kills.append(_kill(chance.choice(tuple(Point)), chance))
    channels = ALL_CHANNELS
    if first is not Point.BETWEEN_CHANNELS and chance.random() < 0.4:
        wanted = chance.sample(ALL_CHANNELS, chance.choice((1, 2)))
        channels = tuple(kind for kind in ALL_CHANNELS if kind in wanted)
    intruder = chance.random() < 0.12
    return RunPlan(
        seed=seed,
        policy=policy,
        people=chance.randint(12 if intruder else 3, PEOPLE_AT_MOST),
        channels=channels,
        speed=speed,
        scenario=scenario,
        kills=tuple(kills[:kills_at_most]),
        end=chance.choices(tuple(End), (0.7, 0.2, 0.1))[0],
        intruder=intruder,
        resend_unknown=policy is UnknownPolicy.HOLD and chance.random() < 0.15,
        expires_s=chance.randint(10, 30) if chance.random() < 0.08 else None,
        told=told,
    )


def _kill(point: Point, chance: random.Random) -> Kill:
    return Kill(point, chance.random(), chance.random())


def _scenario(seed: int, speed: float, chance: random.Random) -> tuple[Scenario, tuple[str, ...]]:
    """Return a carrier that misbehaves in some ways at once, and their names.

    Its receipts are lost: a receipt would settle what a kill has left open. Nobody picks up.
    """
    http: dict[str, float] = {}
    mail: dict[str, float] = {}
    told = []
    for name, of_http, of_mail in (
        ("refuses", {"rate-limit": 0.08, "http-503": 0.04}, {"smtp-451": 0.08, "smtp-450": 0.05}),
        ("fails", {"http-500": 0.05, "http-504": 0.03}, {}),
        (
            "is silent",
            {"drop-after-read": 0.04, "unreadable": 0.03, "cut-off": 0.03},
            {"drop-after-data": 0.08},
        ),
        ("knows wrong numbers", {"invalid-number": 0.05}, {"smtp-550": 0.05}),
    ):
        if chance.random() < 0.4:
            told.append(name)
            http |= of_http
            mail |= of_mail
    slow = chance.random() < 0.5
    most_s = chance.uniform(0.1, 0.8) if slow else 0.02
    traffic = Traffic(shares=http, delay_s=(0.0, most_s * speed))
    told += ["is slow"] * slow
    scenario = Scenario(
        seed=seed,
        sms=traffic,
        voice=traffic,
        email=Traffic(shares=mail, delay_s=(0.0, most_s * speed)),
        receipts=Receipts(lost=1),
        numbers={f"+3363998{n:04}": "unanswered" for n in range(PEOPLE_AT_MOST + 10)},
    )
    return scenario, tuple(told) or ("behaves",)
