"""The carrier misbehaves as its scenario says, and the record tells what it did and took."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import aiosmtplib
import pytest

from tests.simulator.actors import Customer, Receiver, Start
from tests.simulator.test_mail import client, message
from umsalert.simulator import Simulator
from umsalert.simulator.faults import (
    GREYLISTED,
    HTTP_FAULTS,
    SMTP_FAULTS,
    Fates,
    Fault,
    Receipts,
    Taken,
    Traffic,
    Wire,
)
from umsalert.simulator.keys import SMTP_USERNAME
from umsalert.simulator.people import DOCUMENTED
from umsalert.simulator.record import Misbehaved
from umsalert.simulator.scenario import Scenario

ERRORS = [fault for fault in HTTP_FAULTS.values() if fault.wire is Wire.ERROR]
SILENT = [f for f in HTTP_FAULTS.values() if f.wire in (Wire.DROP_BEFORE, Wire.DROP_AFTER)]
REPLIES = [fault for fault in SMTP_FAULTS.values() if fault.code]
ROBBED = [fault for fault in SMTP_FAULTS.values() if not fault.code]


def always(fault: Fault, **more: Any) -> Traffic:
    return Traffic(shares={fault.name: 1.0}, **more)


def misbehaved(simulator: Simulator) -> Misbehaved:
    (entry,) = simulator.record.of(Misbehaved)
    return entry


@contextlib.asynccontextmanager
async def posted(
    customer: Customer, to: str = "33639980001"
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Post an SMS; yield the answer as it came."""
    body = {"channel": "sms", "message_type": "text", "to": to, "from": "UMSALERT", "text": "x"}
    async with customer.http.post(
        customer.simulator.messages_url,
        json=body | {"client_ref": "a-1-1"},
        headers={"Authorization": f"Bearer {customer.token()}"},
    ) as response:
        yield response


async def refused(customer: Customer, to: str) -> bool:
    """Send a letter; say whether it was refused."""
    try:
        await letter(customer, to)
    except aiosmtplib.SMTPException:
        return True
    return False


async def letter(customer: Customer, to: str = "garde@site.example") -> None:
    async with client(customer, start_tls=True) as smtp:
        await smtp.login(SMTP_USERNAME, customer.keys.smtp_password())
        await smtp.sendmail("bounce+a-1-1@police.example", [to], message().as_bytes())


@pytest.mark.parametrize("fault", ERRORS, ids=lambda fault: fault.name)
async def test_an_error_is_answered_and_nothing_taken(start: Start, fault: Fault) -> None:
    """SMS and calls get the status; the record names number and reference, and has no message."""
    traffic = always(fault, retry_after_s=7)
    customer = await start(scenario=Scenario(sms=traffic, voice=traffic))
    async with posted(customer) as response:
        assert response.status == fault.code
        assert response.headers.get("Retry-After") == ("7" if fault.code in (429, 503) else None)
    entry = misbehaved(customer.simulator)
    assert (entry.where, entry.fault, entry.taken) == ("/v1/messages", fault.name, False)
    assert (entry.to, entry.reference, entry.request_n) == ("+33639980001", "a-1-1", 1)
    assert not customer.simulator.record.sms


@pytest.mark.parametrize("fault", SILENT, ids=lambda fault: fault.name)
async def test_a_dropped_connection_answers_nothing(start: Start, fault: Fault) -> None:
    """The connection ends; only what was read before is taken."""
    customer = await start(scenario=Scenario(voice=always(fault)))
    with pytest.raises(aiohttp.ClientError):
        await customer.call({"action": "talk", "text": "x"})
    taken = fault.taken is Taken.YES
    assert misbehaved(customer.simulator).taken is taken
    assert len(customer.simulator.record.calls) == taken
    assert bool(misbehaved(customer.simulator).to) is taken


@pytest.mark.parametrize(("name", "status"), [("unreadable", 200), ("cut-off", 202)])
async def test_an_unreadable_answer_takes_the_message(start: Start, name: str, status: int) -> None:
    """The status says yes, the body is no JSON or ends in the middle, the SMS is taken."""
    customer = await start(scenario=Scenario(sms=always(HTTP_FAULTS[name])))
    with pytest.raises((ValueError, aiohttp.ClientPayloadError)):  # noqa: PT012 - either read may fail
        async with posted(customer) as response:
            assert response.status == status
            await response.json(content_type=None)
    assert misbehaved(customer.simulator).taken
    assert len(customer.simulator.record.sms) == 1


