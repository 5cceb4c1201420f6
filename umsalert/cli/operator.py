"""`umsalert operator`: which account may do what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from umsalert.cli import completers
from umsalert.cli.context import AsJson, run_async, session
from umsalert.cli.tables import Column
from umsalert.errors import RefusedByRule
from umsalert.i18n import _
from umsalert.model import POWERS, Power, Role

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Account = Annotated[
    str,
    typer.Argument(
        metavar="ACCOUNT",
        help=_("The account of this machine, as `id` says it."),
        autocompletion=completers.accounts,
    ),
]


@app.command(
    help=_(
        "Give an account a role: clerk keeps the register, officer alerts, auditor reads, "
        "administrator gives roles and looks after the database. Once anybody has a role, who has "
        "none may only read."
    ),
    epilog=_("Example: umsalert operator add marie --role officer"),
)
def add(
    context: typer.Context,
    account: Account,
    role: Annotated[list[Role], typer.Option("--role", help=_("Its role; repeatable."))],
    as_json: AsJson = False,
) -> None:
    """Give roles."""
    from umsalert import wiring
    from umsalert.settings import account_exists

    this = session(context)
    output = this.output(as_json=as_json)
    known = account_exists(account)

    async def work() -> Mapping[str, frozenset[Role]]:
        async with wiring.open_store(this.settings, Power.ADMINISTER) as store:
            by = wiring.operator(this.settings)
            first = not await store.operators.roles()
            if first and not known and account != by.account:
                raise _nobody_there(account)
            await store.operators.add(account, role, by)
            return await store.operators.roles()

    roles = run_async(work())
    if not known:
        output.say(
            _(
                "No account of this machine is called {account}: it may be another machine's."
            ).format(account=account)
        )
    if as_json:
        output.document({"operator": _row(account, roles), "account_exists": known})
        return
    output.line(
        _("{account} is now: {roles}").format(
            account=account, roles=", ".join(map(role_name, sorted(roles[account])))
        )
    )


@app.command(
    "list",
    help=_("List the accounts that have a role."),
    epilog=_("Example: umsalert operator list"),
)
def list_operators(context: typer.Context, as_json: AsJson = False) -> None:
    """List accounts."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> Mapping[str, frozenset[Role]]:
        async with wiring.open_store(this.settings) as store:
            return await store.operators.roles()

    roles = run_async(work())
    if as_json:
        output.document({"operators": [_row(account, roles) for account in roles]})
        return
    if not roles:
        output.say(
            _(
                "No account has a role: who can write the database may do everything. To begin: "
                "umsalert operator add ACCOUNT --role administrator"
            )
        )
        return
    output.table(
        [Column(_("Account"), whole=True), Column(_("Roles"))],
        [(account, ", ".join(map(role_name, sorted(given)))) for account, given in roles.items()],
    )


@app.command(
    help=_("Take roles away from an account. The last administrator stays one."),
    epilog=_("Example: umsalert operator remove marie --role officer"),
)
def remove(
    context: typer.Context,
    account: Account,
    role: Annotated[
        list[Role] | None, typer.Option("--role", help=_("Only this one; repeatable."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take roles away."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> Mapping[str, frozenset[Role]]:
        async with wiring.open_store(this.settings, Power.ADMINISTER) as store:
            await store.operators.remove(account, role or (), wiring.operator(this.settings))
            return await store.operators.roles()

    roles = run_async(work())
    if as_json:
        output.document({"operator": _row(account, roles)})
    elif account in roles:
        output.line(
            _("{account} is now: {roles}").format(
                account=account, roles=", ".join(map(role_name, sorted(roles[account])))
            )
        )
    else:
        output.line(_("{account} has no role any more, and may only read.").format(account=account))


def role_name(role: Role) -> str:
    """Return a role as people call it."""
    return {
        Role.CLERK: _("clerk"),
        Role.OFFICER: _("officer"),
        Role.AUDITOR: _("auditor"),
        Role.ADMINISTRATOR: _("administrator"),
    }[role]


def _row(account: str, roles: Mapping[str, frozenset[Role]]) -> dict[str, object]:
    given = roles.get(account, frozenset())
    powers = {power for role in given for power in POWERS[role]}
    return {"account": account, "roles": sorted(given), "powers": sorted(powers or {Power.READ})}


def _nobody_there(account: str) -> RefusedByRule:
    """Return why the first administrator of all must be an account that is there."""
    return RefusedByRule(
        "account_unknown",
        _("No account of this machine is called {account}: nobody could give a role then.").format(
            account=account
        ),
        hint=_("The first administrator must be an account of this machine: yours, say."),
    )
