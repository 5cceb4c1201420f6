"""Who may do what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from umsalert.errors import RefusedByRule, UsageError
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
            deed = refused(power, by)
            await self._database.write(lambda c: audit.append(c, by, self._now(), [deed]))
            raise

    async def roles(self) -> Mapping[str, frozenset[Role]]:
        """Return the roles of every account that has one."""
        return await self._database.read(all_roles)

    async def add(self, account: str, roles: Collection[Role], by: Operator) -> int:
        """Give roles; return how many are new. Raises RefusedByRule."""
        sql = queries("audit")

        def work(connection: Connection) -> int:
            if not _managed(connection) and Role.ADMINISTRATOR not in roles:
                raise _first_administrator()
            values = [{"account": account, "role": role.value} for role in roles]
            before = _roles(connection, account) or frozenset()
            connection.executemany(sql["add_role"], values)
            return self._told(connection, "add", account, frozenset(roles) - before, by)

        return await self._database.write(work)

    async def remove(self, account: str, roles: Collection[Role], by: Operator) -> int:
        """Take roles away, all where none is named; return how many.

        Raises UsageError when it has none of them, RefusedByRule when no administrator would be
        left.
        """
        sql = queries("audit")

        def work(connection: Connection) -> int:
            has = _roles(connection, account) or frozenset()
            gone = has & frozenset(roles) if roles else has
            if not gone:
                raise UsageError(
                    "role_not_given",
                    _("The account {account} has no such role.").format(account=account),
                    hint=_("See them with: umsalert operator list"),
                )
            # The database refuses to be without an administrator, whoever writes to it.
            values = [{"account": account, "role": role.value} for role in gone]
            connection.executemany(sql["remove_role"], values)
            return self._told(connection, "remove", account, gone, by)

        return await self._database.write(work)

    def _told(
        self,
        connection: Connection,
        verb: str,
        account: str,
        roles: frozenset[Role],
        by: Operator,
    ) -> int:
        if roles:
            detail = {"roles": sorted(roles)}
            deed = Deed(f"operator.{verb}", "operator", account, detail)
            audit.append(connection, by, self._now(), [deed])
        return len(roles)


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
        hint=_("An administrator gives it with: {command}").format(
            command=f"umsalert operator add {by.account} --role {needed[0]}"
        ),
    )


def begin(connection: Connection, by: Operator, at: datetime) -> None:
    """Give every role to who begins: the others come later, and nobody may do all by default."""
    roles = [role.value for role in Role]
    connection.executemany(
        queries("audit")["add_role"], [{"account": by.account, "role": role} for role in roles]
    )
    deed = Deed("operator.add", "operator", by.account, {"roles": roles})
    audit.append(connection, by, at, [deed])


def refused(power: Power, by: Operator) -> Deed:
    """Return the deed that an account wanted what it may not do."""
    return Deed("operator.refused", "operator", by.account, {"power": power.value})


def all_roles(connection: Connection) -> dict[str, frozenset[Role]]:
    """Return the roles of every account that has one."""
    found: dict[str, frozenset[Role]] = {}
    for row in connection.execute(queries("audit")["all_roles"]):
        found[row["account"]] = found.get(row["account"], frozenset()) | {Role(row["role"])}
    return found


def _managed(connection: Connection) -> bool:
    return bool(connection.execute(queries("audit")["managed"]).fetchone()["managed"])


def _first_administrator() -> RefusedByRule:
    return RefusedByRule(
        "administrator_first",
        _("The first account of all must be an administrator: nobody could give a role then."),
        hint=_("Make one first: umsalert operator add ACCOUNT --role administrator"),
    )


def _roles(connection: Connection, account: str) -> frozenset[Role] | None:
    sql = queries("audit")
    found = connection.execute(sql["roles"], {"account": account}).fetchall()
    if not found and not _managed(connection):
        return None
    return frozenset(Role(row["role"]) for row in found)
