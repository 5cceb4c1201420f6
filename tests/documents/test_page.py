"""The page of a report: whole in one file, harmless, for eyes, paper and screen readers."""

from __future__ import annotations

import itertools
import math
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import lxml.html
import pypdf
import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.documents.conftest import HOSTILE, REASON, TEXTS, Desk
from tests.web.test_browser import FLAGS
from tests.workbench import new_alert, record
from umsalert import i18n
from umsalert.documents import report_pdf
from umsalert.documents.page import curves, view
from umsalert.documents.page import map as maps
from umsalert.documents.page.sites import SITES_SHOWN, Survey
from umsalert.documents.page.standings import Standing
from umsalert.errors import ConfigurationError
from umsalert.geo.circles import distance_m
from umsalert.model import ChannelKind, Circle, Everywhere, FollowKind, MessageText, Polygon
from umsalert.reports import SiteReport

PHONE = (360, 740)


@pytest.fixture
def _french() -> Iterator[None]:
    i18n.activate("fr")
    yield
    i18n.activate("en")


async def page_of(desk: Desk) -> Path:
    """Return the page of an alert that was answered and followed up."""
    alert = await desk.first()
    await desk.follow(alert, FollowKind.FOLLOW_UP)
    return await desk.written(alert, "report.html", view.write)


def read(path: Path) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(path.read_text("utf-8"))


async def test_the_page_needs_no_other_file_and_runs_nothing(desk: Desk) -> None:
    text = (await page_of(desk)).read_text("utf-8")
    assert not re.search(r"<script|<link|<img|@import|url\((?!#)|\ssrc=|\shref=\"(?!#)", text)
    assert "default-src 'none'" in text


async def test_words_of_others_are_words(desk: Desk) -> None:
    """What a guard wrote stands there as text; what would turn it round or steer is taken out."""
    path = await page_of(desk)
    assert "\u202e" not in path.read_text("utf-8")
    assert "\x1b" not in path.read_text("utf-8")
    told = read(path).text_content()
    assert HOSTILE.split('"')[1] in told
    assert "A < B & C" in told


async def test_the_page_says_what_the_record_says(desk: Desk) -> None:
    """Unreached sites on top; every text word for word; who sent it, and the internal reason."""
    page = read(await page_of(desk))
    (table,) = page.xpath("//section[@aria-labelledby='sites']//table")
    assert [row.text_content().strip() for row in table.xpath(".//tbody//th")] == [
        "Site 2",
        "Site 1",
        "Site 0",
    ]
    texts = [node.text_content() for node in page.xpath("//pre")]
    assert "Restez sur votre site. A < B & C" in texts
    assert {node.get("lang") for node in page.xpath("//pre")} == {"fr", "en"}
    facts = page.xpath("//dl")[0].text_content()
    assert REASON in facts
    events = [node.get("class") for node in page.xpath("//ol/li")]
    assert events == ["fact", "wave", "first_sms", "sighting", "wave"]