async def test_a_customer_who_has_gone_cuts_nothing_off(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """A program that was killed before its answer came leaves no traceback on the screen."""
    traffic = always(HTTP_FAULTS["cut-off"], delay_s=(300, 300))  # three tenths of a second here
    customer = await start(scenario=Scenario(sms=traffic))
    waiting = asyncio.create_task(customer.sms())
    await customer.until(lambda record: bool(record.sms))
    waiting.cancel()
    await asyncio.wait({waiting})
    await customer.simulator.stop()
    assert caplog.messages == []


@pytest.mark.parametrize("taken", [False, True])
async def test_the_scenario_says_what_was_taken(start: Start, taken: bool) -> None:
    """A 500 and a drop take the message or not as the file wants it."""
    names = {"http-500": 0.5, "drop-after-read": 0.5}
    traffic = Traffic(shares=names, taken=dict.fromkeys(names, taken))
    customer = await start(scenario=Scenario(sms=traffic))
    for _n in range(10):
        with pytest.raises((aiohttp.ClientError, AssertionError)):  # noqa: PT012
            status, _body = await customer.sms()
            assert status == 202
    faults = customer.simulator.record.of(Misbehaved)
    assert {entry.fault for entry in faults} == set(names)
    assert {entry.taken for entry in faults} == {taken}
    assert len(customer.simulator.record.sms) == (10 if taken else 0)


async def test_a_slow_answer_is_recorded_before_it_comes(start: Start) -> None:
    """The message is taken at once, the answer follows after its delay."""
    customer = await start(speed=1, scenario=Scenario(sms=Traffic(delay_s=(30, 40))))
    waiting = asyncio.create_task(customer.sms())
    await customer.until(lambda record: bool(record.sms))
    assert not waiting.done()
    entry = misbehaved(customer.simulator)
    assert 30 <= entry.delay_s <= 40
    assert (entry.fault, entry.taken) == ("", True)
    waiting.cancel()


@pytest.mark.parametrize(("number", "outcome"), sorted(DOCUMENTED.items()))
async def test_a_documented_number_does_what_it_says(
    start: Start, receiver: Receiver, number: str, outcome: str
) -> None:
    """The last digits decide, whatever the seed: the request, the SMS and the call."""
    customer = await start(seed=hash(number) % 100)
    digits = number.removeprefix("+")
    fault = HTTP_FAULTS.get(outcome)
    if fault:
        with pytest.raises((aiohttp.ClientError, ValueError, AssertionError)):  # noqa: PT012
            status, _body = await customer.sms(to=digits)
            assert status == 202
        assert misbehaved(customer.simulator).fault == outcome
        return
    await customer.sms(to=digits, webhook_url=receiver.url)
    await customer.call(
        {"action": "talk", "text": "x"},
        to=[{"type": "phone", "number": digits}],
        event_url=[receiver.url],
    )
    final_sms = "rejected" if outcome in ("unreachable", "rejected") else "delivered"
    final_call = {"unreachable": "failed"}.get(
        outcome, outcome if outcome in ("busy", "unanswered", "rejected") else "completed"
    )
    await customer.until(
        lambda record: {final_sms, final_call} <= {p.payload["status"] for p in record.webhooks}
    )
    posted = {post.fault for post in customer.simulator.record.webhooks}
    assert posted == {"lost" if outcome == "no-receipt" else ""}


async def test_a_scenario_and_an_option_decide_numbers(start: Start) -> None:
    """`[numbers]` comes before the documented table, --answer before both."""
    number = "+33639989905"
    for answers, wanted in (({}, 500), ({number: "http-503"}, 503)):
        customer = await start(scenario=Scenario(numbers={number: "http-500"}), answers=answers)
        async with posted(customer, number[1:]) as response:
            assert response.status == wanted


@pytest.mark.parametrize("fault", REPLIES, ids=lambda fault: fault.name)
async def test_the_relay_refuses(start: Start, fault: Fault) -> None:
    """The letter's reply is the fault's; nothing is taken, and a mailbox can be named for it."""
    customer = await start(scenario=Scenario(email=always(fault)))
    with pytest.raises(aiosmtplib.SMTPException) as caught:
        await letter(customer)
    found = caught.value
    inner = found.recipients[0] if isinstance(found, aiosmtplib.SMTPRecipientsRefused) else found
    assert getattr(inner, "code", 421) == fault.code
    entry = misbehaved(customer.simulator)
    assert (entry.where, entry.fault, entry.taken) == ("smtp", fault.name, False)
    assert (entry.to, entry.reference) == ("garde@site.example", "bounce+a-1-1@police.example")
    assert not customer.simulator.record.emails
    named = await start()
    with pytest.raises(aiosmtplib.SMTPException):
        await letter(named, f"{fault.name}@simulator.example")
    assert misbehaved(named.simulator).fault == fault.name


@pytest.mark.parametrize("fault", ROBBED, ids=lambda fault: fault.name)
async def test_the_relay_hangs_up(start: Start, fault: Fault) -> None:
    """The connection ends without a reply; after the content the letter is taken."""
    customer = await start(scenario=Scenario(email=always(fault)))
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, OSError)):
        await letter(customer)
    taken = fault.taken is Taken.YES
    assert misbehaved(customer.simulator).taken is taken
    assert len(customer.simulator.record.emails) == taken


