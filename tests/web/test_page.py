"""The page of the link: what it shows, what a press does, what it never does."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from markupsafe import escape

from tests import support
from tests.web import guards
from tests.web.guards import Phone, Shown, phone_of, replies
from tests.web.vonage import Serving
from umsalert import tokens
from umsalert.model import Alert, ChannelKind, Outgoing, ReplyKind, ReplySource
from umsalert.store.store import Store

MAX_BYTES = 15_000
SPOOFED = "\N{RIGHT-TO-LEFT OVERRIDE}\x00<b onload=\"x\">&amp; 'seul'\x1b[31m"


pytestmark = pytest.mark.usefixtures("at_once")


def shows(page: Shown, *sentences: str) -> bool:
    return all(str(escape(sentence)) in page.text for sentence in sentences)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("PERSONNE RECHERCHÉE", "Je l'ai vu", "Bien reçu", "Restez sur votre site")),
        ("en", ("PERSON SOUGHT", "I have a sighting", "Received", "Stay on your site")),
    ],
)
async def test_the_page_is_the_guards_own(
    serving: Serving,
    sent: tuple[Alert, Sequence[Outgoing]],
    language: str,
    words: tuple[str, ...],
) -> None:
    """The words of the message, in the guard's language, without the link; small and bare."""
    phone = phone_of(serving, sent[1], language)
    page = await phone.open()
    assert page.status == 200
    assert shows(page, *words, sent[0].ref)
    assert f'<html lang="{language}">' in page.text
    assert guards.PUBLIC_URL not in page.text
    assert f'href="tel:{guards.CALLBACK.replace(" ", "")}"' in page.text
    assert "EXERCI" not in page.text
    for far in ("<script", "http:", "https:", "src=", "@import", "url("):
        assert far not in page.text


async def test_headers(phone: Phone) -> None:
    """No cache, no referrer, no index, no frame, no script; the one style is named by its hash."""
    for page in (await phone.open(), await replace(phone, token="A" * 22).open()):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        policy = page.headers["Content-Security-Policy"]
        for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            assert rule in policy
        assert "base-uri 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("kind", list(ReplyKind))
async def test_a_press_is_an_answer(phone: Phone, store: Store, kind: ReplyKind) -> None:
    """Every button is recorded as what it says, and the page after it says so."""
    page = await phone.press(kind)
    (reply,) = await replies(store)
    assert (reply.kind, reply.source, reply.channel) == (kind, ReplySource.LINK, ChannelKind.SMS)
    assert page.status == 200
    assert 'role="status"' in page.text
    assert "Réponse reçue" in page.text


async def test_the_last_answer_wins_and_can_be_taken_back(phone: Phone, store: Store) -> None:
    """Undo brings the answer before it back, until there is none."""
    await phone.press("acknowledged")
    await phone.press("cannot")
    assert "<strong>Je ne peux pas agir</strong>" in (await phone.open()).text
    page = await phone.press("undo")
    assert shows(page, "Réponse annulée.")
    assert "<strong>Bien reçu</strong>" in page.text
    page = await phone.press("undo")
    assert "<strong>" not in page.text
    assert [reply.undone_at is None for reply in await replies(store)] == [False, False]
    assert (await phone.press("undo")).status == 200


async def test_an_undo_pressed_twice_takes_one_answer_back(phone: Phone, store: Store) -> None:
    """A nervous thumb takes back what the page showed, and not the answer before it, too."""
    await phone.press("acknowledged")
    await phone.press("sighting")
    page = await phone.open()
    found = re.search(r'name="undoes" value="(\d+)"', page.text)
    assert found
    for _tap in range(2):
        await phone.press("undo", stamp=page.stamp, undoes=found[1])
    assert [reply.undone_at is None for reply in await replies(store)] == [True, False]
    assert "<strong>Bien reçu</strong>" in (await phone.open()).text


