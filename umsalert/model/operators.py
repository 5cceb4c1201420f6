"""What an account may do."""

from __future__ import annotations

from enum import StrEnum


class Power(StrEnum):
    """What a command does that not everybody may. Reading is free to whoever can read the file."""

    READ = "read"
    KEEP_REGISTER = "keep_register"
    """Add, change, vet and verify sites and contacts."""
    ALERT = "alert"
    """Send, follow, cancel, close and approve alerts; write down answers."""
    SEAL = "seal"
    """Seal reports: to vouch for them with the key of the station."""
    ADMINISTER = "administer"
    """Give roles, erase people, purge, back up, restore and migrate the database."""


class Role(StrEnum):
    """What an account is registered as; it may have several."""

    CLERK = "clerk"
    OFFICER = "officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


POWERS: dict[Role, frozenset[Power]] = {
    Role.CLERK: frozenset({Power.READ, Power.KEEP_REGISTER}),
    Role.OFFICER: frozenset({Power.READ, Power.ALERT, Power.SEAL}),
    Role.AUDITOR: frozenset({Power.READ, Power.SEAL}),
    Role.ADMINISTRATOR: frozenset({Power.READ, Power.ADMINISTER}),
}
