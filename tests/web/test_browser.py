"""A guard with a telephone: a real browser, 360 by 740, in French and English, without scripts too.

The page has no script. That it needs none is shown by a browser that runs none.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.wait import WebDriverWait

from tests.web import guards
from tests.web.guards import Phone, phone_of, replies
from tests.web.test_photo import kept, with_place
from tests.web.vonage import Serving
from umsalert.model import Alert, Outgoing, ReplyKind
from umsalert.store.store import Store

WIDTH_PX, HEIGHT_PX = 360, 740
WITHIN_S = 60
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

pytestmark = pytest.mark.usefixtures("at_once")


@dataclass
class Hand:
    """What a thumb does with the telephone; every call waits in a thread of its own."""

    browser: Chrome

    async def opens(self, link: str, *, scripts: bool = True, dark: bool = False) -> None:
        self._tell("Emulation.setScriptExecutionDisabled", value=not scripts)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])
        await asyncio.to_thread(self.browser.get, link)

    async def presses(self, words: str) -> None:
        """Press the button with these words, and wait for the page after it."""
        await asyncio.to_thread(self._press, words)

    async def types(self, label: str, text: str) -> None:
        """Type into the field with this label."""
        await asyncio.to_thread(lambda: self._field(label).send_keys(text))

    async def reads(self, role: str = "status") -> str:
        """Return what the page says of what was done."""
        return await asyncio.to_thread(lambda: self._find(f"[role={role}]").text)

    async def sees(self) -> str:
        return await asyncio.to_thread(lambda: self._find("body").text)

    def _press(self, words: str) -> None:
        page = self._find("html")
        for button in self.browser.find_elements(By.TAG_NAME, "button"):
            if button.text == words:
                button.click()
                WebDriverWait(self.browser, WITHIN_S).until(expected_conditions.staleness_of(page))
                return
        raise AssertionError(words)

    def _field(self, label: str) -> WebElement:
        for item in self.browser.find_elements(By.TAG_NAME, "label"):
            if item.text == label:
                return self._find(f"#{item.get_attribute('for')}")
        raise AssertionError(label)

    def _find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def _tell(self, command: str, **values: object) -> Any:
        return self.browser.execute_cdp_cmd(command, values)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Return a browser as small as a telephone, with an empty profile."""
    found = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(found):
        pytest.skip("needs Chromium and its driver")
    options = ChromeOptions()
    options.binary_location = str(found[0])
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    opened = Chrome(options, ChromeService(str(found[1])))
    try:
        opened.set_page_load_timeout(WITHIN_S)
        screen = {"width": WIDTH_PX, "height": HEIGHT_PX, "deviceScaleFactor": 1, "mobile": True}
        opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        yield opened
    finally:
        opened.quit()


@pytest.fixture
def hand(browser: Chrome) -> Hand:
    """Return a hand that holds the browser."""
    return Hand(browser)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_a_sighting_in_two_taps(
    hand: Hand, phone: Phone, store: Store, tmp_path: Path, *, scripts: bool
) -> None:
    """Open, press; then words, a photo, and all of it taken back."""
    await hand.opens(phone.link, scripts=scripts)
    await hand.presses("Je l'ai vu")
    assert (await hand.reads()).endswith("Je l'ai vu")
    assert [reply.kind for reply in await replies(store)] == [ReplyKind.SIGHTING]

    await hand.types("Ce que vous voyez", "à l'arrêt de bus")
    await hand.types("Direction prise", "la gare")
    await hand.presses("Envoyer ces précisions")
    said = await hand.reads()
    assert "à l'arrêt de bus" in said
    assert "→ la gare" in said

    photo = tmp_path / "photo.jpg"
    photo.write_bytes(with_place())
    await hand.types("Choisir ou prendre une photo", str(photo))
    await hand.presses("Envoyer la photo")
    assert "Photo reçue." in await hand.reads()
    assert len(await kept(store)) == 1

    for left in ("Je l'ai vu", None):
        await hand.presses("Annuler cette réponse")
        said = await hand.reads()
        assert "Réponse annulée." in said
        assert left is None or left in said
    assert all(reply.undone_at for reply in await replies(store))
    assert "Bien reçu" in await hand.sees()


