"""The end of hand-overs: what an outcome makes of an attempt and of its delivery."""

from __future__ import annotations

import json
from collections.abc import Sequence

from umsalert.model import DeliveryState, Outcome, OutcomeKind
from umsalert.ports import Settled
from umsalert.store.database import queries
from umsalert.store.instants import to_text
from umsalert.store.spatialite import Connection

_ATTEMPT_STATE = {
    OutcomeKind.ACCEPTED: "accepted",
    OutcomeKind.TEMPORARY: "refused",
    OutcomeKind.PERMANENT: "failed",
    OutcomeKind.UNKNOWN: "unknown",
    OutcomeKind.UNREACHABLE: "refused",
    OutcomeKind.WITHDRAWN: "refused",
    OutcomeKind.MISCONFIGURED: "refused",
}

_NOT_SENT = {DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.NOT_NEEDED}


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Commit a group of outcomes. States only move forward."""
    if not settled:
        return
    sql, items = queries("outbox"), {"items": _document(settled)}
    accepted = [item for item in settled if item.outcome.kind is OutcomeKind.ACCEPTED]
    moved = connection.execute(sql["accept"], items).rowcount if accepted else 0
    if moved < len(accepted):  # it was not as simple for all of them
        for item in accepted:
            _settle_delivery(connection, item)
    others = [item for item in settled if item.outcome.kind is not OutcomeKind.ACCEPTED]
    for item in others:
        _settle_delivery(connection, item)
    connection.execute(sql["settle_attempts"], items)
    if others:
        ids = json.dumps([item.outgoing.delivery_id for item in others])
        values = {"ids": ids, "at": to_text(others[-1].at)}
        connection.execute(sql["nothing_left"], values)


def _document(settled: Sequence[Settled]) -> str:
    """Return outcomes for a statement: one step of SQLite for all, not one for each."""
    return json.dumps(
        [
            (
                item.outgoing.delivery_id,
                item.outgoing.attempt_n,
                _ATTEMPT_STATE[item.outcome.kind],
                item.provider,
                to_text(item.at),
                item.outcome.code,
                item.outcome.detail,
                item.outcome.provider_id,
            )
            for item in settled
        ]
    )


def _settle_delivery(connection: Connection, item: Settled) -> None:
    sql = queries("outbox")
    again = item.retry_at is not None
    no_more = _no_more(connection, item) if again else None
    state = _state_after(item.outcome, again=again, no_more=no_more)
    values = {
        "delivery_id": item.outgoing.delivery_id,
        "n": item.outgoing.attempt_n,
        "state": state,
        "code": item.outcome.code,
        "refused": int(item.outcome.kind is OutcomeKind.TEMPORARY),
        "retry_at": None if item.retry_at is None else to_text(item.retry_at),
        "at": to_text(item.at),
    }
    if state in _NOT_SENT and connection.execute(sql["perhaps_sent"], values).fetchone():
        # the refusal speaks for this attempt only
        values["state"] = DeliveryState.UNKNOWN
    moved = connection.execute(sql["settle_delivery"], values).rowcount
    if not moved and item.outcome.kind is OutcomeKind.ACCEPTED:
        connection.execute(sql["settle_overtaken"], values)


def _no_more(connection: Connection, item: Settled) -> DeliveryState | None:
    """Return where a message ends in place of the queue, None where it may go on."""
    place = {"delivery_id": item.outgoing.delivery_id}
    row = connection.execute(queries("outbox")["no_more"], place).fetchone()
    return None if row is None else DeliveryState(row["state"])


def _state_after(outcome: Outcome, *, again: bool, no_more: DeliveryState | None) -> DeliveryState:
    if outcome.kind is OutcomeKind.ACCEPTED:
        return DeliveryState.ACCEPTED
    if again and no_more is None:
        return DeliveryState.QUEUED
    if outcome.kind is OutcomeKind.UNKNOWN:
        return DeliveryState.UNKNOWN
    return no_more or DeliveryState.FAILED
