"""Who may do what: is there somebody for everything, and a second person where one is needed?"""

from __future__ import annotations

from collections.abc import Mapping

from umsalert.doctor.subject import Subject, ok, warning
from umsalert.i18n import _
from umsalert.model import POWERS, CheckResult, Power, Role
from umsalert.settings import account, account_exists, is_several_peoples, own_account
from umsalert.store import examination


def operators(subject: Subject) -> CheckResult:
    """Every account that has a role is there, and somebody else can approve a large alert."""
    path = subject.settings.database
    if not path.exists():
        return warning(
            "operators",
            _("Not checked: there is no database."),
            _("Create one with: umsalert init"),
        )
    limits = subject.settings.approval
    waits = bool(limits.radius_m or limits.recipients)
    if waits and account() != own_account() and not is_several_peoples():
        return warning(
            "operators",
            _(
                "You come through sudo to the account {account}, which can be logged in to: two "
                "people who do so cannot approve each other's requests."
            ).format(account=own_account()),
            _(
                "Let nobody log in to it: sudo usermod --shell /usr/sbin/nologin {account} (on "
                "macOS: /usr/bin/false). More in docs/operators.md"
            ).format(account=own_account()),
        )
    roles = examination.roles(path)
    if not roles:
        return ok(
            "operators",
            _(
                "No account has a role, as in an office of one person: whoever can write the "
                "database may do everything."
            ),
        )
    message = "; ".join(f"{name}: {', '.join(sorted(given))}" for name, given in roles.items())
    unknown = [name for name in roles if not account_exists(name)]
    if unknown:
        return warning(
            "operators",
            _("{message}. Not an account of this machine: {accounts}.").format(
                message=message, accounts=", ".join(unknown)
            ),
            _("If it is none of another machine either: umsalert operator remove {account}").format(
                account=unknown[0]
            ),
        )
    if waits and len(_may(Power.ALERT, roles)) < 2:
        return warning(
            "operators",
            _("{message}. Nobody could approve what waits for a second person.").format(
                message=message
            ),
            _("Give a second account the role: umsalert operator add ACCOUNT --role officer"),
        )
    return ok("operators", f"{message}.")


def _may(power: Power, roles: Mapping[str, frozenset[Role]]) -> list[str]:
    return [name for name, given in roles.items() if any(power in POWERS[role] for role in given)]
