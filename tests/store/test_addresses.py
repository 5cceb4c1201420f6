"""Addresses that are proven by a code, and those that messages come back from."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    take,
)
from umsalert import verification
from umsalert.errors import RefusedByRule, UmsalertError, UsageError
from umsalert.model import (
    AddressKind,
    AddressState,
    Answer,
    ChannelKind,
    Contact,
    DeliveryState,
    NewContact,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
    ReplyKind,
)
from umsalert.ports import Pace, Settled, StoredWebhook
from umsalert.store.store import Store

REF = "S0-c1"
AMPLE = Pace(1000, 1000)
SMS, VOICE, EMAIL = ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.EMAIL
_numbers = itertools.count()


async def _hand_over(store: Store, kind: ChannelKind) -> Outgoing:
    alert = await record(store, new_alert(f"20260317-{next(_numbers):04}", (kind,)))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    (outgoing,) = (await take(store, sender, kind, AMPLE, 1)).outgoing
    return outgoing


async def _accepted(store: Store, kind: ChannelKind) -> Outgoing:
    outgoing = await _hand_over(store, kind)
    outcome = Outcome(OutcomeKind.ACCEPTED, provider_id=outgoing.reference)
    await commit(store, [Settled(outgoing, outcome, "vonage", NOON, NOON, None)])
    return outgoing


async def _tell(store: Store, said: Receipt | Answer) -> None:
    key = f"key-{next(_numbers)}"
    await store.inbox.store(StoredWebhook("vonage", "status", "", b"{}"), key)
    (pending,) = await store.inbox.pending(10)
    assert await store.inbox.apply(pending.id, [said]) == 1


async def _undelivered(store: Store, kind: ChannelKind, code: str) -> Outgoing:
    outgoing = await _accepted(store, kind)
    state = DeliveryState.UNDELIVERED
    await _tell(store, Receipt("vonage", "u", outgoing.reference, state, code, NOON))
    return outgoing


async def _state(store: Store, kind: AddressKind) -> AddressState | None:
    states = await store.addresses.states([REF])
    return next((state for state in states if state.kind is kind), None)


async def _failures(store: Store, kind: AddressKind) -> int:
    state = await _state(store, kind)
    return 0 if state is None else state.failures


@pytest.mark.parametrize(
    ("kind", "code", "counts"),
    [
        (SMS, "messages_1180", True),
        (SMS, "messages_1170", True),
        (SMS, "undeliverable", True),
        (SMS, "ptt_5", True),
        (SMS, "absent", True),
        (SMS, "rejected", False),
        (SMS, "messages_1240", False),
        (SMS, "messages_1220", False),
        (SMS, "messages_1120", False),
        (SMS, "throttled", False),
        (VOICE, "failed", True),
        (VOICE, "busy", False),
        (VOICE, "unanswered", False),
        (VOICE, "rejected", False),
        (VOICE, "timeout", False),
        (EMAIL, "bounced", True),
        (EMAIL, "bounced_5.1.1", True),
        (EMAIL, "bounced_5.2.2", True),
        (EMAIL, "bounced_5.7.1", False),
        (EMAIL, "bounced_5.3.4", False),
        (EMAIL, "bounced_5.2.3", False),
    ],
)
async def test_only_what_is_about_the_address_counts(
    store: Store, kind: ChannelKind, code: str, counts: bool
) -> None:
    """A wrong number counts, a busy line, a refused text or a provider that is down does not."""
    await fill_register(store, 1)
    await _undelivered(store, kind, code)
    address = AddressKind.EMAIL if kind is EMAIL else AddressKind.PHONE
    assert await _failures(store, address) == int(counts)


@pytest.mark.parametrize(
    ("kind", "code", "counts"),
    [
        (EMAIL, "5.1.1", True),
        (EMAIL, "550", True),
        (EMAIL, "5.7.1", False),
        (EMAIL, "554", False),
        (SMS, "messages_1150", True),
        (SMS, "http_403", False),
        (VOICE, "http_500", False),
    ],
)
async def test_what_is_refused_at_once_counts_alike(
    store: Store, kind: ChannelKind, code: str, counts: bool
) -> None:
    """A relay that knows no such mailbox says so at once; one that refuses us says nothing."""
    await fill_register(store, 1)
    outgoing = await _hand_over(store, kind)
    outcome = Outcome(OutcomeKind.PERMANENT, code)
    await commit(store, [Settled(outgoing, outcome, "vonage", NOON, NOON, None)])
    address = AddressKind.EMAIL if kind is EMAIL else AddressKind.PHONE
    assert await _failures(store, address) == int(counts)


@pytest.mark.parametrize("cleared_by", ["receipt", "late receipt", "answer", "code", "new number"])
async def test_in_a_row_means_in_a_row(store: Store, cleared_by: str) -> None:
    """Whatever shows that somebody is there begins the count anew."""
    await fill_register(store, 1)
    for _time in range(3):
        last = await _undelivered(store, SMS, "messages_1180")
    assert await _failures(store, AddressKind.PHONE) == 3
    assert [state.contact_ref for state in await store.addresses.states(failures=3)] == [REF]
    assert await store.addresses.states(failures=4) == ()
    if cleared_by == "receipt":
        last = await _accepted(store, SMS)
    if cleared_by.endswith("receipt"):
        state = DeliveryState.DELIVERED
        await _tell(store, Receipt("vonage", "u", last.reference, state, "", NOON))
    elif cleared_by == "answer":
        await _tell(store, answer_to(last.reference, ReplyKind.ACKNOWLEDGED, NOON))
    elif cleared_by == "code":
        await _prove(store)
    else:
        await store.vetting.edit_contact(REF, _with_phone, OPERATOR)
    assert await _failures(store, AddressKind.PHONE) == 0


async def test_who_is_doubtful_is_alerted_all_the_same(store: Store) -> None:
    """Better a doubtful try than silence."""
    await fill_register(store, 1)
    for _time in range(5):
        await _undelivered(store, SMS, "messages_1180")
    assert (await _accepted(store, SMS)).address == "+33639980000"


async def test_a_wrong_person_clears_nothing(store: Store) -> None:
    """Somebody who says that the message is not for them does not speak for the contact."""
    await fill_register(store, 1)
    last = await _undelivered(store, SMS, "messages_1180")
    await _tell(store, answer_to(last.reference, ReplyKind.WRONG_PERSON, NOON))
    assert await _failures(store, AddressKind.PHONE) == 1


async def test_a_late_verdict_on_an_old_number_says_nothing_of_the_new_one(store: Store) -> None:
    """A receipt for the number that was, once it was changed, is not counted."""
    await fill_register(store, 1)
    outgoing = await _accepted(store, SMS)
    await store.vetting.edit_contact(REF, _with_phone, OPERATOR)
    state = DeliveryState.UNDELIVERED
    await _tell(store, Receipt("vonage", "u", outgoing.reference, state, "absent", NOON))
    assert await _failures(store, AddressKind.PHONE) == 0


async def test_a_code_proves_the_address_that_it_went_to(store: Store, clock: FixedClock) -> None:
    """Who proved what, when and by which channel is known, until that address changes."""
    await fill_register(store, 1)
    clock.move(60)
    await _prove(store)
    state = await _state(store, AddressKind.PHONE)
    assert state is not None
    assert (state.proven_at, state.proven_by) == (clock.at, str(OPERATOR))
    assert state.proven_channel == "voice"
    assert await _state(store, AddressKind.EMAIL) is None
    renamed = await store.vetting.edit_contact(REF, lambda c: _new(c, name="Bea"), OPERATOR)
    assert renamed == ("name",)
    assert await _state(store, AddressKind.PHONE) is not None
    await store.vetting.edit_contact(REF, _with_phone, OPERATOR)
    assert await _state(store, AddressKind.PHONE) is None


async def test_a_code_is_good_once(store: Store, clock: FixedClock) -> None:
    """After it has proven its address nothing is expected any more."""
    await fill_register(store, 1)
    digits = await _send(store, SMS, clock)
    assert await _confirm(store, digits, clock) is AddressKind.PHONE
    assert await _error(store, digits, clock) == "no_code_sent"


async def test_five_wrong_tries_end_a_code(store: Store, clock: FixedClock) -> None:
    """The right code does not help after five wrong ones; a new one does, with five tries."""
    await fill_register(store, 1)
    digits = await _send(store, SMS, clock)
    wrong = f"{(int(digits) + 1) % 1_000_000:06}"
    found = [await _error(store, wrong, clock) for _time in range(5)]
    assert found == ["code_wrong"] * 4 + ["code_tried_too_often"]
    assert await _error(store, digits, clock) == "code_tried_too_often"
    assert await _error(store, "12345", clock) == "code_invalid"
    again = await _send(store, SMS, clock)
    assert await _confirm(store, f"{again[:3]} {again[3:]}", clock) is AddressKind.PHONE


@pytest.mark.parametrize(("after", "held"), [(-1, True), (0, False)])
async def test_a_code_holds_fifteen_minutes(
    store: Store, clock: FixedClock, after: int, held: bool
) -> None:
    """To the instant: right before its end it proves, at its end it does not."""
    await fill_register(store, 1)
    digits = await _send(store, EMAIL, clock)
    clock.at += verification.LIFE + timedelta(milliseconds=after)
    if held:
        assert await _confirm(store, digits, clock) is AddressKind.EMAIL
    else:
        assert await _error(store, digits, clock) == "code_expired"


async def test_a_new_code_replaces_the_last_one_to_that_address(
    store: Store, clock: FixedClock
) -> None:
    """A call after an SMS makes its code void; one by e-mail leaves it alone."""
    await fill_register(store, 1)
    first = await _send(store, SMS, clock)
    mail = await _send(store, EMAIL, clock)
    second = await _send(store, VOICE, clock)
    if first not in (mail, second):
        assert await _error(store, first, clock) == "code_wrong"
    assert await _confirm(store, mail, clock) is AddressKind.EMAIL
    assert await _confirm(store, second, clock) is AddressKind.PHONE


async def test_no_code_is_kept(store: Store, clock: FixedClock) -> None:
    """Neither the file nor the audit log holds the digits."""
    await fill_register(store, 1)
    digits = await _send(store, SMS, clock)
    (kept,) = await store.addresses.expected(REF)
    assert digits.encode() not in kept.digest + kept.salt
    assert len(kept.digest) == 64


def _new(contact: Contact, **changes: str) -> NewContact:
    new = NewContact(
        contact.site_ref,
        contact.name,
        ref=contact.ref,
        phone=contact.phone,
        phone_kind=contact.phone_kind,
        email=contact.email,
    )
    return new._replace(**changes)  # type: ignore[arg-type]


def _with_phone(contact: Contact) -> NewContact:
    return _new(contact, phone="+33639989999")


async def _send(store: Store, kind: ChannelKind, clock: FixedClock) -> str:
    digits, kept = verification.new_code(kind, clock.at)
    await store.addresses.expect(REF, kept, OPERATOR)
    return digits


async def _prove(store: Store) -> None:
    clock = FixedClock(store._now())
    assert await _confirm(store, await _send(store, VOICE, clock), clock) is AddressKind.PHONE


async def _confirm(store: Store, digits: str, clock: FixedClock) -> AddressKind:
    return await verification.confirm(store.addresses, REF, digits, OPERATOR, clock.at)


async def _error(store: Store, digits: str, clock: FixedClock) -> str:
    with pytest.raises(UmsalertError) as caught:
        await _confirm(store, digits, clock)
    assert isinstance(caught.value, UsageError | RefusedByRule)
    return caught.value.code
