"""A hundred other services through Apprise: one call in a thread, and only yes or no comes back.

Yes is accepted, without an id and without any receipt ever. No may be a refusal or an answer that
was lost: Apprise does not tell, so it is unknown, listed, and not repeated blindly.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any
from urllib.parse import quote

from umsalert.channels.fiction import held_back
from umsalert.channels.http import MAX_CONNECT_S, unknown
from umsalert.channels.network import Withdrawn
from umsalert.errors import ConfigurationError
from umsalert.i18n import _
from umsalert.model import ChannelKind, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Clock
from umsalert.settings import RateSettings, Secret, Settings, endpoint_host, is_loopback

PROVIDER = "apprise"
NO_RECEIPT = "no_receipt"
"""The code of what Apprise accepted: nobody will ever tell more."""

_SAMPLES = {ChannelKind.SMS: "+33639980001", ChannelKind.EMAIL: "guard@police.example"}
"""Recipients that nobody is, to see what Apprise makes of a URL."""


async def open_sms(settings: Settings, clock: Clock) -> AppriseChannel:
    """Open the SMS channel. Raises ConfigurationError."""
    del clock
    return await _open(ChannelKind.SMS, settings.apprise.sms_url, settings.sms.apprise, settings)


async def open_email(settings: Settings, clock: Clock) -> AppriseChannel:
    """Open the e-mail channel. Raises ConfigurationError."""
    del clock
    return await _open(
        ChannelKind.EMAIL, settings.apprise.email_url, settings.email.apprise, settings
    )


async def _open(
    kind: ChannelKind, url: Secret, pace: RateSettings, settings: Settings
) -> AppriseChannel:
    service = await asyncio.to_thread(Service, kind, url, pace)
    simulated = is_loopback(endpoint_host(settings, kind, PROVIDER))
    return AppriseChannel(kind, service, pace, simulated)


class AppriseChannel:
    """`ports.Channel` for one URL of Apprise. Messages leave from threads of its own."""

    provider = PROVIDER

    def __init__(
        self, kind: ChannelKind, service: Service, pace: RateSettings, simulated: bool
    ) -> None:
        self.kind = kind
        self._service = service
        self._timeout_s = pace.timeout_s
        self._simulated = simulated
        self._withdrawn = False
        self._threads = ThreadPoolExecutor(pace.in_flight, thread_name_prefix=PROVIDER)

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over once. A thread that is given up goes on, and is never followed by another."""
        refusal = held_back(outgoing.address, simulated=self._simulated)
        if refusal:
            return refusal
        work = self._threads.submit(self._hand_over, outgoing)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.wrap_future(work)
        except Withdrawn as withdrawn:
            return withdrawn.outcome
        except TimeoutError:
            if work.cancel():  # no thread had begun with it: all wait for answers
                return Outcome(OutcomeKind.UNREACHABLE, "no_thread")
            return unknown("no_answer")

    def withdraw(self) -> None:
        """Let nothing more leave."""
        self._withdrawn = True

    async def close(self) -> None:
        """Let no thread begin; one that is at work ends by its own time-outs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, outgoing: Outgoing) -> Outcome:
        if self._withdrawn:
            raise Withdrawn
        return self._service.notify(outgoing)


class Service:
    """One URL of Apprise, with `{address}` in it. Raises ConfigurationError when it is unfit."""

    def __init__(self, kind: ChannelKind, url: Secret, pace: RateSettings) -> None:
        self._url = url
        self._connect_s = min(MAX_CONNECT_S, pace.timeout_s / 3)
        self._read_s = pace.timeout_s - self._connect_s
        self._library = _library()
        self._asset = self._library.AppriseAsset(
            http_redirects=False, interpret_emojis=False, default_service_retry=0
        )
        plugin = self._plugin(_SAMPLES[kind])
        # Its length counts recipients, times one for each repetition.
        if plugin is None or len(plugin) != 1:
            raise ConfigurationError(
                "apprise_url_unfit",
                _("Apprise cannot use apprise.{kind}_url for one recipient and one try.").format(
                    kind=kind
                ),
                hint=_(
                    "Write one service with {{address}} for its only recipient, and no retry=: "
                    "github.com/caronc/apprise lists the services."
                ).format(),
            )

    def notify(self, outgoing: Outgoing) -> Outcome:
        """Hand over, in a thread; never raises."""
        try:
            plugin = self._plugin(outgoing.address)
            if plugin is None or len(plugin) != 1:
                return Outcome(
                    OutcomeKind.PERMANENT,
                    "address_refused",
                    _("Apprise does not take this for an address of the service."),
                )
            if plugin.notify(body=outgoing.body, title=outgoing.text.subject, body_format="text"):
                return Outcome(OutcomeKind.ACCEPTED, NO_RECEIPT)
        except Exception:  # noqa: BLE001 - a hundred services raise a hundred things
            return _failed()
        return _failed()

    def _plugin(self, address: str) -> Any:  # noqa: ANN401 - one of the library's classes
        url = self._url.replace("{address}", quote(address, safe=""))
        plugin = self._library.Apprise.instantiate(url, asset=self._asset)
        if plugin is not None:
            plugin.socket_connect_timeout = self._connect_s
            plugin.socket_read_timeout = self._read_s
        return plugin


def _failed() -> Outcome:
    return Outcome(
        OutcomeKind.UNKNOWN,
        "apprise_failed",
        _("Apprise says no, and not whether the message has left."),
    )


def _library() -> ModuleType:
    try:
        import apprise
    except ImportError as error:
        raise ConfigurationError(
            "apprise_missing",
            _("Apprise is not installed."),
            hint=_("Run: pip install 'umsalert[apprise]'"),
        ) from error
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it names recipients
    # One of its services loads a module that Python is about to drop; it has a substitute.
    warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
    return apprise
