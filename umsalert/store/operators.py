"""Who may do what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from umsalert.errors import RefusedByRule
from umsalert.i18n import _
from umsalert.model import POWERS, Deed, Operator, Power, Role
from umsalert.store import audit
from umsalert.store.database import Database, queries
from umsalert.store.spatialite import Connection


class SqlOperators:
    """`ports.Operators` on the database."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Use an open database and a clock."""
        self._database = database
        self._now = now

    async def require(self, power: Power, by: Operator) -> None:
        """Raise RefusedByRule, and log it, when no role of the account has the power.

        Where no account has any role, everybody has every power.
        """
        try:
            await self._database.read(lambda c: check(c, power, by))
        except RefusedByRule:
            detail = {"power": power.value}
            deed = Deed("operator.refused", "operator", by.account, detail)
            await self._database.write(lambda c: audit.append(c, by, self._now(), [deed]))
            raise


def check(connection: Connection, power: Power, by: Operator) -> None:
    """Raise RefusedByRule when no role of the account has the power."""
    roles = _roles(connection, by.account)
    if roles is None or any(power in POWERS[role] for role in roles):
        return
    needed = sorted(role.value for role in Role if power in POWERS[role])
    raise RefusedByRule(
        "role_missing",
        _("The account {account} may not do this: it takes the role {role}.").format(
            account=by.account, role=" / ".join(needed)
        ),
        hint=_("An administrator gives it with: umsalert operator add {account}").format(
            account=by.account
        ),
    )


def _roles(connection: Connection, account: str) -> frozenset[Role] | None:
    sql = queries("audit")
    found = connection.execute(sql["roles"], {"account": account}).fetchall()
    if not found and not connection.execute(sql["managed"]).fetchone()["managed"]:
        return None
    return frozenset(Role(row["role"]) for row in found)