async def test_a_screen_reader_finds_its_way(desk: Desk) -> None:
    """One title, a language, headings without gaps, tables with heads, drawings with names."""
    page = read(await page_of(desk))
    assert page.get("lang") == "en"
    levels = [int(node.tag[1]) for node in page.xpath("//h1|//h2|//h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for table in page.xpath("//table"):
        assert table.xpath("./caption")
        assert len(table.xpath(".//thead//th[@scope='col']")) > 1
        assert len(table.xpath(".//tbody//th[@scope='row']")) == len(table.xpath(".//tbody/tr"))
    for drawing in page.xpath("//*[local-name()='svg']"):
        named = drawing.get("role") == "img" and drawing.get("aria-labelledby")
        assert drawing.get("aria-hidden") == "true" or page.get_element_by_id(named) is not None
    for section in page.xpath("//section"):
        assert page.get_element_by_id(section.get("aria-labelledby")).tag == "h2"
    ids = [node.get("id") for node in page.xpath("//*[@id]")]
    assert len(ids) == len(set(ids))


async def test_an_exercise_looks_like_one(desk: Desk) -> None:
    alert = await desk.first(exercise=True)
    page = read(await desk.written(alert, "report.html", view.write))
    assert page.body.get("class") == "exercise"
    assert "EXERCISE" in page.body.xpath("./p")[0].text_content()
    assert "EXERCISE" in page.xpath("//title")[0].text_content()
    (score,) = page.xpath("//section[@aria-labelledby='score']")
    assert "S2" in score.text_content()  # nobody there has answered


@pytest.mark.usefixtures("_french")
async def test_the_page_is_french_for_the_french(desk: Desk) -> None:
    page = read(await page_of(desk))
    assert page.get("lang") == "fr"
    assert "OBSERVATION" in page.text_content()
    legend = page.xpath("//ul[@class='legend']/li")
    assert legend
    assert all(re.search(r"\s: \d", item.text_content()) for item in legend)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    options = ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or ""
    with Chrome(options, ChromeService(shutil.which("chromedriver"))) as found:
        yield found


async def test_the_page_fits_a_telephone_and_draws_its_map(desk: Desk, browser: Chrome) -> None:
    """Nothing is cut off at 360 pixels, and each site has a mark inside the map."""
    path = await page_of(desk)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": PHONE[0], "height": PHONE[1], "deviceScaleFactor": 1, "mobile": True},
    )
    browser.get(path.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    inside = browser.execute_script(
        "const map = document.querySelector('svg.map').getBoundingClientRect();"
        "return [...document.querySelectorAll('svg.map g[transform*=scale]')].map(g => {"
        "const b = g.getBoundingClientRect(), x = b.x + b.width / 2, y = b.y + b.height / 2;"
        "return x > map.left && x < map.right && y > map.top && y < map.bottom})"
    )
    assert inside == [True] * 3
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


async def test_pdf_is_tagged_for_screen_readers(desk: Desk) -> None:
    """PDF/UA-1, with the language and the title of the page."""
    alert = await desk.first()
    path = await desk.written(alert, "report.pdf", report_pdf.write)
    found = pypdf.PdfReader(path)
    root: Any = found.root_object
    assert str(root["/Lang"]) == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert found.metadata is not None
    assert found.metadata.title == "Alert 20260317-first"
    words = "".join(page.extract_text() for page in found.pages)
    assert "Restez sur votre site." in words


async def test_every_sheet_of_a_printed_exercise_says_so(desk: Desk) -> None:
    """A sheet that was torn off is not taken for one of a real alert."""
    alert = await desk.first(exercise=True)
    path = await desk.written(alert, "report.pdf", report_pdf.write)
    sheets = [page.extract_text() for page in pypdf.PdfReader(path).pages]
    assert len(sheets) > 1
    assert all(sheet.count("EXERCISE: nobody was alerted for real") == 1 for sheet in sheets)


@pytest.mark.parametrize(("lines", "more"), [(39, ()), (44, ()), (37, TEXTS[1:2])])
async def test_the_foot_never_stands_alone_on_a_sheet(
    desk: Desk, lines: int, more: tuple[MessageText, ...]
) -> None:
    """Words that fill a sheet are parted, and a short text goes with the foot."""
    body = "\n".join(["Stay on your site."] * lines)
    texts = (MessageText(ChannelKind.SMS, "fr", body, parts=1, encoding="GSM-7"), *more)
    new = replace(new_alert("20260317-long", channels=(ChannelKind.SMS,)), texts=texts)
    path = await desk.written(await record(desk.store, new), "report.pdf", report_pdf.write)
    last = pypdf.PdfReader(path).pages[-1].extract_text()
    assert "The record" in last
    assert "Stay on your site." in last


async def test_pdf_without_its_library_is_an_extra_to_install(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = await desk.first()
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ConfigurationError) as refused:
        await desk.written(alert, "report.pdf", report_pdf.write)
    assert "umsalert[pdf]" in refused.value.hint


def site(number: int, lat: float, lon: float, accepted: int = 0) -> SiteReport:
    """Return a site of a report; by default nobody has reached it."""
    return SiteReport(f"S{number}", f"Site {number}", lat, lon, 0.0, 1, accepted, 0, 0, 0, None)


@pytest.mark.parametrize("reach_m", [800.0, 30_000.0, 250_000.0])
def test_a_map_is_true_from_its_middle(reach_m: float) -> None:
    """A site at the rim of the circle, in any direction, is drawn on the circle that is drawn."""
    import pyproj

    area = Circle(43.7005, 7.2683, reach_m)
    geod = pyproj.Geod(ellps="WGS84")
    places = [geod.fwd(area.lon, area.lat, angle, reach_m)[:2] for angle in range(0, 360, 45)]
    sites = [site(n, lat, lon) for n, (lon, lat) in enumerate(places)]
    (panel,) = maps.panels(area, lambda: sites)
    assert panel.circle_radius is not None
    middle = maps.SIZE / 2
    for mark in panel.marks:
        away = math.hypot(mark.x - middle, mark.y - middle)
        assert away == pytest.approx(panel.circle_radius, abs=0.3)
    north = min(panel.marks, key=lambda mark: mark.y)
    assert north.x == pytest.approx(middle, abs=0.3)
    metres = distance_m(area.lat, area.lon, *places[0][::-1])
    assert metres == pytest.approx(reach_m)


def test_each_territory_of_a_national_alert_has_its_map() -> None:
    sites = [site(0, 48.85, 2.35), site(1, 43.3, 5.4), site(2, 42.1, 9.1), site(3, -20.9, 55.5)]
    found = maps.panels(Everywhere(), lambda: sites)
    assert [(panel.title, len(panel.marks)) for panel in found] == [
        ("France métropolitaine", 3),
        ("La Réunion", 1),
    ]
    assert all(len(panel.departements) for panel in found)


def test_a_map_of_one_place_shows_communes_and_the_polygon() -> None:
    ring = [[7.2, 43.6], [7.4, 43.6], [7.4, 43.8], [7.2, 43.8], [7.2, 43.6]]
    area = Polygon(43.7, 7.3, 14_000.0, {"type": "Polygon", "coordinates": [ring]})
    (panel,) = maps.panels(area, lambda: [site(0, 43.7, 7.3)])
    assert panel.area.startswith("M")
    assert len(panel.communes) > 5
    assert panel.circle_radius is None


def test_many_sites_share_marks_and_none_is_lost() -> None:
    """The page stays small, however large the alert; the table shows the worst first."""
    sites = [site(n, 43.7 + n % 50 * 1e-3, 7.2 + n % 70 * 1e-3, n % 2) for n in range(5000)]
    (panel,) = maps.panels(Circle(43.72, 7.23, 8_000.0), lambda: sites)
    assert sum(mark.sites for mark in panel.marks) == 5000
    assert len(panel.marks) < 3000
    survey = Survey(sites)
    shown = list(survey.shown())
    assert len(shown) == SITES_SHOWN
    assert not any(item.accepted for item in shown)
    assert survey.left_out == 5000 - SITES_SHOWN
    assert survey.counts == {Standing.ACCEPTED: 2500, Standing.UNREACHED: 2500}


def test_a_curve_climbs_to_what_was_reached() -> None:
    """Stairs from nothing to its share of the height; empty where nothing came."""
    path, last = curves._drawn(((0.5, 1), (2.0, 3)), 4.0, 4)
    assert path == f"M0 {curves.HEIGHT}H75V135H300V45H{curves.WIDTH}"
    assert list(last or ()) == [curves.WIDTH, 45.0]
    assert not any(curves._drawn((), 4.0, 4))
