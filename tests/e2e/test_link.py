"""From the duty officer's Enter to the guard's press and back: the link that left by SMS works."""

from __future__ import annotations

import re
import tomllib
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tests.e2e.office import ALERT, Office
from umsalert.web.page import stamp


def fetched(url: str, fields: dict[str, str] | None = None) -> str:
    """Open a page as a telephone does."""
    data = None if fields is None else urlencode(fields).encode()
    with urllib.request.urlopen(url, data, timeout=60) as response:  # noqa: S310 - of this machine
        text: str = response.read().decode()
        return text


def stamp_in(page: str) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_a_guard_answers_by_the_link(office: Office) -> None:
    """The officer reads the answer; it is that guard's, and of that alert."""
    configured = tomllib.loads((office.home / "umsalert.toml").read_text("utf-8"))
    url = f"http://127.0.0.1:{configured['serve']['port']}"
    before = office.forget()
    words = ("alert", "send", *ALERT, "--channel", "sms", "--yes")
    assert office.run(*words, UMSALERT_SERVE_PUBLIC_URL=url).code == 0
    first = min(office.sms(before), key=lambda event: str(event["to"]))
    links = re.findall(rf"{url}/r/[\w-]{{22}}(?!\S)", str(first["text"]))
    assert len(links) == 1, first["text"]
    (link,) = links

    page = fetched(link)
    assert "blouson rouge" in page
    assert url not in page
    assert stamp_in(page)
    earlier = stamp.make(link.rpartition("/")[2], datetime.now(UTC) - timedelta(seconds=2))
    page = fetched(link, {"stamp": earlier, "answer": "sighting"})
    assert "<strong>" in page
    (reply,) = office.run("reply", "list", "last", "--json").document["replies"]
    assert (reply["kind"], reply["source"], reply["channel"]) == ("sighting", "link", "sms")
    report = office.run("report", "last", "--json").document
    (mine,) = [row for row in report["deliveries"] if row["address"] == first["to"]]
    assert mine["contact_ref"] == reply["contact_ref"]
