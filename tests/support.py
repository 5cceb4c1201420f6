"""A small register and an alert on its way, in a real database; fictional numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.workbench import all_on_duty, commit, take
from umsalert.model import (
    Alert,
    ChannelKind,
    Circle,
    MessageText,
    NewAlert,
    NewContact,
    NewSite,
    Operator,
    Outcome,
    OutcomeKind,
    Outgoing,
    UnknownPolicy,
)
from umsalert.ports import Pace, Settled
from umsalert.store import schema
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

OPERATOR = Operator("officer", "Nice")
CENTRE = Circle(43.7005, 7.2683, radius_m=800)
AMPLE = Pace(rate_per_s=1000, burst=1000)

SITES = (
    NewSite("TILLEULS", "Galerie des Tilleuls", 43.7005, 7.2683, "FR", "Europe/Paris"),
    NewSite("PORT", "Résidence du Port", 43.6995, 7.2750, "FR", "Europe/Paris"),
    NewSite("ARENAS", "Bureaux de l'Arénas", 43.6680, 7.2150, "FR", "Europe/Paris"),
)
CONTACTS = (
    NewContact("TILLEULS", "Claude Lavande", phone="+33639980001", phone_kind="mobile"),
    NewContact("PORT", "Dominique Romarin", phone="+33639980002", phone_kind="mobile"),
    NewContact("ARENAS", "Camille Cyprès", phone="+33465710001", phone_kind="fixed"),
)
TEXTS = (
    MessageText(ChannelKind.SMS, "fr", "Restez sur votre site.", parts=1, encoding="GSM-7"),
    MessageText(ChannelKind.VOICE, "fr", "Ici la police. Restez sur votre site."),
    MessageText(ChannelKind.EMAIL, "fr", "Restez sur votre site.", subject="Alerte"),
)


async def make_register(path: Path) -> None:
    """Create a database with approved sites, two of them in `CENTRE`, and their guards."""
    schema.create(path)
    async with Store(path, SystemClock()) as store:
        await store.register.add_sites(SITES, OPERATOR, approve=True)
        await store.register.add_contacts(CONTACTS, OPERATOR, certify=True)


async def make_alert(
    store: Store, *channels: ChannelKind, ref: str = "N-1124-7F3K", stop: bool = False
) -> Alert:
    """Record an alert to the two sites of `CENTRE`; its messages are queued.

    `stop`: the first answer from a site stops what has not left for it.
    """
    now = datetime.now(UTC)
    new = NewAlert(
        ref=ref,
        template="search-person",
        area=CENTRE,
        channels=channels,
        texts=tuple(text for text in TEXTS if text.channel in channels),
        variables={},
        reason="",
        exercise=False,
        priority=20,
        unknown_policy=UnknownPolicy.HOLD,
        time_zone="Europe/Paris",
        incident_at=now,
        created_at=now,
        expires_at=now + timedelta(hours=1),
        operator=OPERATOR,
        stop_when_acknowledged=stop,
    )
    return await store.alerts.create(new, all_on_duty)


async def claim(store: Store, alert: Alert, kind: ChannelKind) -> Sequence[Outgoing]:
    """Claim every queued message of a channel, as a process that is about to send."""
    sender_id = await store.outbox.open_sender(alert.id, OPERATOR)
    return (await take(store, sender_id, kind, AMPLE, limit=1000)).outgoing


async def accept(
    store: Store, outgoing: Sequence[Outgoing], provider: str = "vonage", provider_id: str = ""
) -> None:
    """Record that the provider has accepted these messages, all under this id."""
    taken = Outcome(OutcomeKind.ACCEPTED, provider_id=provider_id)
    now = datetime.now(UTC)
    await commit(store, [Settled(item, taken, provider, now, now, None) for item in outgoing])