async def test_in_english(
    hand: Hand, serving: Serving, sent: tuple[Alert, Sequence[Outgoing]], store: Store
) -> None:
    """A guard who reads English presses English buttons, and may change the answer."""
    await hand.opens(phone_of(serving, sent[1], "en").link)
    await hand.presses("Received")
    assert (await hand.reads()).endswith("Received")
    summary = hand.browser.find_element(By.TAG_NAME, "summary")
    assert summary.text == "Give another answer"
    await asyncio.to_thread(summary.click)
    await hand.presses("I cannot act")
    kinds = [reply.kind for reply in await replies(store)]
    assert kinds == [ReplyKind.ACKNOWLEDGED, ReplyKind.CANNOT]


async def test_a_wrong_photo_is_told_at_its_field(hand: Hand, phone: Phone, tmp_path: Path) -> None:
    """The browser comes back to the field, which says what to do."""
    await hand.opens(phone.link)
    await hand.presses("Je l'ai vu")
    await hand.presses("Envoyer la photo")
    assert "Choisissez d'abord une photo." in await hand.reads()
    field = hand.browser.find_element(By.ID, "file")
    described = (field.get_attribute("aria-describedby") or "").split()
    texts = [hand.browser.find_element(By.ID, name).text for name in described]
    assert texts[-1] == "Choisissez d'abord une photo."
    assert field.get_attribute("aria-invalid") == "true"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_everybody_can_read_and_press_it(
    hand: Hand, serving: Serving, store: Store, *, dark: bool
) -> None:
    """Contrast of 4.5 and more, 44 pixels for a thumb, a name on every field, no side scroll."""
    _alert, outgoing = await guards.send(store, exercise=True)
    await hand.opens(phone_of(serving, outgoing).link, dark=dark)
    for step in ("Je l'ai vu", ""):
        summaries = hand.browser.find_elements(By.TAG_NAME, "summary")
        for summary in summaries:
            await asyncio.to_thread(summary.click)
        judged = await asyncio.to_thread(hand.browser.execute_script, JUDGE)
        assert judged["low"] == []
        assert judged["small"] == []
        assert judged["unnamed"] == []
        assert judged["headings"][0] == "H1"
        assert judged["headings"].count("H1") == 1
        assert judged["width"] <= WIDTH_PX
        assert judged["foreign"] == []
        if step:
            await hand.presses(step)


JUDGE = """
const numbers = text => text.match(/[0-9.]+/g).map(Number);
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(v => v / 255).map(
    v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const ground = element => {
  for (let e = element; e; e = e.parentElement) {
    const found = numbers(getComputedStyle(e).backgroundColor);
    if (found.length < 4 || found[3] > 0) return found;
  }
  return [255, 255, 255];
};
const shown = [...document.querySelectorAll('body *')].filter(e => e.getClientRects().length);
const words = shown.filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()));
const contrast = e => {
  const [a, b] = [light(numbers(getComputedStyle(e).color)), light(ground(e))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const targets = shown.filter(e => e.matches('button, a, input, select, textarea, summary'));
return {
  low: words.filter(e => contrast(e) < 4.5).map(e => e.outerHTML.slice(0, 80) + contrast(e)),
  small: targets.filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML),
  unnamed: targets.filter(e => e.matches('input, select, textarea') && !e.labels.length)
    .map(e => e.outerHTML),
  headings: shown.filter(e => /^H[1-6]$/.test(e.tagName)).map(e => e.tagName),
  width: document.documentElement.scrollWidth,
  foreign: performance.getEntriesByType('resource').map(e => e.name)
    .filter(name => !name.startsWith(location.origin)),
};
"""
