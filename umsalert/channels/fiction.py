"""Numbers reserved for fiction leave only through the simulator, whatever asks for it."""

from __future__ import annotations

from umsalert.i18n import _
from umsalert.model import Outcome, OutcomeKind
from umsalert.phones import is_fictional


def held_back(number: str, *, simulated: bool) -> Outcome | None:
    """Return why a number may not leave, None where it may. `simulated`: towards this machine."""
    if simulated or not is_fictional(number):
        return None
    return Outcome(
        OutcomeKind.PERMANENT,
        "fictional_number",
        _("A number reserved for fiction is never sent to a real provider."),
    )
