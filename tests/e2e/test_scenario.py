"""The real program against a carrier that misbehaves by a scenario file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.e2e.office import PLACE, Office, open_office
from tests.proof.world import delivery_of, reference

SITES = 20
SCENARIO = """
seed = 4
[sms]
retry_after_s = 1
shares = { rate-limit = 0.2, http-500 = 0.1, drop-after-read = 0.2, unreadable = 0.1 }
[email]
greylist = 0.3
shares = { smtp-550 = 0.1, drop-after-data = 0.2 }
[receipts]
lost = 1
forged = 1
[numbers]
"06 39 98 00 00" = "invalid-number"
"""


def taken(office: Office) -> Counter[int]:
    """Return how many copies of each delivery the carrier has, by its record."""
    references = [event["client_ref"] for event in office.record("sms")]
    references += [reference(event["mail_from"]) for event in office.record("email")]
    assert len(references) == len(set(references))
    return Counter(delivery_of(ref) for ref in references)


def test_a_lockdown_through_a_bad_evening_is_reported_as_it_was(tmp_path: Path) -> None:
    """States, exit code and the list of repeats are what the carrier's record says."""
    file = tmp_path / "evening.toml"
    file.write_text(SCENARIO, "utf-8")
    words = ("--speed", "30", "--scenario", str(file))
    with open_office(tmp_path / "home", SITES, *words) as office:
        lockdown = (*PLACE, "--template", "lockdown", "--channel", "sms", "--channel", "email")
        sent = office.run("alert", "send", *lockdown, "--yes")
        assert sent.code == 1, sent.err  # one number is invalid, and e-mail bounces
        report = office.run("report", "last", "--json").document
        shown = office.run("report", "last").out
        copies = taken(office)
    rows = {row["delivery_id"]: row for row in report["deliveries"]}
    assert len(rows) == 2 * SITES
    for delivery, row in rows.items():
        assert row["state"] in ("accepted", "failed", "unknown")
        assert copies[delivery] <= row["copies_at_most"]
        assert (row["state"] == "failed") <= (copies[delivery] == 0)
        assert (row["state"] == "accepted") <= (copies[delivery] > 0)
    repeated = {row["delivery_id"]: row for row in report["repeated"]}
    assert {delivery for delivery, count in copies.items() if count > 1} <= set(repeated)
    assert repeated
    assert f"{len(repeated)} messages may have arrived more than once" in shown
    assert all(f"{row['contact_ref']} by " in shown for row in repeated.values())
    (invalid,) = [r for r in rows.values() if r["address"] == "+33639980000"]
    assert (invalid["state"], invalid["attempts"]) == ("failed", 1)
    assert report["codes"]["messages_1150"] == 1
