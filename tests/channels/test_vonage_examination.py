"""Senders, callers, balance and account: what France allows, and what the account says."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import pytest

from tests.channels.carriers import Carrier, HttpAnswer
from tests.channels.workshop import Workshop
from umsalert.channels import registry
from umsalert.channels.vonage import account, examination
from umsalert.channels.vonage.account import Account, OwnNumber
from umsalert.channels.vonage.senders import Kind, can_be_answered, kind_of
from umsalert.errors import ConfigurationError, TemporaryError
from umsalert.model import CheckStatus
from umsalert.settings import Secret, Settings, VonageSettings

OK, WARNING, FAILED = CheckStatus

OURS = OwnNumber("+33465710018", frozenset({"VOICE"}), "2c1f0c4e")
ACCOUNT = Account(100.0, (OURS, OwnNumber("+33936490001", frozenset({"SMS"}), "")))
VONAGE = VonageSettings(application_id="2c1f0c4e", voice_caller="+33465710018", sms_sender="POLICE")


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("POLICE", Kind.ALPHANUMERIC),
        ("PN06", Kind.ALPHANUMERIC),
        ("38123", Kind.SHORT_CODE),
        ("39123", Kind.INVALID),
        ("POLICE de Nice", Kind.INVALID),
        ("Préfecture", Kind.INVALID),
        ("+33 9 37 00 00 00", Kind.AUTOMATED),
        ("33939000000", Kind.AUTOMATED),
        ("+33936490001", Kind.OTHER),
        ("+33639980001", Kind.MOBILE),
        ("33700000000", Kind.MOBILE),
        ("+262692000000", Kind.MOBILE),
        ("+33465710018", Kind.OTHER),
        ("+442079460000", Kind.OTHER),
    ],
)
def test_a_sender_has_a_kind(sender: str, kind: Kind) -> None:
    """Names, short codes, numbers for machines, mobiles and others are told apart."""
    assert kind_of(sender) is kind
    assert can_be_answered(kind) == (kind not in (Kind.ALPHANUMERIC, Kind.INVALID))


@pytest.mark.parametrize(
    ("sender", "two_way", "status", "word"),
    [
        ("POLICE", False, OK, "a name"),
        ("POLICE", True, FAILED, "vonage.sms_two_way"),
        ("38123", True, OK, "a short code"),
        ("+33639980001", False, FAILED, "06 and 07"),
        ("+33936490001", True, OK, "are expected"),
        ("+33937000000", True, FAILED, "no number of this account"),
        ("+33465710018", False, FAILED, "that can send SMS"),
        ("POLICE NATIONALE", False, FAILED, "neither"),
    ],
)
def test_the_sender_is_allowed_ours_and_answerable(
    sender: str, two_way: bool, status: CheckStatus, word: str
) -> None:
    """What a sender is must fit what the settings say of it, and the law."""
    vonage = VONAGE._replace(sms_sender=sender, sms_two_way=two_way)
    finding = examination.sms_sender(vonage, ACCOUNT)
    assert finding.status is status
    assert word in finding.message


@pytest.mark.parametrize(
    ("caller", "application", "status", "word"),
    [
        ("+33465710018", "2c1f0c4e", OK, "is a number of the account"),
        ("33 4 65 71 00 18", "2c1f0c4e", OK, "is a number of the account"),
        ("+33465710018", "other", WARNING, "another application"),
        ("+33465710099", "2c1f0c4e", FAILED, "no number of this account"),
        ("+33936490001", "2c1f0c4e", FAILED, "that can call"),
        ("+33639980001", "2c1f0c4e", FAILED, "06 and 07"),
    ],
)
def test_the_caller_is_a_number_of_ours_that_can_call(
    caller: str, application: str, status: CheckStatus, word: str
) -> None:
    """A caller that is not of the account would have every call refused."""
    vonage = VONAGE._replace(voice_caller=caller, application_id=application)
    finding = examination.voice_caller(vonage, ACCOUNT)
    assert finding.status is status
    assert word in finding.message


def test_a_wrong_caller_is_shown_the_right_ones() -> None:
    """The fix names the numbers that can call, and not those that cannot."""
    finding = examination.voice_caller(VONAGE._replace(voice_caller="+33465710099"), ACCOUNT)
    assert "+33465710018" in finding.fix
    assert "+33936490001" not in finding.fix


def test_what_was_not_read_is_not_called_right() -> None:
    """Without the account, a caller is neither right nor wrong."""
    assert examination.voice_caller(VONAGE, None).status is WARNING


@pytest.mark.parametrize(("eur", "status"), [(50.0, OK), (49.99, WARNING), (0.0, FAILED)])
def test_a_low_balance_is_told_before_it_is_empty(eur: float, status: CheckStatus) -> None:
    """Below the configured amount it is a warning, at nothing a failure."""
    finding = examination.balance(eur, VONAGE)
    assert finding.status is status
    assert f"{eur:.2f}" in finding.message


def test_transactional_is_what_the_operator_declares() -> None:
    """Undeclared is a warning; declared is ok, and says that it is not Vonage's word."""
    assert examination.transactional(VONAGE).status is WARNING
    declared = examination.transactional(VONAGE._replace(transactional=True))
    assert declared.status is OK
    assert "cannot be asked" in declared.message