async def test_details_follow_a_sighting(phone: Phone, store: Store) -> None:
    """They are an answer of their own, so that the first is not lost; a second keeps the time."""
    await phone.press("sighting")
    now = datetime.now(UTC)
    await phone.press(
        "sighting", details="1", text="à l'arrêt\nde bus", direction="la gare", ago="5"
    )
    page = await phone.press("sighting", details="1", text="monte dans le bus 12")
    first, second, third = await replies(store)
    assert (first.text, first.seen_at) == ("", None)
    assert (second.text, second.direction) == ("à l'arrêt de bus", "la gare")
    assert second.seen_at
    assert abs(now - timedelta(minutes=5) - second.seen_at) < timedelta(minutes=1)
    assert third.seen_at == second.seen_at
    assert shows(page, "monte dans le bus 12")
    assert "Restez sur votre site" in page.text


async def test_a_press_twice_is_one_answer(phone: Phone, store: Store) -> None:
    """Two taps of a nervous thumb are no two sightings; details always count."""
    for _tap in range(2):
        await phone.press("sighting")
    assert len(await replies(store)) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "x" * 501}, "text"),
        ({"direction": "x" * 101}, "direction"),
        ({"at": "99:99"}, "at"),
        ({"at": "soon"}, "at"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    phone: Phone, store: Store, fields: dict[str, str], field: str
) -> None:
    """Nothing is recorded, nothing typed is lost."""
    await phone.press("sighting")
    page = await phone.press("sighting", details="1", **{"text": "seul", **fields})
    assert page.status == 422
    assert f'aria-invalid="true" aria-describedby="{field}-error"' in page.text
    assert f'id="{field}-error"' in page.text
    assert fields.get("text", "seul") in page.text
    assert len(await replies(store)) == 1


async def test_an_hour_that_has_not_come_is_refused(phone: Phone, store: Store) -> None:
    """Typed at 18:20, 18:40 is no time of yesterday."""
    await phone.press("sighting")
    ahead = datetime.now(ZoneInfo("Europe/Paris")) + timedelta(hours=3)
    page = await phone.press("sighting", details="1", at=f"{ahead:%H:%M}")
    assert page.status == 422
    assert len(await replies(store)) == 1


async def test_words_cannot_change_the_page(phone: Phone, store: Store) -> None:
    """Marks that hide or turn letters are left out, HTML is shown as it was typed."""
    await phone.press("sighting")
    page = await phone.press("sighting", details="1", text=SPOOFED, direction=SPOOFED)
    reply = (await replies(store))[-1]
    assert reply.text == reply.direction == "<b onload=\"x\">&amp; 'seul'[31m"
    assert "<b onload" not in page.text
    assert page.text.count("&lt;b onload=&#34;x&#34;&gt;&amp;amp;") >= 2
    assert "\x00" not in page.text


async def test_the_words_of_an_alert_cannot_change_the_page(serving: Serving, store: Store) -> None:
    """The officer's words are text, too."""
    values = {**guards.VALUES["search-person"], "description": "<script>x</script> & co"}
    _alert, outgoing = await guards.send(store, values=values)
    page = await phone_of(serving, outgoing).open()
    assert "<script" not in page.text
    assert shows(page, values["description"])


async def test_an_exercise_says_so(serving: Serving, store: Store) -> None:
    """Above the words, in the title, and in the words."""
    _alert, outgoing = await guards.send(store, exercise=True)
    page = await phone_of(serving, outgoing).open()
    assert '<p class="flag">EXERCICE</p>' in page.text
    assert "<title>EXERCICE – " in page.text


async def test_a_lockdown_asks_for_its_own_answers(serving: Serving, store: Store) -> None:
    """The template says which buttons are large; of a template that is gone, most common ones."""
    _alert, outgoing = await guards.send(store, "lockdown")
    page = await phone_of(serving, outgoing).open()
    assert 'value="locked_down"' in page.text
    assert 'value="sighting"' not in page.text
    for always in ("cannot", "wrong_person"):
        assert f'value="{always}" class="small' in page.text


async def test_an_email_shows_its_words_without_the_link(serving: Serving, store: Store) -> None:
    """The sentence that announces the link goes with it."""
    mailbox = support.CONTACTS[0]._replace(name="Olive Sauge", phone=None, phone_kind=None)
    await store.register.add_contacts(
        [mailbox._replace(email="pc@tilleuls.example")], support.OPERATOR, certify=True
    )
    _alert, outgoing = await guards.send(store, channel=ChannelKind.EMAIL)
    page = await phone_of(serving, outgoing).open()
    assert "Signalement" in page.text
    assert "Répondez d&#39;un geste" not in page.text


