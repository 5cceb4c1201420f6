"""What a contact's cells may hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.register.reading import read_contacts
from umsalert.errors import UsageError
from umsalert.model import NewContact
from umsalert.ports import SiteDefaults
from umsalert.register import contact_from

REGIONS = {"NCE-001": "FR", "REU-001": "RE", "NOU-001": "NC"}
KNOWN = {ref: SiteDefaults(region) for ref, region in REGIONS.items()}
FIELDS = {"site_ref": "NCE-001", "name": "Camille Lavande", "phone": "06 39 98 00 01"}


def refused(**changes: str) -> list[tuple[str | None, str]]:
    with pytest.raises(UsageError) as caught:
        contact_from(FIELDS | changes, KNOWN, {"alix thym"})
    return [(problem.column, problem.code) for problem in caught.value.problems]


def test_a_full_contact() -> None:
    """Every field arrives where it belongs; the number in E.164 with its kind."""
    contact = contact_from(
        FIELDS
        | {
            "ref": "NCE-001-night",
            "role": "PC sécurité",
            "phone": "04.65.71.00.02",
            "email": "Camille@Tilleuls.EXAMPLE",
            "card": "CAR-006-2029-01-01-00000000001",
            "language": "EN",
            "named_by": "Direction des Tilleuls",
            "channels": "E-mail; SMS",
            "hours": "Mo-Fr 08:00-18:00",
            "fallback": "Oui",
        },
        KNOWN,
    )
    assert contact == NewContact(
        site_ref="NCE-001",
        name="Camille Lavande",
        ref="NCE-001-night",
        role="PC sécurité",
        phone="+33465710002",
        phone_kind="fixed",
        email="Camille@tilleuls.example",
        card="CAR-006-2029-01-01-00000000001",
        language="en",
        named_by="Direction des Tilleuls",
        channels="email,sms",
        hours="Mo-Fr 08:00-18:00",
        fallback=True,
        card_valid_until=datetime(2029, 1, 1, 23, tzinfo=UTC),
    )


def test_a_contact_takes_over_from_its_site() -> None:
    """Who named them is the client unless said otherwise; a card's last day is the site's own."""
    known = {"REU-001": SiteDefaults("RE", "Indian/Reunion", "Port Est")}
    fields = {"site_ref": "REU-001", "name": "Ada", "email": "ada@port.example"}
    contact = contact_from(fields | {"card": "CAR-974-2029-01-01-00000000001"}, known)
    assert contact.named_by == "Port Est"
    assert contact.card_valid_until == datetime(2029, 1, 1, 20, tzinfo=UTC)
    assert contact_from(fields | {"named_by": "Ana"}, known).named_by == "Ana"
    assert contact_from(fields, known).card_valid_until is None


def test_a_contact_speaks_french_and_has_no_ref_unless_it_says_so() -> None:
    """Left out, the language is French and the ref is the register's to give."""
    contact = contact_from(FIELDS, KNOWN)
    assert (contact.language, contact.ref, contact.phone_kind) == ("fr", None, "mobile")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("channels", "sms,fax", "channels_invalid"),
        ("channels", "sms,sms", "channels_invalid"),
        ("channels", ",", "channels_invalid"),
        ("fallback", "perhaps", "yes_or_no_invalid"),
        ("hours", "toujours", "hours_invalid"),
        ("site_ref", "", "value_missing"),
        ("site_ref", "nce-001", "site_unknown"),
        ("name", "", "value_missing"),
        ("name", "ALIX  Thym", "contact_exists"),
        ("ref", "--certify", "ref_invalid"),
        ("phone", "06 39 98 00", "phone_invalid"),
        ("phone", "néant", "phone_not_a_number"),
        ("email", "camille", "email_invalid"),
        ("email", "a@x.example;b@x.example", "email_invalid"),
        ("email", "Camille <c@x.example>", "email_invalid"),
        ("email", "élodie@x.example", "email_invalid"),
        ("email", f"{'a' * 250}@x.example", "value_too_long"),
        ("language", "de", "language_unknown"),
    ],
)
def test_a_wrong_value_is_named(column: str, value: str, code: str) -> None:
    """Each wrong value is one problem, at its column."""
    assert refused(**{column: value}) == [(column, code)]


def test_nobody_without_a_way_to_reach_them() -> None:
    """Neither phone nor e-mail is one problem; a wrong phone is not told as a missing one."""
    assert refused(phone=" ") == [("phone", "contact_unreachable")]
    assert refused(phone="06 39") == [("phone", "phone_invalid")]
    assert contact_from(FIELDS | {"phone": "", "email": "c@x.example"}, KNOWN).phone is None


def test_numbers_are_read_where_the_site_stands() -> None:
    """The same six digits are a number in New Caledonia and none in Nice."""
    elsewhere = FIELDS | {"site_ref": "NOU-001", "phone": "25 12 34"}
    assert contact_from(elsewhere, KNOWN).phone == "+687251234"
    assert refused(phone="25 12 34") == [("phone", "phone_invalid")]


def test_accented_domains_become_ascii() -> None:
    """An address leaves in the form that every relay takes."""
    contact = contact_from(FIELDS | {"email": "pc@château.example"}, KNOWN)
    assert contact.email == "pc@" + "château.example".encode("idna").decode()


def test_no_message_repeats_an_address() -> None:
    """The sentence about a wrong number or address does not hold it: only `value` does."""
    with pytest.raises(UsageError) as caught:
        contact_from(FIELDS | {"phone": "06 39 98 77", "email": "camille@nowhere"}, KNOWN)
    said = caught.value.message + caught.value.hint
    assert "98 77" not in said
    assert "nowhere" not in said
    assert [problem.value for problem in caught.value.problems] == [
        "06 39 98 77",
        "camille@nowhere",
    ]


@pytest.mark.parametrize(
    ("card", "warnings"),
    [
        ("CAR-006-2029-01-31-00000000001", []),
        ("CAR-006-2029-02-31-00000000001", ["card_shape"]),
        ("CAR-006-2029-01-31-0000000001", ["card_shape"]),
        ("12345", ["card_shape"]),
    ],
)
def test_an_odd_card_is_kept_with_a_warning(card: str, warnings: list[str]) -> None:
    """The shape of a card is known from notices only: it is never a reason to refuse."""
    data = f"site_ref,name,phone,card\nNCE-001,Lou Thym,0639980001,{card}\n"
    found = read_contacts(data.encode(), KNOWN)
    assert found.problems == ()
    assert found.rows[0].card == card
    assert [warning.code for warning in found.warnings] == warnings


def test_a_channel_without_an_address_is_a_doubt() -> None:
    """Who wants e-mails and has no mailbox is taken, with a word about it."""
    data = 'site_ref,name,phone,channels\nNCE-001,Lou Thym,0465710001,"voice,sms,email"\n'
    found = read_contacts(data.encode(), KNOWN)
    assert found.rows[0].channels == "voice,sms,email"
    (warning,) = found.warnings
    assert warning.code == "channel_without_address"
    assert "sms, email" in warning.message