class AccountCarrier(Carrier):
    """Answers every GET with `answer`; with None it reads the request and hangs up."""

    def __init__(self, answer: HttpAnswer | None) -> None:
        super().__init__()
        self.answer = answer
        self.requests = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def listen(self, context: ssl.SSLContext) -> asyncio.Server:
        """Listen with TLS."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)

    async def stop(self) -> None:
        """Close without TLS's farewell: it would be waited for."""
        for writer in self._writers:
            writer.transport.abort()
        await super().stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.requests += 1
            if self.answer:
                writer.write(self.answer.encode())
                await writer.drain()
        writer.close()


def account_settings(workshop: Workshop, port: int) -> Settings:
    """Return settings whose account is at this port."""
    settings = workshop.settings(port)
    vonage = settings.vonage._replace(
        api_key="abcd1234",
        api_secret=Secret("s3cr3t-of-the-account"),
        account_url=f"https://localhost:{port}",
    )
    return settings._replace(vonage=vonage)


async def test_a_lost_connection_is_one_request(workshop: Workshop) -> None:
    """With its defaults the SDK would ask ten times; the account is asked once."""
    carrier = await workshop.start(AccountCarrier(None))
    with pytest.raises(TemporaryError):
        await account.balance_eur(account_settings(workshop, carrier.port))
    assert carrier.requests == 1


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (HttpAnswer(401, {"title": "Unauthorized"}), ConfigurationError, "account_refused"),
        (HttpAnswer(403, {}), ConfigurationError, "account_refused"),
        (HttpAnswer(429, {}), TemporaryError, "account_unavailable"),
        (HttpAnswer(500, {}), TemporaryError, "account_unavailable"),
        (HttpAnswer(200, {"no": "balance"}), TemporaryError, "account_unavailable"),
        (HttpAnswer(200, []), TemporaryError, "account_unavailable"),
        (
            HttpAnswer(200, raw=b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n<>"),
            TemporaryError,
            "account_unavailable",
        ),
    ],
)
async def test_an_answer_that_is_none_says_what_to_do(
    workshop: Workshop,
    caplog: pytest.LogCaptureFixture,
    answer: HttpAnswer,
    error: type[ConfigurationError] | type[TemporaryError],
    code: str,
) -> None:
    """A refusal is for the settings, all else for later; the SDK logs no answer and no login."""
    carrier = await workshop.start(AccountCarrier(answer))
    with caplog.at_level("DEBUG"), pytest.raises(error) as caught:
        await account.balance_eur(account_settings(workshop, carrier.port))
    assert caught.value.code == code
    assert caught.value.hint
    assert [record for record in caplog.records if record.name.startswith("vonage")] == []


async def test_an_unknown_authority_is_named(workshop: Workshop) -> None:
    """Only `ca_file` is trusted where it is set, whatever the environment says."""
    carrier = await workshop.start(AccountCarrier(HttpAnswer(200, {"value": 1.0})))
    settings = account_settings(workshop, carrier.port)
    assert await account.balance_eur(settings) == 1.0
    without = settings._replace(vonage=settings.vonage._replace(ca_file=None))
    with pytest.raises(ConfigurationError) as caught:
        await account.balance_eur(without)
    assert caught.value.code == "account_certificate"


async def test_without_a_key_the_account_is_not_asked(workshop: Workshop) -> None:
    """Alerts need no account key: it is a warning, and the caller stays unchecked."""
    findings = await registry.examine("vonage", workshop.settings(1))
    by_name = {finding.name: finding for finding in findings}
    assert by_name["vonage_account"].status is WARNING
    assert "vonage.api_key" in by_name["vonage_account"].message
    assert by_name["voice_caller"].status is WARNING
    assert "vonage_balance" not in by_name


async def test_no_application_is_no_finding(workshop: Workshop) -> None:
    """A station that does not use Vonage is not asked for it."""
    settings = workshop.settings(1)._replace(vonage=VonageSettings())
    assert await registry.examine("vonage", settings) == ()
