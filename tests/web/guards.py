"""Guards with a link: real texts of the shipped templates, handed over for real."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp

from tests import support
from tests.web.vonage import Serving
from tests.workbench import all_on_duty
from umsalert import resources
from umsalert.messages import render, templates
from umsalert.model import (
    TOKEN_PLACE,
    Alert,
    ChannelKind,
    NewAlert,
    NewContact,
    Outgoing,
    UnknownPolicy,
)
from umsalert.ports import ReplyRow
from umsalert.store.store import Store

PUBLIC_URL = "https://alerte.example"
CALLBACK = "04 65 71 00 17"
ENGLISH = NewContact(
    "TILLEULS",
    "Sage Mint",
    phone="+33639980008",
    phone_kind="mobile",
    email="sage@tilleuls.example",
    language="en",
)
VALUES: Mapping[str, Mapping[str, str]] = {
    "search-person": {
        "description": "homme, 1,80 m, blouson rouge, jean, casquette noire",
        "last_seen": "place Masséna",
        "direction": "la gare",
    },
    "lockdown": {"instructions": "Fermez les accès, gardez le public à l'intérieur."},
}
_STAMP = re.compile(r'name="stamp" value="([^"]+)"')


@dataclass(frozen=True)
class Shown:
    """A page as it came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def stamp(self) -> str:
        found = _STAMP.search(self.text)
        assert found, self.text
        return found[1]


@dataclass(frozen=True)
class Phone:
    """A guard's telephone: it opens the link and presses, without a script."""

    url: str
    token: str
    client: aiohttp.ClientSession

    @property
    def link(self) -> str:
        return f"{self.url}/r/{self.token}"

    async def open(self, query: str = "") -> Shown:
        return await self.ask("GET", self.link + query)

    async def press(self, answer: str, **fields: str) -> Shown:
        """Press a button of the page as it is now; follow to the page after it."""
        stamp = fields.pop("stamp", None) or (await self.open()).stamp
        return await self.ask("POST", self.link, data={"stamp": stamp, "answer": answer, **fields})

    async def upload(self, content: bytes, **fields: str) -> Shown:
        """Send a photo."""
        form = aiohttp.FormData()
        form.add_field("stamp", fields.pop("stamp", None) or (await self.open()).stamp)
        for name, value in fields.items():
            form.add_field(name, value)
        form.add_field(
            "photo", io.BytesIO(content), filename="photo.jpg", content_type="image/jpeg"
        )
        return await self.ask("POST", f"{self.link}/photo", data=form)

    async def ask(self, method: str, url: str, **how: object) -> Shown:
        async with self.client.request(method, url, **how) as response:  # type: ignore[arg-type]  # passed on
            return Shown(response.status, response.headers, await response.text())


def phone_of(serving: Serving, outgoing: Sequence[Outgoing], language: str = "fr") -> Phone:
    """Return the telephone of the first guard who reads a language."""
    token = next(item.token for item in outgoing if item.text.language == language)
    return Phone(serving.url, token, serving.client)


async def replies(store: Store) -> Sequence[ReplyRow]:
    """Return every answer to the newest alert, oldest first."""
    return await store.answers.of_alert((await store.alerts.alert("last")).id)


async def send(
    store: Store,
    template: str = "search-person",
    channel: ChannelKind = ChannelKind.SMS,
    *,
    ref: str = "20261128-k7f3",
    exercise: bool = False,
    values: Mapping[str, str] | None = None,
) -> tuple[Alert, Sequence[Outgoing]]:
    """Send an alert from a shipped template to everybody in the circle."""
    now = datetime.now(UTC)
    loaded = templates.load(template, (resources.folder("templates"),))
    texts = render.render(
        loaded,
        VALUES[template] if values is None else values,
        render.Order((channel,), {"fr", "en"}, exercise=exercise),
        render.Facts("Nice", CALLBACK, "18h07", ref, f"{PUBLIC_URL}/r/{TOKEN_PLACE}"),
    )
    new = NewAlert(
        ref=ref,
        template=template,
        area=support.CENTRE,
        channels=(channel,),
        texts=texts,
        variables={},
        reason="",
        exercise=exercise,
        priority=20,
        unknown_policy=UnknownPolicy.HOLD,
        time_zone="Europe/Paris",
        incident_at=now - timedelta(minutes=8),
        created_at=now,
        expires_at=now + timedelta(hours=1),
        operator=support.OPERATOR,
        stop_when_acknowledged=False,
    )
    alert = await store.alerts.create(new, all_on_duty)
    return alert, await support.claim(store, alert, channel)
