"""What CNAPS weighs before a site or a contact is alerted, and the moves that it decides.

The rules stand here, for every command: the database itself only knows which status may follow
which. Life and moves, with their commands: docs/register.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from umsalert.cards import card_expiry
from umsalert.errors import Problem, RefusedByRule, UsageError
from umsalert.i18n import _, day_words, ngettext, titled
from umsalert.model import FACTS, ContactStatus, Decision, Deed, SiteStatus
from umsalert.words.statuses import status_name

if TYPE_CHECKING:
    from umsalert.model import Contact, NewContact, NewSite, Operator, Site
    from umsalert.ports import Vetting

REOPENED = {
    SiteStatus.CLOSED: SiteStatus.REQUESTED,
    SiteStatus.REFUSED: SiteStatus.UNDER_REVIEW,
}
"""Where what was closed or refused begins again."""

_IN_FORCE = {SiteStatus.APPROVED, SiteStatus.SUSPENDED}
_SHOWN = 10


def missing_facts(site: NewSite | Site) -> tuple[str, ...]:
    """Return what a site lacks for its approval, as names of fields; empty: nothing.

    Presence around the clock must be said, `24/7`: hours that nobody has asked for are no fact. A
    site without agents has nobody to alert.
    """
    # every site has a position: the register holds none without
    return tuple(name for name in FACTS if name != "position" and not getattr(site, name))


def check_facts(sites: Iterable[NewSite | Site]) -> None:
    """Raise RefusedByRule with everything that any of the sites lacks for its approval."""
    lacking = [(site.ref, missing) for site in sites if (missing := missing_facts(site))]
    if not lacking:
        return
    words = [f"{ref} ({', '.join(missing)})" for ref, missing in lacking]
    raise RefusedByRule(
        "facts_missing",
        ngettext(
            "{n} site lacks facts that its approval takes: {sites}",
            "{n} sites lack facts that their approval takes: {sites}",
            len(lacking),
        ).format(n=len(lacking), sites=_some(words)),
        hint=_(
            "Nothing was approved. See: umsalert site review REF; put it right with: umsalert site "
            "edit REF. Only with a reason, and by two people, may it be passed over: umsalert "
            "site approve REF --override REASON"
        ),
        problems=tuple(
            Problem("fact_missing", _("The fact is missing."), column=name, value=ref)
            for ref, missing in lacking
            for name in missing
        ),
    )


async def approve(vetting: Vetting, refs: Sequence[str], to: Decision, by: Operator) -> int:
    """Approve sites that have all their facts; return how many were not approved until then.

    Raises RefusedByRule with all that all of them lack.
    """

    def judge(sites: Sequence[Site]) -> Iterable[Deed]:
        check_facts(sites)
        return ()

    return await vetting.move_sites(refs, to, by, judge)


def overridden(sites: Sequence[Site]) -> Iterator[Deed]:
    """Judge sites that a second person approves although they lack facts.

    The one way past the rule: each that lacks something is a deed of its own in the audit log.
    """
    for site in sites:
        if missing := missing_facts(site):
            yield Deed("site.override", "site", site.ref, {"missing": list(missing)})


async def review(vetting: Vetting, refs: Sequence[str], reason: str, by: Operator) -> int:
    """Take sites under review; return how many were not yet.

    Raises UsageError when one that is in force would be taken out of it without a reason.
    """

    def judge(sites: Sequence[Site]) -> Iterable[Deed]:
        stopped = [site.ref for site in sites if site.status in _IN_FORCE]
        if stopped and not reason:
            raise UsageError(
                "reason_missing",
                _("These would not be alerted any more, and no reason is given: {refs}").format(
                    refs=_some(stopped)
                ),
                hint=_("An inspector will ask why: --reason 'new company'"),
            )
        return ()

    return await vetting.move_sites(refs, Decision(SiteStatus.UNDER_REVIEW, reason), by, judge)


async def reopen(vetting: Vetting, sites: Sequence[Site], reason: str, by: Operator) -> int:
    """Begin the vetting of sites that were closed or refused again; return how many.

    Raises RefusedByRule when one is neither.
    """

    def judge(places: Sequence[Site]) -> Iterable[Deed]:
        others = [
            f"{site.ref} ({status_name(site.status)})"
            for site in places
            if site.status not in REOPENED
        ]
        if others:
            raise RefusedByRule(
                "move_forbidden",
                _("Only what was closed or refused is opened again, unlike: {refs}").format(
                    refs=_some(others)
                ),
                hint=_("Nothing was changed. A suspension ends with: umsalert site approve REF"),
            )
        return ()

    judge(sites)
    moves = [
        ([site.ref for site in sites if site.status is before], Decision(after, reason), judge)
        for before, after in REOPENED.items()
    ]
    return await vetting.move_sites_apart(moves, by)


def keep_facts(old: Site, new: NewSite) -> NewSite:
    """Return an edited site. Raises RefusedByRule when one in force would lose a fact.

    Any other edit keeps the approval: who edits is who vets, and a site that drops out of alerts
    because of a corrected letter would be missed in silence.
    """
    lost = [name for name in missing_facts(new) if name not in missing_facts(old)]
    if lost and old.status in _IN_FORCE:
        raise RefusedByRule(
            "fact_lost",
            _("{ref} is {status} and would lose: {fields}").format(
                ref=old.ref, status=status_name(old.status), fields=", ".join(lost)
            ),
            hint=_("Nothing was changed. --review REASON takes it back under review with it."),
        )
    return new


def check_agreement(contacts: Iterable[NewContact | Contact], now: datetime) -> None:
    """Raise RefusedByRule with all that keeps contacts from being certified.

    The agreement is double: the client has named them, CNAPS certifies.
    """
    problems, words = [], []
    for contact in contacts:
        ref = contact.ref or contact.site_ref
        for problem in _against(contact, now):
            problems.append(
                Problem(problem.code, problem.message, column=problem.column, value=ref)
            )
            words.append(titled(ref, problem.message))
    if problems:
        raise RefusedByRule(
            "not_certifiable",
            _("These cannot be certified. {reasons}").format(reasons=_some(words, " ")),
            hint=_(
                "Nobody was certified. Put it right with: umsalert contact edit REF "
                "--named-by TEXT, or --card TEXT for a new card."
            ),
            problems=tuple(problems),
        )


async def certify(
    vetting: Vetting, refs: Sequence[str], reason: str, by: Operator, now: datetime
) -> int:
    """Certify contacts; return how many were not yet. Raises RefusedByRule as the check does."""

    def judge(contacts: Sequence[Contact]) -> Iterable[Deed]:
        check_agreement(contacts, now)
        return ()

    to = Decision(ContactStatus.CERTIFIED, reason)
    return await vetting.move_contacts(refs, to, by, judge)


def keep_agreement(old: Contact, new: NewContact, now: datetime) -> NewContact:
    """Return an edited contact. Raises RefusedByRule when it takes away an agreement.

    What was missing before, in a register of before the double agreement, stops no edit.
    """
    before = {problem.code for problem in _against(old, now)}
    lost = any(problem.code not in before for problem in _against(new, now))
    if lost and old.status is ContactStatus.CERTIFIED:
        check_agreement([new], now)
    return new


def erased() -> RefusedByRule:
    """Return the error that a contact was erased."""
    return RefusedByRule(
        "contact_erased",
        _("Nothing of this person is left."),
        hint=_("Add a new contact: umsalert contact add"),
    )


def _against(contact: NewContact | Contact, now: datetime) -> Iterator[Problem]:
    if not contact.named_by:
        yield Problem("not_named", _("The client has not named them."), column="named_by")
    end = contact.card_valid_until
    if end is not None and end <= now:
        day = card_expiry(contact.card or "")
        message = _("The card has expired on {day}.").format(day=day and day_words(day))
        yield Problem("card_expired", message, column="card")


def _some(words: Sequence[str], between: str = ", ") -> str:
    shown = between.join(words[:_SHOWN])
    return shown if len(words) <= _SHOWN else f"{shown}, … ({len(words)})"
