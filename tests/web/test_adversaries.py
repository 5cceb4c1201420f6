"""Who the page is not for: scanners that press at once, guessers, floods, trickles."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import support
from tests.web import guards
from tests.web.conftest import running
from tests.web.guards import Phone, phone_of, replies
from tests.web.vonage import Serving
from tests.workbench import FixedClock
from umsalert import tokens
from umsalert.model import Alert, NewContact, Outgoing
from umsalert.settings import ServeSettings, Settings
from umsalert.store.store import Store
from umsalert.web.page import handlers, limits, stamp
from umsalert.web.page.limits import Limit

TOKEN, NOON = "A" * 22, datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
AGAIN = "Rien n&#39;est encore enregistré : appuyez encore une fois."


def earlier(token: str, seconds: float) -> str:
    """Return the stamp of a page that was opened so long ago."""
    return stamp.make(token, datetime.now(UTC) - timedelta(seconds=seconds))


async def test_who_presses_at_once_presses_again(phone: Phone, store: Store) -> None:
    """A scanner GETs and POSTs within a second: nothing; a person's second press counts."""
    page = await phone.press("acknowledged")
    assert page.status == 409
    assert AGAIN in page.text
    assert not await replies(store)
    page = await phone.press("acknowledged", stamp=earlier(phone.token, 2))
    assert page.status == 200
    assert len(await replies(store)) == 1


async def test_what_was_typed_survives(phone: Phone, store: Store) -> None:
    """Whoever must press once more types nothing again."""
    await phone.press("sighting", stamp=earlier(phone.token, 2))
    page = await phone.press(
        "sighting", details="1", text="au bus", direction="la gare", ago="5", at="18:22"
    )
    assert page.status == 409
    for typed in ("au bus", 'value="la gare"', '<option value="5" selected>', 'value="18:22"'):
        assert typed in page.text
    assert len(await replies(store)) == 1


async def test_a_filled_trap_records_nothing(phone: Phone, store: Store) -> None:
    """No person sees or reaches the field; a program that fills every field gives itself away."""
    old = earlier(phone.token, 60)
    page = await phone.press("sighting", stamp=old, website="https://shop.example")
    assert page.status == 409
    assert not await replies(store)
    assert '<div hidden aria-hidden="true">' in (await phone.open()).text


async def test_an_undo_needs_a_stamp_too(phone: Phone, store: Store) -> None:
    """A scanner takes no answer back."""
    await phone.press("sighting", stamp=earlier(phone.token, 2))
    await phone.press("undo")
    (reply,) = await replies(store)
    assert reply.undone_at is None


@pytest.mark.parametrize("age_s", [-60.0, 0.0, 1.4, 86_401.0])
def test_a_stamp_has_its_time(age_s: float) -> None:
    """Made later than now, too fresh or of yesterday, it does not count."""
    made = stamp.make(TOKEN, NOON - timedelta(seconds=age_s))
    assert not stamp.counts(made, TOKEN, NOON)


@pytest.mark.parametrize("age_s", [1.5, 60.0, 86_400.0])
def test_a_stamp_in_its_time(age_s: float) -> None:
    """From a second and a half to a day it counts, for its own token."""
    made = stamp.make(TOKEN, NOON - timedelta(seconds=age_s))
    assert stamp.counts(made, TOKEN, NOON)
    assert not stamp.counts(made, "B" * 22, NOON)


@pytest.mark.parametrize("at_ms", ["0", "9" * 13, "9" * 15, "-1", "٣"])
def test_a_stamp_signed_by_a_guard(at_ms: str) -> None:
    """Who knows the token can sign any time; none of them breaks anything."""
    forged = f"{at_ms}.{stamp._signature(TOKEN, at_ms)}"
    assert not stamp.counts(forged, TOKEN, NOON)


@given(st.text(max_size=60))
def test_no_other_text_is_a_stamp(text: str) -> None:
    """Whatever stands there, it is refused and nothing falls over."""
    made = stamp.make(TOKEN, NOON)
    for forged in (text, f"{made}{text}x", f"{text}.{made.partition('.')[2]}"):
        assert not stamp.counts(forged, TOKEN, NOON + timedelta(hours=1)) or forged == made


def test_a_limit_wears_off() -> None:
    """So many in a row, then one at a time, and all of them again after its time."""
    clock = FixedClock()
    limit = Limit(3, 60.0, clock.steady_s)
    assert [limit.wait_s("a") for _time in range(3)] == [0, 0, 0]
    assert limit.wait_s("a") == pytest.approx(20.0)
    assert limit.wait_s("b") == 0
    clock.move(20.0)
    assert [limit.wait_s("a") > 0 for _time in range(2)] == [False, True]
    clock.move(60.0)
    assert [limit.wait_s("a") > 0 for _time in range(4)] == [False, False, False, True]


def test_a_limit_forgets_who_was_not_seen_for_longest() -> None:
    """Its memory is bounded, whoever comes from wherever."""
    clock = FixedClock()
    limit = Limit(1, 60.0, clock.steady_s, keys=100)
    for address in range(1_000):
        assert limit.wait_s(address) == 0
    assert limit.wait_s(999) > 0
    assert limit.wait_s(0) == 0
    assert len(limit._worn_off_s) == 100


