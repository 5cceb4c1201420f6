"""What a guard does with an SMS besides reading it: writes back, or opens its link and presses."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import aiohttp
from yarl import URL

from umsalert.simulator import record as seen
from umsalert.simulator.calls import Stage
from umsalert.simulator.webhooks import is_local

WRITES_AFTER_S = 8.0
"""How long a guard takes from reading an SMS to having answered it, in simulated seconds."""
LOOKS_S = 2.0
"""Real seconds before a button of the page is pressed: it knows who is too fast to be a person."""
TIMEOUT = aiohttp.ClientTimeout(total=10)
_LINK = re.compile(r"https?://\S+/r/[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of one provider's customers.

    `write` lets the provider bring words to the sender of an SMS, told where its receipts go; `tls`
    is what an https page is trusted by.
    """

    stage: Stage
    write: Callable[[seen.Sms, str, str], None]
    tls: ssl.SSLContext = field(repr=False)

    async def answer(self, message: seen.Sms, webhook_url: str) -> None:
        """Do what the person with this number does with an SMS."""
        person = self.stage.people.person(message.to)
        if not (person.writes or person.presses):
            return
        await self.stage.timeline.sleep(WRITES_AFTER_S)
        if person.writes and webhook_url and message.sender.isdecimal():  # a name takes no answer
            self._write(message, person.writes, webhook_url)
        if person.presses and (link := _LINK.search(message.text)):
            await self._press(message.to, link[0], person.presses)

    def _write(self, message: seen.Sms, text: str, webhook_url: str) -> None:
        """Let the provider bring an SMS to where it brings all that is written to the sender."""
        now = self.stage.timeline.now()
        self.stage.record.add(seen.Written(at=now, sender=message.to, to=message.sender, text=text))
        self.write(message, text, webhook_url)

    async def _press(self, number: str, link: str, button: str) -> None:
        """Open the page of a link and press a button on it, as a browser without scripts does."""
        status: int | None = None
        if is_local(link):  # nothing leaves this machine
            connector = aiohttp.TCPConnector(ssl=self.tls)
            async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as browser:
                try:
                    status = await _opened_and_pressed(browser, link, button)
                except (aiohttp.ClientError, OSError, TimeoutError):
                    status = None
        now = self.stage.timeline.now()
        self.stage.record.add(seen.Pressed(at=now, to=number, button=button, status=status))


async def _opened_and_pressed(
    browser: aiohttp.ClientSession, link: str, presses: str
) -> int | None:
    """Press a button; where words follow it, press it again on the next page, beside them."""
    button, _colon, words = presses.partition(":")
    status = await _pressed(browser, link, button, {})
    if words and status is not None:
        status = await _pressed(browser, link, button, {"text": words})
    return status


async def _pressed(
    browser: aiohttp.ClientSession, link: str, button: str, typed: Mapping[str, str]
) -> int | None:
    async with browser.get(link) as response:
        page = _Forms()
        page.feed(await response.text())
        address = response.url
    form = page.with_button(button)
    if form is None:
        return None
    await asyncio.sleep(LOOKS_S)
    fields = {**form.fields, **typed}
    async with browser.post(address.join(URL(form.action)), data=fields) as response:
        return response.status


@dataclass(slots=True)
class _Form:
    action: str
    fields: dict[str, str]
    buttons: dict[str, str]


class _Forms(HTMLParser):
    """Reads the forms of a page: what each would post, and by which buttons."""

    def __init__(self) -> None:
        super().__init__()
        self._forms: list[_Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a form, a field or a button."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._forms.append(_Form(found.get("action", ""), {}, {}))
        elif self._forms and "name" in found:
            form = self._forms[-1]
            if tag == "button":
                form.buttons[found.get("value", "")] = found["name"]
            elif tag == "input" and found.get("type") != "file":
                form.fields[found["name"]] = found.get("value", "")

    def with_button(self, value: str) -> _Form | None:
        """Return the first form with a button of this value, pressed."""
        for form in self._forms:
            if value in form.buttons:
                fields = form.fields | {form.buttons[value]: value}
                return _Form(form.action, fields, form.buttons)
        return None