async def test_reading_changes_nothing(phone: Phone, store: Store) -> None:
    """Whatever a GET or a HEAD says, nothing is recorded."""
    await phone.press("acknowledged")
    for query in ("", "?answer=sighting", "?note=undone", "?answer=undo&note=<b>", "?note=nothing"):
        for method in ("GET", "HEAD"):
            assert (await phone.ask(method, phone.link + query)).status == 200
    assert len(await replies(store)) == 1
    assert "<b>" not in (await phone.open("?note=<b>")).text


async def test_a_photo_of_a_link_is_no_page(phone: Phone) -> None:
    """Who reloads the address of an upload comes back to the page."""
    page = await phone.ask("GET", f"{phone.link}/photo")
    assert page.status == 200
    assert "Message de la police" in page.text


@pytest.mark.parametrize("answer", ["", "sightings", "undo2", "\x00"])
async def test_an_answer_we_do_not_know(phone: Phone, store: Store, answer: str) -> None:
    """It is none, and the page asks to press once more."""
    page = await phone.press(answer)
    assert page.status == 400
    assert shows(page, "appuyez encore une fois")
    assert not await replies(store)


async def test_unknown_links_look_all_the_same(phone: Phone) -> None:
    """A guess, a link cut short, one of a deleted alert, another method: one page."""
    pages = {
        (await phone.ask(method, f"{phone.url}/r{path}")).text: (method, path)
        for method, path in (
            ("GET", "/" + "A" * 22),
            ("POST", "/" + "A" * 22),
            ("POST", f"/{'A' * 22}/photo"),
            ("GET", "/" + tokens.new(1)),
            ("GET", "/" + phone.token[:-1]),
            ("GET", "/" + phone.token + "."),
            ("GET", "/"),
            ("GET", "/%00%ff"),
            ("DELETE", "/" + phone.token),
            ("GET", f"/{phone.token}/other"),
        )
    }
    assert len(pages) == 1, pages.values()
    (text,) = pages
    assert "Lien inconnu" in text
    assert "Unknown link" in text
    assert (await phone.ask("GET", f"{phone.url}/r/x")).status == 404


async def test_a_link_dies_with_its_alert(phone: Phone, store: Store) -> None:
    """A cancelled alert takes no answer, and says so in the guard's language."""
    before = await phone.open()
    alert = await store.alerts.alert("last")
    await store.outbox.cancel(alert.id, support.OPERATOR, "")
    for page in (
        await phone.open(),
        await phone.press("sighting", stamp=before.stamp),
        await phone.upload(bytes(5_000_000), stamp=before.stamp),
    ):
        assert page.status == 410
        assert "Alerte terminée" in page.text
        assert "Unknown" not in page.text
    assert not await replies(store)


async def test_the_page_stays_small(phone: Phone) -> None:
    """With an exercise's words, answers, details, an error and every form it is below 15 kB."""
    await phone.press("sighting")
    page = await phone.press("sighting", details="1", text="é" * 501, direction="x" * 101, at="x")
    assert page.status == 422
    assert len(page.text.encode()) < MAX_BYTES


async def test_the_form_is_kept_as_it_came(phone: Phone, store: Store) -> None:
    """The raw form has what was typed, and no stamp."""
    await phone.press("sighting", details="1", text="é\x00", surplus="1")
    rows = await store.answers._database.read(
        lambda connection: connection.execute("SELECT raw FROM reply").fetchall()
    )
    assert json.loads(rows[0]["raw"]) == {
        "answer": "sighting",
        "details": "1",
        "text": "é\x00",
        "surplus": "1",
    }


async def test_the_log_holds_no_token(
    phone: Phone, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """It names the alert and the delivery; whoever reads it can answer for nobody."""
    with caplog.at_level(logging.DEBUG):
        await phone.press("sighting", details="1", text="au bus de la gare")
        await phone.upload(b"no photo")
        await replace(phone, token=phone.token[:-1]).open()
    ours = [record for record in caplog.records if record.name.startswith(("umsalert", "uvicorn"))]
    assert any(getattr(record, "alert", "") for record in ours)
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert phone.token[:-1] not in written
    assert "au bus" not in written