async def test_a_link_takes_thirty_posts_in_ten_minutes(phone: Phone, store: Store) -> None:
    """Then it says so in the guard's language; reading it and other guards go on."""
    for _post in range(limits.ANSWERS_MOST):
        assert (await phone.press("undo", stamp=earlier(phone.token, 2))).status == 200
    page = await phone.press("sighting", stamp=earlier(phone.token, 2))
    assert page.status == 429
    assert 1 <= int(page.headers["Retry-After"]) <= limits.ANSWERS_WITHIN_S
    assert "Attendez quelques minutes" in page.text
    assert "Wait a few" not in page.text
    assert (await phone.open()).status == 200
    assert not await replies(store)


async def test_guessing_is_slowed_down_and_harms_no_guard(phone: Phone) -> None:
    """An address gets twenty wrong links a minute; a right one from there is served."""
    misses = [
        (await phone.ask("GET", f"{phone.url}/r/{tokens.new(number)}")).status
        for number in range(limits.MISSES_MOST + 5)
    ]
    assert misses == [404] * limits.MISSES_MOST + [429] * 5
    page = await phone.ask("GET", f"{phone.url}/r/{TOKEN}")
    assert page.headers["Retry-After"] == "3"
    assert "Trop d&#39;envois" in page.text
    assert "Too many requests" in page.text
    assert (await phone.open()).status == 200


async def misses_of(url: str, addresses: list[str]) -> list[int]:
    """Return what each wrong link gets, from the address that a proxy names."""
    async with aiohttp.ClientSession() as client:
        found = []
        for address in addresses:
            headers = {"X-Forwarded-For": address}
            async with client.get(f"{url}/r/{TOKEN}", headers=headers) as response:
                found.append(response.status)
        return found


@pytest.mark.parametrize("proxies", [("127.0.0.1",), ("10.0.0.0/8", "127.0.0.0/8", "::1")])
async def test_a_proxy_of_ours_is_believed(settings: Settings, proxies: tuple[str, ...]) -> None:
    """The visitor it names is counted; one /64 of IPv6 is one visitor, and nonsense is another."""
    known = ServeSettings(port=0, proxies=proxies)
    async with running(settings._replace(serve=known)) as serving:
        one = await misses_of(serving.url, ["198.51.100.7"] * 21)
        assert one == [404] * 20 + [429]
        assert await misses_of(serving.url, ["198.51.100.8"]) == [404]
        ipv6 = await misses_of(serving.url, [f"2001:db8::{n}" for n in range(1, 22)])
        assert ipv6 == [404] * 20 + [429]
        mapped = [f"::ffff:203.0.113.{n}" for n in range(50, 71)]  # a proxy on both protocols
        assert await misses_of(serving.url, mapped) == [404] * 21
        assert await misses_of(serving.url, ["::ffff:198.51.100.7"]) == [429]
        # Who sends an address of its own to the proxy stands before the one that the proxy adds.
        assert await misses_of(serving.url, ["203.0.113.1, 198.51.100.7"]) == [429]
        garbled = [f"{'x' * n}<script>" for n in range(1, 22)]
        assert await misses_of(serving.url, garbled) == [404] * 20 + [429]


async def test_no_other_word_on_the_address_is_believed(serving: Serving) -> None:
    """Without a proxy of ours, whoever names another address each time is counted as one."""
    found = await misses_of(serving.url, [f"198.51.100.{n}" for n in range(21)])
    assert found == [404] * 20 + [429]


async def test_a_large_form_is_refused(phone: Phone, store: Store) -> None:
    """With a page that says so, and nothing of it is read."""
    page = await phone.press("sighting", text="x" * 9000, stamp=earlier(phone.token, 2))
    assert page.status == 413
    assert "trop longue" in page.text
    assert not await replies(store)


async def test_a_trickled_form_is_given_up(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says that more is to come, and sends nothing, is answered and left."""
    monkeypatch.setattr(handlers, "FORM_TIMEOUT_S", 0.05)
    host, port = phone.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /r/{phone.token} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na".encode()
    )
    answer = (await reader.read()).decode()
    assert answer.startswith("HTTP/1.1 408")
    assert "connection: close" in answer.lower()
    writer.close()


async def test_a_hundred_guards_at_once(serving: Serving, store: Store) -> None:
    """Answers that come together are all kept, each once, beside somebody who sends."""
    sites = [
        NewContact("TILLEULS", f"Guard {n}", phone=f"+3363998{1000 + n}", phone_kind="mobile")
        for n in range(100)
    ]
    await store.register.add_contacts(sites, support.OPERATOR, certify=True)
    _alert, outgoing = await guards.send(store)
    phones = [Phone(serving.url, item.token, serving.client) for item in outgoing]
    pages = await asyncio.gather(
        *(phone.press("acknowledged", stamp=earlier(phone.token, 2)) for phone in phones)
    )
    assert {page.status for page in pages} == {200}
    rows = await replies(store)
    assert len(rows) == len({row.contact_ref for row in rows}) == len(outgoing)


async def test_a_token_of_one_is_no_key_to_another(
    serving: Serving, sent: tuple[Alert, Sequence[Outgoing]], store: Store
) -> None:
    """A stamp that belongs to one guard's page is worth nothing on another's."""
    first, second = (phone_of(serving, sent[1], language) for language in ("fr", "en"))
    page = await second.press("sighting", stamp=earlier(first.token, 2))
    assert page.status == 409
    assert "press once more" in page.text
    assert not await replies(store)
