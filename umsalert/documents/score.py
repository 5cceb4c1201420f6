"""The score sheet of an exercise, in words and in JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from umsalert.geo.units import format_away
from umsalert.i18n import _, titled
from umsalert.model import ReplyKind
from umsalert.scores import Mend, Score, Share, Silence, SilentSite, SlowSite
from umsalert.words.codes import code_sentence
from umsalert.words.deliveries import channel_name
from umsalert.words.times import duration, utc


def silence_words(why: Silence) -> str:
    """Say why a site has not acknowledged."""
    return {
        Silence.UNREACHED: _("no message was accepted"),
        Silence.UNDELIVERED: _("accepted, not delivered"),
        Silence.UNANSWERED: _("delivered, no answer"),
        Silence.WRONG_PERSON: _("answered: wrong person"),
        Silence.CANNOT: _("answered: cannot"),
    }[why]


def mend_words(mend: Mend) -> str:
    """Say what is wrong with an address, with the provider's code where there is one."""
    if mend.code == ReplyKind.WRONG_PERSON:
        return _("not the guard we think, or wants no such message")
    return code_sentence(mend.code)


def share_words(share: Share) -> str:
    """Say how many of those alerted were reached, and how many have acknowledged."""
    return _(
        "{alerted} alerted, {reached} with a message accepted ({reached_share}), {acknowledged} "
        "acknowledged ({acknowledged_share})"
    ).format(
        alerted=share.alerted,
        reached=share.reached,
        reached_share=percent(share.reached, share.alerted),
        acknowledged=share.acknowledged,
        acknowledged_share=percent(share.acknowledged, share.alerted),
    )


def percent(n: int, of: int) -> str:
    """Return a share in whole per cent; 100 % only where it is all of them, a dash of none."""
    return f"{n * 100 // of} %" if of else "–"


def answered_words(score: Score) -> str:
    """Say how soon the sites acknowledged that did."""
    return _(
        "half of the sites that did within {median}, 95 % within {most}, all within {last}"
    ).format(
        median=duration(score.answered.median_s),
        most=duration(score.answered.most_s),
        last=duration(score.slowest_s),
    )


def site_words(site: SilentSite | SlowSite) -> str:
    """Name a site, and say how it did."""
    how = silence_words(site.why) if isinstance(site, SilentSite) else duration(site.answered_s)
    return titled(f"{site.ref} {site.name}, {format_away(site.distance_m)}", how)


def channel_words(mend: Mend) -> str:
    """Return the channel by which an address was found to be wrong, or a dash."""
    return channel_name(mend.channel) if mend.channel else "–"


def document(score: Score, every_mend: Iterable[Mend] | None = None) -> dict[str, Any]:
    """Return a score as JSON has it; `every_mend` where the list need not end."""
    mends = score.to_mend if every_mend is None else every_mend
    return {
        **_numbers(score),
        "slowest": [
            {**_site(site), "acknowledged_s": round(site.answered_s, 3)} for site in score.slowest
        ],
        "silent": [{**_site(site), "why": site.why} for site in score.silent],
        "to_mend": map(_mend, mends) if every_mend is not None else [*map(_mend, mends)],
        "earlier": score.earlier and _numbers(score.earlier),
    }


def _numbers(score: Score) -> dict[str, Any]:
    return {
        "alert": score.alert_ref,
        "created_at": utc(score.created_at),
        "radius_m": score.radius_m,
        "sites": score.sites._asdict(),
        "people": score.people._asdict(),
        "acknowledged_s": {
            "median": score.answered.median_s,
            "95": score.answered.most_s,
            "100": score.slowest_s,
        },
        "silent_sites": score.silent_sites,
        "addresses_to_mend": score.addresses,
    }


def _site(site: SilentSite | SlowSite) -> dict[str, Any]:
    return {
        "site_ref": site.ref,
        "site_name": site.name,
        "distance_m": round(site.distance_m, 3),
    }


def _mend(mend: Mend) -> dict[str, Any]:
    return {
        "contact_ref": mend.contact_ref,
        "site_ref": mend.site_ref,
        "site_name": mend.site_name,
        "channel": mend.channel,
        "code": mend.code,
        "words": mend_words(mend),
        "mended": mend.mended,
        "command": mend.command,
    }
