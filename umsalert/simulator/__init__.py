"""Carriers on this machine: Vonage, OVHcloud and a gateway, a mail relay, and simulated guards.

Officers train with it; tests and the demo run against it. It listens on 127.0.0.1 only and sends
to this machine only.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from aiohttp import web
from yarl import URL

from umsalert.errors import ConfigurationError, UsageError
from umsalert.i18n import _, system_reason
from umsalert.simulator import desk, gateway, ovh
from umsalert.simulator.account import BALANCE_EUR, Account
from umsalert.simulator.calls import Stage
from umsalert.simulator.correspondents import Correspondents, Postmen
from umsalert.simulator.couriers import GatewayCourier, OvhCourier, VonageCourier
from umsalert.simulator.desk import Desk, Limit
from umsalert.simulator.faults import GATEWAY_FAULTS, HTTP_FAULTS, Fates, ReceiptFates
from umsalert.simulator.keys import (
    API_KEY,
    APPLICATION_ID,
    IMAP_USERNAME,
    SMTP_USERNAME,
    Keys,
    OvhKeys,
)
from umsalert.simulator.mail import DOCUMENTED_DOMAIN, MailConfig, Mailroom, MailServer
from umsalert.simulator.mailbox import MailboxConfig, MailboxServer
from umsalert.simulator.people import People
from umsalert.simulator.record import Record
from umsalert.simulator.scenario import Scenario
from umsalert.simulator.timeline import Timeline
from umsalert.simulator.vonage import CALLS_PER_S, SMS_PER_S, Application, Calls, Messages
from umsalert.simulator.webhooks import Webhooks

STOP_GRACE_S = 2.0
"""How long a stopping simulator waits for what is on the wire."""


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """One simulator.

    `home` holds its keys and certificates (made when missing). Port 0 is a free port. `speed`
    divides every waiting time and multiplies the carrier's limits. `scenario` says how it
    misbehaves; `seed` (None: the scenario's) and `answers` (see `People`) come before what is
    written there. `serve_url` is where `umsalert serve` will listen: OVHcloud tells nobody else.
    `webhook_ca_file` is trusted, beside the system's, where webhooks go to https.
    `clock_offset_s` moves its clock, as `[simulation]` moves umsalert's.
    """

    home: Path
    http_port: int = 0
    smtp_port: int = 0
    imap_port: int = 0
    speed: float = 1.0
    seed: int | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    scenario: Scenario = field(default_factory=Scenario)
    record_path: Path | None = None
    serve_url: str = ""
    webhook_ca_file: Path | None = None
    smtp_implicit_tls: bool = False
    clock_offset_s: float = 0.0


class Simulator:
    """A running simulator, for `async with`. `record` says what it saw, also after its end."""

    def __init__(self, config: SimulatorConfig) -> None:
        """Raise UsageError when `config` makes no sense; nothing listens yet."""
        if not 0 < config.speed < float("inf"):
            raise UsageError(
                "bad_speed",
                _("The speed {speed} is not a number above 0.").format(speed=config.speed),
                hint=_("Give 1 for real time, 60 for a minute a second."),
            )
        self.config = config
        self.http_port = config.http_port
        self.smtp_port = config.smtp_port
        self.imap_port = config.imap_port
        self._seed = (config.scenario.seed or 0) if config.seed is None else config.seed
        self._people = People(self._seed, {**config.scenario.numbers, **config.answers})
        self.record = Record()
        self._stack = AsyncExitStack()

    @property
    def messages_url(self) -> str:
        """Return where SMS are posted to."""
        return f"https://localhost:{self.http_port}/v1/messages"

    @property
    def calls_url(self) -> str:
        """Return where calls are posted to."""
        return f"https://localhost:{self.http_port}/v1/calls"

    @property
    def ovh_url(self) -> str:
        """Return the root of OVHcloud's API."""
        return f"https://localhost:{self.http_port}{ovh.ROOT}"

    @property
    def gateway_sms_url(self) -> str:
        """Return where the gateway takes SMS."""
        return f"https://localhost:{self.http_port}{gateway.SMS_PATH}"

    @property
    def gateway_voice_url(self) -> str:
        """Return where the gateway takes calls."""
        return f"https://localhost:{self.http_port}{gateway.CALLS_PATH}"

    @property
    def health_url(self) -> str:
        """Return where it says that it is well."""
        return f"https://localhost:{self.http_port}/health"

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when a port is taken or the home is unusable."""
        keys = await asyncio.to_thread(Keys, self.config.home)  # an RSA key takes its time
        async with AsyncExitStack() as stack:
            if self.config.record_path:
                self.record.append_to(self.config.record_path)
            stack.callback(self.record.close)
            timeline = Timeline(self.config.speed, self.config.clock_offset_s)
            fates = ReceiptFates(f"{self._seed}/receipts", self.config.scenario.receipts)
            webhooks = Webhooks(timeline, self.record, self._webhook_tls(), fates)
            await stack.enter_async_context(webhooks)
            stack.push_async_callback(timeline.stop, STOP_GRACE_S)
            await self._start_mail(stack, keys, timeline)
            stage = Stage(timeline, self.record, webhooks, self._people)
            await self._start_carrier(stack, keys, stage)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Stop listening, let what is on the wire end or drop it, close the record."""
        await self._stack.aclose()
        await asyncio.sleep(0)  # aborted connections close their sockets in the next turn

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    def _webhook_tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.config.webhook_ca_file:
            try:
                context.load_verify_locations(self.config.webhook_ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigurationError(
                    "ca_file_unreadable",
                    _("The certificates in {file} cannot be read.").format(
                        file=self.config.webhook_ca_file
                    ),
                    hint=_("Give a PEM file that this account may read."),
                ) from error
        return context

    async def _start_mail(self, stack: AsyncExitStack, keys: Keys, timeline: Timeline) -> None:
        config = MailConfig(
            self.config.smtp_port,
            SMTP_USERNAME,
            keys.smtp_password(),
            self.config.smtp_implicit_tls,
        )
        scenario = self.config.scenario
        mailbox = await self._start_mailbox(stack, keys)
        people = Correspondents(self._seed, scenario.mailboxes, DOCUMENTED_DOMAIN)
        postmen = Postmen(people, timeline, self.record, mailbox.put)
        mailroom = Mailroom(self.record, timeline, self._seed, scenario, postmen)
        server = MailServer(config, keys.server_tls(), mailroom)
        try:
            await stack.enter_async_context(server)
        except OSError as error:
            raise _cannot_listen(self.config.smtp_port, "--smtp-port", error) from error
        self.smtp_port = server.port

    async def _start_mailbox(self, stack: AsyncExitStack, keys: Keys) -> MailboxServer:
        config = MailboxConfig(self.config.imap_port, IMAP_USERNAME, keys.imap_password())
        server = MailboxServer(config, keys.server_tls())
        try:
            await stack.enter_async_context(server)
        except OSError as error:
            raise _cannot_listen(self.config.imap_port, "--imap-port", error) from error
        self.imap_port = server.port
        return server

    def _app(self, keys: Keys, stage: Stage) -> web.Application:
        app = desk.application(stage)
        self._add_vonage(app, keys, stage)
        self._add_ovh(app, keys, stage)
        self._add_gateway(app, keys, stage)
        return app

    def _add_gateway(self, app: web.Application, keys: Keys, stage: Stage) -> None:
        traffic, speed = self.config.scenario.gateway, self.config.speed
        courier = GatewayCourier(keys.gateway_key())
        for path, kind, limit in (
            (gateway.SMS_PATH, gateway.GatewaySms, gateway.sms_limit(speed)),
            (gateway.CALLS_PATH, gateway.GatewayCalls, gateway.calls_limit(speed)),
        ):
            api = kind(keys.gateway_token(), stage, courier)
            fates = Fates(f"{self._seed}{path}", traffic, GATEWAY_FAULTS)
            gateway.add_to(app, path, api, Desk(stage, api, limit, fates))

    def _add_vonage(self, app: web.Application, keys: Keys, stage: Stage) -> None:
        scenario, speed = self.config.scenario, self.config.speed
        courier = VonageCourier(APPLICATION_ID, API_KEY, keys.signature_secret())
        application = Application(APPLICATION_ID, keys.public_key())
        messages = Messages(application, stage, courier, self._webhook_tls())
        calls = Calls(application, stage, courier)
        for path, api, name, traffic, rate_per_s in (
            ("/v1/messages", messages, "sms", scenario.sms, SMS_PER_S),
            ("/v1/calls", calls, "voice", scenario.voice, CALLS_PER_S),
        ):
            fates = Fates(f"{self._seed}/{name}", traffic, HTTP_FAULTS)
            app.router.add_post(path, Desk(stage, api, Limit(rate_per_s * speed), fates).serve)
        balance_eur = 0.0 if scenario.account_empty else BALANCE_EUR
        Account(keys.api_secret(), stage.record, stage.timeline.now, balance_eur).add_to(app)

    def _add_ovh(self, app: web.Application, keys: Keys, stage: Stage) -> None:
        traffic, secrets = self.config.scenario.ovh, keys.ovh()
        empty = bool(traffic.shares.get("low-balance"))
        account = ovh.Account(secrets, self._callback(secrets), 0 if empty else ovh.CREDITS)
        jobs = ovh.Jobs(account, stage, OvhCourier())
        fates = Fates(f"{self._seed}/ovh", traffic, HTTP_FAULTS)
        ovh.add_to(app, account, Desk(stage, jobs, ovh.limit(self.config.speed), fates), jobs)

    def _callback(self, secrets: OvhKeys) -> str:
        if not self.config.serve_url:
            return ""
        url = URL(self.config.serve_url) / "webhooks" / "ovh" / "message-status"
        return str(url.with_query(token=secrets.webhook_secret))

    async def _start_carrier(self, stack: AsyncExitStack, keys: Keys, stage: Stage) -> None:
        app = self._app(keys, stage)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_GRACE_S)
        await runner.setup()
        stack.push_async_callback(_hang_up, runner)
        site = web.TCPSite(
            runner, "127.0.0.1", self.config.http_port, ssl_context=keys.server_tls()
        )
        try:
            await site.start()
        except OSError as error:
            raise _cannot_listen(self.config.http_port, "--port", error) from error
        self.http_port = runner.addresses[0][1]


async def _hang_up(runner: web.AppRunner) -> None:
    server = runner.server
    transports = [connection.transport for connection in server.connections] if server else []
    await runner.cleanup()
    for transport in transports:
        if transport:  # TLS would wait for the client's farewell
            transport.abort()


def _cannot_listen(port: int, option: str, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        message = _("Port {port} of this machine is taken by another program.").format(port=port)
    else:
        message = _("The simulator cannot listen on port {port}: {error}").format(
            port=port, error=system_reason(error)
        )
    return ConfigurationError(
        "port_unusable", message, hint=_("Choose another port with {option}.").format(option=option)
    )


async def serve_until_cancelled(
    config: SimulatorConfig, ready: Callable[[Simulator], None]
) -> None:
    """Run a simulator until the task is cancelled; call `ready` once it listens."""
    async with Simulator(config) as simulator:
        ready(simulator)
        await asyncio.Event().wait()