async def test_a_greylisting_mailbox_takes_the_second_letter(start: Start) -> None:
    """450 once, then taken; of other mailboxes the share of the scenario does so."""
    customer = await start(scenario=Scenario(email=Traffic(greylist=0.5)))
    mailbox = f"{GREYLISTED.name}@simulator.example"
    assert await refused(customer, mailbox)
    assert not await refused(customer, mailbox)
    assert len(customer.simulator.record.emails) == 1
    seen = [await refused(customer, f"agent-{n}@site.example") for n in range(20)]
    assert 4 <= sum(seen) <= 16


async def test_mailboxes_of_a_scenario_have_their_fault(start: Start) -> None:
    """Whatever its case, a mailbox of the file has its fault; others are served."""
    customer = await start(scenario=Scenario(mailboxes={"plein@site.example": "smtp-552"}))
    await letter(customer)
    with pytest.raises(aiosmtplib.SMTPException):
        await letter(customer, "Plein@Site.example")
    assert misbehaved(customer.simulator).fault == "smtp-552"


def test_a_seed_deals_the_same_fates_and_keeps_the_shares() -> None:
    """The n-th request has the same fate in every run; over 3,000 the shares are met."""
    traffic = Traffic(shares={"rate-limit": 1 / 3, "http-500": 0.1, "drop-after-read": 0.02})

    def deal(seed: str) -> list[str]:
        fates = Fates(seed, traffic, HTTP_FAULTS)
        dealt = (fates.next() for _n in itertools.count())
        return [fate.fault.name if fate.fault else "" for fate in itertools.islice(dealt, 3_000)]

    assert deal("1") == deal("1") != deal("2")
    counted = Counter(deal("1"))
    for name, share in traffic.shares.items():
        assert counted[name] == pytest.approx(3_000 * share, rel=0.25)


@pytest.mark.parametrize(
    ("receipts", "wanted"),
    [
        (Receipts(), [("submitted", ""), ("delivered", "")]),
        (Receipts(lost=1), [("submitted", "lost"), ("delivered", "lost")]),
        (
            Receipts(twice=1),
            [("submitted", ""), ("submitted", "twice"), ("delivered", ""), ("delivered", "twice")],
        ),
        (Receipts(out_of_order=1), [("delivered", ""), ("submitted", "out-of-order")]),
        (
            Receipts(forged=1),
            [("delivered", "forged"), ("submitted", ""), ("rejected", "forged"), ("delivered", "")],
        ),
        (
            Receipts(tampered=1, lost=1),
            [
                ("delivered", "tampered"),
                ("submitted", "lost"),
                ("rejected", "tampered"),
                ("delivered", "lost"),
            ],
        ),
    ],
    ids=["honest", "lost", "twice", "out of order", "forged", "tampered"],
)
async def test_receipts_come_as_the_scenario_wants(
    start: Start, receiver: Receiver, receipts: Receipts, wanted: list[tuple[str, str]]
) -> None:
    """Lost, repeated, in disorder, forged before the true one, or changed after signing."""
    customer = await start(
        scenario=Scenario(receipts=receipts), answers={"+33639980001": "1"}, speed=20
    )
    await customer.sms(webhook_url=receiver.url)
    await customer.until(lambda record: len(record.webhooks) >= len(wanted))
    posted = [(p.payload["status"], p.fault) for p in customer.simulator.record.webhooks]
    assert posted == wanted
    arrived = [request.body["status"] for request in receiver.requests]
    assert arrived == [status for status, fault in wanted if fault != "lost"]


async def test_a_late_receipt_waits(start: Start, receiver: Receiver) -> None:
    """No receipt comes before its delay, and its payload has the event's own time."""
    customer = await start(
        scenario=Scenario(receipts=Receipts(delay_s=(2_000, 2_000))), speed=10_000
    )
    await customer.sms(webhook_url=receiver.url)
    await customer.until(lambda record: len(record.webhooks) == 2)
    (message_taken,) = customer.simulator.record.sms
    for post in customer.simulator.record.webhooks:
        assert (post.at - message_taken.at).total_seconds() >= 0.2
